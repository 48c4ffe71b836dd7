// Unfiltered PNG samples to 8-bit grey or RGB: palettes, 16 bits, transparency over white.
#pragma once

#include <array>
#include <cstdint>

#include "satchel/imaging/png_chunks.h"

namespace satchel {

class PngColors {
public:
    // Throws ImagingError where palette or transparency cannot be used.
    explicit PngColors(const PngFile& file);

    int channels() const { return channels_; }

    // One row of samples to `channels()` bytes a pixel.
    void convert(const std::uint8_t* samples, std::uint8_t* out, int width) const;

private:
    void convert_grey(const std::uint8_t* samples, std::uint8_t* out, int width) const;
    void convert_rgb(const std::uint8_t* samples, std::uint8_t* out, int width) const;

    PngColor color_;
    int bits_;
    int channels_;
    bool keyed_ = false;
    std::array<std::uint8_t, 3> key_{};
    std::array<std::array<std::uint8_t, 3>, 256> palette_{};  // black where the file has no entry
};

}  // namespace satchel
