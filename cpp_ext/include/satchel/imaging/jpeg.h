// JPEG through libjpeg-turbo: baseline and progressive; grey, YCbCr, RGB, CMYK and YCCK.
#pragma once

#include <memory>

#include "satchel/imaging/bytes.h"
#include "satchel/imaging/jpeg_header.h"
#include "satchel/imaging/row_source.h"

namespace satchel {

// Version of the libjpeg-turbo this library was built with.
const char* libjpeg_version();

// Decoder of `data`, which must outlive it.
//   scale: 1, 2, 4 or 8: the picture is made that many times smaller inside the inverse DCT, sides rounded up.
std::unique_ptr<RowSource> open_jpeg(Bytes data, const JpegHeader& header, int scale);

}  // namespace satchel
