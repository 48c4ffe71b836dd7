// Resampling with antialias: two passes, each rounded to 8 bits, as Pillow's Resample.c does it. An axis whose length
// does not change is left alone.
#include <algorithm>
#include <cstring>

#include "resizers.h"
#include "satchel/imaging/image.h"
#include "satchel/imaging/tap_cache.h"

namespace satchel {
namespace {

// Since version 13 Pillow begins with the vertical pass where that takes away much more.
bool is_vertical_first(Size source, Size target) {
    const int rows = source.height - target.height;
    const int columns = source.width - target.width;
    return rows > 0 && columns != 0 && rows > 2 * columns;
}

class AntialiasResizer final : public Resizer {
public:
    AntialiasResizer(const ResizeJob& job, Filter filter, const Kernels& kernels, TapCache& cache)
        : kernels_(kernels), channels_(std::size_t(job.channels)) {
        const auto plan = [&](const ResizeJob::Axis& axis, bool packed) {
            return cache.get(
                {axis.source, axis.target, filter, axis.range.begin, axis.range.end, packed, axis.mirrored}, kernels);
        };
        const ResizeJob::Axis across = job.across(), down = job.down();
        if (across.source != across.target) across_ = plan(across, channels_ == 3);
        source_rows_ = stored_range(down);
        if (down.source != down.target && down.range.size() > 0) {
            down_ = plan(down, false);
            const Taps& taps = down_->taps;
            source_rows_ = {taps.first.front(), taps.first.back() + taps.count.back()};
        }
        // What is horizontal upright is vertical in a picture that lies on its side.
        across_last_ = across_ && down_ && is_vertical_first(job.source, job.target) != job.turn.transposed;
        left_ = std::size_t(stored_range(across).begin);
        length_ = std::size_t(across.range.size()) * channels_;
        kept_ = across_last_ ? std::size_t(across.source) * channels_ : length_;
        stride_ = padded_stride(kept_);
        rows_ = Buffer(std::size_t(source_rows_.size()) * stride_);
    }

    void take_row(int y, const std::uint8_t* row) override {
        if (y < source_rows_.begin || y >= source_rows_.end) return;
        std::uint8_t* out = rows_.data() + std::size_t(y - source_rows_.begin) * stride_;
        if (across_last_) {
            std::memcpy(out, row, kept_);
        } else if (across_) {
            go_across(row, out);
        } else {
            std::memcpy(out, row + left_ * channels_, length_);
        }
    }

    void write_row(int y, std::uint8_t* out) const override {
        if (across_last_) {
            Buffer narrow(kept_);
            Buffer wide(length_);  // not `out`: the pass writes a few bytes beyond its end
            go_down(y, narrow.data());
            go_across(narrow.data(), wide.data());
            std::memcpy(out, wide.data(), length_);
        } else if (down_) {
            go_down(y, out);
        } else {
            std::memcpy(out, rows_.data() + std::size_t(y) * stride_, length_);
        }
    }

private:
    void go_across(const std::uint8_t* row, std::uint8_t* out) const {
        if (channels_ == 3) {
            kernels_.horizontal_rgb(row, across_->taps, across_->packed, out);
        } else {
            kernels_.horizontal_grey(row, across_->taps, out);
        }
    }

    void go_down(int y, std::uint8_t* out) const {
        const Taps& taps = down_->taps;
        const int first = taps.first[std::size_t(y)] - source_rows_.begin;
        kernels_.vertical(rows_.data() + std::size_t(first) * stride_, stride_, taps.weights_of(y),
                          taps.count[std::size_t(y)], out, kept_);
    }

    const Kernels& kernels_;
    std::size_t channels_;
    bool across_last_ = false;
    std::size_t left_ = 0;
    std::size_t length_ = 0;  // bytes of a row of the window
    std::size_t kept_ = 0;    // bytes of a row between the passes
    std::size_t stride_ = 0;
    std::shared_ptr<const AxisPlan> across_;
    std::shared_ptr<const AxisPlan> down_;
    Buffer rows_;
};

}  // namespace

std::unique_ptr<Resizer> make_antialias_resizer(const ResizeJob& job, Filter filter, const Kernels& kernels,
                                                TapCache& cache) {
    return std::make_unique<AntialiasResizer>(job, filter, kernels, cache);
}

}  // namespace satchel
