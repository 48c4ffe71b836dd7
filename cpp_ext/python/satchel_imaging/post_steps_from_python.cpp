#include "post_steps_from_python.h"

#include <optional>
#include <string>
#include <vector>

#include "record.h"

namespace py = pybind11;

namespace satchel {
namespace {

OutputName take_output(Record& record) { return record.take<OutputName>("output"); }

Activation take_activation(Record& record) {
    return record.choose<Activation>(
        "activation", {{"none", Activation::none}, {"sigmoid", Activation::sigmoid}, {"softmax", Activation::softmax}});
}

BoxFormat take_format(Record& record) {
    return record.choose<BoxFormat>(
        "format", {{"xyxy", BoxFormat::xyxy}, {"yxyx", BoxFormat::yxyx}, {"cxcywh", BoxFormat::cxcywh}});
}

ScoredOutputs take_scored_outputs(Record& record) {
    return {record.take<std::string>("boxes"), record.take<std::string>("scores"), take_activation(record),
            record.take<bool>("background")};
}

AnchorLevel take_level(const py::dict& values) {
    Record record(values);
    AnchorLevel level{record.take<double>("stride"), record.take<std::vector<std::array<double, 2>>>("sizes"),
                      record.take<double>("offset")};
    record.end();
    return level;
}

SsdStep take_ssd(Record& record) {
    SsdStep step{take_scored_outputs(record), {}, record.take<std::array<double, 4>>("variances")};
    for (const auto& level : record.take<std::vector<py::dict>>("levels")) step.levels.push_back(take_level(level));
    return step;
}

PickedStep take_picked(Record& record) {
    return {record.take<std::string>("boxes"),
            record.take<std::string>("scores"),
            record.take<std::string>("classes"),
            record.take<OutputName>("count"),
            take_format(record),
            record.take<bool>("normalized")};
}

HeatMapsStep take_heat_maps(Record& record) {
    return {take_output(record), record.choose<MapLayout>("layout", {{"CHW", MapLayout::chw}, {"HWC", MapLayout::hwc}}),
            record.choose<Refinement>("refine", {{"none", Refinement::none}, {"quarter", Refinement::quarter}})};
}

MasksStep take_masks(Record& record) {
    return {take_output(record),
            record.choose<Activation>("activation", {{"none", Activation::none}, {"sigmoid", Activation::sigmoid}}),
            record.take<double>("threshold")};
}

HeadStep take_head(const std::string& op, Record& record) {
    if (op == "softmax") return SoftmaxStep{take_output(record)};
    if (op == "sigmoid") return SigmoidStep{take_output(record)};
    if (op == "probabilities") return ProbabilitiesStep{take_output(record)};
    if (op == "yolox") return YoloxStep{take_output(record), record.take<std::vector<std::int64_t>>("strides")};
    if (op == "yolo") {
        return YoloStep{take_output(record), record.take<bool>("objectness"), record.take<bool>("transposed")};
    }
    if (op == "boxes")
        return BoxesStep{take_scored_outputs(record), take_format(record), record.take<bool>("normalized")};
    if (op == "ssd") return take_ssd(record);
    if (op == "distances") {
        return DistancesStep{take_scored_outputs(record), record.take<std::vector<double>>("strides"),
                             record.take<double>("offset"), record.take<bool>("scaled"),
                             record.take<OutputName>("centerness")};
    }
    if (op == "picked") return take_picked(record);
    if (op == "heat_maps") return take_heat_maps(record);
    refuse("no first step", op);
}

RefiningStep take_refining(const std::string& op, Record& record) {
    if (op == "score") return ScoreStep{record.take<double>("min"), record.take<bool>("multi_label")};
    if (op == "nms") return NmsStep{record.take<double>("iou"), record.take<bool>("per_class")};
    if (op == "top") return TopStep{record.take<std::int64_t>("k")};
    if (op == "masks") return take_masks(record);
    if (op == "restore") return RestoreStep{};
    refuse("no step that refines", op);
}

}  // namespace

PostSteps post_steps_from_python(const py::sequence& records) {
    if (py::len(records) == 0) refuse("a chain begins with a step that reads tensors", "no steps");
    PostSteps steps;
    for (std::size_t i = 0; i < py::len(records); ++i) {
        Record record(records[i].cast<py::dict>());
        const auto op = record.take<std::string>("op");
        if (i == 0) {
            steps.head = take_head(op, record);
        } else {
            steps.refining.push_back(take_refining(op, record));
        }
        record.end();
    }
    return steps;
}

}  // namespace satchel
