// Between plain arrays and libtorch's tensors.
#pragma once

#include <ATen/core/ivalue.h>

#include <vector>

#include "satchel/torchscript/array.h"

namespace satchel::torchscript {

at::ScalarType to_torch(ScalarType type);

// A tensor over the caller's memory. Whoever gets it must not write to it.
at::Tensor borrow(const ArrayView& array);

// The tensors of a result, whatever it is nested in. Throws TorchscriptError: failed, for values that are no tensors.
std::vector<Output> to_outputs(const c10::IValue& result);

}  // namespace satchel::torchscript
