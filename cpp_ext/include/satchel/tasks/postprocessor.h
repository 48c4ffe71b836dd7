// Output tensors to predictions, as a chain of manifest steps says.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "satchel/imaging/geometry.h"
#include "satchel/tasks/postprocess_steps.h"
#include "satchel/tasks/predictions.h"
#include "satchel/tasks/tensor_view.h"

namespace satchel {

// Thread-safe.
class Postprocessor {
public:
    // `outputs` names what `run` is given. Throws ImagingError (bad_argument) where the steps do not form a chain, or
    // read what has no name.
    Postprocessor(PostSteps steps, std::vector<std::string> outputs);

    // What the model gave for one picture, without a batch axis. Throws ImagingError: bad_argument where the number of
    // outputs is not that of the names, or a size or the geometry cannot be; not_finite, bad_shape, bad_rows,
    // bad_values.
    Predictions run(std::span<const TensorView> outputs, int input_width, int input_height,
                    const Geometry& geometry) const;

private:
    class Run;

    PostSteps steps_;
    std::vector<std::string> outputs_;
};

}  // namespace satchel
