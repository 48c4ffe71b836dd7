// The EXIF orientation tag, read without trusting the rest of the block.
#pragma once

#include "satchel/imaging/bytes.h"
#include "satchel/imaging/image.h"

namespace satchel {

// Orientation 1-8 from an EXIF block, with or without its "Exif\0\0" prefix (which some files have twice). A block that
// cannot be read, or holds no valid orientation, means 1 (upright). Source: CIPA DC-008 (Exif 2.32), TIFF 6.0
// section 2.
int read_orientation(Bytes exif);

// What an orientation does to the axes of the stored picture on the way to the upright one.
struct Turn {
    bool transposed = false;  // rows and columns change places, after the flips
    bool flip_x = false;      // the stored x axis runs the other way
    bool flip_y = false;      // and so does the stored y axis

    bool none() const { return !transposed && !flip_x && !flip_y; }
};

Turn turn_of(int orientation);

// The upright image of a stored one.
Image turn_upright(const Image& stored, Turn turn);

}  // namespace satchel
