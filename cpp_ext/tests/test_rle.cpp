// Runs of masks, and their text as pycocotools writes it.
#include "check.h"
#include "satchel/tasks/rle.h"

using namespace satchel;

namespace {

void runs_are_joined() {
    RleWriter writer;
    writer.append(false, 3);
    writer.append(false, 0);
    writer.append(true, 2);
    writer.append(true, 4);
    writer.append(false, 1);
    const Rle rle = std::move(writer).finish(2, 5);
    CHECK((rle.counts == std::vector<std::int64_t>{3, 6, 1}));
    CHECK(rle.width == 2 && rle.height == 5);
}

void the_first_run_lies_outside() {
    RleWriter writer;
    writer.append(true, 6);
    CHECK((std::move(writer).finish(2, 3).counts == std::vector<std::int64_t>{0, 6}));
    CHECK((RleWriter().finish(0, 0).counts == std::vector<std::int64_t>{0}));
}

void text() {
    CHECK((Rle{2, 3, {6}}.text() == "6"));
    CHECK((Rle{2, 3, {0, 6}}.text() == "06"));
    CHECK((Rle{640, 480, {100000, 20, 460, 20, 460, 20, 206220}}.text() == "PeQ3d0\\>000PnX6"));
    CHECK((Rle{100, 1, {16, 40, 3, 41}}.text() == "`0X131"));
}

}  // namespace

int main() {
    runs_are_joined();
    the_first_run_lies_outside();
    text();
}
