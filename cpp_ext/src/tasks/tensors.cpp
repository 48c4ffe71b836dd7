#include "satchel/tasks/tensors.h"

#include <algorithm>

#include "satchel/imaging/error.h"

namespace satchel {

std::size_t find_output(std::span<const std::string> names, const OutputName& name) {
    const auto place = name ? std::find(names.begin(), names.end(), *name) : names.begin();
    if (place == names.end()) {
        throw ImagingError(ErrorCode::bad_argument, "a step reads an output that is not there", name.value_or("none"));
    }
    return std::size_t(place - names.begin());
}

}  // namespace satchel
