// JSON text to values.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace satchel {

// Throws ManifestError: not JSON, a key that stands twice in one object, nested too deeply.
nlohmann::json parse_json(const std::string& text);

}  // namespace satchel
