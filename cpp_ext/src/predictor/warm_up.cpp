#include "warm_up.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <new>
#include <random>

#include "satchel/imaging/tensor.h"

namespace satchel {
namespace {

template <typename T>
void store(T value, std::uint8_t* out) {
    std::memcpy(out, &value, sizeof(T));
}

// A number from 0 to 1 in `dtype`, or any level.
void write_value(DType dtype, std::uint32_t random, std::uint8_t* out) {
    const float fraction = float(random >> 8U) * 0x1p-24F;
    switch (dtype) {
        case DType::float32: return store(fraction, out);
        case DType::float16: return store(to_half(fraction), out);
        case DType::bfloat16: return store(to_bfloat16(fraction), out);
        case DType::uint8: return store(std::uint8_t(random), out);
    }
}

}  // namespace

std::vector<std::vector<std::int64_t>> declared_shapes(const TensorSpec& spec) {
    std::vector<std::vector<std::int64_t>> shapes{{}};
    for (const Axis& axis : spec.shape) {
        if (axis.is_dynamic() && &axis != &spec.shape.front()) return {};
        const std::vector<std::int64_t> sizes = axis.is_dynamic() ? std::vector<std::int64_t>{1} : axis.sizes;
        std::vector<std::vector<std::int64_t>> longer;
        for (const std::vector<std::int64_t>& shape : shapes) {
            for (const std::int64_t size : sizes) {
                longer.push_back(shape);
                longer.back().push_back(size);
            }
        }
        shapes = std::move(longer);
    }
    return shapes;
}

std::size_t count_bytes(DType dtype, const std::vector<std::int64_t>& shape) {
    std::size_t bytes = item_size(dtype);
    for (const std::int64_t size : shape) {
        if (std::size_t(size) > std::size_t(PTRDIFF_MAX) / bytes) throw std::bad_alloc();
        bytes *= std::size_t(size);
    }
    return bytes;
}

std::vector<std::uint8_t> ordinary_values(DType dtype, const std::vector<std::int64_t>& shape) {
    std::vector<std::uint8_t> values(count_bytes(dtype, shape));
    std::mt19937 random(1);  // NOLINT(bugprone-random-generator-seed): the same values every time
    for (std::size_t at = 0; at < values.size(); at += item_size(dtype)) {
        write_value(dtype, std::uint32_t(random()), values.data() + at);
    }
    return values;
}

}  // namespace satchel
