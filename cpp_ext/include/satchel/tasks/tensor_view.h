// An output tensor that belongs to someone else: its name, its numbers, its shape.
#pragma once

#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <string>

namespace satchel {

// Row-major and without gaps, for one image: there is no batch axis.
struct TensorView {
    const float* data = nullptr;
    std::span<const std::int64_t> shape{};

    std::size_t rank() const { return shape.size(); }
    std::int64_t size() const {
        return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
    }
};

// As Python writes a list: [3, 4].
std::string to_string(std::span<const std::int64_t> shape);

bool all_finite(const float* values, std::int64_t count);

// An output together with its name, which errors state.
struct Output {
    const std::string& name;
    TensorView view;

    // Throws ImagingError: not_finite.
    [[noreturn]] void throw_not_finite() const;
    void require_finite() const {
        if (!all_finite(view.data, view.size())) throw_not_finite();
    }
};

// Throws ImagingError (bad_shape): `what` does not have the shape that its step reads.
[[noreturn]] void throw_misfit(const std::string& what, const TensorView& view, const std::string& expected);

}  // namespace satchel
