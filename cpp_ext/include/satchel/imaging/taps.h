// Which source pixels make one output pixel along an axis, and with what weights.
#pragma once

#include <cstdint>
#include <vector>

#include "satchel/imaging/steps.h"

namespace satchel {

// Outputs [begin, end) along one axis.
struct Range {
    int begin = 0;
    int end = 0;
    int size() const { return end - begin; }
};

// Antialiased resampling: output i is the sum of `count[i]` source levels from `first[i]` on, times weights of
// kWeightBits fractional bits.
struct Taps {
    int source = 0;  // pixels along the axis
    int outputs = 0;
    int stride = 0;  // weights between one output and the next; those beyond `count` are 0
    std::vector<int> first;
    std::vector<int> count;
    std::vector<std::int32_t> weights;

    const std::int32_t* weights_of(int output) const {
        return weights.data() + std::size_t(output) * std::size_t(stride);
    }
};

inline constexpr int kWeightBits = 22;

// The same resampling along an axis that runs the other way: outputs and sources are counted from their ends.
Taps mirrored(const Taps& taps);

// Taps of the outputs in `range`, of a resize from `source` to `target` pixels. `filter` is not nearest.
Taps antialias_taps(int source, int target, Filter filter, Range range);

// Two-tap interpolation: weights of 11 fractional bits.
struct PairTaps {
    std::vector<int> low;   // source index of the first tap
    std::vector<int> high;  // and of the second
    std::vector<std::int16_t> low_weight;
    std::vector<std::int16_t> high_weight;
};

PairTaps mirrored(const PairTaps& taps, int source);

PairTaps bilinear_taps(int source, int target, PixelCenters centers, Range range);

std::vector<int> mirrored(const std::vector<int>& taps, int source);

// Source index of each output of nearest-neighbour sampling; -1 where the reference leaves black.
std::vector<int> nearest_taps(int source, int target, PixelCenters centers, Range range);

}  // namespace satchel
