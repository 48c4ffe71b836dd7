// What a model gave for the first picture of a batch, as float32.
#pragma once

#include <vector>

#include "satchel/tasks/tensor_view.h"
#include "satchel/torchscript/array.h"

namespace satchel {

// The output must outlive it, and have a batch axis.
class Row {
public:
    explicit Row(const torchscript::Output& output);

    TensorView view() const;

private:
    const torchscript::Output* output_;
    std::vector<float> converted_;  // empty where the numbers are float32 already
};

}  // namespace satchel
