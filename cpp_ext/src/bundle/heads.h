// The first steps of post-processing chains, which read output tensors.
#pragma once

#include <span>
#include <string_view>

#include "node.h"
#include "satchel/tasks/postprocess_steps.h"

namespace satchel {

// Their names.
std::span<const std::string_view> head_ops();

// Throws ManifestError.
HeadStep read_head(const Node& node);

Activation read_activation(const Node& node, bool with_softmax);

}  // namespace satchel
