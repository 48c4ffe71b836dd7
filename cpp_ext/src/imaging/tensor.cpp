#include "satchel/imaging/tensor.h"

#include <bit>
#include <cmath>

#include "satchel/imaging/error.h"

namespace satchel {
namespace {

double value_of(const std::vector<double>& values, std::size_t channel, double otherwise) {
    if (values.empty()) return otherwise;
    return values[values.size() == 1 ? 0 : channel];
}

// One pass over the row, whose channels lie `C` apart, to the planes of a tensor.
template <int C, typename T>
void write_planes(const std::uint8_t* levels, std::size_t width, const int* order,
                  const std::vector<std::array<T, 256>>& tables, T* out, std::size_t plane) {
    if (tables.size() == 1) {
        const auto& table = tables[0];
        for (std::size_t x = 0; x < width; ++x) out[x] = table[levels[x * C]];
        return;
    }
    const auto &a = tables[0], &b = tables[1], &c = tables[2];
    const std::uint8_t* first = levels + (C == 3 ? order[0] : 0);
    const std::uint8_t* second = levels + (C == 3 ? order[1] : 0);
    const std::uint8_t* third = levels + (C == 3 ? order[2] : 0);
    for (std::size_t x = 0; x < width; ++x) {
        out[x] = a[first[x * C]];
        out[plane + x] = b[second[x * C]];
        out[2 * plane + x] = c[third[x * C]];
    }
}

template <int C, typename T>
void write_pixels(const std::uint8_t* levels, std::size_t width, const std::vector<int>& order,
                  const std::vector<std::array<T, 256>>& tables, T* out) {
    const std::size_t count = tables.size();
    for (std::size_t x = 0; x < width; ++x, levels += C) {
        for (std::size_t c = 0; c < count; ++c) *out++ = tables[c][levels[C == 3 ? order[c] : 0]];
    }
}

}  // namespace

std::size_t item_size(DType dtype) {
    switch (dtype) {
        case DType::float32: return 4;
        case DType::float16:
        case DType::bfloat16: return 2;
        case DType::uint8: return 1;
    }
    return 1;
}

std::uint16_t to_half(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const auto sign = std::uint16_t(bits >> 16 & 0x8000);
    const std::uint32_t magnitude = bits & 0x7FFFFFFF;
    if (magnitude > 0x7F800000) return std::uint16_t(sign | 0x7E00);   // not a number
    if (magnitude >= 0x477FF000) return std::uint16_t(sign | 0x7C00);  // rounds to infinity
    if (magnitude < 0x38800000) {                                      // below the smallest normal number
        return std::uint16_t(sign | std::uint16_t(std::nearbyint(std::ldexp(std::abs(double(value)), 24))));
    }
    const std::uint32_t rounded = magnitude + 0x0FFF + (magnitude >> 13 & 1);
    return std::uint16_t(sign | (rounded - 0x38000000) >> 13);
}

std::uint16_t to_bfloat16(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    // A number that is none stays one, though the bits that made it so may be among those that go.
    if ((bits & 0x7FFFFFFF) > 0x7F800000) return std::uint16_t(bits >> 16 | 0x0040);
    return std::uint16_t((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

TensorWriter::TensorWriter(Color color, const ToTensor& step) : step_(step) {
    if (color == Color::luma) throw ImagingError(ErrorCode::bad_argument, "tensors of luma are made in Python alone");
    order_ = color == Color::gray ? std::vector{0} : color == Color::rgb ? std::vector{0, 1, 2} : std::vector{2, 1, 0};
    const std::size_t channels = order_.size();
    for (const auto* values : {&step.mean, &step.std}) {
        if (values->size() > 1 && values->size() != channels) {
            throw ImagingError(ErrorCode::bad_argument, "mean and std need one value, or one for each channel");
        }
    }
    floats_.resize(step.dtype == DType::float32 ? channels : 0);
    const bool half = step.dtype == DType::float16 || step.dtype == DType::bfloat16;
    halves_.resize(half ? channels : 0);
    bytes_.resize(step.dtype == DType::uint8 ? channels : 0);
    for (std::size_t channel = 0; channel < channels; ++channel) {
        const double mean = value_of(step.mean, channel, 0.0);
        const double deviation = value_of(step.std, channel, 1.0);
        for (std::size_t level = 0; level < 256; ++level) {
            const auto value = float((double(level) * step.scale - mean) / deviation);
            if (!floats_.empty()) floats_[channel][level] = value;
            if (half) halves_[channel][level] = step.dtype == DType::float16 ? to_half(value) : to_bfloat16(value);
            if (!bytes_.empty()) bytes_[channel][level] = std::uint8_t(level);
        }
    }
}

Tensor TensorWriter::allocate(Size size) const {
    Tensor tensor;
    tensor.dtype = step_.dtype;
    const std::int64_t width = size.width, height = size.height, channels = std::int64_t(order_.size());
    tensor.shape = step_.layout == Layout::nchw ? std::array{std::int64_t{1}, channels, height, width}
                                                : std::array{std::int64_t{1}, height, width, channels};
    tensor.data = Buffer(std::size_t(width) * std::size_t(height) * std::size_t(channels) * item_size(step_.dtype));
    return tensor;
}

template <typename T>
void TensorWriter::write(const std::uint8_t* levels, int channels, int y, Tensor& tensor,
                         const std::vector<std::array<T, 256>>& tables) const {
    T* out = reinterpret_cast<T*>(tensor.data.data());
    const auto row = std::size_t(y);
    if (step_.layout == Layout::nhwc) {
        const auto width = std::size_t(tensor.shape[2]);
        out += row * width * tables.size();
        channels == 3 ? write_pixels<3>(levels, width, order_, tables, out)
                      : write_pixels<1>(levels, width, order_, tables, out);
        return;
    }
    const auto width = std::size_t(tensor.shape[3]);
    const std::size_t plane = std::size_t(tensor.shape[2]) * width;
    out += row * width;
    channels == 3 ? write_planes<3>(levels, width, order_.data(), tables, out, plane)
                  : write_planes<1>(levels, width, order_.data(), tables, out, plane);
}

void TensorWriter::write_row(const std::uint8_t* levels, int channels, int y, Tensor& tensor) const {
    switch (step_.dtype) {
        case DType::float32: write(levels, channels, y, tensor, floats_); break;
        case DType::float16:
        case DType::bfloat16: write(levels, channels, y, tensor, halves_); break;
        case DType::uint8: write(levels, channels, y, tensor, bytes_); break;
    }
}

}  // namespace satchel
