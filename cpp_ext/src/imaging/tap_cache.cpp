#include "satchel/imaging/tap_cache.h"

namespace satchel {

std::shared_ptr<const AxisPlan> TapCache::get(const Key& key, const Kernels& kernels) {
    {
        const std::lock_guard lock(mutex_);
        for (const Entry& entry : entries_) {
            if (entry.key == key) return entry.plan;
        }
    }
    auto plan = std::make_shared<AxisPlan>();
    plan->taps = antialias_taps(key.source, key.target, key.filter, {key.begin, key.end});
    if (key.mirrored) plan->taps = mirrored(plan->taps);
    if (key.packed) plan->packed = kernels.pack_rgb(plan->taps);
    if (plan->taps.weights.size() <= kLargestWeights) {
        const std::lock_guard lock(mutex_);
        if (entries_.size() == kMost) entries_.pop_front();
        entries_.push_back({key, plan});
    }
    return plan;
}

}  // namespace satchel
