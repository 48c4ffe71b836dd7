// The manifest's post-processing steps, as plain data. Their meaning is written down in docs/02-bundle.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace satchel {

using OutputName = std::optional<std::string>;  // nothing where the model has only one output

enum class Activation { none, sigmoid, softmax };
enum class BoxFormat { xyxy, yxyx, cxcywh };
enum class MapLayout { chw, hwc };
enum class Refinement { none, quarter };

struct SoftmaxStep {
    OutputName output{};
};

struct SigmoidStep {
    OutputName output{};
};

struct ProbabilitiesStep {
    OutputName output{};
};

struct YoloxStep {
    OutputName output{};
    std::vector<std::int64_t> strides{8, 16, 32};
};

struct YoloStep {
    OutputName output{};
    bool objectness = true;
    bool transposed = false;
};

// What the steps share that read boxes and class scores from two outputs.
struct ScoredOutputs {
    std::string boxes = "boxes";
    std::string scores = "scores";
    Activation activation = Activation::none;
    bool background = false;  // whether column 0 of the scores stands for "nothing"
};

struct BoxesStep {
    ScoredOutputs outputs{};
    BoxFormat format = BoxFormat::xyxy;
    bool normalized = false;
};

struct AnchorLevel {
    double stride = 1.0;
    std::vector<std::array<double, 2>> sizes{};  // width and height of each anchor
    double offset = 0.5;
};

struct SsdStep {
    ScoredOutputs outputs{};
    std::vector<AnchorLevel> levels{};
    std::array<double, 4> variances{0.1, 0.1, 0.2, 0.2};
};

struct DistancesStep {
    ScoredOutputs outputs{};
    std::vector<double> strides{};
    double offset = 0.5;
    bool scaled = true;
    std::optional<std::string> centerness{};
};

struct PickedStep {
    std::string boxes = "boxes";
    std::string scores = "scores";
    std::string classes = "classes";
    std::optional<std::string> count{};
    BoxFormat format = BoxFormat::xyxy;
    bool normalized = false;
};

struct HeatMapsStep {
    OutputName output{};
    MapLayout layout = MapLayout::chw;
    Refinement refine = Refinement::none;
};

// Of a picture that the model has enlarged, in luma. Only Python runs it.
struct LumaStep {
    OutputName output{};
    MapLayout layout = MapLayout::chw;
    int factor = 1;
    double white = 1.0;  // the value of it
};

struct ScoreStep {
    double min = 0.0;
    bool multi_label = false;
};

struct NmsStep {
    double iou = 0.5;
    bool per_class = true;
};

struct TopStep {
    std::int64_t k = 1;
};

struct MasksStep {
    OutputName output{};
    Activation activation = Activation::none;  // or sigmoid
    double threshold = 0.5;
};

struct RestoreStep {};

// The first step of a chain reads tensors; the others refine what it found.
using HeadStep = std::variant<SoftmaxStep, SigmoidStep, ProbabilitiesStep, YoloxStep, YoloStep, BoxesStep, SsdStep,
                              DistancesStep, PickedStep, HeatMapsStep, LumaStep>;
using RefiningStep = std::variant<ScoreStep, NmsStep, TopStep, MasksStep, RestoreStep>;

struct PostSteps {
    HeadStep head{};
    std::vector<RefiningStep> refining{};
};

}  // namespace satchel
