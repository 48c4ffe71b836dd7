#include "satchel/tasks/scores.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "largest.h"
#include "satchel/tasks/activation.h"

namespace satchel {
namespace {

constexpr std::int64_t kBlock = 64;  // rows that stay in the first-level cache between the passes over them

// Finds rows in two stages: a cheap bound on each row's best score, then the exact scores of the rows that pass it.
class Search {
public:
    Search(const ScoreLayout& layout, const ScoreStep& step, Predictions& found)
        : layout_(layout),
          found_(found),
          data_(layout.output.view.data),
          row_step_(layout.transposed ? 1 : layout.columns),
          column_step_(layout.transposed ? layout.rows : 1),
          count_(layout.columns - layout.first),
          skipped_(layout.background ? 1 : 0),
          floor_(float(step.min)),
          least_logit_(least_logit(floor_)),
          multi_label_(step.multi_label),
          exact_(std::size_t(count_)),
          probabilities_(std::size_t(count_)) {}

    void run() {
        for (std::int64_t begin = 0; begin < layout_.rows; begin += kBlock) {
            const std::int64_t count = std::min(kBlock, layout_.rows - begin);
            require_finite(begin, count);
            find_best(begin, count);
            for (std::int64_t i = 0; i < count; ++i) {
                if (may_reach(begin + i, best_[std::size_t(i)])) report(begin + i);
            }
        }
    }

private:
    // A logit below which no rounding lifts the sigmoid to `floor`.
    static double least_logit(float floor) {
        if (floor <= 0.0F) return -std::numeric_limits<double>::infinity();
        const double logit = floor < 1.0F ? std::log(double(floor) / (1.0 - double(floor))) : 17.0;
        return std::min(logit, 17.0) - 1.0;
    }

    const float* row(std::int64_t row) const { return data_ + row * row_step_; }
    float at(std::int64_t row, std::int64_t column) const { return data_[row * row_step_ + column * column_step_]; }

    void require_finite(std::int64_t begin, std::int64_t count) const {
        bool finite = true;
        if (!layout_.transposed) finite = all_finite(row(begin), count * layout_.columns);
        for (std::int64_t column = 0; layout_.transposed && column < layout_.columns; ++column) {
            finite = all_finite(data_ + column * column_step_ + begin, count) && finite;
        }
        if (!finite) layout_.output.throw_not_finite();
    }

    // The largest raw score of each row in the block, the background's left out.
    void find_best(std::int64_t begin, std::int64_t count) {
        const std::int64_t first = layout_.first + skipped_;
        if (!layout_.transposed) {
            for (std::int64_t i = 0; i < count; ++i) {
                best_[std::size_t(i)] = largest(row(begin + i) + first, count_ - skipped_);
            }
            return;
        }
        best_.fill(-std::numeric_limits<float>::infinity());
        for (std::int64_t column = first; column < layout_.columns; ++column) {
            const float* values = data_ + column * column_step_ + begin;
            for (std::size_t i = 0; i < std::size_t(count); ++i) best_[i] = values[i] > best_[i] ? values[i] : best_[i];
        }
    }

    // False only where no class of the row reaches the floor; `best` is its largest raw score.
    bool may_reach(std::int64_t row, float best) {
        if (layout_.centerness != nullptr) return may_reach_root(row, best);
        if (layout_.objectness) {
            const float factor = at(row, *layout_.objectness);
            return factor < 0.0F || factor * best >= floor_;  // rounding keeps the order of products
        }
        switch (layout_.activation) {
            case Activation::none: return best >= floor_;
            case Activation::sigmoid: return double(best) >= least_logit_;
            case Activation::softmax: return softmax_may_reach(row, best);
        }
        return true;
    }

    // Softmax would make a lone value 1, so there centerness goes through a sigmoid, too.
    double centerness(std::int64_t row_index) const {
        const auto raw = double(layout_.centerness[row_index]);
        return layout_.activation == Activation::none ? raw : sigmoid(raw);
    }

    bool may_reach_root(std::int64_t row_index, float best) const {
        const double factor = centerness(row_index);
        if (layout_.activation == Activation::softmax || factor < 0.0 || floor_ <= 0.0F) return true;
        const double reached = layout_.activation == Activation::sigmoid ? sigmoid(double(best)) : double(best);
        return reached * factor >= 0.5 * double(floor_) * double(floor_);
    }

    // Stops as soon as the sum is too large for the best class, which mostly the first few exponentials decide.
    bool softmax_may_reach(std::int64_t row_index, float best) const {
        if (floor_ <= 0.0F) return true;
        const float* logits = row(row_index) + layout_.first;
        const auto top = double(skipped_ > 0 ? std::max(best, logits[0]) : best);
        const double limit = 2.0 * std::exp(double(best) - top) / double(floor_);
        double sum = 0.0;
        for (std::int64_t i = 0; i < count_ && sum <= limit; ++i) sum += std::exp(double(logits[i]) - top);
        return sum <= limit;
    }

    void report(std::int64_t row_index) {
        fill(row_index);
        const float* scores = exact_.data() + skipped_;
        const std::int64_t classes = count_ - skipped_;
        if (!multi_label_) {
            const auto best = std::max_element(scores, scores + classes) - scores;
            if (scores[best] >= floor_) add(row_index, best, scores[best]);
            return;
        }
        for (std::int64_t i = 0; i < classes; ++i) {
            if (scores[i] >= floor_) add(row_index, i, scores[i]);
        }
    }

    // The exact scores of a row, the background's included.
    void fill(std::int64_t row_index) {
        for (std::int64_t i = 0; i < count_; ++i) exact_[std::size_t(i)] = at(row_index, layout_.first + i);
        if (layout_.objectness) {
            const float factor = at(row_index, *layout_.objectness);
            for (float& score : exact_) score = factor * score;
            return;
        }
        activate(layout_.activation, exact_, probabilities_);
        if (layout_.centerness != nullptr) {
            const double factor = centerness(row_index);
            for (double& score : probabilities_) score = std::sqrt(std::max(score * factor, 0.0));
        }
        for (std::size_t i = 0; i < exact_.size(); ++i) exact_[i] = float(probabilities_[i]);
    }

    void add(std::int64_t row_index, std::int64_t index, float score) {
        found_.rows.push_back(row_index);
        found_.index.push_back(index);
        found_.score.push_back(score);
    }

    const ScoreLayout& layout_;
    Predictions& found_;
    const float* data_;
    std::int64_t row_step_;
    std::int64_t column_step_;
    std::int64_t count_;    // of scores in a row, the background's included
    std::int64_t skipped_;  // the background
    float floor_;           // NumPy compares float32 scores in float32, too
    double least_logit_;
    bool multi_label_;
    std::array<float, kBlock> best_{};
    std::vector<float> exact_;
    std::vector<double> probabilities_;
};

}  // namespace

void find_scores(const ScoreLayout& layout, const ScoreStep& step, Predictions& found) {
    Search(layout, step, found).run();
}

}  // namespace satchel
