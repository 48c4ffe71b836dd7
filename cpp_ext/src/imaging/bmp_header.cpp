#include <algorithm>
#include <array>
#include <string>

#include "satchel/imaging/bmp.h"
#include "satchel/imaging/error.h"

namespace satchel {
namespace {

constexpr std::size_t kFileHeader = 14;
constexpr std::uint32_t kCoreHeader = 12;
constexpr std::uint32_t kMostColors = 65536;

enum Compression : std::uint32_t { kRaw = 0, kRunLength8 = 1, kRunLength4 = 2, kMasks = 3 };

// The fields of the information header that decide pixels.
struct Info {
    std::uint32_t size = 0;
    std::uint32_t bits = 0;
    std::uint32_t compression = kRaw;
    std::uint64_t colors = 0;
    std::array<std::uint32_t, 4> masks{};  // red, green, blue, alpha
    std::size_t end = 0;                   // where reading goes on
};

// Little-endian numbers, none of which may be cut off.
std::uint32_t take16(Bytes data, std::size_t at) {
    if (at + 2 > data.size()) throw_damaged("BMP", "the header is truncated");
    return read_le16(data, at);
}
std::uint32_t take32(Bytes data, std::size_t at) {
    if (at + 4 > data.size()) throw_damaged("BMP", "the header is truncated");
    return read_le32(data, at);
}

// Masks lie in headers of 52 bytes and more, alpha in those of 56; behind the header in one of 40.
void read_masks(Bytes data, Info& info) {
    const bool inside = info.size >= 52;
    const std::size_t at = inside ? kFileHeader + 40 : info.end;
    for (std::size_t i = 0; i < 3; ++i) info.masks[i] = take32(data, at + 4 * i);
    if (info.size >= 56) info.masks[3] = take32(data, at + 12);
    if (!inside) info.end += 12;
}

void read_core_header(Bytes data, BmpFile& file, Info& info) {
    file.width = take16(data, kFileHeader + 4);
    file.height = take16(data, kFileHeader + 6);
    file.palette_step = 3;
    info.bits = take16(data, kFileHeader + 10);
}

void read_info_header(Bytes data, BmpFile& file, Info& info) {
    file.width = take32(data, kFileHeader + 4);
    file.height = take32(data, kFileHeader + 8);
    // The reference takes a height for negative by its highest byte alone; all others are positive, however large.
    file.top_first = file.height >> 24 == 0xFF;
    if (file.top_first) file.height = (std::uint64_t{1} << 32) - file.height;
    info.bits = take16(data, kFileHeader + 14);
    info.compression = take32(data, kFileHeader + 16);
    info.colors = take32(data, kFileHeader + 32);
    if (info.compression == kMasks) read_masks(data, info);
}

Info read_info(Bytes data, BmpFile& file) {
    constexpr std::uint32_t sizes[] = {kCoreHeader, 40, 52, 56, 64, 108, 124};
    Info info;
    info.size = take32(data, kFileHeader);
    if (std::find(std::begin(sizes), std::end(sizes), info.size) == std::end(sizes)) {
        throw_damaged("BMP", "Unsupported BMP header type (" + std::to_string(info.size) + ")");
    }
    info.end = kFileHeader + info.size;
    if (info.end > data.size()) throw_damaged("BMP", "Truncated File Read");
    info.size == kCoreHeader ? read_core_header(data, file, info) : read_info_header(data, file, info);
    if (file.width == 0 || file.height == 0) throw_damaged("BMP", "not identified by this driver");
    return info;
}

BmpPixel pixel_without_masks(std::uint32_t bits) {
    switch (bits) {
        case 1: return BmpPixel::palette1;
        case 4: return BmpPixel::palette4;
        case 8: return BmpPixel::palette8;
        case 16: return BmpPixel::bgr555;
        case 24: return BmpPixel::bgr;
        case 32: return BmpPixel::bgrx;
        default: throw_damaged("BMP", "Unsupported BMP pixel depth (" + std::to_string(bits) + ")");
    }
}

// The layouts that the reference knows. It looks at the fourth mask of 32-bit pixels alone.
BmpPixel pixel_by_masks(const Info& info) {
    struct Layout {
        std::uint32_t bits;
        std::array<std::uint32_t, 4> masks;
        BmpPixel pixel;
    };
    constexpr Layout layouts[] = {
        {32, {0xFF0000, 0xFF00, 0xFF, 0}, BmpPixel::bgrx},
        {32, {0xFF000000, 0xFF0000, 0xFF00, 0}, BmpPixel::xbgr},
        {32, {0xFF000000, 0xFF00, 0xFF, 0}, BmpPixel::bgxr},
        {32, {0xFF000000, 0xFF0000, 0xFF00, 0xFF}, BmpPixel::abgr},
        {32, {0xFF, 0xFF00, 0xFF0000, 0xFF000000}, BmpPixel::rgba},
        {32, {0xFF0000, 0xFF00, 0xFF, 0xFF000000}, BmpPixel::bgra},
        {32, {0xFF000000, 0xFF00, 0xFF, 0xFF0000}, BmpPixel::bgar},
        {32, {0, 0, 0, 0}, BmpPixel::bgra},
        {24, {0xFF0000, 0xFF00, 0xFF, 0}, BmpPixel::bgr},
        {16, {0xF800, 0x7E0, 0x1F, 0}, BmpPixel::bgr565},
        {16, {0x7C00, 0x3E0, 0x1F, 0}, BmpPixel::bgr555},
    };
    const std::size_t compared = info.bits == 32 ? 4 : 3;
    for (const Layout& layout : layouts) {
        if (layout.bits == info.bits &&
            std::equal(layout.masks.begin(), layout.masks.begin() + std::ptrdiff_t(compared), info.masks.begin())) {
            return layout.pixel;
        }
    }
    throw_damaged("BMP", "Unsupported BMP bitfields layout");
}

BmpPixel pixel_of(const Info& info) {
    const BmpPixel plain = pixel_without_masks(info.bits);
    switch (info.compression) {
        case kRaw: return plain;
        case kMasks: return pixel_by_masks(info);
        case kRunLength8:
        case kRunLength4:
            throw ImagingError(ErrorCode::not_native, "run-length compressed BMP is left to the reference");
        default: throw_damaged("BMP", "Unsupported BMP compression (" + std::to_string(info.compression) + ")");
    }
}

// Whether each colour is the grey of its index (black and white where there are two): the reference then reads samples
// of one bit (two colours) or eight, whatever the depth.
bool is_grey(const BmpFile& file, std::uint64_t colors) {
    for (std::uint64_t i = 0; i < colors; ++i) {
        const std::size_t at = std::size_t(i) * file.palette_step;
        const auto level = std::uint8_t(colors == 2 ? i * 255 : i);
        if (at + 3 > file.palette.size()) return false;
        for (std::size_t c = 0; c < 3; ++c) {
            if (file.palette[at + c] != level) return false;
        }
    }
    return true;
}

void read_palette(Bytes data, BmpFile& file, Info& info) {
    if (info.colors > kMostColors) {
        throw_damaged("BMP", "Unsupported BMP Palette size (" + std::to_string(info.colors) + ")");
    }
    const std::size_t length = std::min(std::size_t(info.colors) * file.palette_step, data.size() - info.end);
    file.palette = data.subspan(info.end, length);
    info.end += length;
    if (is_grey(file, info.colors)) file.pixel = info.colors <= 2 ? BmpPixel::bilevel : BmpPixel::grey;
}

}  // namespace

BmpFile read_bmp_file(Bytes data) {
    BmpFile file;
    file.start = take32(data, 10);
    Info info = read_info(data, file);
    file.pixel = pixel_of(info);
    if (info.colors == 0) info.colors = std::uint64_t{1} << info.bits;
    if (info.bits <= 8) {
        if (file.start == info.size + kFileHeader) file.start += file.palette_step * info.colors;
        read_palette(data, file, info);
    }
    if (file.start == 0) file.start = info.end;
    file.stride = (file.width * info.bits + 31) / 32 * 4;
    return file;
}

}  // namespace satchel
