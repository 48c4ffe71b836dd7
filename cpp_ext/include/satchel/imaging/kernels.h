// The inner loops, once for each level of vector instructions; all give the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "satchel/imaging/cpu.h"
#include "satchel/imaging/taps.h"

namespace satchel {

// Horizontal taps of RGB rows in the order in which a vector kernel reads them.
struct PackedTaps {
    int steps = 0;                     // of four taps, the same for all outputs, so that the loop is predictable
    std::vector<int> offsets;          // per output, padded to whole groups: first byte in the row
    std::vector<std::int8_t> weights;  // per group and step, what the kernel multiplies with
};

// Two-tap interpolation along RGB rows: each output mixes two neighbours.
struct PackedPairs {
    std::vector<int> offsets;           // first byte of the left one
    std::vector<std::int32_t> weights;  // of the left one in the low half, of the right one in the high half
};

struct Kernels {
    CpuLevel level;

    // Prepares taps for `horizontal_rgb`.
    PackedTaps (*pack_rgb)(const Taps& taps);

    // One row of RGB through antialiased taps. Reads up to kReadSlack bytes behind the row, and writes up to
    // kWriteSlack bytes behind the last pixel.
    void (*horizontal_rgb)(const std::uint8_t* row, const Taps& taps, const PackedTaps& packed, std::uint8_t* out);

    // One row of single levels.
    void (*horizontal_grey)(const std::uint8_t* row, const Taps& taps, std::uint8_t* out);

    // `length` bytes of `count` rows, `stride` bytes apart, weighted and summed up.
    void (*vertical)(const std::uint8_t* rows, std::size_t stride, const std::int32_t* weights, int count,
                     std::uint8_t* out, std::size_t length);

    // The horizontal half of two-tap interpolation, to 11 + 8 - 4 bits. Reads as far behind the row as the above, and
    // writes one level behind the last pixel.
    void (*mix_rgb)(const std::uint8_t* row, const PackedPairs& pairs, std::int16_t* out);

    // The vertical half of two-tap interpolation, on rows of 11 + 8 - 4 bits.
    void (*blend)(const std::int16_t* above, const std::int16_t* below, std::int16_t above_weight,
                  std::int16_t below_weight, std::uint8_t* out, std::size_t length);
};

inline constexpr std::size_t kWriteSlack = 16;

const Kernels& kernels_for(CpuLevel level);

}  // namespace satchel
