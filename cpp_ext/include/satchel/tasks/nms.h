// Greedy non-maximum suppression.
#pragma once

#include "satchel/tasks/postprocess_steps.h"
#include "satchel/tasks/predictions.h"

namespace satchel {

// Intersection over union; 0 where both areas are 0.
double iou(const Box& a, const Box& b);

// Leaves the kept boxes, best first. An overlap above the threshold suppresses, an equal one does not.
void suppress(const NmsStep& step, Predictions& found);

}  // namespace satchel
