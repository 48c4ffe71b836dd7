// The text of `bundle.json` to a manifest.
#pragma once

#include <string>

#include "satchel/bundle/manifest.h"

namespace satchel {

// `where` names the file in errors. Throws ManifestError: not JSON; a duplicate, unknown or missing key; a value of
// another type or outside of its bounds; parts that do not fit each other.
Manifest read_manifest(const std::string& text, const std::string& where);

}  // namespace satchel
