// Poses from heat maps.
#pragma once

#include "satchel/postprocess_steps.h"
#include "satchel/predictions.h"
#include "satchel/tensors.h"

namespace satchel {

// The one pose, each keypoint at the peak of its map. Throws ImagingError: not_finite, bad_shape.
Predictions read_heat_maps(const HeatMapsStep& step, const Tensors& tensors);

}  // namespace satchel
