// Nearest-neighbour sampling, at Pillow's places (half pixel centres) or OpenCV's and TensorFlow's (legacy).
#include <cstring>

#include "resizers.h"
#include "satchel/imaging/image.h"

namespace satchel {
namespace {

// The same size gives the same image, whatever the places.
std::vector<int> taps_of(const ResizeJob::Axis& axis, PixelCenters centers) {
    std::vector<int> taps;
    if (axis.source != axis.target) {
        taps = nearest_taps(axis.source, axis.target, centers, axis.range);
    } else {
        for (int i = axis.range.begin; i < axis.range.end; ++i) taps.push_back(i);
    }
    return axis.mirrored ? mirrored(taps, axis.source) : taps;
}

class NearestResizer final : public Resizer {
public:
    NearestResizer(const ResizeJob& job, PixelCenters centers)
        : channels_(std::size_t(job.channels)),
          across_(taps_of(job.across(), centers)),
          down_(taps_of(job.down(), centers)),
          length_(across_.size() * channels_),
          slots_(std::size_t(job.down().source), -1) {
        int used = 0;
        for (const int row : down_) {
            if (row < 0) continue;
            if (used == 0) source_rows_.begin = row;
            source_rows_.end = row + 1;
            if (slots_[std::size_t(row)] < 0) slots_[std::size_t(row)] = used++;
        }
        rows_ = Buffer(std::size_t(used) * length_);
    }

    void take_row(int y, const std::uint8_t* row) override {
        const int slot = slots_[std::size_t(y)];
        if (slot < 0) return;
        std::uint8_t* out = rows_.data() + std::size_t(slot) * length_;
        for (const int column : across_) {
            for (std::size_t c = 0; c < channels_; ++c) {
                *out++ = column < 0 ? 0 : row[std::size_t(column) * channels_ + c];
            }
        }
    }

    void write_row(int y, std::uint8_t* out) const override {
        const int row = down_[std::size_t(y)];
        if (row < 0) {
            std::memset(out, 0, length_);
        } else {
            std::memcpy(out, rows_.data() + std::size_t(slots_[std::size_t(row)]) * length_, length_);
        }
    }

private:
    std::size_t channels_;
    std::vector<int> across_;
    std::vector<int> down_;
    std::size_t length_;
    std::vector<int> slots_;
    Buffer rows_;
};

}  // namespace

std::unique_ptr<Resizer> make_nearest_resizer(const ResizeJob& job, PixelCenters centers) {
    return std::make_unique<NearestResizer>(job, centers);
}

}  // namespace satchel
