// Detections that the graph has already picked.
#include <cmath>

#include "head_outputs.h"
#include "satchel/tasks/box_coding.h"
#include "satchel/tasks/heads.h"

namespace satchel {
namespace {

constexpr std::int64_t kLastIndex = (std::int64_t{1} << 24) - 1;  // up to here each whole number is a float

// Floats that stand for integers from 0 to `last`.
std::vector<std::int64_t> whole_numbers(const std::string& what, const float* values, std::int64_t count,
                                        std::int64_t last) {
    std::vector<std::int64_t> numbers;
    numbers.reserve(std::size_t(count));
    for (const float value : std::span(values, std::size_t(count))) {
        if (value != std::floor(value) || value < 0.0F || double(value) > double(last)) {
            throw ImagingError(ErrorCode::bad_values, what + " holds values that its step cannot use",
                               format_number(double(value)), "whole numbers from 0 to " + std::to_string(last));
        }
        numbers.push_back(std::int64_t(value));
    }
    return numbers;
}

Output read_column(const std::string& name, const Tensors& tensors) {
    const Output output = tensors.output(name);
    output.require_finite();
    return output;
}

void check_column(const std::string& noun, const Output& output, std::int64_t rows) {
    if (output.view.rank() == 1 && output.view.shape[0] == rows) return;
    throw_misfit("the " + noun + " output " + output.name, output.view,
                 "[" + std::to_string(rows) + "], a value for each box");
}

std::int64_t count_filled(const PickedStep& step, const Tensors& tensors, std::int64_t rows) {
    if (!step.count) return rows;
    const Output count = read_column(*step.count, tensors);
    const std::string what = "the count output " + count.name;
    if (count.view.size() != 1) throw_misfit(what, count.view, "one number");
    return whole_numbers(what, count.view.data, 1, rows).front();
}

}  // namespace

Predictions read_picked(const PickedStep& step, const Tensors& tensors) {
    const TensorView boxes = read_rows(step.boxes, tensors).view;
    const std::int64_t rows = boxes.shape[0];
    const Output scores = read_column(step.scores, tensors);
    const Output classes = read_column(step.classes, tensors);
    check_column("scores", scores, rows);
    check_column("classes", classes, rows);
    const std::int64_t filled = count_filled(step, tensors, rows);
    const BoxCoding coding = coding_of(step, tensors.input_width, tensors.input_height);
    Predictions found;
    found.index = whole_numbers("the classes output " + classes.name, classes.view.data, filled, kLastIndex);
    found.score.assign(scores.view.data, scores.view.data + filled);
    for (std::int64_t row = 0; row < filled; ++row) {
        found.rows.push_back(row);
        found.boxes.push_back(coding.decode(boxes.data + row * 4));
    }
    return found;
}

}  // namespace satchel
