// Class scores of many rows: which of them reach a bound, and what their probabilities are.
#pragma once

#include <cstdint>
#include <optional>

#include "satchel/tasks/postprocess_steps.h"
#include "satchel/tasks/predictions.h"
#include "satchel/tasks/tensor_view.h"

namespace satchel {

// Where the scores lie in an output. A row's values are next to each other, or, where `transposed`, a column's.
struct ScoreLayout {
    Output output;
    std::int64_t rows = 0;
    std::int64_t columns = 0;  // of the whole output, what precedes the scores included
    std::int64_t first = 0;    // column of the first score
    bool transposed = false;
    Activation activation = Activation::none;
    bool background = false;

    std::optional<std::int64_t> objectness{};  // the column that scores are multiplied with
    const float* centerness = nullptr;         // a value for each row, of which and the score the geometric mean counts
};

// Finds what reaches `step.min`, row by row: the best class of each, or every class. Fills rows, index and score.
// Throws ImagingError: not_finite.
void find_scores(const ScoreLayout& layout, const ScoreStep& step, Predictions& found);

}  // namespace satchel
