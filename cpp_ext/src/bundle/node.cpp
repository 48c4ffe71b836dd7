#include "node.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "satchel/bundle/error.h"

namespace satchel {
namespace {

constexpr std::size_t kLongest = 120;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool is_identifier(const std::string& key) {
    return !key.empty() && is_letter(key[0]) &&
           std::ranges::all_of(key, [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

std::string plain(double value) { return nlohmann::json(value).dump(); }

}  // namespace

bool Node::is_null() const { return value_->is_null(); }
bool Node::is_text() const { return value_->is_string(); }
bool Node::is_object() const { return value_->is_object(); }

// What does not fit 64 bits with a sign is no number that a manifest could mean.
bool Node::is_whole() const {
    if (value_->is_number_unsigned())
        return value_->get<std::uint64_t>() <= std::uint64_t(std::numeric_limits<std::int64_t>::max());
    return value_->is_number_integer();
}

std::string Node::text(std::size_t least) const {
    if (!is_text()) refuse("a string");
    auto text = value_->get<std::string>();
    if (text.size() < least) refuse("a string that is not empty");
    return text;
}

bool Node::truth() const {
    if (!value_->is_boolean()) refuse("true or false");
    return value_->get<bool>();
}

std::int64_t Node::whole(std::int64_t least, std::int64_t most) const {
    const auto value = is_whole() ? value_->get<std::int64_t>() : least - 1;
    if (is_whole() && value >= least && value <= most) return value;
    const std::string lower = std::to_string(least);
    refuse(least == most ? lower : "a whole number from " + lower + " to " + std::to_string(most));
}

double Node::number(double least, double most) const {
    if (!value_->is_number()) refuse("a number");
    const auto value = value_->get<double>();
    if (value >= least && value <= most) return value;
    const bool positive = least == std::numeric_limits<double>::denorm_min();
    refuse((positive ? "a number above 0" : "a number from " + plain(least)) + (positive ? ", at most " : " to ") +
           plain(most));
}

std::vector<Node> Node::elements(std::size_t least) const {
    if (!value_->is_array()) refuse("a list");
    if (value_->size() < least) refuse("a list that is not empty");
    std::vector<Node> nodes;
    nodes.reserve(value_->size());
    for (std::size_t i = 0; i < value_->size(); ++i) {
        nodes.emplace_back((*value_)[i], path_ + "[" + std::to_string(i) + "]");
    }
    return nodes;
}

std::vector<std::pair<std::string, Node>> Node::entries() const {
    if (!is_object()) refuse("an object");
    std::vector<std::pair<std::string, Node>> entries;
    for (const auto& [key, value] : value_->items()) entries.emplace_back(key, Node(value, join(path_, key)));
    return entries;
}

std::string Node::quoted() const {
    std::string text = value_->dump();
    if (text.size() <= kLongest) return text;
    std::size_t end = kLongest - 3;
    while (end > 0 && (std::uint8_t(text[end]) & 0xC0U) == 0x80U) --end;  // not in the middle of a letter
    return text.substr(0, end) + "...";
}

void Node::refuse(const std::string& expected) const {
    const std::string where = path_.empty() ? "the document" : path_;
    throw ManifestError("wrong value at " + where,
                        {.got = quoted(), .expected = expected, .remedy = "correct " + where});
}

void Node::refuse_because(const std::string& reason) const {
    if (path_.empty()) throw ManifestError(reason, {.remedy = "correct the document"});
    throw ManifestError(path_ + ": " + reason, {.got = quoted(), .remedy = "correct " + path_});
}

std::string join(const std::string& path, const std::string& key) {
    if (!is_identifier(key)) return path + "[" + nlohmann::json(key).dump() + "]";
    return path.empty() ? key : path + "." + key;
}

}  // namespace satchel
