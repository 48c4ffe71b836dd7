// Taps of recent sizes: pictures of one camera have one size, and computing weights again would cost as much as using
// them on a small picture.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>

#include "satchel/imaging/kernels.h"
#include "satchel/imaging/taps.h"

namespace satchel {

// Taps along one axis, packed for a kernel where they are horizontal and of RGB.
struct AxisPlan {
    Taps taps;
    PackedTaps packed;
};

class TapCache {
public:
    struct Key {
        int source;
        int target;
        Filter filter;
        int begin;
        int end;
        bool packed;
        bool mirrored;
        bool operator==(const Key&) const = default;
    };

    std::shared_ptr<const AxisPlan> get(const Key& key, const Kernels& kernels);

private:
    static constexpr std::size_t kMost = 16;
    static constexpr std::size_t kLargestWeights = 1 << 18;  // larger plans are not kept

    struct Entry {
        Key key;
        std::shared_ptr<const AxisPlan> plan;
    };
    std::mutex mutex_;
    std::deque<Entry> entries_;
};

}  // namespace satchel
