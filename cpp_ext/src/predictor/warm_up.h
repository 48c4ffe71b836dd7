// Inputs to compile a model for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "satchel/bundle/manifest.h"
#include "satchel/imaging/steps.h"

namespace satchel {

// All combinations of sizes, a dynamic batch axis counting as 1. None where another axis is dynamic: which sizes come,
// only the pictures tell.
std::vector<std::vector<std::int64_t>> declared_shapes(const TensorSpec& spec);

// How many bytes a tensor has. Throws std::bad_alloc where no memory could hold them.
std::size_t count_bytes(DType dtype, const std::vector<std::int64_t>& shape);

// The bytes of a tensor whose values are spread like pixels or features, the same every time.
std::vector<std::uint8_t> ordinary_values(DType dtype, const std::vector<std::int64_t>& shape);

}  // namespace satchel
