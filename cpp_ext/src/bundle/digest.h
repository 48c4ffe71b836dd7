// SHA-256 of files.
#pragma once

#include <filesystem>

#include "satchel/bundle/manifest.h"

namespace satchel {

// Digest and size of a file, read once in blocks. Throws BundleError where it cannot be read.
FileRecord describe_file(const std::filesystem::path& path);

}  // namespace satchel
