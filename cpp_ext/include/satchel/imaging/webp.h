// WebP through libwebp: lossy, lossless, with alpha; of an animation, the first frame.
#pragma once

#include <cstdint>
#include <memory>

#include "satchel/imaging/bytes.h"
#include "satchel/imaging/row_source.h"

namespace satchel {

// What a file says before its pixels are decoded. All bytes lie within the file.
struct WebpFile {
    std::uint32_t width = 0;  // of the canvas
    std::uint32_t height = 0;
    bool has_alpha = false;
    Bytes exif;   // body of the first EXIF chunk
    Bytes frame;  // the first frame; empty where the file has none
    int left = 0;
    int top = 0;
    int frame_width = 0;
    int frame_height = 0;
};

// Whether this build has libwebp.
bool has_webp();

// Follows the reference (Pillow's WebPImageFile) in what it takes for damage. Throws ImagingError.
//   max_pixels: the cap, for what an error says; the caller checks it.
WebpFile read_webp_file(Bytes data, std::uint64_t max_pixels);

// Decoder of a file, whose bytes must outlive it. The frame is decoded as a whole when the first row is read.
std::unique_ptr<RowSource> open_webp(const WebpFile& file);

}  // namespace satchel
