// From encoded bytes to rows of pixels: format, header, pixel cap, colours. No pixel is decoded before the cap.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "satchel/imaging/bytes.h"
#include "satchel/imaging/exif.h"
#include "satchel/imaging/image.h"
#include "satchel/imaging/layout.h"
#include "satchel/imaging/row_source.h"
#include "satchel/imaging/steps.h"

namespace satchel {

struct Opened {
    std::unique_ptr<RowSource> rows;  // as stored, in RGB or grey
    Turn turn;                        // none where `decode.exif` is off
    Size upright;                     // of the whole picture, before scaling
    int scale = 1;                    // how many times smaller the rows are
};

// Size that the upright picture of a given size will be resized to first; nothing where that is not the first step.
using FirstTarget = std::function<std::optional<WideSize>(Size)>;

// Throws ImagingError: empty, unknown_format, not_native, too_many_pixels, damaged.
Opened open_image(Bytes data, const Decode& decode, std::uint64_t max_pixels, const FirstTarget& first_target);

// Rows of pixels that are there already, and are upright. Throws ImagingError: empty, bad_argument, too_many_pixels.
Opened open_pixels(const PixelView& pixels, const Decode& decode, std::uint64_t max_pixels);

}  // namespace satchel
