// Right checksums for mutated PNG files, so that damage reaches what lies behind them.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <span>

inline void mend_checksums(std::span<std::uint8_t> data) {
    const auto read = [&](std::size_t at) {
        return std::uint32_t{data[at]} << 24 | std::uint32_t{data[at + 1]} << 16 | std::uint32_t{data[at + 2]} << 8 |
               data[at + 3];
    };
    if (data.size() < 8 || data[1] != 'P') return;
    for (std::size_t at = 8; at + 12 <= data.size();) {
        const std::size_t length = read(at);
        if (length > data.size() - at - 12) return;
        const auto sum = crc32(0, data.data() + at + 4, uInt(length + 4));
        for (std::size_t i = 0; i < 4; ++i) data[at + 8 + length + i] = std::uint8_t(sum >> (24 - 8 * i));
        at += 12 + length;
    }
}
