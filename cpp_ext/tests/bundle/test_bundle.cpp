// Opening a bundle directory: every file as listed, and nothing else.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "manifests.h"
#include "satchel/bundle/bundle.h"

namespace {

namespace fs = std::filesystem;
using namespace satchel;

void write(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

// A directory of its own, removed afterwards.
class Folder {
public:
    Folder() : path_(fs::temp_directory_path() / ("satchel-test-" + std::to_string(::getpid()))) {
        fs::create_directories(path_);
    }
    ~Folder() { fs::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    // A bundle whose model file holds `hello`.
    fs::path bundle() const {
        const fs::path bundle = path_ / "bundle";
        fs::remove_all(bundle);
        fs::create_directory(bundle);
        write(bundle / "bundle.json", kManifest);
        write(bundle / "model.pt", "hello");
        return bundle;
    }

private:
    fs::path path_;
};

template <typename Error>
void check_refused(const Folder& folder, const std::function<void(const fs::path&)>& damage,
                   const std::string& sentence) {
    const fs::path bundle = folder.bundle();
    damage(bundle);
    try {
        open_bundle(bundle);
    } catch (const Error& error) {
        CHECK(std::string(error.what()).find(sentence) != std::string::npos);
        return;
    }
    CHECK(false);
}

void check_good(const Folder& folder) {
    const Bundle bundle = open_bundle(folder.bundle());
    CHECK(bundle.artifact("torchscript").file == "model.pt");
    try {
        bundle.artifact("onnxruntime");
        CHECK(false);
    } catch (const NotFoundError& error) {
        CHECK(error.message() == "bundle tiny has no artifact for engine onnxruntime");
        CHECK(error.facts().got == "torchscript");
    }
}

void check_altered(const Folder& folder) {
    check_refused<IntegrityError>(
        folder, [](const fs::path& b) { write(b / "model.pt", "hallo"); },
        "is not the file that was packed\n  got: 5 bytes, sha256 ");
    check_refused<IntegrityError>(
        folder, [](const fs::path& b) { write(b / "model.pt", "hello!"); },
        std::string("expected: 5 bytes, sha256 ") + kSha256);
    check_refused<IntegrityError>(
        folder, [](const fs::path& b) { fs::remove(b / "model.pt"); }, "model.pt is missing from");
}

void check_unlisted(const Folder& folder) {
    check_refused<IntegrityError>(
        folder, [](const fs::path& b) { write(b / "more", ""); }, "holds more, which its manifest does not list");
    const auto hidden = [](const fs::path& b) {
        fs::create_directory(b / "deep");
        write(b / "deep" / ".more", "");
    };
    check_refused<IntegrityError>(folder, hidden, "holds deep/.more, which");
}

void check_links(const Folder& folder) {
    const auto file = [](const fs::path& b) {
        fs::rename(b / "model.pt", b.parent_path() / "model.pt");
        fs::create_symlink("../model.pt", b / "model.pt");
    };
    check_refused<IntegrityError>(folder, file, "is a link or a special file");
    check_refused<IntegrityError>(
        folder, [](const fs::path& b) { fs::create_directory_symlink(b, b / "self"); }, "is a link or a special file");
    const auto manifest = [](const fs::path& b) {
        fs::rename(b / "bundle.json", b.parent_path() / "bundle.json");
        fs::create_symlink("../bundle.json", b / "bundle.json");
    };
    check_refused<IntegrityError>(folder, manifest, "bundle.json in ");
}

void check_no_bundle(const Folder& folder) {
    check_refused<BundleError>(
        folder, [](const fs::path& b) { fs::remove(b / "bundle.json"); }, "got: no bundle.json there");
    check_refused<BundleError>(folder, [](const fs::path& b) { fs::remove_all(b); }, "got: no such directory");
    check_refused<ManifestError>(
        folder, [](const fs::path& b) { write(b / "bundle.json", "{}"); }, "bundle.json: key format is missing");
    check_refused<BundleError>(
        folder, [](const fs::path& b) { fs::resize_file(b / "bundle.json", (16U << 20U) + 1); }, "is too large");
    const fs::path archive = folder.bundle() / "a.satchel";
    write(archive, "");
    try {
        open_bundle(archive);
        CHECK(false);
    } catch (const BundleError& error) {
        CHECK(error.facts().remedy == "unpack it with `satchel unpack`");
    }
}

}  // namespace

int main() {
    const Folder folder;
    check_good(folder);
    check_altered(folder);
    check_unlisted(folder);
    check_links(folder);
    check_no_bundle(folder);
}
