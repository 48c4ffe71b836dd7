// BMP: palettes, 16, 24 and 32 bits a pixel, with or without masks. Run-length compressed files are left to the
// reference.
#pragma once

#include <cstdint>
#include <memory>

#include "satchel/imaging/bytes.h"
#include "satchel/imaging/row_source.h"

namespace satchel {

// How a pixel lies in a row. `bilevel` and `grey` are palette pictures whose colours are no more than their indices;
// the others are named by their bytes from low to high, x being one that is not used.
enum class BmpPixel {
    bilevel,
    grey,
    palette1,
    palette4,
    palette8,
    bgr555,
    bgr565,
    bgr,
    bgrx,
    xbgr,
    bgxr,
    abgr,
    rgba,
    bgra,
    bgar
};

struct BmpFile {
    std::uint64_t width = 0;
    std::uint64_t height = 0;
    BmpPixel pixel = BmpPixel::bgr;
    bool top_first = false;
    std::uint64_t stride = 0;  // from one row to the next
    std::uint64_t start = 0;   // of the pixels; may lie behind the end of the file
    Bytes palette;             // three bytes each, or four where `palette_step` says so
    std::size_t palette_step = 4;
};

// Follows the reference (Pillow's BmpImageFile), step by step. Throws ImagingError: damaged, not_native.
BmpFile read_bmp_file(Bytes data);

// Reader of a file, whose bytes must outlive it. Throws ImagingError where pixels are missing.
std::unique_ptr<RowSource> open_bmp(Bytes data, const BmpFile& file);

}  // namespace satchel
