#include "satchel/imaging/png.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "png_colors.h"
#include "png_filter.h"
#include "satchel/imaging/error.h"
#include "satchel/imaging/image.h"

namespace satchel {
namespace {

// The seven passes of interlacing: first column and row, and the distances between them.
struct Pass {
    int left, top, across, down;
    int columns(int width) const { return (width - left + across - 1) / across; }
    int rows(int height) const { return (height - top + down - 1) / down; }
};
constexpr Pass kPasses[] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                            {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};

int samples_of(PngColor color) {
    switch (color) {
        case PngColor::rgb: return 3;
        case PngColor::rgba: return 4;
        case PngColor::grey_alpha: return 2;
        default: return 1;
    }
}

// The pixels' zlib stream, spread over the bodies of the IDAT chunks.
class Inflater {
public:
    explicit Inflater(const std::vector<Bytes>& parts) : parts_(parts) {
        if (inflateInit(&stream_) != Z_OK) throw_damaged("PNG", "zlib cannot start");
    }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
    ~Inflater() { inflateEnd(&stream_); }

    // Fills `out`. False at the end of a stream that has nothing more at all.
    bool read(std::uint8_t* out, std::size_t length) {
        if (ended_) return false;
        stream_.next_out = out;
        stream_.avail_out = uInt(length);
        while (stream_.avail_out > 0) {
            while (stream_.avail_in == 0) {
                if (next_ == parts_.size()) throw_damaged("PNG", "image file is truncated");
                stream_.next_in = const_cast<Bytef*>(parts_[next_].data());
                stream_.avail_in = uInt(parts_[next_].size());
                ++next_;
            }
            const int state = inflate(&stream_, Z_NO_FLUSH);
            ended_ = state == Z_STREAM_END;
            if ((state != Z_OK && !ended_) || (ended_ && stream_.avail_out > 0)) {
                throw_damaged("PNG", "broken data stream when reading image file");
            }
        }
        return true;
    }

    // Index of the part that was read last.
    std::size_t part() const { return next_ == 0 ? 0 : next_ - 1; }

private:
    const std::vector<Bytes>& parts_;
    z_stream stream_{};
    std::size_t next_ = 0;
    bool ended_ = false;
};

class PngRows final : public RowSource {
public:
    PngRows(Bytes data, PngFile file) : data_(data), file_(std::move(file)), colors_(file_), inflater_(file_.data) {
        if (file_.data.empty()) throw_damaged("PNG", "no pixels");
        width_ = int(file_.width);
        height_ = int(file_.height);
        channels_ = colors_.channels();
        pixel_bits_ = samples_of(file_.color) * file_.bits;
        // A filter byte stands before each row.
        row_ = Buffer(row_bytes(width_) + 1);
        previous_ = Buffer(row_bytes(width_) + 1);
        std::memset(previous_.data(), 0, previous_.size());
    }

    void read(int count, std::uint8_t* out, std::size_t stride) override {
        if (file_.interlaced && whole_.height() == 0) read_passes();
        for (int i = 0; i < count; ++i, out += stride, ++y_) {
            if (file_.interlaced) {
                std::memcpy(out, whole_.row(y_), whole_.stride());
                continue;
            }
            if (!next_row(row_bytes(width_))) {  // a stream that ends early between rows: the rest is black
                std::memset(previous_.data(), 0, previous_.size());
            }
            colors_.convert(previous_.data() + 1, out, width_);
        }
    }

    void finish() override { check_png_tail(data_, file_.data_end[inflater_.part()], file_); }

private:
    std::size_t row_bytes(int columns) const { return (std::size_t(columns) * std::size_t(pixel_bits_) + 7) / 8; }

    // Leaves the row, unfiltered, in `previous_`. False where there is none any more.
    bool next_row(std::size_t length) {
        if (!inflater_.read(row_.data(), length + 1)) return false;
        const auto step = std::size_t((pixel_bits_ + 7) / 8);
        if (!undo_filter(row_.data()[0], row_.data() + 1, previous_.data() + 1, length, step)) {
            throw_damaged("PNG", "unknown filter");
        }
        std::swap(row_, previous_);
        return true;
    }

    void read_passes() {
        Image image(width_, height_, channels_);
        Buffer black(row_bytes(width_));
        std::memset(black.data(), 0, black.size());
        for (int y = 0; y < height_; ++y) colors_.convert(black.data(), image.row(y), width_);
        Buffer line(std::size_t(width_) * std::size_t(channels_));
        for (const Pass& pass : kPasses) {
            if (pass.left >= width_ || pass.top >= height_) continue;
            std::memset(previous_.data(), 0, previous_.size());
            if (!read_pass(pass, image, line)) break;
        }
        whole_ = std::move(image);
    }

    bool read_pass(const Pass& pass, Image& image, Buffer& line) {
        const int columns = pass.columns(width_);
        for (int row = 0; row < pass.rows(height_); ++row) {
            if (!next_row(row_bytes(columns))) return false;
            colors_.convert(previous_.data() + 1, line.data(), columns);
            std::uint8_t* out = image.row(pass.top + row * pass.down);
            for (int column = 0; column < columns; ++column) {
                const std::size_t to = std::size_t(pass.left + column * pass.across) * std::size_t(channels_);
                std::memcpy(out + to, line.data() + std::size_t(column) * std::size_t(channels_),
                            std::size_t(channels_));
            }
        }
        return true;
    }

    Bytes data_;
    PngFile file_;
    PngColors colors_;
    Inflater inflater_;
    int pixel_bits_ = 0;
    int y_ = 0;
    Buffer row_;
    Buffer previous_;
    Image whole_;
};

}  // namespace

std::unique_ptr<RowSource> open_png(Bytes data, PngFile file) {
    return std::make_unique<PngRows>(data, std::move(file));
}

}  // namespace satchel
