// A model's outputs for one picture, and what is known of the input they came from.
#pragma once

#include <span>
#include <string>

#include "satchel/imaging/geometry.h"
#include "satchel/tasks/postprocess_steps.h"
#include "satchel/tasks/tensor_view.h"

namespace satchel {

// Which of `names` a step reads: the first when it states none. Throws ImagingError (bad_argument) where it is missing.
std::size_t find_output(std::span<const std::string> names, const OutputName& name);

struct Tensors {
    std::span<const std::string> names;
    std::span<const TensorView> views;  // in the order of the names
    int input_width = 0;
    int input_height = 0;
    const Geometry& geometry;

    Output output(const OutputName& name) const {
        const std::size_t place = find_output(names, name);
        return {names[place], views[place]};
    }
};

}  // namespace satchel
