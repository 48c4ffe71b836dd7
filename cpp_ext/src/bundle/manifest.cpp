#include "satchel/bundle/manifest.h"

#include <algorithm>

namespace satchel {
namespace {

std::string describe(const Axis& axis) {
    std::string text = axis.name;
    for (const std::int64_t size : axis.sizes) text.append(text.empty() ? "" : "|").append(std::to_string(size));
    return text;
}

}  // namespace

const char* to_string(Task task) {
    switch (task) {
        case Task::classification: return "classification";
        case Task::detection: return "detection";
        case Task::instance_segmentation: return "instance_segmentation";
        case Task::pose: return "pose";
        case Task::super_resolution: return "super_resolution";
    }
    return "unknown";
}

bool Axis::allows(std::int64_t size) const {
    return is_dynamic() ? size >= 1 : std::ranges::find(sizes, size) != sizes.end();
}

bool TensorSpec::allows(const std::vector<std::int64_t>& sizes) const {
    return std::ranges::equal(shape, sizes, [](const Axis& axis, std::int64_t size) { return axis.allows(size); });
}

std::string describe(const TensorSpec& spec) {
    std::string text = spec.dtype + " [";
    for (const Axis& axis : spec.shape) text.append(text.back() == '[' ? "" : ", ").append(describe(axis));
    return text + "]";
}

const TensorSpec* find_tensor(const std::vector<TensorSpec>& specs, const std::optional<std::string>& name) {
    if (!name) return specs.size() == 1 ? &specs.front() : nullptr;
    const auto found = std::ranges::find(specs, *name, &TensorSpec::name);
    return found == specs.end() ? nullptr : &*found;
}

}  // namespace satchel
