// The one exception of the TorchScript runtime: a code, a sentence, and what was got and expected.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace satchel::torchscript {

enum class ErrorCode {
    bad_archive,       // not a TorchScript archive, or one whose forward cannot be served
    missing_operator,  // the archive calls operators that this build does not have
    no_device,         // a device, or a precision, that this machine or build does not have
    bad_input,         // arrays that forward does not take
    failed,            // the model raised an error while it ran
};

const char* to_string(ErrorCode code);

class TorchscriptError : public std::runtime_error {
public:
    TorchscriptError(ErrorCode code, const std::string& message, std::string got = {}, std::string expected = {})
        : std::runtime_error(message), code_(code), got_(std::move(got)), expected_(std::move(expected)) {}

    ErrorCode code() const { return code_; }
    const std::string& got() const { return got_; }
    const std::string& expected() const { return expected_; }

private:
    ErrorCode code_;
    std::string got_;
    std::string expected_;
};

}  // namespace satchel::torchscript
