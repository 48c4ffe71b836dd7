// How horizontal taps are laid out for vector kernels: in groups of outputs, in steps of four taps.
#pragma once

#include <algorithm>

#include "satchel/imaging/kernels.h"

namespace satchel {

inline constexpr int kTapsPerStep = 4;

// Weights of one output in one step, zero where it has no tap.
struct StepWeights {
    std::int32_t of[kTapsPerStep];
};

// Lays `taps` out for kernels that compute `group` outputs at once. `append(out, weights)` gets, for each group and
// step, the weights of its outputs.
template <typename Append>
PackedTaps pack_groups(const Taps& taps, int group, Append append) {
    PackedTaps packed;
    if (taps.outputs == 0) return packed;
    packed.steps = (*std::max_element(taps.count.begin(), taps.count.end()) + kTapsPerStep - 1) / kTapsPerStep;
    // A window that would reach beyond the row begins earlier, with weights of 0.
    const int latest = std::max(0, taps.source - packed.steps * kTapsPerStep);
    for (int begin = 0; begin < taps.outputs; begin += group) {
        const int end = std::min(begin + group, taps.outputs);
        for (int output = begin; output < begin + group; ++output) {
            const auto real = std::size_t(std::min(output, end - 1));
            packed.offsets.push_back(3 * std::min(taps.first[real], latest));
        }
        for (int step = 0; step < packed.steps; ++step) {
            StepWeights weights[8] = {};
            for (int output = begin; output < end; ++output) {
                const int lead = taps.first[std::size_t(output)] - packed.offsets[std::size_t(output)] / 3;
                for (int tap = 0; tap < kTapsPerStep; ++tap) {
                    const int index = step * kTapsPerStep + tap - lead;
                    if (index >= 0 && index < taps.count[std::size_t(output)]) {
                        weights[output - begin].of[tap] = taps.weights_of(output)[index];
                    }
                }
            }
            append(packed.weights, weights);
        }
    }
    return packed;
}

}  // namespace satchel
