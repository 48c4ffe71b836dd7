// What can be told of an archive before it is loaded.
#pragma once

#include <filesystem>

namespace satchel::torchscript {

// Throws TorchscriptError: bad_archive, where it is no whole archive; missing_operator, with the names of all operators
// that its code calls and this process does not have.
void check_archive(const std::filesystem::path& archive);

}  // namespace satchel::torchscript
