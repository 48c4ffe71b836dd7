// Sizes, placements and geometry, apart from pixels.
#include <vector>

#include "check.h"
#include "satchel/imaging/canvas.h"
#include "satchel/imaging/error.h"
#include "satchel/imaging/exif.h"
#include "satchel/imaging/layout.h"
#include "satchel/imaging/plan.h"

using namespace satchel;

namespace {

void sizes() {
    CHECK(round_size(2.5, Rounding::half_even) == 2.0);
    CHECK(round_size(2.5, Rounding::half_up) == 3.0);
    CHECK(round_size(-0.5, Rounding::floor) == -1.0);
    const WideSize boxed = letterbox_size({640, 480}, Letterbox{416, 416});
    CHECK(boxed.width == 416 && boxed.height == 312);
    const WideSize shorter = short_side_size({640, 480}, ResizeShort{256});
    CHECK(shorter.width == 341 && shorter.height == 256);
    const WideSize limited = short_side_size({1000, 10}, ResizeShort{100, 200});
    CHECK(limited.width == 200 && limited.height == 2);
    CHECK(anchor_offset(5, Anchor::center) == 2 && anchor_offset(5, Anchor::top_left) == 0);
    CHECK(crop_offset(9, 4, Crop{4, 4}) == 2 && crop_offset(4, 9, Crop{9, 9}) == -2);
}

void scales() {
    CHECK(decode_scale({1920, 1080}, {224, 224}) == 4);
    CHECK(decode_scale({1792, 1792}, {224, 224}) == 8);
    CHECK(decode_scale({447, 1000}, {224, 224}) == 1);
    CHECK(decode_scale({100, 100}, {200, 200}) == 1);
}

void placements() {
    Canvas canvas({2, 1});
    CHECK(!canvas.place({2, 1}, {0, 0}, 9));
    CHECK(canvas.place({4, 3}, {1, 1}, 7));
    CHECK(canvas.place({3, 5}, {-1, 1}, 5));
    std::vector<std::uint8_t> row(3);
    const auto picture = [](int, std::uint8_t* out) { out[0] = 1, out[1] = 2; };
    const std::uint8_t expected[5][3] = {{5, 5, 5}, {7, 7, 7}, {1, 2, 7}, {7, 7, 7}, {5, 5, 5}};
    for (int y = 0; y < 5; ++y) {
        canvas.write_row(y, 1, row.data(), picture);
        for (int x = 0; x < 3; ++x) CHECK(row[std::size_t(x)] == expected[y][x]);
    }
    CHECK(canvas.place({1, 1}, {9, 9}, 3));
    CHECK(canvas.window().x.size() == 0 && canvas.window().y.size() == 0);
}

void plans() {
    const Plan plan = make_plan({640, 480}, {640, 480}, 1, {Letterbox{416, 416}, Pad{32}, Resize{100, 50}});
    CHECK(plan.segments.size() == 2);
    CHECK((plan.segments[0].target == Size{416, 312}));
    CHECK((plan.segments[1].source == Size{416, 416}));
    CHECK(plan.geometry.width == 640 && plan.geometry.offset_y == 52.0 * (50.0 / 416));
    CHECK(make_plan({9, 9}, {5, 5}, 2, {}).geometry.scale_x == 0.5);
    try {
        make_plan({1, 16384}, {1, 16384}, 1, {ResizeShort{16384}});
        CHECK(false);
    } catch (const ImagingError& error) {
        CHECK(error.code() == ErrorCode::too_extreme);
    }
}

void orientations() {
    Image stored(2, 1, 1);
    stored.row(0)[0] = 10;
    stored.row(0)[1] = 20;
    const Image turned = turn_upright(stored, turn_of(6));
    CHECK(turned.width() == 1 && turned.height() == 2);
    CHECK(turned.row(0)[0] == 10 && turned.row(1)[0] == 20);
    CHECK(turn_upright(stored, turn_of(8)).row(0)[0] == 20);
    CHECK(turn_upright(stored, turn_of(2)).row(0)[0] == 20);
    CHECK(read_orientation({}) == 1);
}

}  // namespace

int main() {
    sizes();
    scales();
    placements();
    plans();
    orientations();
}
