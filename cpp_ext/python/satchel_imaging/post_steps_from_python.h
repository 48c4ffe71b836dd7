// The manifest's post-processing records, as Python dictionaries, to the library's plain data.
#pragma once

#include <pybind11/pybind11.h>

#include "satchel/tasks/postprocess_steps.h"

namespace satchel {

// Throws ImagingError (bad_argument) where a record has an unknown key or value.
PostSteps post_steps_from_python(const pybind11::sequence& records);

}  // namespace satchel
