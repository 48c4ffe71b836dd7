#include "satchel/imaging/png_chunks.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "satchel/imaging/error.h"

namespace satchel {
namespace {

constexpr std::size_t kSignature = 8;
constexpr std::size_t kChecksum = 4;

[[noreturn]] void damaged(const std::string& reason) { throw_damaged("PNG", reason); }

struct Chunk {
    std::size_t at = 0;  // of the body
    std::size_t length = 0;
    std::array<char, 4> name{};

    bool is(const char* other) const { return std::memcmp(name.data(), other, 4) == 0; }
    std::size_t end() const { return at + length; }
    std::string text() const { return {name.begin(), name.end()}; }
};

bool decides_pixels(const Chunk& chunk) {
    constexpr const char* kept[] = {"IHDR", "PLTE", "tRNS", "eXIf", "IDAT", "IEND"};
    return std::any_of(std::begin(kept), std::end(kept), [&](const char* name) { return chunk.is(name); });
}

// The first chunk from `at` on that decides pixels. Nothing where there is none.
std::optional<Chunk> chunk_from(Bytes data, std::size_t at) {
    while (at <= data.size() && data.size() - at >= 8) {
        Chunk chunk;
        chunk.length = read_be32(data, at);
        std::memcpy(chunk.name.data(), data.data() + at + 4, 4);
        chunk.at = at + 8;
        if (decides_pixels(chunk)) return chunk;
        at = chunk.end() + kChecksum;
    }
    return std::nullopt;
}

Bytes body_of(Bytes data, const Chunk& chunk) {
    if (data.size() - chunk.at < chunk.length) damaged("truncated chunk " + chunk.text());
    return data.subspan(chunk.at, chunk.length);
}

bool has_right_sum(Bytes data, const Chunk& chunk) {
    if (data.size() < chunk.end() || data.size() - chunk.end() < kChecksum) return false;
    return crc32(0, data.data() + chunk.at - 4, uInt(chunk.length + 4)) == read_be32(data, chunk.end());
}

struct Mode {
    int bits;
    int type;
    PngColor color;
};

constexpr Mode kModes[] = {
    {1, 0, PngColor::bilevel},     {2, 0, PngColor::grey},    {4, 0, PngColor::grey},    {8, 0, PngColor::grey},
    {16, 0, PngColor::grey16},     {8, 2, PngColor::rgb},     {16, 2, PngColor::rgb},    {1, 3, PngColor::palette},
    {2, 3, PngColor::palette},     {4, 3, PngColor::palette}, {8, 3, PngColor::palette}, {8, 4, PngColor::grey_alpha},
    {16, 4, PngColor::grey_alpha}, {8, 6, PngColor::rgba},    {16, 6, PngColor::rgba},
};

void take_header(PngFile& file, Bytes body) {
    if (body.size() < 13) damaged("Truncated IHDR chunk");
    file.width = read_be32(body, 0);
    file.height = read_be32(body, 4);
    for (const Mode& mode : kModes) {
        if (mode.bits == body[8] && mode.type == body[9]) {
            file.bits = mode.bits;
            file.color = mode.color;
        }
    }
    if (body[12] != 0) file.interlaced = true;
    if (body[11] != 0) damaged("unknown filter category");
}

// Pillow takes "opaque*, one transparent, opaque*" with a regular expression whose `$` lets a line feed stand behind.
Bytes without_line_feed(Bytes alpha) {
    if (alpha.empty() || alpha.back() != '\n') return alpha;
    const Bytes rest = alpha.first(alpha.size() - 1);
    const auto clear = std::count(rest.begin(), rest.end(), 0);
    const auto opaque = std::count(rest.begin(), rest.end(), 0xFF);
    return clear == 1 && std::size_t(clear + opaque) == rest.size() ? rest : alpha;
}

// A sample of a colour key in 8 bits, as those of the pixels are. A damaged key is not converted.
int key_level(int level, int bits, bool sound) {
    if (!sound) return level;
    switch (bits) {
        case 2: return (level & 3) * 85;
        case 4: return (level & 15) * 17;
        case 16: return level >> 8;
        default: return level;
    }
}

void take_transparency(PngFile& file, Bytes body, bool sound) {
    if (file.color == PngColor::palette) {
        file.palette_alpha = without_line_feed(body);
        return;
    }
    const bool color = file.color == PngColor::rgb;
    const bool grey = file.color == PngColor::bilevel || file.color == PngColor::grey || file.color == PngColor::grey16;
    if (!color && !grey) return;
    if (body.size() < (color ? 6u : 2u)) damaged("Truncated tRNS chunk");
    std::array<int, 3> key{};
    for (std::size_t c = 0; c < 3; ++c) {
        key[c] = key_level(int(read_be16(body, color ? 2 * c : 0)), file.bits, sound && body.size() % 2 == 0);
        if (file.color == PngColor::bilevel) key[c] = key[c] != 0 ? 255 : 0;
    }
    file.key = key;
}

// A chunk other than pixels and end.
void take(PngFile& file, const Chunk& chunk, Bytes body, bool sound) {
    if (chunk.is("IHDR")) take_header(file, body);
    if (chunk.is("PLTE") && file.color == PngColor::palette) file.palette = body;
    if (chunk.is("tRNS")) take_transparency(file, body, sound);
    if (chunk.is("eXIf")) file.exif = body;
}

// Reads chunks behind the pixels into `file`; throws on what the reference refuses there.
void walk_tail(Bytes data, std::size_t end, PngFile& file) {
    for (auto chunk = chunk_from(data, end + kChecksum); chunk && !chunk->is("IEND");
         chunk = chunk_from(data, chunk->end() + kChecksum)) {
        const Bytes body = body_of(data, *chunk);
        if (!chunk->is("IDAT")) take(file, *chunk, body, has_right_sum(data, *chunk));
    }
}

}  // namespace

PngFile read_png_file(Bytes data) {
    PngFile file;
    auto chunk = chunk_from(data, kSignature);
    while (chunk && !chunk->is("IDAT") && !chunk->is("IEND")) {
        const Bytes body = body_of(data, *chunk);
        const bool sound = has_right_sum(data, *chunk);
        take(file, *chunk, body, sound);
        if (!sound) damaged("bad header checksum in " + chunk->text());
        chunk = chunk_from(data, chunk->end() + kChecksum);
    }
    if (!chunk) damaged("no pixels");
    if (file.color == PngColor::none) damaged("unknown combination of bits and colour type");
    if (file.width == 0 || file.height == 0) damaged("a side of 0 pixels");
    for (; chunk && chunk->is("IDAT"); chunk = chunk_from(data, chunk->end() + kChecksum)) {
        file.data.push_back(data.subspan(chunk->at, std::min(chunk->length, data.size() - chunk->at)));
        file.data_end.push_back(chunk->end());
    }
    if (file.data.empty()) return file;  // `open_png` says so, after the pixel cap
    PngFile tail = file;
    try {
        walk_tail(data, file.data_end.back(), tail);
    } catch (const ImagingError&) {
        return file;  // judged once the pixels have been read
    }
    file.exif = tail.exif;
    file.key = tail.key;
    file.palette_alpha = tail.palette_alpha;
    return file;
}

void check_png_tail(Bytes data, std::size_t end, const PngFile& file) {
    PngFile scratch = file;
    walk_tail(data, end, scratch);
}

}  // namespace satchel
