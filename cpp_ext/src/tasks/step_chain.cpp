#include "satchel/tasks/step_chain.h"

#include <optional>

#include "satchel/imaging/error.h"

namespace satchel {
namespace {

enum class State { classes, scored_boxes, detections, masked_detections, poses, pictures, restored };

struct AfterHead {
    State operator()(const SoftmaxStep&) const { return State::classes; }
    State operator()(const SigmoidStep&) const { return State::classes; }
    State operator()(const ProbabilitiesStep&) const { return State::classes; }
    State operator()(const PickedStep&) const { return State::detections; }
    State operator()(const HeatMapsStep&) const { return State::poses; }
    State operator()(const LumaStep&) const { return State::pictures; }
    template <typename Boxes>
    State operator()(const Boxes&) const {
        return State::scored_boxes;
    }
};

// Nothing where the step does not work on `before`.
struct AfterRefining {
    State before;

    std::optional<State> keep(bool fits) const { return fits ? std::optional(before) : std::nullopt; }

    std::optional<State> operator()(const ScoreStep&) const {
        if (before == State::scored_boxes) return State::detections;
        return keep(before == State::classes || before == State::detections || before == State::poses);
    }
    std::optional<State> operator()(const NmsStep&) const { return keep(before == State::detections); }
    std::optional<State> operator()(const TopStep&) const {
        return keep(before == State::classes || before == State::detections);
    }
    std::optional<State> operator()(const MasksStep&) const {
        return before == State::detections ? std::optional(State::masked_detections) : std::nullopt;
    }
    std::optional<State> operator()(const RestoreStep&) const {
        const bool fits = before == State::detections || before == State::masked_detections || before == State::poses;
        return fits ? std::optional(State::restored) : std::nullopt;
    }
};

struct Reads {
    std::vector<OutputName>& names;

    void add(const ScoredOutputs& outputs) const { names.insert(names.end(), {outputs.boxes, outputs.scores}); }
    void operator()(const BoxesStep& step) const { add(step.outputs); }
    void operator()(const SsdStep& step) const { add(step.outputs); }
    void operator()(const DistancesStep& step) const {
        add(step.outputs);
        if (step.centerness) names.push_back(step.centerness);
    }
    void operator()(const PickedStep& step) const {
        names.insert(names.end(), {step.boxes, step.scores, step.classes});
        if (step.count) names.push_back(step.count);
    }
    template <typename Step>
    void operator()(const Step& step) const {
        if constexpr (requires { step.output; }) names.push_back(step.output);
    }
};

}  // namespace

void check_chain(const PostSteps& steps) {
    State state = std::visit(AfterHead{}, steps.head);
    for (const RefiningStep& step : steps.refining) {
        const auto next = std::visit(AfterRefining{state}, step);
        if (!next) throw ImagingError(ErrorCode::bad_argument, "a step does not fit the one before");
        state = *next;
    }
    if (state != State::classes && state != State::pictures && state != State::restored) {
        throw ImagingError(ErrorCode::bad_argument, "a chain ends in classes, in pictures, or in what was restored");
    }
}

std::vector<OutputName> outputs_read(const PostSteps& steps) {
    std::vector<OutputName> names;
    std::visit(Reads{names}, steps.head);
    for (const RefiningStep& step : steps.refining) std::visit(Reads{names}, step);
    return names;
}

}  // namespace satchel
