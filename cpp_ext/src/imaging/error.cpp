#include "satchel/imaging/error.h"

#include <cstring>

#include "satchel/imaging/bytes.h"

namespace satchel {

const char* to_string(ErrorCode code) {
    switch (code) {
        case ErrorCode::empty: return "empty";
        case ErrorCode::unknown_format: return "unknown_format";
        case ErrorCode::not_native: return "not_native";
        case ErrorCode::too_many_pixels: return "too_many_pixels";
        case ErrorCode::damaged: return "damaged";
        case ErrorCode::too_extreme: return "too_extreme";
        case ErrorCode::bad_argument: return "bad_argument";
        case ErrorCode::not_finite: return "not_finite";
        case ErrorCode::bad_shape: return "bad_shape";
        case ErrorCode::bad_rows: return "bad_rows";
        case ErrorCode::bad_values: return "bad_values";
    }
    return "unknown";
}

void throw_damaged(const char* kind, const std::string& reason) {
    throw ImagingError(ErrorCode::damaged, std::string("the ") + kind + " file cannot be decoded", reason,
                       std::string("a whole, undamaged ") + kind + " file");
}

bool starts_with(Bytes data, const char* text, std::size_t length) {
    return data.size() >= length && std::memcmp(data.data(), text, length) == 0;
}

}  // namespace satchel
