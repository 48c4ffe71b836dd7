// Conversions of one row of pixels, in the integers of the reference.
#pragma once

#include <cstdint>

namespace satchel {

// round(a * b / 255) for bytes.
inline unsigned multiply_255(unsigned a, unsigned b) {
    const unsigned product = a * b + 128;
    return (product + (product >> 8)) >> 8;
}

// A level under `alpha`, over white.
inline std::uint8_t over_white(unsigned level, unsigned alpha) {
    return std::uint8_t(255 - multiply_255(255 - level, alpha));
}

// Sample `x` of a row whose samples have `bits` (1, 2, 4 or 8), the first one in the highest bits.
inline unsigned sample(const std::uint8_t* row, int x, int bits) {
    const int bit = x * bits;
    return unsigned(row[bit / 8] >> (8 - bits - bit % 8)) & ((1u << bits) - 1);
}

void rgba_over_white(const std::uint8_t* rgba, std::uint8_t* rgb, int width);

// CMYK with inverted levels, as Adobe writes it and Pillow takes all four-component JPEG for.
void inverted_inks_to_rgb(const std::uint8_t* inks, std::uint8_t* rgb, int width);

// ITU-R 601 luma in 16-bit fixed point.
void rgb_to_luma(const std::uint8_t* rgb, std::uint8_t* luma, int width);

}  // namespace satchel
