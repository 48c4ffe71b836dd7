// Undoing the prediction filters of PNG rows.
#pragma once

#include <cstddef>
#include <cstdint>

namespace satchel {

// Restores `row` in place. False where `filter` is none of the five.
//   previous: the restored row above, or zeros.
//   step: bytes of a whole pixel, at least 1.
bool undo_filter(int filter, std::uint8_t* row, const std::uint8_t* previous, std::size_t length, std::size_t step);

}  // namespace satchel
