// Which step may follow which, as `STATES` in inference_core/bundle/postprocess.py has it.
#pragma once

#include <vector>

#include "satchel/tasks/postprocess_steps.h"

namespace satchel {

// Throws ImagingError (bad_argument) unless the steps lead from tensors to predictions.
void check_chain(const PostSteps& steps);

// The outputs that the steps read.
std::vector<OutputName> outputs_read(const PostSteps& steps);

}  // namespace satchel
