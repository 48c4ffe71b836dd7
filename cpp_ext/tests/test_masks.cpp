// What a small map covers in the picture.
#include <limits>
#include <vector>

#include "check.h"
#include "outputs.h"
#include "satchel/tasks/masks.h"

using namespace satchel;

namespace {

const Geometry kPicture{8, 6, 1.0, 1.0, 0.0, 0.0};

std::vector<std::int64_t> paste(const Values& map, const Box& box, double threshold = 0.5) {
    const MaskMap view{map.values.data(), map.shape[1], map.shape[0]};
    return paste_mask(view, {.threshold = threshold}, box, kPicture).counts;
}

void a_full_map_fills_its_box() {
    const Values full{{2, 2}, {1.0F, 1.0F, 1.0F, 1.0F}};
    CHECK((paste(full, {0, 0, 8, 6}, 0.0) == std::vector<std::int64_t>{0, 48}));
    CHECK((paste(full, {2, 1, 4, 3}, 0.0) == std::vector<std::int64_t>{13, 2, 4, 2, 27}));
    // The centre of the first pixel lies half a cell outside of the map's own centres, where it fades into zero.
    CHECK((paste({{1, 1}, {1.0F}}, {0, 0, 2, 2}, 0.9) == std::vector<std::int64_t>{48}));
}

void a_box_outside_of_the_picture_covers_nothing() {
    const Values full{{1, 1}, {1.0F}};
    for (const Box& box : {Box{-9, 0, -3, 6}, Box{20, 0, 30, 6}, Box{5, 5, 5, 5}, Box{4, 4, 2, 2}, Box{2, 2, 2.4, 5}}) {
        CHECK((paste(full, box) == std::vector<std::int64_t>{48}));
    }
    const double huge = std::numeric_limits<float>::max();
    CHECK((paste(full, {-huge, -huge, huge, huge}, 0.1) == std::vector<std::int64_t>{0, 48}));
}

void threshold_zero_takes_the_whole_box() {
    const Values empty{{2, 3}, {0, 0, 0, 0, 0, 0}};
    CHECK((paste(empty, {0, 0, 1, 6}, 0.0) == std::vector<std::int64_t>{0, 6, 42}));
    CHECK((paste(empty, {0, 0, 1, 6}, 1e-9) == std::vector<std::int64_t>{48}));
}

void the_channel_is_that_of_the_class() {
    const Values maps{{2, 3, 1, 1}, {0, 1, 2, 3, 4, 5}};
    const std::vector<std::string> names{"masks"};
    const std::vector<TensorView> views{maps.view()};
    const Tensors tensors{names, views, 8, 6, kPicture};
    Predictions found;
    found.score = {0.5F, 0.5F};
    found.rows = {1, 0};
    found.index = {2, 1};
    const auto picked = pick_masks({}, found, tensors);
    CHECK(*picked[0].data == 5.0F && *picked[1].data == 1.0F);
    found.index = {3, 0};
    CHECK(error_of([&] { pick_masks({}, found, tensors); }) == "bad_shape");
    found.index = {0, 0};
    found.rows = {2, 0};
    CHECK(error_of([&] { pick_masks({}, found, tensors); }) == "bad_shape");
}

}  // namespace

int main() {
    a_full_map_fills_its_box();
    a_box_outside_of_the_picture_covers_nothing();
    threshold_zero_takes_the_whole_box();
    the_channel_is_that_of_the_class();
}
