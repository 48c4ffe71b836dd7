// Tensors of every layout and type, and 16-bit floats.
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "check.h"
#include "satchel/imaging/error.h"
#include "satchel/imaging/tensor.h"

using namespace satchel;

namespace {

void halves() {
    CHECK(to_half(0.0f) == 0x0000 && to_half(-0.0f) == 0x8000);
    CHECK(to_half(1.0f) == 0x3C00 && to_half(-2.0f) == 0xC000);
    CHECK(to_half(65504.0f) == 0x7BFF && to_half(65519.0f) == 0x7BFF);
    CHECK(to_half(65520.0f) == 0x7C00 && to_half(std::numeric_limits<float>::infinity()) == 0x7C00);
    CHECK(to_half(std::ldexp(1.0f, -14)) == 0x0400);
    CHECK(to_half(std::ldexp(1.0f, -24)) == 0x0001);
    CHECK(to_half(std::ldexp(1.0f, -25)) == 0x0000);  // a tie, to even
    CHECK(to_half(std::ldexp(3.0f, -25)) == 0x0002);
    CHECK(to_half(1.0f + std::ldexp(1.0f, -11)) == 0x3C00);
    CHECK(to_half(1.0f + std::ldexp(3.0f, -11)) == 0x3C02);
    CHECK((to_half(std::nanf("")) & 0x7C00) == 0x7C00 && (to_half(std::nanf("")) & 0x03FF) != 0);
}

void bfloats() {
    CHECK(to_bfloat16(0.0f) == 0x0000 && to_bfloat16(-0.0f) == 0x8000);
    CHECK(to_bfloat16(1.0f) == 0x3F80 && to_bfloat16(-2.0f) == 0xC000);
    CHECK(to_bfloat16(1.0f + std::ldexp(1.0f, -8)) == 0x3F80);  // a tie, to even
    CHECK(to_bfloat16(1.0f + std::ldexp(3.0f, -8)) == 0x3F82);
    CHECK(to_bfloat16(1.0f + std::ldexp(1.0f, -8) + std::ldexp(1.0f, -20)) == 0x3F81);
    CHECK(to_bfloat16(std::ldexp(1.0f, -149)) == 0x0000 && to_bfloat16(std::ldexp(1.0f, -133)) == 0x0001);
    CHECK(to_bfloat16(std::numeric_limits<float>::max()) == 0x7F80);
    CHECK(to_bfloat16(-std::numeric_limits<float>::infinity()) == 0xFF80);
    const std::uint16_t none = to_bfloat16(std::bit_cast<float>(0x7F800001u));
    CHECK((none & 0x7F80) == 0x7F80 && (none & 0x007F) != 0);
}

ToTensor step(Layout layout, DType dtype) {
    ToTensor result;
    result.layout = layout;
    result.dtype = dtype;
    return result;
}

void layouts() {
    const std::uint8_t row[] = {1, 2, 3, 4, 5, 6};
    ToTensor doubled = step(Layout::nchw, DType::float32);
    doubled.scale = 2.0;
    doubled.mean = {1.0};
    const TensorWriter planes(Color::bgr, doubled);
    Tensor tensor = planes.allocate({2, 1});
    CHECK((tensor.shape == std::array<std::int64_t, 4>{1, 3, 1, 2}));
    planes.write_row(row, 3, 0, tensor);
    const auto* floats = reinterpret_cast<const float*>(tensor.data.data());
    const float expected[] = {5, 11, 3, 9, 1, 7};
    for (int i = 0; i < 6; ++i) CHECK(floats[i] == expected[i]);

    const TensorWriter pixels(Color::rgb, step(Layout::nhwc, DType::uint8));
    tensor = pixels.allocate({2, 1});
    CHECK((tensor.shape == std::array<std::int64_t, 4>{1, 1, 2, 3}));
    pixels.write_row(row, 1, 0, tensor);  // grey becomes three equal channels
    const std::uint8_t grey[] = {1, 1, 1, 2, 2, 2};
    for (int i = 0; i < 6; ++i) CHECK(tensor.data.data()[i] == grey[i]);
}

void tensors_of_bfloat16() {
    const std::uint8_t row[] = {0, 1, 2, 255};
    const TensorWriter writer(Color::gray, step(Layout::nchw, DType::bfloat16));
    Tensor tensor = writer.allocate({4, 1});
    CHECK(tensor.dtype == DType::bfloat16 && tensor.data.size() == 8);
    writer.write_row(row, 1, 0, tensor);
    const std::uint16_t expected[] = {0x0000, 0x3F80, 0x4000, 0x437F};
    CHECK(std::memcmp(tensor.data.data(), expected, sizeof(expected)) == 0);
}

void refusals() {
    const ToTensor plain = step(Layout::nchw, DType::float32);
    ToTensor two = plain;
    two.mean = {1.0, 2.0};
    for (const auto& [color, tensor] : {std::pair{Color::rgb, two}, std::pair{Color::luma, plain}}) {
        try {
            [[maybe_unused]] const TensorWriter writer(color, tensor);
            CHECK(false);
        } catch (const ImagingError& error) {
            CHECK(error.code() == ErrorCode::bad_argument);
        }
    }
}

}  // namespace

int main() {
    halves();
    bfloats();
    layouts();
    tensors_of_bfloat16();
    refusals();
}
