// The largest of many numbers.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

namespace satchel {

// Lanes apart from each other let the compiler use vectors.
inline float largest(const float* values, std::int64_t count) {
    constexpr std::size_t kLanes = 16;
    std::array<float, kLanes> best{};
    best.fill(-std::numeric_limits<float>::infinity());
    std::int64_t i = 0;
    for (; i + std::int64_t(kLanes) <= count; i += std::int64_t(kLanes)) {
        const float* group = values + i;
        for (std::size_t lane = 0; lane < kLanes; ++lane)
            best[lane] = group[lane] > best[lane] ? group[lane] : best[lane];
    }
    for (; i < count; ++i) best[0] = std::max(best[0], values[i]);
    return *std::max_element(best.begin(), best.end());
}

}  // namespace satchel
