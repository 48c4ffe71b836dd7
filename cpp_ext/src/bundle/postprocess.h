// The chain of post-processing steps.
#pragma once

#include "node.h"
#include "satchel/bundle/manifest.h"
#include "satchel/tasks/postprocess_steps.h"

namespace satchel {

// Throws ManifestError, also where the steps do not lead from output tensors to what `task` publishes.
PostSteps read_postprocess(const Node& node, Task task);

}  // namespace satchel
