#include "problem.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <string_view>

namespace satchel::torchscript {
namespace {

constexpr std::size_t kLongest = 300;

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string_view first_line(std::string_view text) { return trimmed(text.substr(0, text.find('\n'))); }

// TorchScript states a trace first and then `RuntimeError: what went wrong`, or the exception's own class.
std::string_view after_trace(std::string_view text) {
    constexpr std::string_view kTrace = "Traceback of TorchScript";
    if (text.find(kTrace) == std::string_view::npos) return text;
    const auto marker = text.rfind("Error: ");
    if (marker == std::string_view::npos) return text.substr(trimmed(text).rfind('\n') + 1);
    return text.substr(marker + std::string_view("Error: ").size());
}

}  // namespace

const char* to_string(ErrorCode code) {
    switch (code) {
        case ErrorCode::bad_archive: return "bad_archive";
        case ErrorCode::missing_operator: return "missing_operator";
        case ErrorCode::no_device: return "no_device";
        case ErrorCode::bad_input: return "bad_input";
        case ErrorCode::failed: return "failed";
    }
    return "unknown";
}

std::string brief(const std::exception& error) {
    const auto* raised = dynamic_cast<const c10::Error*>(&error);
    const std::string text = raised ? raised->what_without_backtrace() : error.what();
    std::string line(first_line(trimmed(after_trace(text))).substr(0, kLongest));
    // A damaged archive is quoted with whatever bytes it holds.
    std::ranges::replace_if(line, [](char letter) { return letter < ' ' || letter > '~'; }, '?');
    return line;
}

}  // namespace satchel::torchscript
