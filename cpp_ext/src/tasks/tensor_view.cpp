#include "satchel/tasks/tensor_view.h"

#include <array>
#include <cstddef>

#include "satchel/imaging/error.h"

namespace satchel {
namespace {

constexpr std::int64_t kLanes = 16;  // sums apart from each other, so that the compiler can use vectors

}  // namespace

std::string to_string(std::span<const std::int64_t> shape) {
    std::string text = "[";
    for (const std::int64_t length : shape) {
        if (text.size() > 1) text += ", ";
        text += std::to_string(length);
    }
    return text + "]";
}

bool all_finite(const float* values, std::int64_t count) {
    // A finite number times zero is zero; NaN and infinity give NaN, which stays in the sum.
    std::array<float, kLanes> sums{};
    std::int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
        for (std::int64_t lane = 0; lane < kLanes; ++lane) sums[std::size_t(lane)] += values[i + lane] * 0.0F;
    }
    for (; i < count; ++i) sums[0] += values[i] * 0.0F;
    for (const float sum : sums) {
        if (sum != 0.0F) return false;
    }
    return true;
}

void Output::throw_not_finite() const {
    throw ImagingError(ErrorCode::not_finite, "model output " + name + " holds values that are not finite",
                       "NaN or infinity", "finite numbers");
}

void throw_misfit(const std::string& what, const TensorView& view, const std::string& expected) {
    throw ImagingError(ErrorCode::bad_shape, what + " does not have the shape that its step reads",
                       to_string(view.shape) + " for one image", expected);
}

}  // namespace satchel
