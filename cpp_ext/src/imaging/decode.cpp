#include "satchel/imaging/decode.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "row_colors.h"
#include "satchel/imaging/bmp.h"
#include "satchel/imaging/error.h"
#include "satchel/imaging/exif.h"
#include "satchel/imaging/format.h"
#include "satchel/imaging/image.h"
#include "satchel/imaging/jpeg.h"
#include "satchel/imaging/png.h"
#include "satchel/imaging/webp.h"

namespace satchel {
namespace {

void check_pixels(std::uint64_t width, std::uint64_t height, std::uint64_t max_pixels) {
    // Both come from 32 bits, so the product fits.
    if (width * height > max_pixels) {
        throw ImagingError(
            ErrorCode::too_many_pixels, "the image has too many pixels",
            std::to_string(width) + " x " + std::to_string(height) + " = " + std::to_string(width * height) + " pixels",
            "at most " + std::to_string(max_pixels));
    }
    // Rows of 16-bit RGBA must have a size that zlib can count.
    constexpr std::uint64_t longest = std::numeric_limits<int>::max() / 16;
    if (width > longest || height > longest) throw_damaged("image", "a side that no decoder can hold");
}

// RGB rows as luma.
class LumaRows final : public RowSource {
public:
    explicit LumaRows(std::unique_ptr<RowSource> colors) : colors_(std::move(colors)) {
        width_ = colors_->width();
        height_ = colors_->height();
        channels_ = 1;
    }

    void read(int count, std::uint8_t* out, std::size_t stride) override {
        const std::size_t row = std::size_t(width_) * 3;
        if (rows_.size() < row * std::size_t(count)) rows_ = Buffer(row * std::size_t(count));
        colors_->read(count, rows_.data(), row);
        for (int i = 0; i < count; ++i) {
            rgb_to_luma(rows_.data() + std::size_t(i) * row, out + std::size_t(i) * stride, width_);
        }
    }

    void finish() override { colors_->finish(); }

private:
    std::unique_ptr<RowSource> colors_;
    Buffer rows_;
};

// What is known of a picture before its rows: how it lies, and its upright size.
Opened lay_out(Size stored, Bytes exif, const Decode& decode) {
    Opened opened;
    if (decode.exif) opened.turn = turn_of(read_orientation(exif));
    opened.upright = opened.turn.transposed ? Size{stored.height, stored.width} : stored;
    return opened;
}

// What a view shows, in RGB or grey.
class ViewRows final : public RowSource {
public:
    explicit ViewRows(const PixelView& view) : view_(view) {
        width_ = view.width;
        height_ = view.height;
        channels_ = view.channels;
    }

    void read(int count, std::uint8_t* out, std::size_t stride) override {
        const std::size_t length = std::size_t(width_) * std::size_t(channels_);
        for (int i = 0; i < count; ++i, ++y_, out += stride) {
            std::memcpy(out, view_.data + std::size_t(y_) * view_.stride, length);
            if (!view_.bgr || channels_ != 3) continue;
            for (std::size_t x = 0; x < length; x += 3) std::swap(out[x], out[x + 2]);
        }
    }

    void finish() override {}

private:
    PixelView view_;
    int y_ = 0;
};

void apply_color(Opened& opened, Color color) {
    if (color != Color::gray || opened.rows->channels() == 1) return;
    opened.rows = std::make_unique<LumaRows>(std::move(opened.rows));
}

Opened open_jpeg_file(Bytes data, const Decode& decode, std::uint64_t max_pixels, const FirstTarget& first_target) {
    const JpegHeader header = read_jpeg_header(data);
    check_pixels(std::uint64_t(header.width), std::uint64_t(header.height), max_pixels);
    check_scans(data);
    Opened opened = lay_out({header.width, header.height}, header.exif, decode);
    if (decode.mode == DecodeMode::scaled) {
        if (const auto target = first_target(opened.upright)) opened.scale = decode_scale(opened.upright, *target);
    }
    opened.rows = open_jpeg(data, header, opened.scale);
    return opened;
}

Opened open_png_file(Bytes data, const Decode& decode, std::uint64_t max_pixels) {
    PngFile file = read_png_file(data);
    check_pixels(file.width, file.height, max_pixels);
    // As the reference has it: with the prefix, which some files have once more.
    std::vector<std::uint8_t> exif{'E', 'x', 'i', 'f', 0, 0};
    exif.insert(exif.end(), file.exif.begin(), file.exif.end());
    Opened opened = lay_out({int(file.width), int(file.height)}, exif, decode);
    opened.rows = open_png(data, std::move(file));
    return opened;
}

Opened open_webp_file(Bytes data, const Decode& decode, std::uint64_t max_pixels) {
    const WebpFile file = read_webp_file(data, max_pixels);
    check_pixels(file.width, file.height, max_pixels);
    Opened opened = lay_out({int(file.width), int(file.height)}, file.exif, decode);
    opened.rows = open_webp(file);
    return opened;
}

Opened open_bmp_file(Bytes data, std::uint64_t max_pixels) {
    const BmpFile file = read_bmp_file(data);
    check_pixels(file.width, file.height, max_pixels);
    Opened opened;
    opened.upright = {int(file.width), int(file.height)};
    opened.rows = open_bmp(data, file);
    return opened;
}

Opened open_file(Format format, Bytes data, const Decode& decode, std::uint64_t max_pixels,
                 const FirstTarget& first_target) {
    switch (format) {
        case Format::jpeg: return open_jpeg_file(data, decode, max_pixels, first_target);
        case Format::png: return open_png_file(data, decode, max_pixels);
        case Format::webp: return open_webp_file(data, decode, max_pixels);
        case Format::bmp: return open_bmp_file(data, max_pixels);
    }
    throw ImagingError(ErrorCode::bad_argument, "an unknown format");
}

std::string first_bytes(Bytes data) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text = "bytes that begin with ";
    for (std::size_t i = 0; i < std::min<std::size_t>(data.size(), 8); ++i) {
        if (i > 0) text += ' ';
        text += digits[data[i] >> 4];
        text += digits[data[i] & 15];
    }
    return text;
}

}  // namespace

Opened open_image(Bytes data, const Decode& decode, std::uint64_t max_pixels, const FirstTarget& first_target) {
    if (data.empty()) throw ImagingError(ErrorCode::empty, "the image is empty", "0 bytes");
    const auto format = sniff_format(data);
    if (!format) {
        throw ImagingError(ErrorCode::unknown_format, "the bytes are not an image of a known format", first_bytes(data),
                           "JPEG, PNG, WebP or BMP");
    }
    if (!is_native(*format)) {
        throw ImagingError(ErrorCode::not_native,
                           "this build leaves " + std::string(to_string(*format)) + " to the reference decoder");
    }
    Opened opened = open_file(*format, data, decode, max_pixels, first_target);
    apply_color(opened, decode.color);
    return opened;
}

Opened open_pixels(const PixelView& pixels, const Decode& decode, std::uint64_t max_pixels) {
    if (pixels.data == nullptr || pixels.width <= 0 || pixels.height <= 0) {
        throw ImagingError(ErrorCode::empty, "the image is empty", "no pixels");
    }
    if ((pixels.channels != 1 && pixels.channels != 3) ||
        pixels.stride < std::size_t(pixels.width) * std::size_t(pixels.channels)) {
        throw ImagingError(ErrorCode::bad_argument, "pixels need one or three channels, and rows that do not overlap");
    }
    check_pixels(std::uint64_t(pixels.width), std::uint64_t(pixels.height), max_pixels);
    Opened opened;
    opened.upright = {pixels.width, pixels.height};
    opened.rows = std::make_unique<ViewRows>(pixels);
    apply_color(opened, decode.color);
    return opened;
}

}  // namespace satchel
