// Two-tap interpolation without antialias, in the integers of OpenCV's resize.cpp (INTER_LINEAR for 8 bits): along x to
// 16 bits, then along y, where each product loses its low bits before the sum.
#include <algorithm>

#include "resizers.h"
#include "satchel/image.h"

namespace satchel {
namespace {

template <int C>
void mix_columns(const std::uint8_t* row, const PairTaps& taps, std::int16_t* out) {
    const std::size_t count = taps.low.size();
    for (std::size_t x = 0; x < count; ++x, out += C) {
        const std::uint8_t* low = row + std::size_t(taps.low[x]) * C;
        const std::uint8_t* high = row + std::size_t(taps.high[x]) * C;
        const int low_weight = taps.low_weight[x];
        const int high_weight = taps.high_weight[x];
        for (int c = 0; c < C; ++c) out[c] = std::int16_t((low[c] * low_weight + high[c] * high_weight) >> 4);
    }
}

class BilinearResizer final : public Resizer {
public:
    BilinearResizer(const ResizeJob& job, PixelCenters centers, const Kernels& kernels)
        : kernels_(kernels),
          channels_(job.channels),
          across_(bilinear_taps(job.source.width, job.target.width, centers, job.window.x)),
          down_(bilinear_taps(job.source.height, job.target.height, centers, job.window.y)),
          length_(std::size_t(job.window.x.size()) * std::size_t(job.channels)),
          slots_(std::size_t(job.source.height), -1) {
        int used = 0;
        for (std::size_t y = 0; y < down_.low.size(); ++y) {
            for (const int row : {down_.low[y], down_.high[y]}) {
                if (slots_[std::size_t(row)] < 0) slots_[std::size_t(row)] = used++;
            }
        }
        if (used > 0) source_rows_ = {down_.low.front(), down_.high.back() + 1};
        rows_ = Buffer(std::size_t(used) * length_ * sizeof(std::int16_t));
    }

    void take_row(int y, const std::uint8_t* row) override {
        const int slot = slots_[std::size_t(y)];
        if (slot < 0) return;
        if (channels_ == 3) {
            mix_columns<3>(row, across_, mixed(slot));
        } else {
            mix_columns<1>(row, across_, mixed(slot));
        }
    }

    void write_row(int y, std::uint8_t* out) const override {
        const auto index = std::size_t(y);
        const std::int16_t* above = mixed(slots_[std::size_t(down_.low[index])]);
        const std::int16_t* below = mixed(slots_[std::size_t(down_.high[index])]);
        kernels_.blend(above, below, down_.low_weight[index], down_.high_weight[index], out, length_);
    }

private:
    std::int16_t* mixed(int slot) {
        return reinterpret_cast<std::int16_t*>(rows_.data()) + std::size_t(slot) * length_;
    }
    const std::int16_t* mixed(int slot) const {
        return reinterpret_cast<const std::int16_t*>(rows_.data()) + std::size_t(slot) * length_;
    }

    const Kernels& kernels_;
    int channels_;
    PairTaps across_;
    PairTaps down_;
    std::size_t length_;      // levels of a row of the window
    std::vector<int> slots_;  // per source row: where it is kept, -1 where it is not needed
    Buffer rows_;
};

}  // namespace

std::unique_ptr<Resizer> make_bilinear_resizer(const ResizeJob& job, PixelCenters centers, const Kernels& kernels) {
    return std::make_unique<BilinearResizer>(job, centers, kernels);
}

}  // namespace satchel
