// Every level of vector instructions gives the bytes of the portable loops, and stays within its buffers.
#include <algorithm>
#include <random>
#include <vector>

#include "check.h"
#include "satchel/imaging/image.h"
#include "satchel/imaging/kernels.h"

using namespace satchel;

namespace {

std::mt19937 chance(1);

int any(int least, int most) { return std::uniform_int_distribution(least, most)(chance); }

// Noise, with runs of the extreme levels.
Buffer noise(std::size_t size) {
    Buffer buffer(size);
    for (std::size_t i = 0; i < size + kReadSlack; ++i) {
        buffer.data()[i] = std::uint8_t(any(0, 3) == 0 ? any(0, 1) * 255 : any(0, 255));
    }
    return buffer;
}

bool equal(const Buffer& a, const Buffer& b, std::size_t length) {
    return std::equal(a.data(), a.data() + length, b.data());
}

Taps any_taps(int source) {
    constexpr Filter filters[] = {Filter::box, Filter::bilinear, Filter::bicubic, Filter::lanczos};
    const int target = any(1, 3) == 1 ? any(1, 4) : any(1, 2 * source);
    const int begin = any(0, target - 1);
    return antialias_taps(source, target, filters[any(0, 3)], {begin, any(begin + 1, target)});
}

void check_horizontal(const Kernels& kernels) {
    const Kernels& portable = kernels_for(CpuLevel::portable);
    const int source = any(1, 400);
    const Taps taps = any_taps(source);
    const auto length = std::size_t(taps.outputs);
    const Buffer row = noise(std::size_t(source) * 3);
    Buffer expected(length * 3 + kWriteSlack), got(length * 3 + kWriteSlack);
    portable.horizontal_rgb(row.data(), taps, portable.pack_rgb(taps), expected.data());
    kernels.horizontal_rgb(row.data(), taps, kernels.pack_rgb(taps), got.data());
    CHECK(equal(expected, got, length * 3));
    portable.horizontal_grey(row.data(), taps, expected.data());
    kernels.horizontal_grey(row.data(), taps, got.data());
    CHECK(equal(expected, got, length));
}

void check_vertical(const Kernels& kernels) {
    const Kernels& portable = kernels_for(CpuLevel::portable);
    const int source = any(1, 10) == 1 ? any(500, 1200) : any(1, 60);
    const Taps taps = any_taps(source);
    const auto length = std::size_t(any(1, 300));
    const std::size_t stride = length + std::size_t(any(0, 70));
    const Buffer rows = noise(std::size_t(source) * stride);
    Buffer expected(length), got(length);
    const int output = any(0, taps.outputs - 1);
    const std::uint8_t* first = rows.data() + std::size_t(taps.first[std::size_t(output)]) * stride;
    const int count = taps.count[std::size_t(output)];
    portable.vertical(first, stride, taps.weights_of(output), count, expected.data(), length);
    kernels.vertical(first, stride, taps.weights_of(output), count, got.data(), length);
    CHECK(equal(expected, got, length));
}

void check_blend(const Kernels& kernels) {
    const auto length = std::size_t(any(1, 300));
    std::vector<std::int16_t> above(length), below(length);
    for (auto* row : {&above, &below}) {
        for (auto& value : *row) value = std::int16_t(any(0, 32640));
    }
    const auto weight = std::int16_t(any(0, 2048));
    Buffer expected(length), got(length);
    kernels_for(CpuLevel::portable)
        .blend(above.data(), below.data(), weight, std::int16_t(2048 - weight), expected.data(), length);
    kernels.blend(above.data(), below.data(), weight, std::int16_t(2048 - weight), got.data(), length);
    CHECK(equal(expected, got, length));
}

void check_mix(const Kernels& kernels) {
    const int source = any(2, 300);
    const auto count = std::size_t(any(1, 300));
    const Buffer row = noise(std::size_t(source) * 3);
    PackedPairs pairs;
    for (std::size_t x = 0; x < count; ++x) {
        const int weight = any(0, 2048);
        pairs.offsets.push_back(3 * any(0, source - 2));
        pairs.weights.push_back(weight | (2048 - weight) << 16);
    }
    std::vector<std::int16_t> expected(3 * count + 1), got(3 * count + 1);
    kernels_for(CpuLevel::portable).mix_rgb(row.data(), pairs, expected.data());
    kernels.mix_rgb(row.data(), pairs, got.data());
    CHECK(std::equal(expected.begin(), expected.end() - 1, got.begin()));
}

}  // namespace

int main() {
    for (const CpuLevel level : {CpuLevel::portable, CpuLevel::avx2, CpuLevel::avx512}) {
        if (level > cpu_level()) break;
        std::printf("%s\n", to_string(level));
        for (int round = 0; round < 1000; ++round) {
            check_horizontal(kernels_for(level));
            check_vertical(kernels_for(level));
            check_mix(kernels_for(level));
            check_blend(kernels_for(level));
        }
    }
}
