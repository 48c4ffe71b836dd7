// What a JPEG file says before its first scan, found by walking its markers; no pixel is decoded.
#pragma once

#include <vector>

#include "satchel/imaging/bytes.h"

namespace satchel {

struct JpegHeader {
    int width = 0;
    int height = 0;
    int components = 0;  // 1, 3 or 4
    bool lossless = false;
    bool has_scan = false;
    std::vector<std::uint8_t> exif;  // all EXIF blocks of the file, joined
};

// A file may have no more scans than this. Each costs a pass over the whole picture, however few bytes it has, so a
// small progressive file could keep a CPU busy for hours. Counted as pairs of bytes FF DA, wherever they are.
inline constexpr std::size_t kMaxScans = 500;

// Throws ImagingError above kMaxScans.
void check_scans(Bytes data);

// Follows the reference (Pillow's JpegImageFile) in what it takes for damage. Throws ImagingError.
JpegHeader read_jpeg_header(Bytes data);

}  // namespace satchel
