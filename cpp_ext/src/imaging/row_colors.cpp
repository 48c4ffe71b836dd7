#include "row_colors.h"

#include <cstddef>

namespace satchel {

void rgba_over_white(const std::uint8_t* rgba, std::uint8_t* rgb, int width) {
    for (int x = 0; x < width; ++x, rgba += 4, rgb += 3) {
        for (int c = 0; c < 3; ++c) rgb[c] = over_white(rgba[c], rgba[3]);
    }
}

// Source: Pillow's Convert.c (cmyk2rgb).
void inverted_inks_to_rgb(const std::uint8_t* inks, std::uint8_t* rgb, int width) {
    for (int x = 0; x < width; ++x, inks += 4, rgb += 3) {
        const unsigned light = inks[3];  // 255 - k, with k = 255 - the stored level
        for (int c = 0; c < 3; ++c) rgb[c] = std::uint8_t(light - multiply_255(255u - inks[c], light));
    }
}

// Source: Pillow's Convert.c (L24): 0.299, 0.587 and 0.114 in units of 1 / 65536.
void rgb_to_luma(const std::uint8_t* rgb, std::uint8_t* luma, int width) {
    for (std::size_t x = 0; x < std::size_t(width); ++x) {
        luma[x] =
            std::uint8_t((rgb[3 * x] * 19595u + rgb[3 * x + 1] * 38470u + rgb[3 * x + 2] * 7471u + 0x8000u) >> 16);
    }
}

}  // namespace satchel
