#include "satchel/imaging/pipeline.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <vector>

#include "satchel/imaging/decode.h"
#include "satchel/imaging/error.h"
#include "satchel/imaging/exif.h"

namespace satchel {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds(Clock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

constexpr int kStripRows = 32;         // decoded at a time: small enough for the second-level cache
constexpr int kLeastPixels = 1 << 19;  // of a picture, below which threads cost more than they save
constexpr int kLeastRows = 32;         // per thread, below which handing work over costs more than it saves

}  // namespace

// One picture on its way through the steps.
class Pipeline::Run {
private:
    // Runs `work` and counts its time as decoding.
    template <typename Work>
    auto timed(Work work) {
        const auto began = Clock::now();
        if constexpr (std::is_void_v<decltype(work())>) {
            work();
            decoding_ += Clock::now() - began;
        } else {
            auto result = work();
            decoding_ += Clock::now() - began;
            return result;
        }
    }

public:
    Run(const Pipeline& pipeline, const PixelView& pixels) : own_(pipeline), began_(Clock::now()) {
        opened_ = open_pixels(pixels, own_.steps_.decode, own_.options_.max_pixels);
    }

    Run(const Pipeline& pipeline, Bytes data) : own_(pipeline), began_(Clock::now()) {
        opened_ = timed([&] {
            return open_image(data, own_.steps_.decode, own_.options_.max_pixels, [this](Size upright) {
                const auto& steps = own_.steps_.geometric;
                return steps.empty() ? std::nullopt : resampled_size(upright, steps.front());
            });
        });
    }

    Prepared finish() {
        RowSource& rows = *opened_.rows;
        channels_ = rows.channels();
        Size decoded{rows.width(), rows.height()};
        if (opened_.turn.transposed) std::swap(decoded.width, decoded.height);
        const Plan plan = make_plan(opened_.upright, decoded, opened_.scale, own_.steps_.geometric);
        Image image;
        for (const Segment& segment : plan.segments) {
            const bool first = &segment == &plan.segments.front();
            const Turn turn = first ? opened_.turn : Turn{};
            const ResizeJob job{segment.source, segment.target, channels_, segment.canvas.window(), turn};
            const auto resizer = make_resizer(job, segment.resampling, own_.kernels_, own_.cache_);
            first ? stream(*resizer) : take(image, *resizer);
            const Image turned = turn.none() ? Image() : turn_upright(draw(job.stored_window(), *resizer), turn);
            const Picture picture = [&](int row, std::uint8_t* out) {
                turn.none() ? resizer->write_row(row, out) : turned.copy_row(row, out);
            };
            if (&segment == &plan.segments.back()) {
                prepared_.tensor = write(segment.canvas, picture);
            } else {
                image = draw(segment.canvas, picture);
            }
        }
        prepared_.geometry = plan.geometry;
        prepared_.decode_ms = milliseconds(decoding_);
        prepared_.prepare_ms = milliseconds(Clock::now() - began_ - decoding_);
        return std::move(prepared_);
    }

private:
    using Picture = std::function<void(int, std::uint8_t*)>;  // writes a row of the window

    ThreadPool& pool() const {
        const bool small = opened_.rows->width() < kLeastPixels / opened_.rows->height();
        return small ? own_.alone_ : *own_.pool_;
    }

    // Decodes strip by strip; each strip is resampled on any thread while the next one is decoded.
    void stream(Resizer& resizer) {
        RowSource& rows = *opened_.rows;
        const std::size_t stride = std::size_t(rows.width()) * std::size_t(rows.channels());
        struct Strip {
            Buffer pixels;
            std::atomic<bool> busy{false};
        };
        std::vector<Strip> strips(std::size_t(pool().threads()) + 1);
        for (Strip& strip : strips) strip.pixels = Buffer(stride * kStripRows);
        ThreadPool::Group group(pool());  // waits for its tasks before the strips go
        for (int top = 0; top < rows.height(); top += kStripRows) {
            group.wait(int(strips.size()) - 1);
            Strip& strip = *std::find_if(strips.begin(), strips.end(), [](const Strip& s) { return !s.busy; });
            const int count = std::min(kStripRows, rows.height() - top);
            timed([&] { rows.read(count, strip.pixels.data(), stride); });
            strip.busy = true;
            group.run([&resizer, &strip, top, count, stride] {
                for (int i = 0; i < count; ++i) {
                    resizer.take_row(top + i, strip.pixels.data() + std::size_t(i) * stride);
                }
                strip.busy = false;
            });
        }
        timed([&] { rows.finish(); });
        group.wait();
    }

    void take(const Image& image, Resizer& resizer) {
        const Range rows = resizer.source_rows();
        pool().for_ranges(rows.size(), kLeastRows, [&](int begin, int end) {
            for (int y = rows.begin + begin; y < rows.begin + end; ++y) resizer.take_row(y, image.row(y));
        });
    }

    // The window of a picture as it is stored.
    Image draw(Size window, const Resizer& resizer) {
        Image image(window.width, window.height, channels_);
        pool().for_ranges(window.height, kLeastRows, [&](int begin, int end) {
            for (int y = begin; y < end; ++y) resizer.write_row(y, image.row(y));
        });
        return image;
    }

    Image draw(const Canvas& canvas, const Picture& picture) {
        Image image(canvas.size().width, canvas.size().height, channels_);
        for (int y = 0; y < image.height(); ++y) canvas.write_row(y, channels_, image.row(y), picture);
        return image;
    }

    Tensor write(const Canvas& canvas, const Picture& picture) {
        const Size size = canvas.size();
        Tensor tensor = own_.writer_.allocate(size);
        pool().for_ranges(size.height, kLeastRows, [&](int begin, int end) {
            Buffer row(std::size_t(size.width) * std::size_t(channels_));
            for (int y = begin; y < end; ++y) {
                canvas.write_row(y, channels_, row.data(), picture);
                own_.writer_.write_row(row.data(), channels_, y, tensor);
            }
        });
        return tensor;
    }

    const Pipeline& own_;
    Clock::time_point began_;
    Clock::duration decoding_{};
    Opened opened_;
    int channels_ = 3;
    Prepared prepared_;
};

Pipeline::Pipeline(Steps steps, const PipelineOptions& options)
    : steps_(std::move(steps)),
      options_(options),
      kernels_(kernels_for(options.level)),
      writer_(steps_.decode.color, steps_.tensor),
      pool_(shared_pool(std::max(1, options.threads))) {}

Prepared Pipeline::run(Bytes data) const { return Run(*this, data).finish(); }

Prepared Pipeline::prepare(const PixelView& pixels) const { return Run(*this, pixels).finish(); }

}  // namespace satchel
