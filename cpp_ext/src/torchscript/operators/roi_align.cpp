#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "operators.h"

namespace satchel::torchscript {

namespace {

// More samples along one side of a bin than any feature map has features: a region that asks for it is damaged.
constexpr double kMostSamples = 65536;

struct Pooling {
    std::int64_t height, width, sampling_ratio;
    double spatial_scale;
    bool aligned;
};

struct Size {
    std::int64_t channels, height, width;
};

// Where one sample lies along one axis: between two neighbours, each with its share.
template <typename T>
struct Tap {
    std::int64_t low, high;
    T low_share, high_share;
};

// The samples of every bin along one axis. Those outside the feature map are left out but counted: they are zeros.
template <typename T>
struct Axis {
    std::vector<Tap<T>> taps;
    std::vector<std::size_t> first;  // of each bin, and the end of the last
    std::int64_t samples = 0;        // in each bin

    void lay(T start, T end, std::int64_t bins, std::int64_t length, const Pooling& pooling);

private:
    void add(T place, std::int64_t length);
};

template <typename T>
void Axis<T>::add(T place, std::int64_t length) {
    if (!(place >= T(-1) && place <= static_cast<T>(length))) return;  // not a number is outside as well
    place = std::max(place, T(0));
    const auto low = static_cast<std::int64_t>(place);
    if (low >= length - 1) {
        taps.push_back({length - 1, length - 1, T(1), T(0)});
    } else {
        const T share = place - static_cast<T>(low);
        taps.push_back({low, low + 1, T(1) - share, share});
    }
}

// The order of the operations is torchvision's, so that the results are its results to the last bit.
template <typename T>
void Axis<T>::lay(T start, T end, std::int64_t bins, std::int64_t length, const Pooling& pooling) {
    const T extent = pooling.aligned ? end - start : std::max(end - start, T(1));
    const T bin = extent / static_cast<T>(bins);
    const T wanted = pooling.sampling_ratio > 0 ? static_cast<T>(pooling.sampling_ratio) : std::ceil(bin);
    TORCH_CHECK(wanted <= kMostSamples, "torchvision::roi_align: a region from ", start, " to ", end,
                " needs too many samples");
    samples = std::max<std::int64_t>(static_cast<std::int64_t>(wanted), 0);
    taps.clear();
    first.assign(1, 0);
    for (std::int64_t i = 0; i < bins; ++i) {
        const T corner = start + static_cast<T>(i) * bin;
        for (std::int64_t j = 0; j < samples; ++j) {
            add(corner + (static_cast<T>(j) + T(0.5)) * bin / static_cast<T>(samples), length);
        }
        first.push_back(taps.size());
    }
}

// Adds the samples of one bin. Channels lie next to each other, so each pair of taps is worked out once for all.
template <typename T>
void pool_bin(const T* image, const Size& size, const Axis<T>& rows, std::size_t row, const Axis<T>& columns,
              std::size_t column, T* sums) {
    std::fill_n(sums, size.channels, T(0));
    for (std::size_t i = rows.first[row]; i < rows.first[row + 1]; ++i) {
        const Tap<T>& y = rows.taps[i];
        for (std::size_t j = columns.first[column]; j < columns.first[column + 1]; ++j) {
            const Tap<T>& x = columns.taps[j];
            const T w1 = y.low_share * x.low_share, w2 = y.low_share * x.high_share;
            const T w3 = y.high_share * x.low_share, w4 = y.high_share * x.high_share;
            const T* const a = image + (y.low * size.width + x.low) * size.channels;
            const T* const b = image + (y.low * size.width + x.high) * size.channels;
            const T* const c = image + (y.high * size.width + x.low) * size.channels;
            const T* const d = image + (y.high * size.width + x.high) * size.channels;
            for (std::int64_t k = 0; k < size.channels; ++k) {
                sums[k] += w1 * a[k] + w2 * b[k] + w3 * c[k] + w4 * d[k];
            }
        }
    }
}

// What one thread needs, kept from region to region.
template <typename T>
class Pooler {
public:
    Pooler(const Size& size, const Pooling& pooling)
        : size_(size), pooling_(pooling), sums_(static_cast<std::size_t>(size.channels)) {}

    // The region is its four corners, the output [channels, height, width].
    void pool(const T* image, const T* region, T* output) {
        const T scale = static_cast<T>(pooling_.spatial_scale);
        const T offset = pooling_.aligned ? T(0.5) : T(0);
        columns_.lay(region[0] * scale - offset, region[2] * scale - offset, pooling_.width, size_.width, pooling_);
        rows_.lay(region[1] * scale - offset, region[3] * scale - offset, pooling_.height, size_.height, pooling_);
        const T count = static_cast<T>(std::max<std::int64_t>(rows_.samples * columns_.samples, 1));
        const std::int64_t bins = pooling_.height * pooling_.width;
        for (std::int64_t bin = 0; bin < bins; ++bin) {
            pool_bin(image, size_, rows_, static_cast<std::size_t>(bin / pooling_.width), columns_,
                     static_cast<std::size_t>(bin % pooling_.width), sums_.data());
            for (std::int64_t k = 0; k < size_.channels; ++k) output[k * bins + bin] = sums_[k] / count;
        }
    }

private:
    Size size_;
    Pooling pooling_;
    Axis<T> rows_, columns_;
    std::vector<T> sums_;
};

template <typename T>
at::Tensor pool_all(const at::Tensor& input, const at::Tensor& rois, const Pooling& pooling) {
    const Size size{input.size(1), input.size(2), input.size(3)};
    at::Tensor result = at::empty({rois.size(0), size.channels, pooling.height, pooling.width}, input.options());
    if (result.numel() == 0) return result;  // many levels of a pyramid get no region: leave their features alone
    const at::Tensor features = input.permute({0, 2, 3, 1}).contiguous();
    const at::Tensor regions = rois.contiguous();
    const T* const images = features.const_data_ptr<T>();
    const T* const corners = regions.const_data_ptr<T>();
    T* const output = result.mutable_data_ptr<T>();
    for (std::int64_t i = 0; i < rois.size(0); ++i) {
        TORCH_CHECK(corners[5 * i] >= 0 && corners[5 * i] < static_cast<T>(input.size(0)),
                    "torchvision::roi_align: region ", i, " names image ", corners[5 * i], " of ", input.size(0));
    }
    at::parallel_for(0, rois.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
        Pooler<T> pooler(size, pooling);
        for (std::int64_t i = begin; i < end; ++i) {
            const T* const region = corners + 5 * i;
            const auto image = static_cast<std::int64_t>(region[0]);
            pooler.pool(images + image * size.height * size.width * size.channels, region + 1,
                        output + i * size.channels * pooling.height * pooling.width);
        }
    });
    return result;
}

void check(const at::Tensor& input, const at::Tensor& rois, std::int64_t pooled_height, std::int64_t pooled_width) {
    TORCH_CHECK(input.dim() == 4, "torchvision::roi_align: features must be [N, C, H, W], not ", input.sizes());
    TORCH_CHECK(rois.dim() == 2 && rois.size(1) == 5, "torchvision::roi_align: regions must be [K, 5], not ",
                rois.sizes());
    TORCH_CHECK(input.is_floating_point(), "torchvision::roi_align: features must be floating point, not ",
                input.scalar_type());
    TORCH_CHECK(input.scalar_type() == rois.scalar_type(), "torchvision::roi_align: features are ", input.scalar_type(),
                " but regions are ", rois.scalar_type());
    TORCH_CHECK(pooled_height > 0 && pooled_width > 0, "torchvision::roi_align: cannot pool to ", pooled_height, "x",
                pooled_width);
    TORCH_CHECK(rois.size(0) == 0 || (input.size(2) > 0 && input.size(3) > 0),
                "torchvision::roi_align: there are regions but no features, ", input.sizes());
}

}  // namespace

at::Tensor roi_align(const at::Tensor& input, const at::Tensor& rois, double spatial_scale, std::int64_t pooled_height,
                     std::int64_t pooled_width, std::int64_t sampling_ratio, bool aligned) {
    check(input, rois, pooled_height, pooled_width);
    const Pooling pooling{pooled_height, pooled_width, sampling_ratio, spatial_scale, aligned};
    if (input.scalar_type() == at::kDouble) return pool_all<double>(input, rois, pooling);
    return pool_all<float>(input.to(at::kFloat), rois.to(at::kFloat), pooling).to(input.scalar_type());
}

}  // namespace satchel::torchscript
