// Class scores of the whole picture.
#pragma once

#include "satchel/postprocess_steps.h"
#include "satchel/predictions.h"
#include "satchel/tensors.h"

namespace satchel {

// Every class with its probability. The output may have any shape. Throws ImagingError: not_finite.
Predictions read_classes(const OutputName& output, Activation activation, const Tensors& tensors);

}  // namespace satchel
