#include "png_colors.h"

#include <cstring>

#include "row_colors.h"
#include "satchel/imaging/error.h"

namespace satchel {
namespace {

constexpr std::size_t kMostColors = 256;

}  // namespace

PngColors::PngColors(const PngFile& file) : color_(file.color), bits_(file.bits), channels_(3) {
    if (color_ == PngColor::bilevel || color_ == PngColor::grey || color_ == PngColor::grey16 ||
        color_ == PngColor::grey_alpha) {
        channels_ = 1;
    }
    if (file.key) {
        keyed_ = true;
        // Pillow compares the low bytes.
        for (std::size_t c = 0; c < 3; ++c) key_[c] = std::uint8_t((*file.key)[c] & 0xFF);
    }
    if (color_ != PngColor::palette) return;
    const Bytes colors = file.palette.value_or(Bytes{});
    const Bytes alpha = file.palette_alpha.value_or(Bytes{});
    if (colors.size() / 3 > kMostColors) throw_damaged("PNG", "invalid palette size");
    if (alpha.size() > kMostColors) throw_damaged("PNG", "invalid palette size");
    for (std::size_t i = 0; i < kMostColors; ++i) {
        if (3 * i + 3 <= colors.size()) std::memcpy(palette_[i].data(), colors.data() + 3 * i, 3);
        if (i < alpha.size()) {
            for (std::uint8_t& level : palette_[i]) level = over_white(level, alpha[i]);
        }
    }
}

void PngColors::convert(const std::uint8_t* samples, std::uint8_t* out, int width) const {
    if (color_ == PngColor::palette) {
        for (int x = 0; x < width; ++x, out += 3) std::memcpy(out, palette_[sample(samples, x, bits_)].data(), 3);
    } else if (channels_ == 1) {
        convert_grey(samples, out, width);
    } else {
        convert_rgb(samples, out, width);
    }
}

void PngColors::convert_grey(const std::uint8_t* samples, std::uint8_t* out, int width) const {
    if (color_ == PngColor::grey_alpha) {
        const int step = bits_ / 8;
        for (int x = 0; x < width; ++x, samples += 2 * step) out[x] = over_white(samples[0], samples[step]);
        return;
    }
    if (bits_ == 16) {
        for (int x = 0; x < width; ++x) out[x] = samples[2 * x];
    } else if (bits_ == 8) {
        std::memcpy(out, samples, std::size_t(width));
    } else {
        const unsigned unit = 255u / ((1u << bits_) - 1);
        for (int x = 0; x < width; ++x) out[x] = std::uint8_t(sample(samples, x, bits_) * unit);
    }
    if (!keyed_) return;
    for (int x = 0; x < width; ++x) out[x] = out[x] == key_[0] ? 255 : out[x];
}

void PngColors::convert_rgb(const std::uint8_t* samples, std::uint8_t* out, int width) const {
    const int step = bits_ / 8;
    const bool has_alpha = color_ == PngColor::rgba;
    if (step == 1 && !has_alpha && !keyed_) {
        std::memcpy(out, samples, 3 * std::size_t(width));
        return;
    }
    for (int x = 0; x < width; ++x, out += 3, samples += step * (has_alpha ? 4 : 3)) {
        for (int c = 0; c < 3; ++c) {
            const std::uint8_t level = samples[c * step];
            out[c] = has_alpha ? over_white(level, samples[3 * step]) : level;
        }
        if (keyed_ && std::memcmp(out, key_.data(), 3) == 0) std::memset(out, 255, 3);
    }
}

}  // namespace satchel
