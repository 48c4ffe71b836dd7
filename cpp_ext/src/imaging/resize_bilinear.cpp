// Two-tap interpolation without antialias, in the integers of OpenCV's resize.cpp (INTER_LINEAR for 8 bits): along x to
// 16 bits, then along y, where each product loses its low bits before the sum.
#include <algorithm>
#include <utility>

#include "resizers.h"
#include "satchel/imaging/image.h"

namespace satchel {
namespace {

void mix_grey(const std::uint8_t* row, const PairTaps& taps, std::int16_t* out) {
    for (std::size_t x = 0; x < taps.low.size(); ++x) {
        const int low = row[taps.low[x]], high = row[taps.high[x]];
        out[x] = std::int16_t((low * taps.low_weight[x] + high * taps.high_weight[x]) >> 4);
    }
}

PackedPairs pack_rgb(const PairTaps& taps) {
    PackedPairs packed;
    for (std::size_t x = 0; x < taps.low.size(); ++x) {
        int left = taps.low_weight[x], right = taps.high_weight[x];
        if (taps.low[x] > taps.high[x]) std::swap(left, right);            // on an axis that runs the other way
        if (taps.low[x] == taps.high[x]) left += std::exchange(right, 0);  // at an edge
        packed.offsets.push_back(3 * std::min(taps.low[x], taps.high[x]));
        packed.weights.push_back(left | right << 16);
    }
    return packed;
}

PairTaps taps_of(const ResizeJob::Axis& axis, PixelCenters centers) {
    PairTaps taps = bilinear_taps(axis.source, axis.target, centers, axis.range);
    return axis.mirrored ? mirrored(taps, axis.source) : taps;
}

// Which source rows are needed, and where each is kept: a slot, or -1.
struct Slots {
    Slots(const PairTaps& taps, int source) : of(std::size_t(source), -1) {
        for (std::size_t y = 0; y < taps.low.size(); ++y) {
            for (const int row : {taps.low[y], taps.high[y]}) {
                int& slot = of[std::size_t(row)];
                if (slot < 0) slot = used++;
                rows = {used == 1 ? row : std::min(rows.begin, row), std::max(rows.end, row + 1)};
            }
        }
    }

    std::vector<int> of;
    int used = 0;
    Range rows;  // holds all that are needed
};

class BilinearResizer final : public Resizer {
public:
    BilinearResizer(const ResizeJob& job, PixelCenters centers, const Kernels& kernels)
        : kernels_(kernels),
          channels_(job.channels),
          across_(taps_of(job.across(), centers)),
          down_(taps_of(job.down(), centers)),
          packed_(pack_rgb(across_)),
          length_(across_.low.size() * std::size_t(job.channels)),
          stride_(padded_stride(length_)),
          slots_(down_, job.down().source) {
        source_rows_ = slots_.rows;
        rows_ = Buffer(std::size_t(slots_.used) * stride_ * sizeof(std::int16_t));
    }

    void take_row(int y, const std::uint8_t* row) override {
        const int slot = slots_.of[std::size_t(y)];
        if (slot < 0) return;
        if (channels_ == 3) {
            kernels_.mix_rgb(row, packed_, mixed(slot));
        } else {
            mix_grey(row, across_, mixed(slot));
        }
    }

    void write_row(int y, std::uint8_t* out) const override {
        const auto index = std::size_t(y);
        const std::int16_t* above = mixed(slots_.of[std::size_t(down_.low[index])]);
        const std::int16_t* below = mixed(slots_.of[std::size_t(down_.high[index])]);
        kernels_.blend(above, below, down_.low_weight[index], down_.high_weight[index], out, length_);
    }

private:
    std::int16_t* mixed(int slot) {
        return reinterpret_cast<std::int16_t*>(rows_.data()) + std::size_t(slot) * stride_;
    }
    const std::int16_t* mixed(int slot) const {
        return reinterpret_cast<const std::int16_t*>(rows_.data()) + std::size_t(slot) * stride_;
    }

    const Kernels& kernels_;
    int channels_;
    PairTaps across_;
    PairTaps down_;
    PackedPairs packed_;
    std::size_t length_;  // levels of a row of the window
    std::size_t stride_;  // from one row to the next, with room for what the kernel writes behind it
    Slots slots_;
    Buffer rows_;
};

// For a picture that lies on its side: what is along x upright is along y here, and still comes first. Few pixels are
// left to compute, so each is made at once from its four sources.
class TurnedBilinearResizer final : public Resizer {
public:
    TurnedBilinearResizer(const ResizeJob& job, PixelCenters centers)
        : channels_(std::size_t(job.channels)),
          length_(std::size_t(job.across().source) * channels_),
          across_(taps_of(job.across(), centers)),
          down_(taps_of(job.down(), centers)),
          slots_(down_, job.down().source) {
        source_rows_ = slots_.rows;
        rows_ = Buffer(std::size_t(slots_.used) * length_);
    }

    void take_row(int y, const std::uint8_t* row) override {
        const int slot = slots_.of[std::size_t(y)];
        if (slot >= 0) std::copy_n(row, length_, rows_.data() + std::size_t(slot) * length_);
    }

    void write_row(int y, std::uint8_t* out) const override {
        const auto index = std::size_t(y);
        const std::uint8_t* a = kept(down_.low[index]);
        const std::uint8_t* b = kept(down_.high[index]);
        const int a_weight = down_.low_weight[index], b_weight = down_.high_weight[index];
        for (std::size_t x = 0; x < across_.low.size(); ++x) {
            const std::size_t low = std::size_t(across_.low[x]) * channels_;
            const std::size_t high = std::size_t(across_.high[x]) * channels_;
            for (std::size_t c = 0; c < channels_; ++c) {
                const int above = (a[low + c] * a_weight + b[low + c] * b_weight) >> 4;
                const int below = (a[high + c] * a_weight + b[high + c] * b_weight) >> 4;
                const int sum = ((above * across_.low_weight[x]) >> 16) + ((below * across_.high_weight[x]) >> 16);
                *out++ = std::uint8_t((sum + 2) >> 2);
            }
        }
    }

private:
    const std::uint8_t* kept(int row) const {
        return rows_.data() + std::size_t(slots_.of[std::size_t(row)]) * length_;
    }

    std::size_t channels_;
    std::size_t length_;  // bytes of a stored row
    PairTaps across_;
    PairTaps down_;
    Slots slots_;
    Buffer rows_;
};

}  // namespace

std::unique_ptr<Resizer> make_bilinear_resizer(const ResizeJob& job, PixelCenters centers, const Kernels& kernels) {
    return std::make_unique<BilinearResizer>(job, centers, kernels);
}

std::unique_ptr<Resizer> make_turned_bilinear_resizer(const ResizeJob& job, PixelCenters centers) {
    return std::make_unique<TurnedBilinearResizer>(job, centers);
}

}  // namespace satchel
