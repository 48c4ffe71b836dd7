#include "files.h"

#include "digest.h"
#include "satchel/bundle/error.h"

namespace satchel {
namespace {

namespace fs = std::filesystem;

std::string facts_of(const FileRecord& record) {
    return std::to_string(record.bytes) + " bytes, sha256 " + record.sha256;
}

void verify_file(const std::string& name, const FileRecord& record, const fs::path& directory) {
    const FileRecord actual = describe_file(directory / name);
    if (actual == record) return;
    throw IntegrityError(name + " in " + directory.string() + " is not the file that was packed",
                         {.got = facts_of(actual),
                          .expected = facts_of(record),
                          .remedy = "copy the bundle again, or pack it again if the change was meant"});
}

[[noreturn]] void throw_unlisted(const std::string& name, const fs::path& directory) {
    throw IntegrityError(directory.string() + " holds " + name + ", which its manifest does not list",
                         {.expected = "only listed files", .remedy = "remove it, or pack the bundle again"});
}

[[noreturn]] void throw_missing(const std::string& name, const FileRecord& record, const fs::path& directory) {
    throw IntegrityError(name + " is missing from " + directory.string(),
                         {.expected = facts_of(record), .remedy = "copy the whole bundle again"});
}

[[noreturn]] void throw_special(const std::string& name, const fs::path& directory) {
    throw IntegrityError(
        name + " in " + directory.string() + " is a link or a special file",
        {.expected = "regular files only", .remedy = "replace it with the file itself and pack again"});
}

}  // namespace

std::set<std::string> list_files(const fs::path& directory) {
    std::set<std::string> names;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(directory)) {
        const std::string name = entry.path().lexically_relative(directory).generic_string();
        const fs::file_type type = entry.symlink_status().type();
        if (type == fs::file_type::directory) continue;
        if (type != fs::file_type::regular) throw_special(name, directory);
        names.insert(name);
    }
    names.erase("bundle.json");
    return names;
}

void verify_files(const Manifest& manifest, const fs::path& directory, const std::set<std::string>& found) {
    for (const std::string& name : found) {
        if (!manifest.files.contains(name)) throw_unlisted(name, directory);
    }
    for (const auto& [name, record] : manifest.files) {
        if (!found.contains(name)) throw_missing(name, record, directory);
        verify_file(name, record, directory);
    }
}

}  // namespace satchel
