// Masks of detections: small maps that span their boxes, and what they cover in the picture.
#pragma once

#include <vector>

#include "satchel/imaging/geometry.h"
#include "satchel/tasks/postprocess_steps.h"
#include "satchel/tasks/predictions.h"
#include "satchel/tasks/rle.h"
#include "satchel/tasks/tensors.h"

namespace satchel {

// One detection's map within an output; what the step makes of it is done when it is pasted.
struct MaskMap {
    const float* data = nullptr;
    std::int64_t width = 0;
    std::int64_t height = 0;
};

// The map of each detection, of its channels the one of its class. Throws ImagingError: not_finite, bad_shape.
std::vector<MaskMap> pick_masks(const MasksStep& step, const Predictions& found, const Tensors& tensors);

// The map at the centre of each pixel inside of both `box`, in pixels of the upright original, and the original.
Rle paste_mask(const MaskMap& map, const MasksStep& step, const Box& box, const Geometry& geometry);

}  // namespace satchel
