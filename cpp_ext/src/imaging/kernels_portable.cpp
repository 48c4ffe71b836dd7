#include "kernels_portable.h"

#include <algorithm>

namespace satchel {
namespace portable {

PackedTaps pack_rgb(const Taps&) { return {}; }

void horizontal_rgb(const std::uint8_t* row, const Taps& taps, const PackedTaps&, std::uint8_t* out) {
    for (int output = 0; output < taps.outputs; ++output, out += 3) {
        const std::int32_t* weights = taps.weights_of(output);
        const std::uint8_t* pixel = row + std::size_t(taps.first[std::size_t(output)]) * 3;
        std::int32_t sum[3] = {kHalf, kHalf, kHalf};
        for (int i = 0; i < taps.count[std::size_t(output)]; ++i, pixel += 3) {
            for (int c = 0; c < 3; ++c) sum[c] += pixel[c] * weights[i];
        }
        for (int c = 0; c < 3; ++c) out[c] = clip(sum[c]);
    }
}

void horizontal_grey(const std::uint8_t* row, const Taps& taps, std::uint8_t* out) {
    for (int output = 0; output < taps.outputs; ++output) {
        const std::int32_t* weights = taps.weights_of(output);
        const std::uint8_t* levels = row + taps.first[std::size_t(output)];
        std::int32_t sum = kHalf;
        for (int i = 0; i < taps.count[std::size_t(output)]; ++i) sum += levels[i] * weights[i];
        out[output] = clip(sum);
    }
}

void vertical(const std::uint8_t* rows, std::size_t stride, const std::int32_t* weights, int count, std::uint8_t* out,
              std::size_t length) {
    constexpr std::size_t block = 64;  // sums stay in registers or the nearest cache
    std::int32_t sums[block];
    for (std::size_t start = 0; start < length; start += block) {
        const std::size_t size = std::min(block, length - start);
        std::fill_n(sums, size, kHalf);
        for (int row = 0; row < count; ++row) {
            const std::uint8_t* levels = rows + std::size_t(row) * stride + start;
            for (std::size_t i = 0; i < size; ++i) sums[i] += levels[i] * weights[row];
        }
        for (std::size_t i = 0; i < size; ++i) out[start + i] = clip(sums[i]);
    }
}

void mix_rgb(const std::uint8_t* row, const PackedPairs& pairs, std::int16_t* out) {
    for (std::size_t x = 0; x < pairs.offsets.size(); ++x, out += 3) {
        const std::uint8_t* pixel = row + pairs.offsets[x];
        const int left = std::int16_t(pairs.weights[x]);
        const int right = pairs.weights[x] >> 16;
        for (int c = 0; c < 3; ++c) out[c] = std::int16_t((pixel[c] * left + pixel[c + 3] * right) >> 4);
    }
}

void blend(const std::int16_t* above, const std::int16_t* below, std::int16_t above_weight, std::int16_t below_weight,
           std::uint8_t* out, std::size_t length) {
    for (std::size_t i = 0; i < length; ++i) {
        const int sum = ((above[i] * above_weight) >> 16) + ((below[i] * below_weight) >> 16);
        out[i] = std::uint8_t((sum + 2) >> 2);
    }
}

}  // namespace portable

const Kernels& portable_kernels() {
    static const Kernels kernels{
        CpuLevel::portable, portable::pack_rgb, portable::horizontal_rgb, portable::horizontal_grey,
        portable::vertical, portable::mix_rgb,  portable::blend};
    return kernels;
}

#if defined(__x86_64__)
const Kernels& avx2_kernels();
const Kernels& avx512_kernels();
#endif

const Kernels& kernels_for(CpuLevel level) {
#if defined(__x86_64__)
    if (level == CpuLevel::avx512) return avx512_kernels();
    if (level == CpuLevel::avx2) return avx2_kernels();
#endif
    (void)level;
    return portable_kernels();
}

}  // namespace satchel
