// The spellings that names in a manifest must have.
#pragma once

#include <string>

#include "node.h"

namespace satchel {

// Each throws ManifestError where the value is not text of that kind.

// Lower-case name usable in a URL, a file name and an image tag.
std::string identifier(const Node& node);

// Forward-slash path below the bundle. It cannot spell an absolute path, `..`, a drive or a hidden file.
std::string relative_path(const Node& node);
bool is_relative_path(const std::string& text);

// Lower-case hexadecimal SHA-256.
std::string sha256(const Node& node);

// One letter per axis, such as NCHW.
std::string layout(const Node& node);

}  // namespace satchel
