#include "patterns.h"

#include <algorithm>
#include <string_view>

namespace satchel {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kSmall = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kCapital = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::size_t kLongestIdentifier = 64;
constexpr std::size_t kLongestPath = 200;
constexpr std::size_t kDigestLetters = 64;

bool has(std::string_view letters, char c) { return letters.find(c) != std::string_view::npos; }

bool is_identifier(const std::string& text) {
    const auto starts = [](char c) { return has(kSmall, c) || has(kDigits, c); };
    return !text.empty() && text.size() <= kLongestIdentifier && starts(text[0]) &&
           std::ranges::all_of(text, [&](char c) { return starts(c) || has("_.-", c); });
}

bool is_digest(const std::string& text) {
    return text.size() == kDigestLetters &&
           std::ranges::all_of(text, [](char c) { return has(kDigits, c) || has("abcdef", c); });
}

bool is_layout(const std::string& text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return has("NCTDHW", c); });
}

std::string checked(const Node& node, bool (*fits)(const std::string&), const char* expected) {
    std::string text = node.text();
    if (!fits(text)) node.refuse(expected);
    return text;
}

}  // namespace

bool is_relative_path(const std::string& text) {
    if (text.size() > kLongestPath) return false;
    bool begins = true;  // whether a name begins here
    for (const char c : text) {
        const bool starts = has(kSmall, c) || has(kCapital, c) || has(kDigits, c) || c == '_';
        if (begins ? !starts : !starts && !has(".-/", c)) return false;
        begins = c == '/';
    }
    return !begins;
}

std::string identifier(const Node& node) {
    return checked(node, is_identifier, "at most 64 of a-z, 0-9, _, . and -, a letter or digit first");
}

std::string relative_path(const Node& node) {
    return checked(node, is_relative_path, "a plain relative path, of at most 200 letters");
}

std::string sha256(const Node& node) { return checked(node, is_digest, "64 digits of 0-9 and a-f"); }

std::string layout(const Node& node) { return checked(node, is_layout, "letters of NCTDHW, one for each axis"); }

}  // namespace satchel
