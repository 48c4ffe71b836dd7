// Poses from heat maps.
#pragma once

#include "satchel/tasks/postprocess_steps.h"
#include "satchel/tasks/predictions.h"
#include "satchel/tasks/tensors.h"

namespace satchel {

// The one pose, each keypoint at the peak of its map. Throws ImagingError: not_finite, bad_shape.
Predictions read_heat_maps(const HeatMapsStep& step, const Tensors& tensors);

}  // namespace satchel
