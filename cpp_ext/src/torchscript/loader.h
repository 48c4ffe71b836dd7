// From an archive to a frozen module and what its forward takes.
#pragma once

#include <c10/core/Device.h>
#include <torch/csrc/jit/api/module.h>

#include <filesystem>
#include <string>
#include <vector>

#include "satchel/torchscript/module.h"

namespace satchel::torchscript {

struct Loaded {
    torch::jit::Module module;
    c10::Device device = c10::kCPU;
    std::vector<std::string> names{};  // of forward's arguments
    std::vector<bool> written{};       // for each of them, whether forward writes to it
    bool caches = false;               // whether forward keeps flags or lists in the module: one run at a time
};

// Throws TorchscriptError: bad_archive, missing_operator, no_device.
Loaded load(const std::filesystem::path& archive, const Options& options);

}  // namespace satchel::torchscript
