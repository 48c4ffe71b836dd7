#include "satchel/imaging/taps.h"

#include <algorithm>
#include <cmath>
#include <numbers>

// This file is compiled without fused multiply-add: the weights must be those of the reference to the last bit.

namespace satchel {
namespace {

constexpr int kPairOne = 2048;  // 11 fractional bits

double box(double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }

double triangle(double x) {
    x = std::abs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

// Cubic convolution with a = -0.5.
double cubic(double x) {
    constexpr double a = -0.5;
    x = std::abs(x);
    if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    return x < 2.0 ? (((x - 5) * x + 8) * x - 4) * a : 0.0;
}

double sinc(double x) {
    if (x == 0.0) return 1.0;
    x *= std::numbers::pi;
    return std::sin(x) / x;
}

double lanczos(double x) { return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0; }

struct Kernel {
    double (*at)(double);
    double support;
};

Kernel kernel_of(Filter filter) {
    switch (filter) {
        case Filter::box: return {box, 0.5};
        case Filter::bicubic: return {cubic, 2.0};
        case Filter::lanczos: return {lanczos, 3.0};
        default: return {triangle, 1.0};
    }
}

std::int32_t fixed_point(double weight) {
    const double scaled = weight * (1 << kWeightBits);
    return std::int32_t(weight < 0 ? -0.5 + scaled : 0.5 + scaled);
}

}  // namespace

// Source of the arithmetic: Pillow's Resample.c.
Taps antialias_taps(int source, int target, Filter filter, Range range) {
    const Kernel kernel = kernel_of(filter);
    const double scale = double(float(source)) / target;
    const double widening = std::max(scale, 1.0);
    const double support = kernel.support * widening;
    const double narrowing = 1.0 / widening;
    Taps taps;
    taps.source = source;
    taps.outputs = range.size();
    taps.stride = int(std::ceil(support)) * 2 + 1;
    taps.first.resize(std::size_t(taps.outputs));
    taps.count.resize(std::size_t(taps.outputs));
    taps.weights.assign(std::size_t(taps.outputs) * std::size_t(taps.stride), 0);
    std::vector<double> values(std::size_t(taps.stride));
    for (int output = range.begin; output < range.end; ++output) {
        const auto index = std::size_t(output - range.begin);
        const double center = (output + 0.5) * scale;
        // NOLINTBEGIN(bugprone-incorrect-roundings): towards zero, as the reference rounds
        const int first = std::max(0, int(center - support + 0.5));
        const int count = std::min(source, int(center + support + 0.5)) - first;
        // NOLINTEND(bugprone-incorrect-roundings)
        double sum = 0.0;
        for (int i = 0; i < count; ++i) {
            values[std::size_t(i)] = kernel.at((i + first - center + 0.5) * narrowing);
            sum += values[std::size_t(i)];
        }
        std::int32_t* weights = taps.weights.data() + index * std::size_t(taps.stride);
        for (int i = 0; i < count; ++i) {
            weights[i] = fixed_point(sum != 0.0 ? values[std::size_t(i)] / sum : values[std::size_t(i)]);
        }
        taps.first[index] = first;
        taps.count[index] = count;
    }
    return taps;
}

Taps mirrored(const Taps& taps) {
    Taps result = taps;
    for (int output = 0; output < taps.outputs; ++output) {
        const auto from = std::size_t(taps.outputs - 1 - output);
        const auto to = std::size_t(output);
        result.count[to] = taps.count[from];
        result.first[to] = taps.source - taps.first[from] - taps.count[from];
        const std::int32_t* weights = taps.weights_of(int(from));
        std::int32_t* reversed = result.weights.data() + to * std::size_t(taps.stride);
        std::fill_n(reversed, taps.stride, 0);
        std::reverse_copy(weights, weights + taps.count[from], reversed);
    }
    return result;
}

PairTaps mirrored(const PairTaps& taps, int source) {
    PairTaps result = taps;
    for (auto* indices : {&result.low, &result.high}) {
        std::reverse(indices->begin(), indices->end());
        for (int& index : *indices) index = source - 1 - index;
    }
    std::reverse(result.low_weight.begin(), result.low_weight.end());
    std::reverse(result.high_weight.begin(), result.high_weight.end());
    return result;
}

std::vector<int> mirrored(const std::vector<int>& taps, int source) {
    std::vector<int> result(taps.rbegin(), taps.rend());
    for (int& index : result) index = index < 0 ? index : source - 1 - index;
    return result;
}

// Source of the arithmetic: OpenCV 4, modules/imgproc/src/resize.cpp (INTER_LINEAR for 8 bits).
PairTaps bilinear_taps(int source, int target, PixelCenters centers, Range range) {
    const double scale = 1.0 / (double(target) / source);  // differs from source / target in the last bit
    PairTaps taps;
    for (int output = range.begin; output < range.end; ++output) {
        const float place = float(centers == PixelCenters::half ? (output + 0.5) * scale - 0.5 : output * scale);
        const float floor = std::floor(place);
        const float fraction = place - floor;
        const int first = int(floor);
        taps.low.push_back(std::clamp(first, 0, source - 1));
        taps.high.push_back(std::clamp(first + 1, 0, source - 1));
        taps.high_weight.push_back(std::int16_t(std::nearbyint(fraction * kPairOne)));
        taps.low_weight.push_back(std::int16_t(std::nearbyint((1.0f - fraction) * kPairOne)));
    }
    return taps;
}

std::vector<int> nearest_taps(int source, int target, PixelCenters centers, Range range) {
    std::vector<int> taps;
    if (centers == PixelCenters::legacy) {
        const double scale = 1.0 / (double(target) / source);  // OpenCV's, as above
        for (int output = range.begin; output < range.end; ++output) {
            taps.push_back(std::clamp(int(std::floor(output * scale)), 0, source - 1));
        }
        return taps;
    }
    // Pillow (Geometry.c) adds the step up, output by output, with the rounding errors that this brings.
    const double step = double(float(source)) / target;
    double place = step * 0.5;
    for (int output = 0; output < range.end; ++output, place += step) {
        const int index = place < source ? int(place) : -1;
        if (output >= range.begin) taps.push_back(index < source ? index : -1);
    }
    return taps;
}

}  // namespace satchel
