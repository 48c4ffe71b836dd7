// AVX-512 with VNNI: each weight is written as three signed digits of base 256. A dot product of four levels with four
// digits is one instruction; the three sums are put together in 32 bits, where they equal those of the portable loops.
#if defined(__x86_64__)

#include <immintrin.h>

#include "kernels_pack.h"
#include "kernels_portable.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512vnni")
#endif

namespace satchel {

const Kernels& avx2_kernels();

namespace {

constexpr int kGroup = 4;            // outputs, one in each 128-bit lane
constexpr std::size_t kVector = 64;  // bytes
constexpr int kDigits = 3;
constexpr std::size_t kMostRows = 512;

struct Digits {
    std::int8_t of[kDigits];
};

Digits split(std::int32_t weight) {
    Digits digits;
    for (std::int8_t& digit : digits.of) {
        digit = std::int8_t(weight);
        weight = (weight - digit) >> 8;
    }
    return digits;
}

void append_step(std::vector<std::int8_t>& out, const StepWeights* weights) {
    std::int8_t vectors[kDigits][kVector];
    for (int lane = 0; lane < kGroup; ++lane) {
        for (int tap = 0; tap < kTapsPerStep; ++tap) {
            const Digits digits = split(weights[lane].of[tap]);
            for (int c = 0; c < 4; ++c) {
                for (int d = 0; d < kDigits; ++d) vectors[d][16 * lane + 4 * c + tap] = digits.of[d];
            }
        }
    }
    const auto* bytes = &vectors[0][0];
    out.insert(out.end(), bytes, bytes + sizeof vectors);
}

PackedTaps pack_rgb(const Taps& taps) { return pack_groups(taps, kGroup, append_step); }

__m512i load(const void* at) { return _mm512_loadu_si512(at); }
__m128i load_quarter(const void* at) { return _mm_loadu_si128(static_cast<const __m128i*>(at)); }

// The three sums, rounded and shifted down to levels; not yet clipped.
__m512i finish(__m512i low, __m512i middle, __m512i high) {
    const __m512i upper = _mm512_add_epi32(_mm512_slli_epi32(high, 16), _mm512_slli_epi32(middle, 8));
    const __m512i sum = _mm512_add_epi32(_mm512_add_epi32(upper, low), _mm512_set1_epi32(portable::kHalf));
    return _mm512_srai_epi32(sum, kWeightBits);
}

// `Steps` is the number of steps, or 0 where that is not known when this is compiled.
template <int Steps>
void horizontal_steps(const std::uint8_t* row, const Taps& taps, const PackedTaps& packed, std::uint8_t* out) {
    const int steps = Steps > 0 ? Steps : packed.steps;
    const __m512i planes = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, -1, -1, -1, -1));
    const __m128i close_up = _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    const std::int8_t* weights = packed.weights.data();
    const int* offsets = packed.offsets.data();
    for (int output = 0; output < taps.outputs; output += kGroup, offsets += kGroup) {
        __m512i low = _mm512_setzero_si512();
        __m512i middle = _mm512_setzero_si512();
        __m512i high = _mm512_setzero_si512();
        const std::uint8_t* at = row;
        for (int step = 0; step < steps; ++step, at += 12) {
            // Masked broadcasts rather than insertions: they do not wait for the one port that shuffles.
            __m512i pixels = _mm512_castsi128_si512(load_quarter(at + offsets[0]));
            pixels = _mm512_mask_broadcast_i32x4(pixels, 0x00F0, load_quarter(at + offsets[1]));
            pixels = _mm512_mask_broadcast_i32x4(pixels, 0x0F00, load_quarter(at + offsets[2]));
            pixels = _mm512_mask_broadcast_i32x4(pixels, 0xF000, load_quarter(at + offsets[3]));
            pixels = _mm512_shuffle_epi8(pixels, planes);
            low = _mm512_dpbusd_epi32(low, pixels, load(weights));
            middle = _mm512_dpbusd_epi32(middle, pixels, load(weights + kVector));
            high = _mm512_dpbusd_epi32(high, pixels, load(weights + 2 * kVector));
            weights += kDigits * kVector;
        }
        const __m512i levels = _mm512_max_epi32(finish(low, middle, high), _mm512_setzero_si512());
        const __m128i bytes = _mm_shuffle_epi8(_mm512_cvtusepi32_epi8(levels), close_up);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);  // the last four bytes are written over later
        out += 3 * kGroup;
    }
}

void horizontal_rgb(const std::uint8_t* row, const Taps& taps, const PackedTaps& packed, std::uint8_t* out) {
    switch (packed.steps) {
        case 1: horizontal_steps<1>(row, taps, packed, out); break;
        case 2: horizontal_steps<2>(row, taps, packed, out); break;
        case 3: horizontal_steps<3>(row, taps, packed, out); break;
        case 4: horizontal_steps<4>(row, taps, packed, out); break;
        default: horizontal_steps<0>(row, taps, packed, out); break;
    }
}

// Digits of four rows' weights, each in one 32-bit element.
struct RowWeights {
    std::int32_t of[kDigits];
};

RowWeights join(const std::int32_t* weights, int count) {
    RowWeights joined{};
    for (int row = 0; row < count; ++row) {
        const Digits digits = split(weights[row]);
        for (int d = 0; d < kDigits; ++d) {
            joined.of[d] |= std::int32_t(std::uint32_t(std::uint8_t(digits.of[d])) << (8 * row));
        }
    }
    return joined;
}

struct Sums {
    __m512i of[4][kDigits];  // of four quarters of a vector
};

// `mask` chooses the bytes that exist, `count` the rows (1 to 4).
void add_rows(Sums& sums, const std::uint8_t* levels, std::size_t stride, int count, __mmask64 mask,
              const RowWeights& weights) {
    const __m512i zero = _mm512_setzero_si512();
    const __m512i a = _mm512_maskz_loadu_epi8(mask, levels);
    const __m512i b = count > 1 ? _mm512_maskz_loadu_epi8(mask, levels + stride) : zero;
    const __m512i c = count > 2 ? _mm512_maskz_loadu_epi8(mask, levels + 2 * stride) : zero;
    const __m512i d = count > 3 ? _mm512_maskz_loadu_epi8(mask, levels + 3 * stride) : zero;
    const __m512i left[2] = {_mm512_unpacklo_epi8(a, b), _mm512_unpackhi_epi8(a, b)};
    const __m512i right[2] = {_mm512_unpacklo_epi8(c, d), _mm512_unpackhi_epi8(c, d)};
    for (int half = 0; half < 2; ++half) {
        const __m512i one = _mm512_unpacklo_epi16(left[half], right[half]);
        const __m512i two = _mm512_unpackhi_epi16(left[half], right[half]);
        for (int i = 0; i < kDigits; ++i) {
            const __m512i weight = _mm512_set1_epi32(weights.of[i]);
            sums.of[2 * half][i] = _mm512_dpbusd_epi32(sums.of[2 * half][i], one, weight);
            sums.of[2 * half + 1][i] = _mm512_dpbusd_epi32(sums.of[2 * half + 1][i], two, weight);
        }
    }
}

__m512i finish(const Sums& sums, int quarter) {
    return finish(sums.of[quarter][0], sums.of[quarter][1], sums.of[quarter][2]);
}

void vertical(const std::uint8_t* rows, std::size_t stride, const std::int32_t* weights, int count, std::uint8_t* out,
              std::size_t length) {
    if (std::size_t(count) > kMostRows) {
        portable::vertical(rows, stride, weights, count, out, length);
        return;
    }
    RowWeights joined[kMostRows / 4];
    const int groups = (count + 3) / 4;
    for (int group = 0; group < groups; ++group) {
        joined[group] = join(weights + 4 * group, std::min(4, count - 4 * group));
    }
    for (std::size_t at = 0; at < length; at += kVector) {
        const std::size_t left = std::min(kVector, length - at);
        const __mmask64 mask = left == kVector ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
        Sums sums;
        for (auto& quarter : sums.of) {
            for (__m512i& sum : quarter) sum = _mm512_setzero_si512();
        }
        for (int group = 0; group < groups; ++group) {
            add_rows(sums, rows + at + std::size_t(4 * group) * stride, stride, std::min(4, count - 4 * group), mask,
                     joined[group]);
        }
        const __m512i first = _mm512_packs_epi32(finish(sums, 0), finish(sums, 1));
        const __m512i last = _mm512_packs_epi32(finish(sums, 2), finish(sums, 3));
        _mm512_mask_storeu_epi8(out + at, mask, _mm512_packus_epi16(first, last));
    }
}

}  // namespace

const Kernels& avx512_kernels();
const Kernels& avx512_kernels() {
    static const Kernels kernels{CpuLevel::avx512,          pack_rgb, horizontal_rgb,
                                 portable::horizontal_grey, vertical, avx2_kernels().mix_rgb,
                                 avx2_kernels().blend};
    return kernels;
}

}  // namespace satchel

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
