#include "satchel/imaging/format.h"

#include "satchel/imaging/webp.h"

namespace satchel {

const char* to_string(Format format) {
    switch (format) {
        case Format::jpeg: return "JPEG";
        case Format::png: return "PNG";
        case Format::webp: return "WebP";
        case Format::bmp: return "BMP";
    }
    return "unknown";
}

std::optional<Format> sniff_format(Bytes data) {
    if (starts_with(data, "\xff\xd8\xff")) return Format::jpeg;
    if (starts_with(data, "\x89PNG\r\n\x1a\n")) return Format::png;
    if (starts_with(data, "RIFF") && data.size() >= 12 && starts_with(data.subspan(8), "WEBP")) return Format::webp;
    if (starts_with(data, "BM")) return Format::bmp;
    return std::nullopt;
}

bool is_native(Format format) { return format != Format::webp || has_webp(); }

}  // namespace satchel
