// Whether the parts of a manifest that name each other fit.
#pragma once

#include "satchel/bundle/manifest.h"

namespace satchel {

// Throws ManifestError: labels that share an id or an index, steps that read tensors that are not there, a skeleton of
// keypoints that are not there, files that are not listed.
void check_references(const Manifest& manifest);

}  // namespace satchel
