// Heads of the YOLO family: boxes and scores in one output.
#include <algorithm>
#include <cmath>

#include "head_outputs.h"
#include "satchel/tasks/box_coding.h"
#include "satchel/tasks/heads.h"

namespace satchel {
namespace {

constexpr double kLargestLog = 20.0;  // exp of it is wider than any picture

}  // namespace

Predictions find_boxes(const YoloxStep& step, const ScoreStep& score, const Tensors& tensors) {
    const Output output = tensors.output(step.output);
    const auto& shape = output.view.shape;
    if (shape.size() != 2 || shape[1] < 6) refuse_shape(output, "the YOLOX output", "[rows, 5 + classes]");
    Grid grid(tensors.input_width, tensors.input_height);
    for (const std::int64_t stride : step.strides) grid.add_level(double(stride));
    if (grid.rows() != shape[0]) output.require_finite();
    check_rows("the YOLOX output", shape[0], grid, tensors, describe_strides(step.strides));
    ScoreLayout layout{.output = output, .rows = shape[0], .columns = shape[1], .first = 5};
    layout.objectness = 4;
    return find(layout, score, [&](std::int64_t row) {
        const float* raw = output.view.data + row * shape[1];
        const Cell cell = grid.cell(row);
        const auto stride = double(step.strides[cell.level]);
        return centered((double(raw[0]) + cell.x) * stride, (double(raw[1]) + cell.y) * stride,
                        std::exp(std::min(double(raw[2]), kLargestLog)) * stride,
                        std::exp(std::min(double(raw[3]), kLargestLog)) * stride);
    });
}

Predictions find_boxes(const YoloStep& step, const ScoreStep& score, const Tensors& tensors) {
    const Output output = tensors.output(step.output);
    const auto& shape = output.view.shape;
    const std::int64_t first = step.objectness ? 5 : 4;
    const std::size_t axis = step.transposed ? 0 : 1;  // of a row's values
    if (shape.size() != 2 || shape[axis] <= first) {
        const std::string columns = std::to_string(first) + " + classes";
        refuse_shape(output, "the YOLO output",
                     step.transposed ? "[" + columns + ", rows]" : "[rows, " + columns + "]");
    }
    ScoreLayout layout{.output = output, .rows = shape[1 - axis], .columns = shape[axis], .first = first};
    layout.transposed = step.transposed;
    if (step.objectness) layout.objectness = 4;
    return find(layout, score, [&](std::int64_t row) {
        const float* raw = output.view.data + row * (step.transposed ? 1 : shape[1]);
        const std::int64_t next = step.transposed ? shape[1] : 1;
        return centered(double(raw[0]), double(raw[next]), double(raw[2 * next]), double(raw[3 * next]));
    });
}

}  // namespace satchel
