// Encoded bytes as they came, and big- and little-endian numbers inside them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace satchel {

using Bytes = std::span<const std::uint8_t>;

// The callers below have checked that the bytes are there.
inline std::uint32_t read_be16(Bytes data, std::size_t at) { return std::uint32_t{data[at]} << 8 | data[at + 1]; }
inline std::uint32_t read_be32(Bytes data, std::size_t at) {
    return read_be16(data, at) << 16 | read_be16(data, at + 2);
}
inline std::uint32_t read_le16(Bytes data, std::size_t at) { return std::uint32_t{data[at + 1]} << 8 | data[at]; }
inline std::uint32_t read_le32(Bytes data, std::size_t at) {
    return read_le16(data, at + 2) << 16 | read_le16(data, at);
}

bool starts_with(Bytes data, const char* text, std::size_t length);

template <std::size_t N>
bool starts_with(Bytes data, const char (&text)[N]) {
    return starts_with(data, text, N - 1);
}

}  // namespace satchel
