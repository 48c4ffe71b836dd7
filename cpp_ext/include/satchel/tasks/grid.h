// The cells of feature maps over an input tensor: level by level, row by row.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace satchel {

// One place of a feature map at which something is predicted.
struct Cell {
    double x = 0.0;  // column and row in the map
    double y = 0.0;
    std::size_t level = 0;
    std::size_t anchor = 0;
};

class Grid {
public:
    Grid(int input_width, int input_height) : input_width_(input_width), input_height_(input_height) {}

    // Adds a map, in which cells that are cut off count, with so many predictions for each cell.
    void add_level(double stride, std::size_t anchors = 1);

    std::int64_t rows() const { return rows_; }
    Cell cell(std::int64_t row) const;

private:
    struct Level {
        std::int64_t end;  // the row behind its last
        std::int64_t columns;
        std::int64_t anchors;
    };

    int input_width_;
    int input_height_;
    std::int64_t rows_ = 0;
    std::vector<Level> levels_;
};

}  // namespace satchel
