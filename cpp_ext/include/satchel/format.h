// Image formats, recognised by their first bytes and never by what the sender says.
#pragma once

#include <optional>

#include "satchel/bytes.h"

namespace satchel {

enum class Format { jpeg, png, webp, bmp };

inline constexpr Format kFormats[] = {Format::jpeg, Format::png, Format::webp, Format::bmp};

const char* to_string(Format format);

// Nothing for bytes that begin like none of the four.
std::optional<Format> sniff_format(Bytes data);

// Whether this library decodes the format itself; the others are left to the reference path on purpose.
bool is_native(Format format);

}  // namespace satchel
