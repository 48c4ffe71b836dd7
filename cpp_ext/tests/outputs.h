// Output tensors for tests, which own what a TensorView shows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "satchel/imaging/error.h"
#include "satchel/tasks/tensor_view.h"

namespace satchel {

struct Values {
    std::vector<std::int64_t> shape;
    std::vector<float> values;

    TensorView view() const { return {values.data(), shape}; }
};

// The code of the error that `work` throws, or "none".
template <typename Work>
std::string error_of(const Work& work) {
    try {
        work();
    } catch (const ImagingError& error) {
        return to_string(error.code());
    }
    return "none";
}

}  // namespace satchel
