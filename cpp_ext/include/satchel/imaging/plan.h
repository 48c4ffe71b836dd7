// What a chain of geometric steps does to an image of a given size: sizes, offsets and geometry, before any pixel.
#pragma once

#include <optional>
#include <vector>

#include "satchel/imaging/canvas.h"
#include "satchel/imaging/geometry.h"
#include "satchel/imaging/steps.h"

namespace satchel {

// Bound on any resized image: keeps a 1 x 16384 picture from growing a hundredfold.
inline constexpr std::int64_t kMaxResizedPixels = std::int64_t{1} << 28;

// One resampling, and the placements up to the next one.
struct Segment {
    Size source;
    Size target;
    Resampling resampling;
    Canvas canvas;
};

struct Plan {
    std::vector<Segment> segments;  // at least one
    Geometry geometry;
};

// Steps for an image of `decoded` pixels, whose original has `upright` pixels. Throws ImagingError: too_extreme.
Plan make_plan(Size upright, Size decoded, int scale, const std::vector<GeometricStep>& steps);

}  // namespace satchel
