// The oneDNN Graph pass of libtorch's graph executor, for one module at a time.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <functional>
#include <vector>

#include "satchel/torchscript/module.h"
#include "values.h"

namespace satchel::torchscript {

// The answers before and after the executor optimised the graph.
struct Settled {
    std::vector<Output> plain;
    std::vector<Output> optimised;
};

// Runs until the executor has profiled, optimised and compiled, so that no later run does. With `fuse`, the oneDNN
// Graph pass takes part. `inputs` is asked anew for each run, since forward may write to what it gets. Under
// InferenceMode.
Settled settle(torch::jit::Module& module, const std::function<Inputs()>& inputs, bool fuse);

// How many fused kernels the graph that this thread ran last holds.
int count_fused_kernels();

// The largest |a - b| over all outputs in units of the largest |b| of its output; infinite where they differ in number,
// shape, type, or in values that are not floating.
double largest_difference(const std::vector<Output>& a, const std::vector<Output>& b);

}  // namespace satchel::torchscript
