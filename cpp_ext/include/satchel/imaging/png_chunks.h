// The chunks of a PNG file: what they say about the picture, and where its compressed pixels lie.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "satchel/imaging/bytes.h"

namespace satchel {

enum class PngColor { none, bilevel, grey, grey16, palette, rgb, grey_alpha, rgba };

struct PngFile {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    int bits = 0;  // of one sample
    PngColor color = PngColor::none;
    bool interlaced = false;
    std::optional<Bytes> palette;           // PLTE
    std::optional<Bytes> palette_alpha;     // tRNS of a palette picture
    std::optional<std::array<int, 3>> key;  // tRNS of the others: this 8-bit colour is transparent
    Bytes exif;                             // body of eXIf
    std::vector<Bytes> data;                // bodies of the first run of IDAT
    std::vector<std::size_t> data_end;      // and where, in the file, each ends (before its checksum)
};

// Reads the chunks that decide pixels (IHDR, PLTE, tRNS, eXIf, IDAT, IEND) as the reference does; all others are passed
// over. What comes before the pixels must be whole, and its checksums right. Chunks behind the pixels are read for what
// they say, but not judged: see `check_png_tail`. Throws ImagingError.
PngFile read_png_file(Bytes data);

// Judges the chunks behind the pixels, from the one after `end` on. Throws ImagingError.
void check_png_tail(Bytes data, std::size_t end, const PngFile& file);

}  // namespace satchel
