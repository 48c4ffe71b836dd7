// Nearest-neighbour sampling, at Pillow's places (half pixel centres) or OpenCV's and TensorFlow's (legacy).
#include <cstring>

#include "resizers.h"
#include "satchel/image.h"

namespace satchel {
namespace {

// The same size gives the same image, whatever the places.
std::vector<int> taps_of(int source, int target, PixelCenters centers, Range range) {
    if (source != target) return nearest_taps(source, target, centers, range);
    std::vector<int> same;
    for (int i = range.begin; i < range.end; ++i) same.push_back(i);
    return same;
}

class NearestResizer final : public Resizer {
public:
    NearestResizer(const ResizeJob& job, PixelCenters centers)
        : channels_(std::size_t(job.channels)),
          across_(taps_of(job.source.width, job.target.width, centers, job.window.x)),
          down_(taps_of(job.source.height, job.target.height, centers, job.window.y)),
          length_(std::size_t(job.window.x.size()) * channels_),
          slots_(std::size_t(job.source.height), -1) {
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
