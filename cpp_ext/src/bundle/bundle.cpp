#include "satchel/bundle/bundle.h"

#include <algorithm>
#include <fstream>

#include "files.h"
#include "manifest_reader.h"

namespace satchel {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifest = "bundle.json";
constexpr std::uintmax_t kLargestManifest = std::uintmax_t{16} << 20U;

void require_directory(const fs::path& path) {
    if (fs::is_regular_file(path) && path.extension() == ".satchel") {
        throw BundleError(path.string() + " is a bundle in one file, which this library does not open",
                          {.expected = "a bundle directory", .remedy = "unpack it with `satchel unpack`"});
    }
    if (fs::is_regular_file(path / kManifest)) return;
    throw BundleError(path.string() + " is not a bundle",
                      {.got = fs::is_directory(path) ? "no bundle.json there" : "no such directory",
                       .expected = "a directory with bundle.json",
                       .remedy = "give the path of a bundle; make one with `satchel pack`"});
}

std::string read_text(const fs::path& path) {
    const std::uintmax_t size = fs::file_size(path);
    if (size > kLargestManifest) {
        throw BundleError(path.string() + " is too large", {.got = std::to_string(size) + " bytes",
                                                            .expected = "at most " + std::to_string(kLargestManifest)});
    }
    std::string text(std::size_t(size), '\0');
    std::ifstream stream(path, std::ios::binary);
    if (!stream.read(text.data(), std::streamsize(size))) {
        throw BundleError(path.string() + " cannot be read", {.remedy = "check its permissions"});
    }
    return text;
}

}  // namespace

const Artifact& Bundle::artifact(const std::string& engine) const {
    const auto found = std::ranges::find(manifest.artifacts, engine, &Artifact::engine);
    if (found != manifest.artifacts.end()) return *found;
    std::string engines;
    for (const Artifact& other : manifest.artifacts) engines += (engines.empty() ? "" : ", ") + other.engine;
    throw NotFoundError("bundle " + manifest.name + " has no artifact for engine " + engine,
                        {.got = engines, .expected = engine, .remedy = "pack the model again for that engine"});
}

Bundle open_bundle(const fs::path& directory) {
    try {
        require_directory(directory);
        const std::string text = read_text(directory / kManifest);
        const std::set<std::string> found = list_files(directory);
        Bundle bundle{directory, read_manifest(text, (directory / kManifest).string())};
        verify_files(bundle.manifest, directory, found);
        return bundle;
    } catch (const fs::filesystem_error& error) {
        throw BundleError(directory.string() + " cannot be read", {.got = error.code().message()});
    }
}

}  // namespace satchel
