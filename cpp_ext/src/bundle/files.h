// What lies in a bundle's directory, compared with what its manifest lists.
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "satchel/bundle/manifest.h"

namespace satchel {

// Names of all files but `bundle.json`, relative to `directory`. Throws IntegrityError where there are links or other
// special files.
std::set<std::string> list_files(const std::filesystem::path& directory);

// Throws IntegrityError where one of `found` is not listed, or a listed file is missing or altered.
void verify_files(const Manifest& manifest, const std::filesystem::path& directory, const std::set<std::string>& found);

}  // namespace satchel
