// AVX2: each weight is split into a high and a low 16-bit half, multiplied with pairs of levels, and put together
// again in 32 bits, where the sums are those of the portable loops.
#if defined(__x86_64__)

#include <immintrin.h>

#include <cstring>

#include "kernels_pack.h"
#include "kernels_portable.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2")
#endif

namespace satchel {
namespace {

constexpr int kGroup = 2;            // outputs, one in each 128-bit lane
constexpr std::size_t kVector = 32;  // bytes
constexpr std::size_t kMostRows = 512;

struct Halves {
    std::int16_t low;
    std::int16_t high;
};

Halves split(std::int32_t weight) {
    const auto low = std::int16_t(weight);
    return {low, std::int16_t((weight - low) >> 16)};
}

// Both weights of a pair of taps in one 32-bit element.
std::int32_t join(std::int16_t first, std::int16_t second) {
    return std::int32_t(std::uint32_t(std::uint16_t(first)) | std::uint32_t(std::uint16_t(second)) << 16);
}

void append_step(std::vector<std::int8_t>& out, const StepWeights* weights) {
    std::int32_t vectors[4][8];  // low and high halves of the first pair of taps, then of the second
    for (int lane = 0; lane < kGroup; ++lane) {
        for (int pair = 0; pair < 2; ++pair) {
            const Halves a = split(weights[lane].of[2 * pair]);
            const Halves b = split(weights[lane].of[2 * pair + 1]);
            for (int c = 0; c < 4; ++c) {
                vectors[2 * pair][4 * lane + c] = join(a.low, b.low);
                vectors[2 * pair + 1][4 * lane + c] = join(a.high, b.high);
            }
        }
    }
    const auto* bytes = reinterpret_cast<const std::int8_t*>(vectors);
    out.insert(out.end(), bytes, bytes + sizeof vectors);
}

PackedTaps pack_rgb(const Taps& taps) { return pack_groups(taps, kGroup, append_step); }

__m256i load(const void* at) { return _mm256_loadu_si256(static_cast<const __m256i*>(at)); }
__m128i load_half(const void* at) { return _mm_loadu_si128(static_cast<const __m128i*>(at)); }

// Low and high sums, rounded and shifted down to levels; not yet clipped.
__m256i finish(__m256i low, __m256i high) {
    const __m256i sum = _mm256_add_epi32(_mm256_slli_epi32(high, 16), low);
    return _mm256_srai_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(portable::kHalf)), kWeightBits);
}

void horizontal_rgb(const std::uint8_t* row, const Taps& taps, const PackedTaps& packed, std::uint8_t* out) {
    const __m256i first_pair =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
    const __m256i second_pair =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1));
    const std::int8_t* weights = packed.weights.data();
    const int* offsets = packed.offsets.data();
    for (int output = 0; output < taps.outputs; output += kGroup, offsets += kGroup) {
        __m256i low = _mm256_setzero_si256();
        __m256i high = _mm256_setzero_si256();
        const std::uint8_t* a = row + offsets[0];
        const std::uint8_t* b = row + offsets[1];
        for (int step = packed.steps; step > 0; --step, a += 12, b += 12) {
            const __m256i pixels = _mm256_inserti128_si256(_mm256_castsi128_si256(load_half(a)), load_half(b), 1);
            const __m256i one = _mm256_shuffle_epi8(pixels, first_pair);
            const __m256i two = _mm256_shuffle_epi8(pixels, second_pair);
            low = _mm256_add_epi32(low, _mm256_madd_epi16(one, load(weights)));
            high = _mm256_add_epi32(high, _mm256_madd_epi16(one, load(weights + kVector)));
            low = _mm256_add_epi32(low, _mm256_madd_epi16(two, load(weights + 2 * kVector)));
            high = _mm256_add_epi32(high, _mm256_madd_epi16(two, load(weights + 3 * kVector)));
            weights += 4 * kVector;
        }
        const __m256i levels = finish(low, high);
        const __m256i words = _mm256_packs_epi32(levels, levels);
        const __m256i bytes = _mm256_packus_epi16(words, words);
        const int left = _mm_cvtsi128_si32(_mm256_castsi256_si128(bytes));
        const int right = _mm_cvtsi128_si32(_mm256_extracti128_si256(bytes, 1));
        std::memcpy(out, &left, 4);  // the fourth byte is written over by the next pixel
        std::memcpy(out + 3, &right, 4);
        out += 3 * kGroup;
    }
}

void vertical(const std::uint8_t* rows, std::size_t stride, const std::int32_t* weights, int count, std::uint8_t* out,
              std::size_t length) {
    std::size_t at = 0;
    if (std::size_t(count) <= kMostRows) {
        std::int32_t low_weights[kMostRows / 2];
        std::int32_t high_weights[kMostRows / 2];
        const int pairs = (count + 1) / 2;
        for (int pair = 0; pair < pairs; ++pair) {
            const Halves a = split(weights[2 * pair]);
            const Halves b = 2 * pair + 1 < count ? split(weights[2 * pair + 1]) : Halves{0, 0};
            low_weights[pair] = join(a.low, b.low);
            high_weights[pair] = join(a.high, b.high);
        }
        const __m256i zero = _mm256_setzero_si256();
        for (; at + kVector <= length; at += kVector) {
            __m256i low[4] = {zero, zero, zero, zero};
            __m256i high[4] = {zero, zero, zero, zero};
            const std::uint8_t* levels = rows + at;
            for (int pair = 0; pair < pairs; ++pair, levels += 2 * stride) {
                const __m256i a = load(levels);
                const __m256i b = 2 * pair + 1 < count ? load(levels + stride) : zero;
                const __m256i mixed[2] = {_mm256_unpacklo_epi8(a, b), _mm256_unpackhi_epi8(a, b)};
                const __m256i low_weight = _mm256_set1_epi32(low_weights[pair]);
                const __m256i high_weight = _mm256_set1_epi32(high_weights[pair]);
                for (int i = 0; i < 2; ++i) {
                    const __m256i one = _mm256_unpacklo_epi8(mixed[i], zero);
                    const __m256i two = _mm256_unpackhi_epi8(mixed[i], zero);
                    low[2 * i] = _mm256_add_epi32(low[2 * i], _mm256_madd_epi16(one, low_weight));
                    high[2 * i] = _mm256_add_epi32(high[2 * i], _mm256_madd_epi16(one, high_weight));
                    low[2 * i + 1] = _mm256_add_epi32(low[2 * i + 1], _mm256_madd_epi16(two, low_weight));
                    high[2 * i + 1] = _mm256_add_epi32(high[2 * i + 1], _mm256_madd_epi16(two, high_weight));
                }
            }
            const __m256i first = _mm256_packs_epi32(finish(low[0], high[0]), finish(low[1], high[1]));
            const __m256i last = _mm256_packs_epi32(finish(low[2], high[2]), finish(low[3], high[3]));
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + at), _mm256_packus_epi16(first, last));
        }
    }
    portable::vertical(rows + at, stride, weights, count, out + at, length - at);
}

void mix_rgb(const std::uint8_t* row, const PackedPairs& pairs, std::int16_t* out) {
    const __m256i neighbours =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
    const std::size_t count = pairs.offsets.size();
    std::size_t x = 0;
    for (; x + 2 <= count; x += 2, out += 6) {
        const __m128i left = load_half(row + pairs.offsets[x]);
        const __m128i right = load_half(row + pairs.offsets[x + 1]);
        const __m256i pixels = _mm256_inserti128_si256(_mm256_castsi128_si256(left), right, 1);
        const __m256i weights =
            _mm256_inserti128_si256(_mm256_set1_epi32(pairs.weights[x]), _mm_set1_epi32(pairs.weights[x + 1]), 1);
        const __m256i sums = _mm256_madd_epi16(_mm256_shuffle_epi8(pixels, neighbours), weights);
        const __m256i levels = _mm256_srai_epi32(sums, 4);
        const __m256i words = _mm256_packs_epi32(levels, levels);
        // The fourth level of each is written over by the next pixel.
        _mm_storel_epi64(reinterpret_cast<__m128i*>(out), _mm256_castsi256_si128(words));
        _mm_storel_epi64(reinterpret_cast<__m128i*>(out + 3), _mm256_extracti128_si256(words, 1));
    }
    if (x < count) portable::mix_rgb(row, {{pairs.offsets[x]}, {pairs.weights[x]}}, out);
}

__m256i blend_words(const std::int16_t* above, const std::int16_t* below, __m256i above_weight, __m256i below_weight) {
    const __m256i sum =
        _mm256_add_epi16(_mm256_mulhi_epi16(load(above), above_weight), _mm256_mulhi_epi16(load(below), below_weight));
    return _mm256_srai_epi16(_mm256_add_epi16(sum, _mm256_set1_epi16(2)), 2);
}

void blend(const std::int16_t* above, const std::int16_t* below, std::int16_t above_weight, std::int16_t below_weight,
           std::uint8_t* out, std::size_t length) {
    const __m256i a = _mm256_set1_epi16(above_weight);
    const __m256i b = _mm256_set1_epi16(below_weight);
    std::size_t at = 0;
    for (; at + kVector <= length; at += kVector) {
        const __m256i first = blend_words(above + at, below + at, a, b);
        const __m256i last = blend_words(above + at + 16, below + at + 16, a, b);
        const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(first, last), 0xD8);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + at), bytes);
    }
    portable::blend(above + at, below + at, above_weight, below_weight, out + at, length - at);
}

}  // namespace

const Kernels& avx2_kernels();
const Kernels& avx2_kernels() {
    static const Kernels kernels{CpuLevel::avx2, pack_rgb, horizontal_rgb, portable::horizontal_grey,
                                 vertical,       mix_rgb,  blend};
    return kernels;
}

}  // namespace satchel

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
