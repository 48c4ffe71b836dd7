// First steps that find boxes. Only boxes of rows that score enough are decoded, so `score` is part of each.
#pragma once

#include "satchel/tasks/postprocess_steps.h"
#include "satchel/tasks/predictions.h"
#include "satchel/tasks/tensors.h"

namespace satchel {

// They throw ImagingError: not_finite, bad_shape, bad_rows, bad_values.
Predictions find_boxes(const YoloxStep& step, const ScoreStep& score, const Tensors& tensors);
Predictions find_boxes(const YoloStep& step, const ScoreStep& score, const Tensors& tensors);
Predictions find_boxes(const BoxesStep& step, const ScoreStep& score, const Tensors& tensors);
Predictions find_boxes(const SsdStep& step, const ScoreStep& score, const Tensors& tensors);
Predictions find_boxes(const DistancesStep& step, const ScoreStep& score, const Tensors& tensors);

Predictions read_picked(const PickedStep& step, const Tensors& tensors);

}  // namespace satchel
