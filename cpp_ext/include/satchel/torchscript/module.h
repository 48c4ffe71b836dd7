// A TorchScript archive, run by libtorch without Python. This header needs none of libtorch's.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "satchel/torchscript/array.h"
#include "satchel/torchscript/error.h"

namespace satchel::torchscript {

struct Options {
    int threads = 1;             // intra-op threads of one run
    std::string device = "cpu";  // or `cuda`, `cuda:N`
    bool bfloat16 = false;       // whether weights and floating inputs are rounded to bfloat16 and computed in it;
                                 // the weights of a frozen archive are taken as they are
    bool fuse = true;            // whether oneDNN Graph may fuse operators, where it changes no answer
};

// What came of preparing one set of input shapes.
struct Preparation {
    int fused_kernels = 0;    // that oneDNN Graph made; 0 where the plain graph is run
    double difference = 0.0;  // largest |fused - plain| over the outputs, in units of the largest |plain|
    std::string refusal{};    // why fusion was given up; empty where it was not
};

// Thread-safe. Batch and other axes are those of the archive: nothing is added or squeezed.
class Module {
public:
    // Loads and freezes. Throws TorchscriptError: bad_archive, missing_operator, no_device.
    explicit Module(const std::filesystem::path& archive, const Options& options = {});
    ~Module();
    Module(Module&&) noexcept;
    Module& operator=(Module&&) noexcept;

    // Names of forward's arguments.
    const std::vector<std::string>& inputs() const;

    // Compiles the graph for the shapes of `inputs` and keeps it for later runs with these shapes. `inputs` should
    // hold ordinary values: fused and plain graph are compared on them. Throws TorchscriptError: bad_input, failed.
    Preparation prepare(std::span<const ArrayView> inputs);

    // Runs forward. Shapes that were never prepared take the plain graph, at the same cost every time.
    // Outputs in nested tuples, lists and dicts come in their order, named by their path, such as `boxes` or `0.1`.
    // Throws TorchscriptError: bad_input, failed.
    std::vector<Output> run(std::span<const ArrayView> inputs) const;

    // Writes the frozen module as an archive, which loads several times faster than what was loaded here.
    // Throws TorchscriptError: failed.
    void save(const std::filesystem::path& archive) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Of libtorch, such as `2.13.0`.
const char* libtorch_version();

}  // namespace satchel::torchscript
