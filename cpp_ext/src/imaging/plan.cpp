#include "satchel/imaging/plan.h"

#include <string>

#include "satchel/imaging/error.h"

namespace satchel {
namespace {

const char* name_of(const GeometricStep& step) {
    constexpr const char* names[] = {"resize", "resize_short", "letterbox", "pad", "crop"};
    return names[step.index()];
}

Resampling resampling_of(const GeometricStep& step) {
    if (const auto* resize = std::get_if<Resize>(&step)) return resize->resampling;
    if (const auto* resize_short = std::get_if<ResizeShort>(&step)) return resize_short->resampling;
    return std::get<Letterbox>(step).resampling;
}

std::string text_of(std::int64_t width, std::int64_t height) {
    return std::to_string(width) + " x " + std::to_string(height);
}

Size checked(Size image, WideSize size, const GeometricStep& step) {
    if (size.width * size.height > kMaxResizedPixels) {
        throw ImagingError(
            ErrorCode::too_extreme, "the image's shape is too extreme for this model",
            text_of(image.width, image.height) + ", which would become " + text_of(size.width, size.height),
            "at most " + std::to_string(kMaxResizedPixels) + " pixels after " + name_of(step));
    }
    return {int(size.width), int(size.height)};
}

std::int64_t round_up(std::int64_t size, int multiple) { return (size + multiple - 1) / multiple * multiple; }

struct Placement {
    WideSize size;
    Offset offset;
    int fill;
};

// What a step places the image on, after its resampling; nothing for steps that only resample.
std::optional<Placement> placement_of(Size image, const GeometricStep& step) {
    if (const auto* box = std::get_if<Letterbox>(&step)) {
        return Placement{{box->width, box->height},
                         {anchor_offset(box->width - image.width, box->anchor),
                          anchor_offset(box->height - image.height, box->anchor)},
                         box->fill};
    }
    if (const auto* pad = std::get_if<Pad>(&step)) {
        const WideSize size{round_up(image.width, pad->multiple), round_up(image.height, pad->multiple)};
        return Placement{size,
                         {anchor_offset(int(size.width - image.width), pad->anchor),
                          anchor_offset(int(size.height - image.height), pad->anchor)},
                         pad->fill};
    }
    if (const auto* crop = std::get_if<Crop>(&step)) {
        return Placement{
            {crop->width, crop->height},
            {-crop_offset(image.width, crop->width, *crop), -crop_offset(image.height, crop->height, *crop)},
            crop->fill};
    }
    return std::nullopt;
}

}  // namespace

Plan make_plan(Size upright, Size decoded, int scale, const std::vector<GeometricStep>& steps) {
    Plan plan{{}, {upright.width, upright.height}};
    if (scale > 1) plan.geometry.scale(1.0 / scale, 1.0 / scale);
    plan.segments.push_back({decoded, decoded, {}, Canvas(decoded)});
    bool fresh = true;  // whether the last segment has no step yet
    for (const GeometricStep& step : steps) {
        const Size image = plan.segments.back().canvas.size();
        if (const auto size = resampled_size(image, step)) {
            const Size target = checked(image, *size, step);
            if (fresh) plan.segments.pop_back();
            plan.segments.push_back({image, target, resampling_of(step), Canvas(target)});
            plan.geometry.scale(double(target.width) / image.width, double(target.height) / image.height);
        }
        fresh = false;
        Canvas& canvas = plan.segments.back().canvas;
        const auto placement = placement_of(canvas.size(), step);
        if (!placement) continue;
        const Size size = checked(canvas.size(), placement->size, step);
        if (canvas.place(size, placement->offset, placement->fill)) {
            plan.geometry.shift(placement->offset.x, placement->offset.y);
        }
    }
    return plan;
}

}  // namespace satchel
