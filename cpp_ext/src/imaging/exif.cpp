#include "satchel/imaging/exif.h"

#include <algorithm>
#include <cstring>

namespace satchel {
namespace {

constexpr std::uint32_t kOrientation = 0x0112;
constexpr std::uint32_t kShort = 3;
constexpr std::size_t kEntry = 12;
// What is looked at of an entry: tag, type, count, and the first half of the value.
constexpr std::size_t kEntryUsed = 10;

struct ByteOrder {
    bool little;
    std::uint32_t read16(Bytes data, std::size_t at) const {
        return little ? read_le16(data, at) : read_be16(data, at);
    }
    std::uint32_t read32(Bytes data, std::size_t at) const {
        return little ? read_le32(data, at) : read_be32(data, at);
    }
};

// Blocks of this many pixels a side stay within the first-level cache while they are transposed.
constexpr int kBlock = 32;

template <int C>
void turn_block(const Image& stored, Image& upright, Turn turn, int left, int top) {
    const int right = std::min(left + kBlock, stored.width());
    const int bottom = std::min(top + kBlock, stored.height());
    for (int y = top; y < bottom; ++y) {
        const int row = turn.flip_y ? stored.height() - 1 - y : y;
        const std::uint8_t* from = stored.row(y) + std::size_t(left) * C;
        for (int x = left; x < right; ++x, from += C) {
            const int column = turn.flip_x ? stored.width() - 1 - x : x;
            std::uint8_t* to = turn.transposed ? upright.row(column) + std::size_t(row) * C
                                               : upright.row(row) + std::size_t(column) * C;
            for (int c = 0; c < C; ++c) to[c] = from[c];
        }
    }
}

}  // namespace

int read_orientation(Bytes exif) {
    for (int prefixes = 0; prefixes < 2 && starts_with(exif, "Exif\0\0"); ++prefixes) exif = exif.subspan(6);
    const bool little = starts_with(exif, "II*\0");
    if (!little && !starts_with(exif, "MM\0*")) return 1;
    const ByteOrder order{little};
    if (exif.size() < 8) return 1;
    const std::size_t directory = order.read32(exif, 4);
    if (directory + 2 > exif.size()) return 1;
    const std::size_t count = order.read16(exif, directory);
    for (std::size_t index = 0; index < count; ++index) {
        const std::size_t entry = directory + 2 + kEntry * index;
        if (entry + kEntryUsed > exif.size()) return 1;
        if (order.read16(exif, entry) == kOrientation && order.read16(exif, entry + 2) == kShort) {
            const std::uint32_t value = order.read16(exif, entry + 8);
            return value >= 1 && value <= 8 ? int(value) : 1;
        }
    }
    return 1;
}

Turn turn_of(int orientation) {
    return {orientation >= 5, orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8,
            orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7};
}

Image turn_upright(const Image& stored, Turn turn) {
    Image upright(turn.transposed ? stored.height() : stored.width(),
                  turn.transposed ? stored.width() : stored.height(), stored.channels());
    for (int top = 0; top < stored.height(); top += kBlock) {
        for (int left = 0; left < stored.width(); left += kBlock) {
            if (stored.channels() == 1) {
                turn_block<1>(stored, upright, turn, left, top);
            } else {
                turn_block<3>(stored, upright, turn, left, top);
            }
        }
    }
    return upright;
}

}  // namespace satchel
