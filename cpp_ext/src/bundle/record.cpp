#include "record.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "satchel/bundle/error.h"

namespace satchel {
namespace {

constexpr std::size_t kMostTypos = 2;

// How many letters have to be added, removed or changed to make `b` of `a`.
std::size_t typos(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t corner = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t changed = corner + (a[i] == b[j] ? 0 : 1);
            corner = row[j + 1];
            row[j + 1] = std::min({changed, row[j] + 1, corner + 1});
        }
    }
    return row.back();
}

// The word that was probably meant; empty where none is near.
std::string_view nearest(const std::string& word, std::span<const std::string_view> words) {
    if (word.size() > 64) return {};
    const auto best = std::ranges::min_element(
        words, [&](std::string_view a, std::string_view b) { return typos(word, a) < typos(word, b); });
    return best != words.end() && typos(word, *best) <= kMostTypos ? *best : std::string_view{};
}

std::string listed(std::span<const std::string_view> words) {
    std::string text = "one of ";
    for (const std::string_view& word : words) text.append(&word == &words[0] ? "" : ", ").append(word);
    return text;
}

}  // namespace

Record::Record(Node node, std::initializer_list<std::string_view> keys) : node_(std::move(node)) {
    for (const auto& [key, value] : node_.entries()) {
        if (std::ranges::find(keys, key) != keys.end()) continue;
        const std::string near(nearest(key, std::span(keys.begin(), keys.size())));
        throw ManifestError(
            "unknown key " + value.path(),
            {.got = value.quoted(), .remedy = near.empty() ? "remove it" : "rename it to '" + near + "'"});
    }
}

Node Record::required(const std::string& key) const {
    if (const std::optional<Node> found = find(key)) return *found;
    const std::string path = join(node_.path(), key);
    throw ManifestError("key " + path + " is missing", {.got = "nothing", .remedy = "add " + path});
}

std::optional<Node> Record::find(const std::string& key) const {
    const auto found = node_.value().find(key);
    if (found == node_.value().end()) return std::nullopt;
    return Node(*found, join(node_.path(), key));
}

std::optional<Node> Record::find_stated(const std::string& key) const {
    const std::optional<Node> found = find(key);
    return found && !found->is_null() ? found : std::nullopt;
}

std::optional<std::string> Record::name(const std::string& key) const {
    const std::optional<Node> found = find_stated(key);
    return found ? std::optional(found->text()) : std::nullopt;
}

std::string Record::text(const std::string& key, const std::string& fallback) const {
    const std::optional<Node> found = find(key);
    return found ? found->text() : fallback;
}

bool Record::truth(const std::string& key, bool fallback) const {
    const std::optional<Node> found = find(key);
    return found ? found->truth() : fallback;
}

double Record::number(const std::string& key, double least, double most, double fallback) const {
    const std::optional<Node> found = find(key);
    return found ? found->number(least, most) : fallback;
}

int Record::whole(const std::string& key, int least, int most, int fallback) const {
    const std::optional<Node> found = find(key);
    return found ? int(found->whole(least, most)) : fallback;
}

std::size_t find_word(const Node& node, std::span<const std::string_view> words) {
    const auto found = std::ranges::find(words, node.is_text() ? node.text() : std::string());
    if (found == words.end()) node.refuse(listed(words));
    return std::size_t(found - words.begin());
}

std::size_t find_op(const Node& node, std::span<const std::string_view> ops) {
    if (!node.is_object()) node.refuse("an object");
    const auto op = node.value().find("op");
    if (op == node.value().end()) {
        const std::string path = join(node.path(), "op");
        throw ManifestError("key " + path + " is missing", {.got = "nothing", .remedy = "add " + path});
    }
    const Node stated(*op, node.path());
    const std::string word = stated.is_text() ? stated.text() : stated.quoted();
    const auto found = std::ranges::find(ops, word);
    if (found != ops.end()) return std::size_t(found - ops.begin());
    const std::string near(nearest(word, ops));
    throw ManifestError(
        "unknown op at " + node.path(),
        {.got = word, .expected = listed(ops), .remedy = "use " + (near.empty() ? "one of them" : near)});
}

}  // namespace satchel
