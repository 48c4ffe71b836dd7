#include "head_outputs.h"

#include <array>
#include <charconv>
#include <cstdio>

namespace satchel {
namespace {

std::string python_number(std::int64_t value) { return std::to_string(value); }

std::string python_number(double value) {
    std::array<char, 32> digits{};  // the fewest that stand for just this number
    std::string text(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
    if (text.find_first_of(".e") == std::string::npos) text.append(".0");
    return text;
}

template <typename T>
std::string describe(const std::vector<T>& strides) {
    std::string text = "strides (";
    for (const T stride : strides) {
        if (text.back() != '(') text.append(", ");
        text.append(python_number(stride));
    }
    return text.append(strides.size() == 1 ? ",)" : ")");
}

}  // namespace

void refuse_shape(const Output& output, const std::string& what, const std::string& expected) {
    output.require_finite();
    throw_misfit(what, output.view, expected);
}

Output read_rows(const std::string& name, const Tensors& tensors) {
    const Output boxes = tensors.output(name);
    boxes.require_finite();
    if (boxes.view.rank() != 2 || boxes.view.shape[1] != 4) {
        throw_misfit("the boxes output " + name, boxes.view, "[rows, 4]");
    }
    return boxes;
}

void check_rows(const std::string& what, std::int64_t rows, const Grid& grid, const Tensors& tensors,
                const std::string& plan) {
    if (rows == grid.rows()) return;
    throw ImagingError(ErrorCode::bad_rows, what + " does not fit the input size and the strides",
                       std::to_string(rows) + " rows",
                       std::to_string(grid.rows()) + " rows for " + std::to_string(tensors.input_width) + " x " +
                           std::to_string(tensors.input_height) + ", " + plan);
}

ScoreLayout read_scores(const ScoredOutputs& outputs, const Tensors& tensors, std::int64_t rows) {
    const Output scores = tensors.output(outputs.scores);
    const auto& shape = scores.view.shape;
    if (shape.size() != 2 || shape[0] != rows || shape[1] <= (outputs.background ? 1 : 0)) {
        refuse_shape(scores, "the scores output " + scores.name,
                     row_for_each_box(rows, outputs.background ? "1 + classes" : "classes"));
    }
    ScoreLayout layout{.output = scores, .rows = rows, .columns = shape[1]};
    layout.activation = outputs.activation;
    layout.background = outputs.background;
    return layout;
}

std::string row_for_each_box(std::int64_t rows, const std::string& columns) {
    std::string text = "[";
    text += std::to_string(rows);
    return text + ", " + columns + "], a row for each box";
}

std::string format_number(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%g", value);
    return text.data();
}

std::string describe_strides(const std::vector<std::int64_t>& strides) { return describe(strides); }
std::string describe_strides(const std::vector<double>& strides) { return describe(strides); }

}  // namespace satchel
