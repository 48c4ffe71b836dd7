#include "json.h"

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "satchel/bundle/error.h"

namespace satchel {
namespace {

using nlohmann::json;

constexpr int kDeepest = 64;  // a manifest needs eight levels

// Keys of the objects that are open, so that a second one of a name is seen before it replaces the first.
class KeyWatch {
public:
    bool operator()(int depth, json::parse_event_t event, const json& value) {
        if (depth > kDeepest) throw ManifestError("the document is nested too deeply", {.expected = "a manifest"});
        if (event == json::parse_event_t::object_start) open_.emplace_back();
        if (event == json::parse_event_t::object_end) open_.pop_back();
        if (event == json::parse_event_t::key) add(value.get<std::string>());
        return true;
    }

private:
    void add(const std::string& key) {
        if (open_.back().insert(key).second) return;
        throw ManifestError("key '" + key + "' appears twice in one object",
                            {.expected = "each key once", .remedy = "keep one of the two"});
    }

    std::vector<std::set<std::string>> open_;
};

// Without the library's own name and number in front.
std::string reason(const json::exception& error) {
    const std::string text = error.what();
    const auto end = text.find("] ");
    return end == std::string::npos ? text : text.substr(end + 2);
}

}  // namespace

json parse_json(const std::string& text) {
    KeyWatch watch;
    try {
        return json::parse(text, [&watch](int depth, json::parse_event_t event, const json& value) {
            return watch(depth, event, value);
        });
    } catch (const json::exception& error) {
        throw ManifestError("not valid JSON: " + reason(error), {.remedy = "correct the syntax there"});
    }
}

}  // namespace satchel
