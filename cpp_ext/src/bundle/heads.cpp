#include "heads.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "record.h"

namespace satchel {
namespace {

constexpr double kLargestLength = double(kLargestCount);
constexpr int kLargestFactor = 64;

struct Entry {
    std::string_view op;
    HeadStep (*read)(const Node&);
};

template <typename Step>
HeadStep read_classes(const Node& node) {
    return Step{Record(node, {"op", "output"}).name("output")};
}

HeadStep read_yolox(const Node& node) {
    const Record record(node, {"op", "output", "strides"});
    YoloxStep step{.output = record.name("output")};
    if (const auto strides = record.find("strides")) {
        step.strides.clear();
        for (const Node& stride : strides->elements(1)) step.strides.push_back(stride.whole(1, kLargestCount));
    }
    return step;
}

HeadStep read_yolo(const Node& node) {
    const Record record(node, {"op", "output", "objectness", "transposed"});
    return YoloStep{record.name("output"), record.truth("objectness", true), record.truth("transposed", false)};
}

ScoredOutputs read_outputs(const Record& record) {
    ScoredOutputs outputs;
    outputs.boxes = record.text("boxes", outputs.boxes);
    outputs.scores = record.text("scores", outputs.scores);
    if (const auto activation = record.find("activation")) outputs.activation = read_activation(*activation, true);
    outputs.background = record.truth("background", outputs.background);
    return outputs;
}

BoxFormat read_format(const Record& record) {
    return record.choose("format", BoxFormat::xyxy,
                         {{"xyxy", BoxFormat::xyxy}, {"yxyx", BoxFormat::yxyx}, {"cxcywh", BoxFormat::cxcywh}});
}

HeadStep read_boxes(const Node& node) {
    const Record record(node, {"op", "boxes", "scores", "activation", "background", "format", "normalized"});
    return BoxesStep{read_outputs(record), read_format(record), record.truth("normalized", false)};
}

double read_offset(const Record& record) { return record.number("offset", 0.0, 1.0, 0.5); }

template <std::size_t N>
std::array<double, N> read_lengths(const Node& node) {
    const std::vector<Node> elements = node.elements();
    if (elements.size() != N) node.refuse("a list of " + std::to_string(N) + " numbers");
    std::array<double, N> lengths{};
    for (std::size_t i = 0; i < N; ++i) lengths[i] = elements[i].number(kAboveZero, kLargestLength);
    return lengths;
}

AnchorLevel read_level(const Node& node) {
    const Record record(node, {"stride", "sizes", "offset"});
    AnchorLevel level{.stride = record.required("stride").number(1.0, kLargestLength)};
    for (const Node& size : record.required("sizes").elements(1)) level.sizes.push_back(read_lengths<2>(size));
    level.offset = read_offset(record);
    return level;
}

HeadStep read_ssd(const Node& node) {
    const Record record(node, {"op", "boxes", "scores", "activation", "background", "levels", "variances"});
    SsdStep step{.outputs = read_outputs(record)};
    for (const Node& level : record.required("levels").elements(1)) step.levels.push_back(read_level(level));
    if (const auto variances = record.find("variances")) step.variances = read_lengths<4>(*variances);
    return step;
}

HeadStep read_distances(const Node& node) {
    const Record record(
        node, {"op", "boxes", "scores", "activation", "background", "strides", "offset", "scaled", "centerness"});
    DistancesStep step{.outputs = read_outputs(record)};
    for (const Node& stride : record.required("strides").elements(1)) {
        step.strides.push_back(stride.number(1.0, kLargestLength));
    }
    step.offset = read_offset(record);
    step.scaled = record.truth("scaled", step.scaled);
    step.centerness = record.name("centerness");
    return step;
}

HeadStep read_picked(const Node& node) {
    const Record record(node, {"op", "boxes", "scores", "classes", "count", "format", "normalized"});
    PickedStep step;
    step.boxes = record.text("boxes", step.boxes);
    step.scores = record.text("scores", step.scores);
    step.classes = record.text("classes", step.classes);
    step.count = record.name("count");
    step.format = read_format(record);
    step.normalized = record.truth("normalized", step.normalized);
    return step;
}

MapLayout read_layout(const Record& record) {
    return record.choose("layout", MapLayout::chw, {{"CHW", MapLayout::chw}, {"HWC", MapLayout::hwc}});
}

HeadStep read_heat_maps(const Node& node) {
    const Record record(node, {"op", "output", "layout", "refine"});
    return HeatMapsStep{
        record.name("output"), read_layout(record),
        record.choose("refine", Refinement::none, {{"none", Refinement::none}, {"quarter", Refinement::quarter}})};
}

HeadStep read_luma(const Node& node) {
    const Record record(node, {"op", "output", "layout", "factor", "white"});
    return LumaStep{record.name("output"), read_layout(record), int(record.required("factor").whole(1, kLargestFactor)),
                    record.number("white", kAboveZero, kLargestLength, 1.0)};
}

constexpr std::array kHeads{Entry{"softmax", read_classes<SoftmaxStep>},
                            Entry{"sigmoid", read_classes<SigmoidStep>},
                            Entry{"probabilities", read_classes<ProbabilitiesStep>},
                            Entry{"yolox", read_yolox},
                            Entry{"yolo", read_yolo},
                            Entry{"boxes", read_boxes},
                            Entry{"ssd", read_ssd},
                            Entry{"distances", read_distances},
                            Entry{"picked", read_picked},
                            Entry{"heat_maps", read_heat_maps},
                            Entry{"luma", read_luma}};

constexpr std::array kOps = [] {
    std::array<std::string_view, kHeads.size()> names;
    std::ranges::transform(kHeads, names.begin(), &Entry::op);
    return names;
}();

}  // namespace

std::span<const std::string_view> head_ops() { return kOps; }

HeadStep read_head(const Node& node) { return kHeads[find_op(node, head_ops())].read(node); }

Activation read_activation(const Node& node, bool with_softmax) {
    if (!with_softmax) return choice<Activation>(node, {{"none", Activation::none}, {"sigmoid", Activation::sigmoid}});
    return choice<Activation>(
        node, {{"none", Activation::none}, {"sigmoid", Activation::sigmoid}, {"softmax", Activation::softmax}});
}

}  // namespace satchel
