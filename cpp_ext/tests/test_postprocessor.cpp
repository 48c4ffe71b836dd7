// Whole chains, from outputs to predictions, and what they refuse.
#include <limits>

#include "check.h"
#include "outputs.h"
#include "satchel/tasks/nms.h"
#include "satchel/tasks/postprocessor.h"

using namespace satchel;

namespace {

const Geometry kGeometry{64, 32, 0.5, 0.5, 0.0, 8.0};

Predictions run(const PostSteps& steps, const std::vector<std::string>& names, const std::vector<Values>& outputs,
                int side = 32) {
    std::vector<TensorView> views;
    views.reserve(outputs.size());
    for (const Values& output : outputs) views.push_back(output.view());
    return Postprocessor(steps, names).run(views, side, side, kGeometry);
}

const PostSteps kBoxes{BoxesStep{}, {ScoreStep{0.3}, NmsStep{0.5}, TopStep{2}, RestoreStep{}}};
const std::vector<std::string> kNames{"boxes", "scores"};
const Values kFour{{4, 4}, {0, 8, 8, 16, 0, 8, 8, 17, 16, 8, 24, 16, 20, 8, 40, 16}};

void boxes_come_best_first_in_pixels_of_the_original() {
    const Values scores{{4, 2}, {0.5F, 0, 0.75F, 0, 0, 0.875F, 0, 0.25F}};
    const Predictions found = run(kBoxes, kNames, {kFour, scores});
    CHECK((found.rows == std::vector<std::int64_t>{2, 1}));
    CHECK((found.index == std::vector<std::int64_t>{1, 0}));
    CHECK((found.boxes == std::vector<Box>{{32, 0, 48, 16}, {0, 0, 16, 18}}));
}

void yolox_counts_cells_row_by_row() {
    const PostSteps steps{YoloxStep{{}, {8, 16}}, {ScoreStep{0.5}, RestoreStep{}}};
    Values output{{20, 6}, std::vector<float>(120, 0.0F)};
    output.values[6 * 6 + 4] = output.values[6 * 6 + 5] = 1.0F;    // stride 8, cell (2, 1)
    output.values[18 * 6 + 4] = output.values[18 * 6 + 5] = 1.0F;  // stride 16, cell (0, 1)
    const Predictions found = run(steps, {"output"}, {output});
    CHECK((found.rows == std::vector<std::int64_t>{6, 18}));
    CHECK((found.boxes == std::vector<Box>{{24, 0, 40, 8}, {0, 0, 16, 32}}));
    CHECK(error_of([&] { run(steps, {"output"}, {output}, 40); }) == "bad_rows");
    CHECK(error_of([&] { run(steps, {"output"}, {{{120}, output.values}}); }) == "bad_shape");
}

void classes_of_equal_score_keep_their_order() {
    const PostSteps steps{ProbabilitiesStep{}, {TopStep{3}}};
    const Predictions found = run(steps, {"p"}, {{{1, 4}, {0.25F, 0.5F, 0.25F, 0.25F}}});
    CHECK((found.index == std::vector<std::int64_t>{1, 0, 2}));
}

void the_graphs_own_count_is_kept() {
    const PostSteps steps{PickedStep{.count = "count"}, {RestoreStep{}}};
    const std::vector<std::string> names{"boxes", "scores", "classes", "count"};
    const auto with = [&](float classes, float count) {
        return run(steps, names, {kFour, {{4}, {0.5F, 0.25F, 0, 0}}, {{4}, {classes, 1, -1, 9}}, {{1}, {count}}});
    };
    CHECK(with(7, 2).size() == 2 && with(7, 0).size() == 0);
    CHECK((with(7, 2).index == std::vector<std::int64_t>{7, 1}));
    CHECK(error_of([&] { with(0.5F, 2); }) == "bad_values");
    CHECK(error_of([&] { with(7, 3); }) == "bad_values");
    CHECK(error_of([&] { with(7, 5); }) == "bad_values");
}

void the_peak_of_a_map_is_the_keypoint() {
    const PostSteps steps{HeatMapsStep{.refine = Refinement::quarter}, {ScoreStep{0.5}, RestoreStep{}}};
    const Values maps{{1, 4, 4}, {0, 0, 0, 0, 0, 2, 0.5F, 0, 0, 0, 0, 0, 0, 0, 0, 0}};
    const Predictions found = run(steps, {"maps"}, {maps});
    const Keypoint& point = found.keypoints.at(0).at(0);
    CHECK(point.x == (1.75 * 8) / 0.5 && point.y == (1.5 * 8 - 8.0) / 0.5 && point.score == 1.0F);
    CHECK(error_of([&] { run(steps, {"maps"}, {{{1, 0, 4}, {}}}); }) == "bad_shape");
}

void overlaps() {
    CHECK(iou({0, 0, 2, 2}, {1, 1, 3, 3}) == 1.0 / 7.0);
    CHECK(iou({0, 0, 0, 0}, {0, 0, 0, 0}) == 0.0);
    const double huge = std::numeric_limits<float>::max();
    CHECK(iou({-huge, -huge, huge, huge}, {-huge, -huge, huge, huge}) == 1.0);
}

void chains_that_do_not_fit_are_refused() {
    const auto refused = [](const HeadStep& head, const std::vector<RefiningStep>& refining) {
        return error_of([&] { Postprocessor({head, refining}, kNames); }) == "bad_argument";
    };
    CHECK(refused(BoxesStep{}, {}));
    CHECK(refused(BoxesStep{}, {NmsStep{}}));
    CHECK(refused(BoxesStep{}, {ScoreStep{}}));
    CHECK(refused(BoxesStep{}, {ScoreStep{}, RestoreStep{}, TopStep{}}));
    CHECK(refused(BoxesStep{}, {ScoreStep{}, MasksStep{}, TopStep{}, RestoreStep{}}));
    CHECK(refused(SoftmaxStep{}, {RestoreStep{}}));
    CHECK(refused(HeatMapsStep{}, {TopStep{}, RestoreStep{}}));
    CHECK(refused(SoftmaxStep{"other"}, {}));
    CHECK(!refused(SoftmaxStep{}, {}));
}

void what_does_not_fit_the_names_is_refused() {
    CHECK(error_of([] { run(kBoxes, kNames, {kFour}); }) == "bad_argument");
    CHECK(error_of([] { run(kBoxes, kNames, {kFour, {{3, 2}, std::vector<float>(6)}}); }) == "bad_shape");
    CHECK(error_of([] { run(kBoxes, kNames, {kFour, {{4, 0}, {}}}); }) == "bad_shape");
    CHECK(error_of([] { run(kBoxes, kNames, {kFour, kFour}, 0); }) == "bad_argument");
}

void pictures_are_not_made_here() {
    const PostSteps steps{LumaStep{.factor = 2}, {}};
    CHECK(error_of([&] { run(steps, {"luma"}, {{{1, 2, 2}, {0, 0, 0, 0}}}, 1); }) == "bad_argument");
}

}  // namespace

int main() {
    boxes_come_best_first_in_pixels_of_the_original();
    yolox_counts_cells_row_by_row();
    classes_of_equal_score_keep_their_order();
    the_graphs_own_count_is_kept();
    the_peak_of_a_map_is_the_keypoint();
    overlaps();
    chains_that_do_not_fit_are_refused();
    what_does_not_fit_the_names_is_refused();
    pictures_are_not_made_here();
}
