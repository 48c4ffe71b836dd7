// From pixels of the input to pixels of the upright original.
#pragma once

#include <algorithm>

#include "satchel/imaging/geometry.h"
#include "satchel/tasks/predictions.h"

namespace satchel {

inline double original_x(double x, const Geometry& geometry) { return (x - geometry.offset_x) / geometry.scale_x; }
inline double original_y(double y, const Geometry& geometry) { return (y - geometry.offset_y) / geometry.scale_y; }

inline double clip_x(double x, const Geometry& geometry) { return std::clamp(x, 0.0, double(geometry.width)); }
inline double clip_y(double y, const Geometry& geometry) { return std::clamp(y, 0.0, double(geometry.height)); }

inline Box to_original(const Box& box, const Geometry& geometry) {
    return {original_x(box[0], geometry), original_y(box[1], geometry), original_x(box[2], geometry),
            original_y(box[3], geometry)};
}

inline Box clip_to_image(const Box& box, const Geometry& geometry) {
    return {clip_x(box[0], geometry), clip_y(box[1], geometry), clip_x(box[2], geometry), clip_y(box[3], geometry)};
}

}  // namespace satchel
