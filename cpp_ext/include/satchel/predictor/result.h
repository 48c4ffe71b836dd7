// The answer for one picture, the same for every task: what a task does not publish is left empty.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "satchel/bundle/manifest.h"
#include "satchel/imaging/layout.h"
#include "satchel/tasks/predictions.h"

namespace satchel {

struct Prediction {
    std::string label;
    std::int64_t class_id = 0;
    float score = 0.0F;
    std::optional<Box> box{};  // in pixels of the upright picture
    std::optional<Rle> mask{};
    std::vector<Keypoint> keypoints{};
};

// Milliseconds by the clock on the wall.
struct Timings {
    double decode = 0.0;
    double preprocess = 0.0;
    double infer = 0.0;
    double postprocess = 0.0;
};

struct Result {
    std::string model;
    std::string version;
    Task task = Task::classification;
    Size image{};                           // of the upright picture
    std::vector<Prediction> predictions{};  // best first
    Timings timings_ms{};
};

// One line of JSON, as `satchel predict --json` prints it; `file` is its first key, where it is not empty.
std::string to_json(const Result& result, const std::string& file = {});

}  // namespace satchel
