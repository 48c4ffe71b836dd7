#include "satchel/imaging/bmp.h"

#include <array>
#include <cstring>

#include "row_colors.h"
#include "satchel/imaging/error.h"

namespace satchel {
namespace {

constexpr std::size_t kMostColors = 256;

// Bits that the reference reads of each pixel, whatever the header says.
int bits_of(BmpPixel pixel) {
    switch (pixel) {
        case BmpPixel::bilevel:
        case BmpPixel::palette1: return 1;
        case BmpPixel::palette4: return 4;
        case BmpPixel::grey:
        case BmpPixel::palette8: return 8;
        case BmpPixel::bgr555:
        case BmpPixel::bgr565: return 16;
        case BmpPixel::bgr: return 24;
        default: return 32;
    }
}

// Which byte of a pixel holds red, green, blue and alpha; kNone for a pixel without alpha.
constexpr int kNone = -1;
struct Order {
    int red, green, blue, alpha;
};
constexpr Order order_of(BmpPixel pixel) {
    switch (pixel) {
        case BmpPixel::xbgr: return {3, 2, 1, kNone};
        case BmpPixel::bgxr: return {3, 1, 0, kNone};
        case BmpPixel::abgr: return {3, 2, 1, 0};
        case BmpPixel::rgba: return {0, 1, 2, 3};
        case BmpPixel::bgra: return {2, 1, 0, 3};
        case BmpPixel::bgar: return {3, 1, 0, 2};
        default: return {2, 1, 0, kNone};  // bgr and bgrx
    }
}

// Source: Pillow's Unpack.c (ImagingUnpackBGR15 and 16).
void convert_16(const std::uint8_t* row, std::uint8_t* out, int width, unsigned green_bits) {
    const unsigned most_green = (1u << green_bits) - 1;
    for (int x = 0; x < width; ++x, row += 2, out += 3) {
        const unsigned pixel = row[0] | unsigned{row[1]} << 8;
        out[0] = std::uint8_t((pixel >> (5 + green_bits) & 31) * 255 / 31);
        out[1] = std::uint8_t((pixel >> 5 & most_green) * 255 / most_green);
        out[2] = std::uint8_t((pixel & 31) * 255 / 31);
    }
}

class BmpRows final : public RowSource {
public:
    BmpRows(Bytes data, const BmpFile& file) : file_(file), bits_(bits_of(file.pixel)) {
        width_ = int(file.width);
        height_ = int(file.height);
        channels_ = file.pixel == BmpPixel::bilevel || file.pixel == BmpPixel::grey ? 1 : 3;
        const std::uint64_t row = (file.width * std::uint64_t(bits_) + 7) / 8;
        if (row > file.stride) throw_damaged("BMP", "decoder configuration error when reading image file");
        // Nothing is asked of what pads the last row.
        const std::uint64_t length = (file.height - 1) * file.stride + row;
        if (file.start > data.size() || length > data.size() - file.start) {
            throw_damaged("BMP", "image file is truncated");
        }
        rows_ = data.subspan(std::size_t(file.start));
        if (file.pixel >= BmpPixel::palette1 && file.pixel <= BmpPixel::palette8) read_palette();
    }

    void read(int count, std::uint8_t* out, std::size_t stride) override {
        for (int i = 0; i < count; ++i, ++y_) {
            const int row = file_.top_first ? y_ : height_ - 1 - y_;
            convert(rows_.data() + std::size_t(row) * std::size_t(file_.stride), out + std::size_t(i) * stride);
        }
    }

    void finish() override {}

private:
    void read_palette() {
        const std::size_t count = file_.palette.size() / file_.palette_step;
        if (count > kMostColors) throw_damaged("BMP", "invalid palette size");
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint8_t* color = file_.palette.data() + i * file_.palette_step;
            palette_[i] = {color[2], color[1], color[0]};
        }
    }

    void convert(const std::uint8_t* row, std::uint8_t* out) const {
        switch (file_.pixel) {
            case BmpPixel::bilevel:
                for (int x = 0; x < width_; ++x) out[x] = std::uint8_t(sample(row, x, 1) * 255);
                break;
            case BmpPixel::grey: std::memcpy(out, row, std::size_t(width_)); break;
            case BmpPixel::palette1:
            case BmpPixel::palette4:
            case BmpPixel::palette8:
                for (int x = 0; x < width_; ++x, out += 3) std::memcpy(out, palette_[sample(row, x, bits_)].data(), 3);
                break;
            case BmpPixel::bgr555: convert_16(row, out, width_, 5); break;
            case BmpPixel::bgr565: convert_16(row, out, width_, 6); break;
            default: convert_bytes(row, out);
        }
    }

    void convert_bytes(const std::uint8_t* row, std::uint8_t* out) const {
        const Order order = order_of(file_.pixel);
        const int step = bits_ / 8;
        for (int x = 0; x < width_; ++x, row += step, out += 3) {
            out[0] = row[order.red];
            out[1] = row[order.green];
            out[2] = row[order.blue];
            if (order.alpha == kNone) continue;
            for (int c = 0; c < 3; ++c) out[c] = over_white(out[c], row[order.alpha]);
        }
    }

    BmpFile file_;
    int bits_;
    Bytes rows_;
    int y_ = 0;
    std::array<std::array<std::uint8_t, 3>, kMostColors> palette_{};  // black where the file has no entry
};

}  // namespace

std::unique_ptr<RowSource> open_bmp(Bytes data, const BmpFile& file) { return std::make_unique<BmpRows>(data, file); }

}  // namespace satchel
