// A bundle: a directory with `bundle.json` and the files it lists, verified before anything in it is used.
#pragma once

#include <filesystem>
#include <string>

#include "satchel/bundle/error.h"
#include "satchel/bundle/manifest.h"

namespace satchel {

struct Bundle {
    std::filesystem::path directory;
    Manifest manifest;

    // The first one for `engine`. Throws NotFoundError.
    const Artifact& artifact(const std::string& engine) const;
};

// Throws BundleError: there is no bundle there, or it is a `.satchel` file, which has to be unpacked first;
// ManifestError; IntegrityError.
Bundle open_bundle(const std::filesystem::path& directory);

}  // namespace satchel
