#include "satchel/decode.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "row_colors.h"
#include "satchel/error.h"
#include "satchel/exif.h"
#include "satchel/format.h"
#include "satchel/image.h"
#include "satchel/jpeg.h"
#include "satchel/png.h"

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

Opened open_jpeg_file(Bytes data, const Decode& decode, std::uint64_t max_pixels, const FirstTarget& first_target) {
    const JpegHeader header = read_jpeg_header(data);
    check_pixels(std::uint64_t(header.width), std::uint64_t(header.height), max_pixels);
    check_scans(data);
    Opened opened;
    if (decode.exif) opened.turn = turn_of(read_orientation(header.exif));
    opened.upright = {header.width, header.height};
    if (opened.turn.transposed) std::swap(opened.upright.width, opened.upright.height);
    if (decode.mode == DecodeMode::scaled) {
        if (const auto target = first_target(opened.upright)) opened.scale = decode_scale(opened.upright, *target);
    }
    opened.rows = open_jpeg(data, header, opened.scale);
    return opened;
}

Opened open_png_file(Bytes data, const Decode& decode, std::uint64_t max_pixels) {
    PngFile file = read_png_file(data);
    check_pixels(file.width, file.height, max_pixels);
    Opened opened;
    if (decode.exif) {
        // As the reference has it: with the prefix, which some files have once more.
        std::vector<std::uint8_t> exif{'E', 'x', 'i', 'f', 0, 0};
        exif.insert(exif.end(), file.exif.begin(), file.exif.end());
        opened.turn = turn_of(read_orientation(exif));
    }
    opened.upright = {int(file.width), int(file.height)};
    if (opened.turn.transposed) std::swap(opened.upright.width, opened.upright.height);
    opened.rows = open_png(data, std::move(file));
    return opened;
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
                           std::string(to_string(*format)) + " is left to the reference decoder");
    }
    Opened opened = *format == Format::jpeg ? open_jpeg_file(data, decode, max_pixels, first_target)
                                            : open_png_file(data, decode, max_pixels);
    if (decode.color == Color::gray && opened.rows->channels() == 3) {
        opened.rows = std::make_unique<LumaRows>(std::move(opened.rows));
    }
    return opened;
}

}  // namespace satchel
