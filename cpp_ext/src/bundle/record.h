// An object of the manifest whose keys are known.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node.h"

namespace satchel {

inline constexpr double kAboveZero = std::numeric_limits<double>::denorm_min();
inline constexpr double kLargestNumber = std::numeric_limits<double>::max();
inline constexpr std::int64_t kLargestWhole = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t kLargestCount = std::int64_t{1} << 31;

// All readers throw ManifestError. Those with a `fallback` return it where the key is missing.
class Record {
public:
    // Refuses keys that are not among `keys`.
    Record(Node node, std::initializer_list<std::string_view> keys);

    const Node& node() const { return node_; }
    Node required(const std::string& key) const;
    std::optional<Node> find(const std::string& key) const;

    // Of a key that may be null: nothing there, or where it is missing.
    std::optional<Node> find_stated(const std::string& key) const;
    std::optional<std::string> name(const std::string& key) const;

    std::string text(const std::string& key, const std::string& fallback) const;
    bool truth(const std::string& key, bool fallback) const;
    double number(const std::string& key, double least, double most, double fallback) const;
    int whole(const std::string& key, int least, int most, int fallback) const;

    template <typename T>
    T choose(const std::string& key, T fallback, std::initializer_list<std::pair<const char*, T>> choices) const {
        const std::optional<Node> found = find(key);
        return found ? choice(*found, choices) : fallback;
    }

private:
    Node node_;
};

// Which of `words` the text at `node` is.
std::size_t find_word(const Node& node, std::span<const std::string_view> words);

template <typename T>
T choice(const Node& node, std::initializer_list<std::pair<const char*, T>> choices) {
    std::vector<std::string_view> words;
    for (const auto& [word, value] : choices) words.emplace_back(word);
    return (choices.begin() + find_word(node, words))->second;
}

// What the step at `node` is, of the names in `ops`.
std::size_t find_op(const Node& node, std::span<const std::string_view> ops);

}  // namespace satchel
