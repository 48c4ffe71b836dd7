// The last step: 8-bit rows become an input tensor, through one table look-up per channel.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "satchel/imaging/image.h"
#include "satchel/imaging/layout.h"
#include "satchel/imaging/steps.h"

namespace satchel {

// A tensor with a batch axis of 1.
struct Tensor {
    DType dtype = DType::float32;
    std::array<std::int64_t, 4> shape{};
    Buffer data;
};

std::size_t item_size(DType dtype);

class TensorWriter {
public:
    // Throws ImagingError where the number of means or deviations does not fit the channels.
    TensorWriter(Color color, const ToTensor& step);

    Tensor allocate(Size size) const;

    // Writes image row `y` of `levels`, in RGB or grey, into `tensor`. Rows may be written from several threads.
    void write_row(const std::uint8_t* levels, int channels, int y, Tensor& tensor) const;

private:
    template <typename T>
    void write(const std::uint8_t* levels, int channels, int y, Tensor& tensor,
               const std::vector<std::array<T, 256>>& tables) const;

    ToTensor step_;
    std::vector<int> order_;  // source channel of each tensor channel
    // The value of each level, per tensor channel; only those of the step's dtype are filled.
    std::vector<std::array<float, 256>> floats_;
    std::vector<std::array<std::uint16_t, 256>> halves_;  // of both 16-bit types
    std::vector<std::array<std::uint8_t, 256>> bytes_;
};

// The nearest 16-bit float (IEEE 754 binary16), ties to even.
std::uint16_t to_half(float value);

// The nearest bfloat16 (the upper half of a 32-bit float), ties to even.
std::uint16_t to_bfloat16(float value);

}  // namespace satchel
