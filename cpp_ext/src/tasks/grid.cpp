#include "satchel/tasks/grid.h"

#include <cmath>

namespace satchel {
namespace {

// Of a cell: 300 pixels at a stride written as 42.857 are 7 cells, although the quotient is a little more.
constexpr double kForgiven = 1e-4;

std::int64_t cells(int size, double stride) { return std::int64_t(std::ceil(double(size) / stride - kForgiven)); }

}  // namespace

void Grid::add_level(double stride, std::size_t anchors) {
    const std::int64_t columns = cells(input_width_, stride);
    rows_ += columns * cells(input_height_, stride) * std::int64_t(anchors);
    levels_.push_back({rows_, columns, std::int64_t(anchors)});
}

Cell Grid::cell(std::int64_t row) const {
    std::size_t level = 0;
    std::int64_t begin = 0;
    while (row >= levels_[level].end) begin = levels_[level++].end;
    const std::int64_t anchors = levels_[level].anchors;
    const std::int64_t cell = (row - begin) / anchors;
    const std::int64_t columns = levels_[level].columns;
    const std::int64_t line = cell / columns;
    return {double(cell % columns), double(line), level, std::size_t((row - begin) % anchors)};
}

}  // namespace satchel
