// Image formats, recognised by their first bytes and never by what the sender says.
#pragma once

#include <optional>

#include "satchel/imaging/bytes.h"

namespace satchel {

enum class Format { jpeg, png, webp, bmp };

inline constexpr Format kFormats[] = {Format::jpeg, Format::png, Format::webp, Format::bmp};

const char* to_string(Format format);

// Nothing for bytes that begin like none of the four.
std::optional<Format> sniff_format(Bytes data);

// Whether this build decodes the format itself: all but WebP, which needs libwebp.
bool is_native(Format format);

}  // namespace satchel
