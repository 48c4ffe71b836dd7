#include "row.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

namespace satchel {
namespace {

using torchscript::ScalarType;

// IEEE 754 binary16.
float from_half(std::uint16_t bits) {
    const int exponent = (bits >> 10) & 31;
    const int fraction = bits & 1023;
    const float sign = (bits & 0x8000) != 0 ? -1.0F : 1.0F;
    if (exponent == 31) {
        return fraction != 0 ? std::numeric_limits<float>::quiet_NaN() : sign * std::numeric_limits<float>::infinity();
    }
    return exponent == 0 ? sign * std::ldexp(float(fraction), -24)
                         : sign * std::ldexp(float(fraction + 1024), exponent - 25);
}

template <typename T>
std::vector<float> converted(const void* data, std::size_t count) {
    const std::span values(static_cast<const T*>(data), count);
    return {values.begin(), values.end()};
}

std::vector<float> converted_halves(const void* data, std::size_t count) {
    std::vector<float> floats;
    floats.reserve(count);
    for (const std::uint16_t bits : std::span(static_cast<const std::uint16_t*>(data), count)) {
        floats.push_back(from_half(bits));
    }
    return floats;
}

std::vector<float> to_floats(const torchscript::Output& output, std::size_t count) {
    const void* data = output.data.get();
    switch (output.type) {
        case ScalarType::float64: return converted<double>(data, count);
        case ScalarType::float16: return converted_halves(data, count);
        case ScalarType::uint8: return converted<std::uint8_t>(data, count);
        case ScalarType::int8: return converted<std::int8_t>(data, count);
        case ScalarType::int16: return converted<std::int16_t>(data, count);
        case ScalarType::int32: return converted<std::int32_t>(data, count);
        case ScalarType::int64: return converted<std::int64_t>(data, count);
        case ScalarType::boolean: return converted<bool>(data, count);
        case ScalarType::float32:
        case ScalarType::bfloat16: break;  // which the runtime gives as float32
    }
    return {};
}

std::span<const std::int64_t> shape_of(const torchscript::Output& output) { return std::span(output.shape).subspan(1); }

}  // namespace

Row::Row(const torchscript::Output& output)
    : output_(&output), converted_(to_floats(output, std::size_t(TensorView{nullptr, shape_of(output)}.size()))) {}

TensorView Row::view() const {
    const bool as_is = output_->type == ScalarType::float32;
    return {as_is ? static_cast<const float*>(output_->data.get()) : converted_.data(), shape_of(*output_)};
}

}  // namespace satchel
