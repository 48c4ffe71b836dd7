// Between plain arrays and libtorch's tensors.
#pragma once

#include <ATen/core/ivalue.h>
#include <torch/csrc/jit/api/module.h>

#include <vector>

#include "satchel/torchscript/array.h"

namespace satchel::torchscript {

using Inputs = std::vector<c10::IValue>;

at::ScalarType to_torch(ScalarType type);

// A tensor over the caller's memory. Whoever gets it must not write to it.
at::Tensor borrow(const ArrayView& array);

// Runs forward; the tensors of its result, whatever it is nested in, share no memory with the inputs. Throws
// TorchscriptError: failed, for values that are no tensors and for names that two of them would have.
std::vector<Output> answer(torch::jit::Module& module, const Inputs& inputs);

}  // namespace satchel::torchscript
