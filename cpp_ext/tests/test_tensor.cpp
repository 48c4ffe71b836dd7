// Tensors of every layout and type, and 16-bit floats.
#include <cmath>
#include <limits>

#include "check.h"
#include "satchel/error.h"
#include "satchel/tensor.h"

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

void refusals() {
    ToTensor two = step(Layout::nchw, DType::float32);
    two.mean = {1.0, 2.0};
    try {
        TensorWriter(Color::rgb, two);
        CHECK(false);
    } catch (const ImagingError& error) {
        CHECK(error.code() == ErrorCode::bad_argument);
    }
}

}  // namespace

int main() {
    halves();
    layouts();
    refusals();
}
