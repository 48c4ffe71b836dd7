// Outputs of every type as float32, the first picture of the batch alone.
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "../check.h"
#include "row.h"

namespace {

using satchel::Row;
using satchel::torchscript::Output;
using satchel::torchscript::ScalarType;

template <typename T>
std::vector<float> row_of(ScalarType type, std::vector<T> values) {
    const auto held = std::make_shared<std::vector<T>>(std::move(values));
    const Output output{"o", type, {1, std::int64_t(held->size())}, std::shared_ptr<void>(held, held->data())};
    const Row row(output);
    CHECK(row.view().rank() == 1);
    return {row.view().data, row.view().data + row.view().size()};
}

}  // namespace

int main() {
    CHECK((row_of<float>(ScalarType::float32, {1.5F, -2.0F}) == std::vector{1.5F, -2.0F}));
    CHECK((row_of<double>(ScalarType::float64, {0.1}) == std::vector{0.1F}));
    CHECK((row_of<std::int64_t>(ScalarType::int64, {-3, 1 << 20}) == std::vector{-3.0F, 1048576.0F}));
    CHECK((row_of<std::uint8_t>(ScalarType::uint8, {255}) == std::vector{255.0F}));
    CHECK((row_of<std::int8_t>(ScalarType::int8, {-1}) == std::vector{-1.0F}));
    // 1, -2, the largest, the smallest normal and subnormal numbers, infinity
    CHECK((row_of<std::uint16_t>(ScalarType::float16, {0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x7c00}) ==
           std::vector{1.0F, -2.0F, 65504.0F, 0x1p-14F, 0x1p-24F, std::numeric_limits<float>::infinity()}));
    CHECK(std::isnan(row_of<std::uint16_t>(ScalarType::float16, {0x7e00})[0]));
    const auto two = std::make_shared<std::vector<float>>(std::vector{1.0F, 2.0F, 3.0F, 4.0F});
    const Output output{"o", ScalarType::float32, {2, 2}, std::shared_ptr<void>(two, two->data())};
    CHECK(Row(output).view().size() == 2 && Row(output).view().data[1] == 2.0F);
}
