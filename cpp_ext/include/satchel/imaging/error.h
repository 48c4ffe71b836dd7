// The one exception of this library: a code, a sentence, and what was got and expected.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace satchel {

enum class ErrorCode {
    empty,            // no bytes
    unknown_format,   // not JPEG, PNG, WebP or BMP
    not_native,       // a format, or a kind of file, that this library leaves to the reference on purpose
    too_many_pixels,  // above the cap, found on the header
    damaged,          // truncated, or not what its header says
    too_extreme,      // a step would make an image beyond the bound
    bad_argument,     // steps that do not form a chain
    not_finite,       // a model output holds NaN or infinity
    bad_shape,        // a model output does not have the shape that its step reads
    bad_rows,         // a model output does not have the rows that the strides of its step make
    bad_values,       // a model output holds numbers that mean nothing to its step
};

const char* to_string(ErrorCode code);

class ImagingError : public std::runtime_error {
public:
    ImagingError(ErrorCode code, const std::string& message, std::string got = {}, std::string expected = {})
        : std::runtime_error(message), code_(code), got_(std::move(got)), expected_(std::move(expected)) {}

    ErrorCode code() const { return code_; }
    const std::string& got() const { return got_; }
    const std::string& expected() const { return expected_; }

private:
    ErrorCode code_;
    std::string got_;
    std::string expected_;
};

// A file of format `kind` that cannot be decoded, because of `reason`.
[[noreturn]] void throw_damaged(const char* kind, const std::string& reason);

}  // namespace satchel
