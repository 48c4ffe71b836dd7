// Class scores of the whole picture.
#pragma once

#include "satchel/tasks/postprocess_steps.h"
#include "satchel/tasks/predictions.h"
#include "satchel/tasks/tensors.h"

namespace satchel {

// Every class with its probability. The output may have any shape. Throws ImagingError: not_finite.
Predictions read_classes(const OutputName& output, Activation activation, const Tensors& tensors);

}  // namespace satchel
