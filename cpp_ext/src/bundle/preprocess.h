// The chain of preprocessing steps.
#pragma once

#include <optional>
#include <string>

#include "node.h"
#include "satchel/imaging/steps.h"

namespace satchel {

struct Preprocess {
    Steps steps{};
    std::optional<std::string> input{};  // that `tensor` names
};

// Throws ManifestError.
Preprocess read_preprocess(const Node& node);

}  // namespace satchel
