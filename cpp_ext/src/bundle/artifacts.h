// The model files of a manifest, and the tensors they declare.
#pragma once

#include "node.h"
#include "satchel/bundle/manifest.h"

namespace satchel {

// Throws ManifestError.
Artifact read_artifact(const Node& node);

}  // namespace satchel
