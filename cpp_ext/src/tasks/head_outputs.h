// How first steps read outputs of detectors: checks of shapes, and boxes of just the rows that score enough.
#pragma once

#include <string>

#include "satchel/imaging/error.h"
#include "satchel/tasks/grid.h"
#include "satchel/tasks/scores.h"
#include "satchel/tasks/tensors.h"

namespace satchel {

// Where scores are checked for NaN while they are searched, a wrong shape must not come before that.
[[noreturn]] void refuse_shape(const Output& output, const std::string& what, const std::string& expected);

// The boxes output [rows, 4].
Output read_rows(const std::string& name, const Tensors& tensors);

// Throws ImagingError (bad_rows) unless `grid`, which `plan` describes, has `rows` rows.
void check_rows(const std::string& what, std::int64_t rows, const Grid& grid, const Tensors& tensors,
                const std::string& plan);

ScoreLayout read_scores(const ScoredOutputs& outputs, const Tensors& tensors, std::int64_t rows);

// Finds the rows that score enough, then decodes the boxes of just those.
template <typename Decode>
Predictions find(const ScoreLayout& layout, const ScoreStep& score, const Decode& decode) {
    Predictions found;
    find_scores(layout, score, found);
    found.boxes.reserve(found.size());
    for (const std::int64_t row : found.rows) found.boxes.push_back(decode(row));
    return found;
}

// [rows, ...], a row for each box
std::string row_for_each_box(std::int64_t rows, const std::string& columns);

// A number as a person writes it: 8, 42.857.
std::string format_number(double value);

// "strides (8, 16)": the numbers as Python writes a tuple of integers or floats.
std::string describe_strides(const std::vector<std::int64_t>& strides);
std::string describe_strides(const std::vector<double>& strides);

}  // namespace satchel
