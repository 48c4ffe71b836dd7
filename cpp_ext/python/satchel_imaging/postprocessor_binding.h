// The class `Postprocessor` of the module.
#pragma once

#include <pybind11/pybind11.h>

namespace satchel {

void bind_postprocessor(pybind11::module_& module);

}  // namespace satchel
