// One value of the manifest, and the path that names it in errors. Nothing is coerced from one type into another.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace satchel {

// The value must outlive the node. All readers throw ManifestError where it is something else.
class Node {
public:
    Node(const nlohmann::json& value, std::string path) : value_(&value), path_(std::move(path)) {}

    const std::string& path() const { return path_; }
    const nlohmann::json& value() const { return *value_; }

    bool is_null() const;
    bool is_text() const;
    bool is_whole() const;
    bool is_object() const;

    std::string text(std::size_t least = 0) const;
    bool truth() const;
    std::int64_t whole(std::int64_t least, std::int64_t most) const;
    double number(double least, double most) const;
    std::vector<Node> elements(std::size_t least = 0) const;
    std::vector<std::pair<std::string, Node>> entries() const;

    // The value as JSON, shortened for people.
    std::string quoted() const;
    [[noreturn]] void refuse(const std::string& expected) const;
    // Of a sentence about the value.
    [[noreturn]] void refuse_because(const std::string& reason) const;

private:
    const nlohmann::json* value_;
    std::string path_;
};

// Path of the entry `key` of an object.
std::string join(const std::string& path, const std::string& key);

}  // namespace satchel
