#include <cmath>
#include <nlohmann/json.hpp>

#include "satchel/predictor/result.h"

namespace satchel {
namespace {

using Json = nlohmann::ordered_json;

Json points(const std::vector<Keypoint>& keypoints) {
    Json list = Json::array();
    for (const Keypoint& point : keypoints) list.push_back({point.x, point.y, double(point.score)});
    return list;
}

Json object(const Prediction& found) {
    Json json{{"label", found.label}, {"class_id", found.class_id}, {"score", double(found.score)}};
    if (found.box) json["box"] = *found.box;
    if (found.mask) {
        json["mask"] = {{"size", {found.mask->height, found.mask->width}}, {"counts", found.mask->text()}};
    }
    if (!found.keypoints.empty()) json["keypoints"] = points(found.keypoints);
    return json;
}

double to_microseconds(double milliseconds) { return std::round(milliseconds * 1e3) / 1e3; }

}  // namespace

std::string to_json(const Result& result, const std::string& file) {
    Json json = Json::object();
    if (!file.empty()) json["file"] = file;
    json["model"] = result.model;
    json["version"] = result.version;
    json["task"] = to_string(result.task);
    json["image"] = {{"width", result.image.width}, {"height", result.image.height}};
    json["predictions"] = Json::array();
    for (const Prediction& found : result.predictions) json["predictions"].push_back(object(found));
    const Timings& spent = result.timings_ms;
    json["timings_ms"] = {{"decode", to_microseconds(spent.decode)},
                          {"preprocess", to_microseconds(spent.preprocess)},
                          {"infer", to_microseconds(spent.infer)},
                          {"postprocess", to_microseconds(spent.postprocess)}};
    // A file's name need not be UTF-8, JSON is.
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace satchel
