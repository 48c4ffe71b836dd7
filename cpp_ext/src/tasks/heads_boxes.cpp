// Heads that give boxes and scores apart: decoded, relative to anchors, or as distances from points.
#include <algorithm>
#include <cmath>

#include "head_outputs.h"
#include "satchel/tasks/box_coding.h"
#include "satchel/tasks/heads.h"

namespace satchel {
namespace {

// The bound of Detectron and torchvision on how much larger than its anchor a box is: log(1000 / 16).
constexpr double kLargestGrowth = 4.135166556742356;

Box decode_offsets(const float* raw, const Cell& cell, const SsdStep& step) {
    const AnchorLevel& level = step.levels[cell.level];
    const auto [width, height] = level.sizes[cell.anchor];
    std::array<double, 4> offsets{};
    for (std::size_t i = 0; i < offsets.size(); ++i) offsets[i] = double(raw[i]) * step.variances[i];
    return centered((cell.x + level.offset) * level.stride + offsets[0] * width,
                    (cell.y + level.offset) * level.stride + offsets[1] * height,
                    std::exp(std::min(offsets[2], kLargestGrowth)) * width,
                    std::exp(std::min(offsets[3], kLargestGrowth)) * height);
}

Box decode_distances(const float* raw, const Cell& cell, const DistancesStep& step) {
    const double stride = step.strides[cell.level];
    const double unit = step.scaled ? stride : 1.0;
    const double x = (cell.x + step.offset) * stride;
    const double y = (cell.y + step.offset) * stride;
    return rounded(x - double(raw[0]) * unit, y - double(raw[1]) * unit, x + double(raw[2]) * unit,
                   y + double(raw[3]) * unit);
}

const float* read_centerness(const Output& output, const ScoreLayout& scores) {
    const auto& shape = output.view.shape;
    const bool fits = shape.size() == 2 && shape[0] == scores.rows && shape[1] == 1;
    if (!fits || !all_finite(output.view.data, output.view.size())) {
        scores.output.require_finite();  // not yet known, and comes first
        refuse_shape(output, "the centerness output " + output.name, row_for_each_box(scores.rows, "1"));
    }
    return output.view.data;
}

std::string describe(const std::vector<AnchorLevel>& levels) {
    std::string text;
    for (const AnchorLevel& level : levels) {
        if (!text.empty()) text += " and ";
        text.append(std::to_string(level.sizes.size())).append(" for each cell at stride ");
        text.append(format_number(level.stride));
    }
    return text;
}

}  // namespace

Predictions find_boxes(const BoxesStep& step, const ScoreStep& score, const Tensors& tensors) {
    const TensorView boxes = read_rows(step.outputs.boxes, tensors).view;
    const ScoreLayout scores = read_scores(step.outputs, tensors, boxes.shape[0]);
    const BoxCoding coding = coding_of(step, tensors.input_width, tensors.input_height);
    return find(scores, score, [&](std::int64_t row) { return coding.decode(boxes.data + row * 4); });
}

Predictions find_boxes(const SsdStep& step, const ScoreStep& score, const Tensors& tensors) {
    const Output boxes = read_rows(step.outputs.boxes, tensors);
    Grid grid(tensors.input_width, tensors.input_height);
    for (const AnchorLevel& level : step.levels) grid.add_level(level.stride, level.sizes.size());
    const std::int64_t rows = boxes.view.shape[0];
    check_rows("the boxes output " + boxes.name, rows, grid, tensors, describe(step.levels));
    const ScoreLayout scores = read_scores(step.outputs, tensors, rows);
    return find(scores, score,
                [&](std::int64_t row) { return decode_offsets(boxes.view.data + row * 4, grid.cell(row), step); });
}

Predictions find_boxes(const DistancesStep& step, const ScoreStep& score, const Tensors& tensors) {
    const Output boxes = read_rows(step.outputs.boxes, tensors);
    Grid grid(tensors.input_width, tensors.input_height);
    for (const double stride : step.strides) grid.add_level(stride);
    const std::int64_t rows = boxes.view.shape[0];
    check_rows("the boxes output " + boxes.name, rows, grid, tensors, describe_strides(step.strides));
    ScoreLayout scores = read_scores(step.outputs, tensors, rows);
    if (step.centerness) scores.centerness = read_centerness(tensors.output(step.centerness), scores);
    return find(scores, score,
                [&](std::int64_t row) { return decode_distances(boxes.view.data + row * 4, grid.cell(row), step); });
}

}  // namespace satchel
