// The inputs that a model is compiled for.
#include <cstring>
#include <vector>

#include "../check.h"
#include "warm_up.h"

int main() {
    using satchel::Axis;
    using satchel::TensorSpec;
    using Shapes = std::vector<std::vector<std::int64_t>>;
    const Axis batch{"batch", {}};
    const Axis three{{}, {3}};
    const Axis bucketed{{}, {8, 16}};
    const auto shapes = [](std::vector<Axis> axes) {
        return satchel::declared_shapes(TensorSpec{.name = "x", .dtype = "float32", .shape = std::move(axes)});
    };
    CHECK((shapes({batch, three}) == Shapes{{1, 3}}));
    CHECK((shapes({bucketed, three, bucketed}) == Shapes{{8, 3, 8}, {8, 3, 16}, {16, 3, 8}, {16, 3, 16}}));
    CHECK(shapes({three, batch}).empty());

    const auto values = satchel::ordinary_values(satchel::DType::float32, {2, 50});
    CHECK(values.size() == 400 && values == satchel::ordinary_values(satchel::DType::float32, {2, 50}));
    float least = 1.0F;
    float most = 0.0F;
    for (std::size_t i = 0; i < values.size(); i += sizeof(float)) {
        float value = 0.0F;
        std::memcpy(&value, values.data() + i, sizeof(float));
        least = value < least ? value : least;
        most = value > most ? value : most;
    }
    CHECK(least >= 0.0F && least < 0.1F && most < 1.0F && most > 0.9F);
    CHECK(satchel::ordinary_values(satchel::DType::uint8, {7}).size() == 7);
}
