// The EXIF orientation tag, read without trusting the rest of the block.
#pragma once

#include "satchel/bytes.h"
#include "satchel/image.h"

namespace satchel {

// Orientation 1-8 from an EXIF block, with or without its "Exif\0\0" prefix (which some files have twice). A block that cannot be read, or holds no
// valid orientation, means 1 (upright). Source: CIPA DC-008 (Exif 2.32), TIFF 6.0 section 2.
int read_orientation(Bytes exif);

// Whether orientation 5-8: rows and columns change places.
inline bool is_transposed(int orientation) { return orientation >= 5; }

// The upright image of one stored with `orientation` (2-8).
Image turn_upright(const Image& stored, int orientation);

}  // namespace satchel
