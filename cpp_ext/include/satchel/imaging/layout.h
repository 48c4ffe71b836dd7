// The sizes and offsets that geometric steps work with, apart from any pixels.
#pragma once

#include <cstdint>
#include <optional>

#include "satchel/imaging/steps.h"

namespace satchel {

struct Size {
    int width = 0;
    int height = 0;
    bool operator==(const Size&) const = default;
};

struct Offset {
    int x = 0;
    int y = 0;
};

// A length that may exceed what an image can have; checked before it becomes one.
struct WideSize {
    std::int64_t width = 0;
    std::int64_t height = 0;
};

double round_size(double value, Rounding rounding);

WideSize letterbox_size(Size image, const Letterbox& step);
WideSize short_side_size(Size image, const ResizeShort& step);

// Size after the resampling part of a step; nothing for steps that do not resample.
std::optional<WideSize> resampled_size(Size image, const GeometricStep& step);

int anchor_offset(int space, Anchor anchor);
int crop_offset(int size, int crop, const Crop& step);

// Largest of 8, 4, 2, 1 by which an image can be made smaller while it stays at least as large as `target` both ways.
int decode_scale(Size image, WideSize target);

}  // namespace satchel
