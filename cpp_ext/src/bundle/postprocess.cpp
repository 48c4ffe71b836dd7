#include "postprocess.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "heads.h"
#include "record.h"
#include "satchel/imaging/error.h"
#include "satchel/tasks/step_chain.h"

namespace satchel {
namespace {

RefiningStep read_score(const Node& node) {
    const Record record(node, {"op", "min", "multi_label"});
    return ScoreStep{record.required("min").number(0.0, 1.0), record.truth("multi_label", false)};
}

RefiningStep read_nms(const Node& node) {
    const Record record(node, {"op", "iou", "per_class"});
    return NmsStep{record.required("iou").number(0.0, 1.0), record.truth("per_class", true)};
}

RefiningStep read_top(const Node& node) {
    return TopStep{Record(node, {"op", "k"}).required("k").whole(1, kLargestCount)};
}

RefiningStep read_masks(const Node& node) {
    const Record record(node, {"op", "output", "activation", "threshold"});
    MasksStep step{.output = record.name("output")};
    if (const auto activation = record.find("activation")) step.activation = read_activation(*activation, false);
    step.threshold = record.number("threshold", 0.0, 1.0, step.threshold);
    return step;
}

RefiningStep read_restore(const Node& node) {
    const Record record(node, {"op"});
    return RestoreStep{};
}

using Reader = RefiningStep (*)(const Node&);
constexpr std::array<Reader, 5> kReaders{read_score, read_nms, read_top, read_masks, read_restore};
constexpr std::array<std::string_view, 5> kOps{"score", "nms", "top", "masks", "restore"};

std::vector<std::string_view> all_ops() {
    std::vector<std::string_view> ops(kOps.begin(), kOps.end());
    std::ranges::copy(head_ops(), std::back_inserter(ops));
    return ops;
}

template <typename Step>
bool has(const PostSteps& steps) {
    return std::ranges::any_of(steps.refining, [](const auto& step) { return std::holds_alternative<Step>(step); });
}

// Of a chain that fits together.
Task task_of(const PostSteps& steps) {
    if (std::holds_alternative<HeatMapsStep>(steps.head)) return Task::pose;
    if (std::holds_alternative<LumaStep>(steps.head)) return Task::super_resolution;
    if (has<MasksStep>(steps)) return Task::instance_segmentation;
    return has<RestoreStep>(steps) ? Task::detection : Task::classification;
}

}  // namespace

PostSteps read_postprocess(const Node& node, Task task) {
    const std::vector<std::string_view> ops = all_ops();
    PostSteps steps;
    const std::vector<Node> nodes = node.elements();
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const std::size_t op = find_op(nodes[i], ops);
        const bool refines = op < kOps.size();
        if ((i == 0) == refines) {
            nodes[i].refuse_because(refines
                                        ? "the first step has to read output tensors, this one refines what was read"
                                        : "output tensors are read by the first step alone");
        }
        if (refines) {
            steps.refining.push_back(kReaders[op](nodes[i]));
        } else {
            steps.head = read_head(nodes[i]);
        }
    }
    if (nodes.empty()) node.refuse_because("the first step has to read output tensors, and there is none");
    try {
        check_chain(steps);
    } catch (const ImagingError& error) {
        node.refuse_because(error.what());
    }
    if (task_of(steps) != task) {
        node.refuse_because(std::string("the steps end in what the task ") + to_string(task_of(steps)) +
                            " publishes, the task is " + to_string(task));
    }
    return steps;
}

}  // namespace satchel
