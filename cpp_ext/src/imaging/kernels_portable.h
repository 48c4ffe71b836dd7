// The loops in plain C++: what every processor runs, and the remainders of the vector kernels.
#pragma once

#include "satchel/imaging/kernels.h"

namespace satchel::portable {

inline std::uint8_t clip(std::int32_t sum) {
    const std::int32_t level = sum >> kWeightBits;
    return std::uint8_t(level < 0 ? 0 : level > 255 ? 255 : level);
}

inline constexpr std::int32_t kHalf = 1 << (kWeightBits - 1);

PackedTaps pack_rgb(const Taps& taps);
void horizontal_rgb(const std::uint8_t* row, const Taps& taps, const PackedTaps& packed, std::uint8_t* out);
void horizontal_grey(const std::uint8_t* row, const Taps& taps, std::uint8_t* out);
void vertical(const std::uint8_t* rows, std::size_t stride, const std::int32_t* weights, int count, std::uint8_t* out,
              std::size_t length);
void mix_rgb(const std::uint8_t* row, const PackedPairs& pairs, std::int16_t* out);
void blend(const std::int16_t* above, const std::int16_t* below, std::int16_t above_weight, std::int16_t below_weight,
           std::uint8_t* out, std::size_t length);

}  // namespace satchel::portable
