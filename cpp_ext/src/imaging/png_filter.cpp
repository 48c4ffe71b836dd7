#include "png_filter.h"

#include <algorithm>
#include <cstdlib>

namespace satchel {
namespace {

void undo_sub(std::uint8_t* row, std::size_t length, std::size_t step) {
    for (std::size_t i = step; i < length; ++i) row[i] = std::uint8_t(row[i] + row[i - step]);
}

void undo_up(std::uint8_t* __restrict row, const std::uint8_t* __restrict previous, std::size_t length) {
    for (std::size_t i = 0; i < length; ++i) row[i] = std::uint8_t(row[i] + previous[i]);
}

void undo_average(std::uint8_t* row, const std::uint8_t* previous, std::size_t length, std::size_t step) {
    const std::size_t first = std::min(step, length);
    for (std::size_t i = 0; i < first; ++i) row[i] = std::uint8_t(row[i] + previous[i] / 2);
    for (std::size_t i = first; i < length; ++i) row[i] = std::uint8_t(row[i] + (row[i - step] + previous[i]) / 2);
}

inline int paeth(int left, int above, int corner) {
    const int to_left = std::abs(above - corner);
    const int to_above = std::abs(left - corner);
    const int to_corner = std::abs(left + above - 2 * corner);
    const int upper = to_above <= to_corner ? above : corner;
    return to_left <= to_above && to_left <= to_corner ? left : upper;
}

// One compile-time step, so that the few channels of a pixel run side by side in registers.
template <int Step>
void undo_paeth_step(std::uint8_t* row, const std::uint8_t* previous, std::size_t length) {
    int left[Step] = {};
    int corner[Step] = {};
    for (std::size_t i = 0; i + Step <= length; i += Step) {
        for (int c = 0; c < Step; ++c) {
            const int above = previous[i + std::size_t(c)];
            left[c] = (row[i + std::size_t(c)] + paeth(left[c], above, corner[c])) & 0xFF;
            corner[c] = above;
            row[i + std::size_t(c)] = std::uint8_t(left[c]);
        }
    }
}

void undo_paeth(std::uint8_t* row, const std::uint8_t* previous, std::size_t length, std::size_t step) {
    switch (step) {
        case 1: undo_paeth_step<1>(row, previous, length); break;
        case 2: undo_paeth_step<2>(row, previous, length); break;
        case 3: undo_paeth_step<3>(row, previous, length); break;
        case 4: undo_paeth_step<4>(row, previous, length); break;
        case 6: undo_paeth_step<6>(row, previous, length); break;
        default: undo_paeth_step<8>(row, previous, length); break;
    }
}

}  // namespace

bool undo_filter(int filter, std::uint8_t* row, const std::uint8_t* previous, std::size_t length, std::size_t step) {
    switch (filter) {
        case 0: return true;
        case 1: undo_sub(row, length, step); return true;
        case 2: undo_up(row, previous, length); return true;
        case 3: undo_average(row, previous, length, step); return true;
        case 4: undo_paeth(row, previous, length, step); return true;
        default: return false;
    }
}

}  // namespace satchel
