#include "satchel/imaging/layout.h"

#include <algorithm>
#include <cmath>

namespace satchel {

double round_size(double value, Rounding rounding) {
    switch (rounding) {
        case Rounding::floor: return std::floor(value);
        case Rounding::half_up: return std::floor(value + 0.5);
        case Rounding::half_even: return std::nearbyint(value);
    }
    return value;
}

namespace {

std::int64_t whole(double value, Rounding rounding) {
    return std::max<std::int64_t>(1, std::int64_t(round_size(value, rounding)));
}

}  // namespace

WideSize letterbox_size(Size image, const Letterbox& step) {
    double ratio = std::min(double(step.width) / image.width, double(step.height) / image.height);
    if (!step.upscale) ratio = std::min(ratio, 1.0);
    return {whole(image.width * ratio, step.rounding), whole(image.height * ratio, step.rounding)};
}

WideSize short_side_size(Size image, const ResizeShort& step) {
    const auto [low, high] = std::minmax(image.width, image.height);
    const double shorter = low;
    const double longer = high;
    double target = step.length;
    double other = round_size(target * longer / shorter, step.rounding);
    if (step.limit && other > *step.limit) {
        target = round_size(*step.limit * target / other, step.rounding);
        other = *step.limit;
    }
    const auto a = std::max<std::int64_t>(1, std::int64_t(target));
    const auto b = std::max<std::int64_t>(1, std::int64_t(other));
    return image.width <= image.height ? WideSize{a, b} : WideSize{b, a};
}

std::optional<WideSize> resampled_size(Size image, const GeometricStep& step) {
    if (const auto* resize = std::get_if<Resize>(&step)) return WideSize{resize->width, resize->height};
    if (const auto* resize_short = std::get_if<ResizeShort>(&step)) return short_side_size(image, *resize_short);
    if (const auto* letterbox = std::get_if<Letterbox>(&step)) return letterbox_size(image, *letterbox);
    return std::nullopt;
}

int anchor_offset(int space, Anchor anchor) {
    if (anchor == Anchor::top_left) return 0;
    return int(std::floor(space / 2.0));
}

int crop_offset(int size, int crop, const Crop& step) {
    if (size < crop) return -anchor_offset(crop - size, step.anchor);
    return step.anchor == Anchor::center ? int(round_size((size - crop) / 2.0, step.rounding)) : 0;
}

int decode_scale(Size image, WideSize target) {
    const std::int64_t fits = std::min(image.width / target.width, image.height / target.height);
    for (const int scale : {8, 4, 2}) {
        if (fits >= scale) return scale;
    }
    return 1;
}

}  // namespace satchel
