// PNG: every depth and colour type, interlaced or not, to rows of 8 bits a channel.
#pragma once

#include <memory>

#include "satchel/imaging/bytes.h"
#include "satchel/imaging/png_chunks.h"
#include "satchel/imaging/row_source.h"

namespace satchel {

// Decoder of a file whose chunks are `file`; `data` must outlive it.
std::unique_ptr<RowSource> open_png(Bytes data, PngFile file);

}  // namespace satchel
