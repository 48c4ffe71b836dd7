// What post-processing finds in one picture, as columns: entry i of each column belongs to prediction i.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "satchel/tasks/rle.h"

namespace satchel {

using Box = std::array<double, 4>;  // x1, y1, x2, y2

struct Keypoint {
    double x = 0.0;
    double y = 0.0;
    float score = 0.0F;
};

struct Predictions {
    std::vector<std::int64_t> index;  // of the class
    std::vector<float> score;
    std::vector<std::int64_t> rows;                // where in the outputs each box came from
    std::vector<Box> boxes;                        // empty for a classifier and for poses
    std::vector<std::vector<Keypoint>> keypoints;  // of poses
    std::vector<Rle> masks;                        // of instance segmentation

    std::size_t size() const { return score.size(); }

    // Keeps the predictions at `order`, in that order.
    void take(const std::vector<std::size_t>& order);
};

}  // namespace satchel
