// Which rows score enough, whatever the layout and the activation.
#include <cmath>
#include <limits>
#include <random>

#include "check.h"
#include "outputs.h"
#include "satchel/tasks/activation.h"
#include "satchel/tasks/scores.h"

using namespace satchel;

namespace {

const std::string kName = "scores";

ScoreLayout layout_of(const Values& values) {
    return {.output = {kName, values.view()}, .rows = values.shape[0], .columns = values.shape[1]};
}

Predictions search(const ScoreLayout& layout, double min, bool multi_label = false) {
    Predictions found;
    find_scores(layout, {min, multi_label}, found);
    return found;
}

Values random_values(std::int64_t rows, std::int64_t columns, float low, float high) {
    std::mt19937 chance(7);
    std::uniform_real_distribution<float> number(low, high);
    Values values{{rows, columns}, std::vector<float>(std::size_t(rows * columns))};
    for (float& value : values.values) value = number(chance);
    return values;
}

void sigmoids_do_not_overflow() {
    CHECK(sigmoid(0.0) == 0.5);
    CHECK(sigmoid(1e300) == 1.0 && sigmoid(-1e300) == 0.0);
    CHECK(sigmoid(-40.0) > 0.0);
}

void the_first_of_equal_classes_is_picked() {
    const Values values{{2, 3}, {0.5F, 0.75F, 0.75F, 0.25F, 0.0F, 0.25F}};
    const Predictions found = search(layout_of(values), 0.25);
    CHECK((found.rows == std::vector<std::int64_t>{0, 1}));
    CHECK((found.index == std::vector<std::int64_t>{1, 0}));
    CHECK((found.score == std::vector<float>{0.75F, 0.25F}));
    CHECK(search(layout_of(values), 0.25, true).size() == 5);
}

// Two logits of which only the second is the largest, but whose probabilities round to the same number.
void classes_that_become_equal_by_rounding_are_equal() {
    const Values values{{1, 2}, {30.0F, 40.0F}};
    ScoreLayout layout = layout_of(values);
    layout.activation = Activation::sigmoid;
    CHECK(search(layout, 1.0).index.at(0) == 0);
}

// The cheap bound of a row must not lose what the exact scores have.
void bounds_lose_nothing() {
    const Values values = random_values(300, 21, -20.0F, 20.0F);
    for (const Activation activation : {Activation::none, Activation::sigmoid, Activation::softmax}) {
        for (const bool background : {false, true}) {
            ScoreLayout layout = layout_of(values);
            layout.activation = activation;
            layout.background = background;
            const Predictions all = search(layout, 0.0, true);
            for (const double min : {1e-40, 1e-6, 0.1, 0.5, 0.999, 1.0}) {
                std::size_t expected = 0;
                for (const float score : all.score) expected += score >= float(min) ? 1 : 0;
                CHECK(search(layout, min, true).size() == expected);
            }
        }
    }
}

void a_transposed_output_gives_the_same() {
    const Values values = random_values(130, 9, -0.2F, 1.0F);
    Values turned{{9, 130}, std::vector<float>(values.values.size())};
    for (std::size_t i = 0; i < values.values.size(); ++i) turned.values[i % 9 * 130 + i / 9] = values.values[i];
    for (const double min : {0.0, 0.3, 0.8}) {
        ScoreLayout straight = layout_of(values);
        straight.first = 5;
        straight.objectness = 4;
        const ScoreLayout transposed{.output = {kName, turned.view()},
                                     .rows = 130,
                                     .columns = 9,
                                     .first = 5,
                                     .transposed = true,
                                     .objectness = 4};
        const Predictions expected = search(straight, min);
        const Predictions found = search(transposed, min);
        CHECK(found.rows == expected.rows && found.index == expected.index && found.score == expected.score);
    }
}

void what_is_not_finite_is_found_anywhere() {
    const Values values = random_values(70, 19, 0.0F, 1.0F);
    for (std::size_t i = 0; i < values.values.size(); ++i) {
        Values damaged = values;
        damaged.values[i] =
            i % 2 == 0 ? std::numeric_limits<float>::quiet_NaN() : -std::numeric_limits<float>::infinity();
        CHECK(error_of([&] { search(layout_of(damaged), 0.9); }) == "not_finite");
        ScoreLayout transposed = layout_of(damaged);
        std::swap(transposed.rows, transposed.columns);
        transposed.transposed = true;
        CHECK(error_of([&] { search(transposed, 0.9); }) == "not_finite");
    }
}

void nothing_is_no_error() {
    const Values values{{0, 4}, {}};
    CHECK(search(layout_of(values), 0.0).size() == 0);
}

}  // namespace

int main() {
    sigmoids_do_not_overflow();
    the_first_of_equal_classes_is_picked();
    classes_that_become_equal_by_rounding_are_equal();
    bounds_lose_nothing();
    a_transposed_output_gives_the_same();
    what_is_not_finite_is_found_anywhere();
    nothing_is_no_error();
}
