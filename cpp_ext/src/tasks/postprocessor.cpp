#include "satchel/tasks/postprocessor.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "satchel/imaging/error.h"
#include "satchel/tasks/classes.h"
#include "satchel/tasks/heads.h"
#include "satchel/tasks/heat_maps.h"
#include "satchel/tasks/masks.h"
#include "satchel/tasks/nms.h"
#include "satchel/tasks/restore.h"
#include "satchel/tasks/step_chain.h"

namespace satchel {
namespace {

constexpr int kLongestSide = 1 << 24;  // of an input; so the cells over it can be counted

// Whether each input pixel has a place in a picture of at least one pixel.
bool is_sound(const Geometry& g) {
    const auto is_scale = [](double scale) { return std::isfinite(scale) && scale > 0.0; };
    return g.width > 0 && g.height > 0 && is_scale(g.scale_x) && is_scale(g.scale_y) && std::isfinite(g.offset_x) &&
           std::isfinite(g.offset_y);
}

}  // namespace

// One picture's outputs on their way through the steps.
class Postprocessor::Run {
public:
    Run(const PostSteps& steps, const Tensors& tensors) : steps_(steps), tensors_(tensors) {}

    Predictions finish() {
        std::visit([this](const auto& head) { begin(head); }, steps_.head);
        for (std::size_t i = head_takes_; i < steps_.refining.size(); ++i) {
            std::visit([this](const auto& step) { refine(step); }, steps_.refining[i]);
        }
        return std::move(found_);
    }

private:
    void begin(const SoftmaxStep& step) { found_ = read_classes(step.output, Activation::softmax, tensors_); }
    void begin(const SigmoidStep& step) { found_ = read_classes(step.output, Activation::sigmoid, tensors_); }
    void begin(const ProbabilitiesStep& step) { found_ = read_classes(step.output, Activation::none, tensors_); }
    void begin(const PickedStep& step) { found_ = read_picked(step, tensors_); }
    void begin(const HeatMapsStep& step) { found_ = read_heat_maps(step, tensors_); }

    [[noreturn]] void begin(const LumaStep&) {
        throw ImagingError(ErrorCode::bad_argument, "pictures are made of luma in Python alone");
    }

    // The others find boxes, with the step that follows: the chain has been checked, so it is `score`.
    template <typename Boxes>
    void begin(const Boxes& step) {
        found_ = find_boxes(step, std::get<ScoreStep>(steps_.refining.front()), tensors_);
        head_takes_ = 1;
    }

    void refine(const ScoreStep& step) {
        std::vector<std::size_t> reached;
        const auto least = float(step.min);  // NumPy compares float32 scores in float32, too
        for (std::size_t i = 0; i < found_.size(); ++i) {
            if (found_.score[i] >= least) reached.push_back(i);
        }
        found_.take(reached);
    }

    void refine(const NmsStep& step) { suppress(step, found_); }

    void refine(const TopStep& step) {
        std::vector<std::size_t> order(found_.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        const auto count = std::ptrdiff_t(std::min(std::int64_t(order.size()), step.k));
        std::partial_sort(order.begin(), order.begin() + count, order.end(), [this](std::size_t a, std::size_t b) {
            return found_.score[a] > found_.score[b] || (found_.score[a] == found_.score[b] && a < b);
        });
        order.resize(std::size_t(count));
        found_.take(order);
    }

    void refine(const MasksStep& step) {
        masks_ = &step;
        maps_ = pick_masks(step, found_, tensors_);
    }

    void refine(const RestoreStep&) {
        const Geometry& geometry = tensors_.geometry;
        for (std::size_t i = 0; i < found_.boxes.size(); ++i) {
            const Box box = to_original(found_.boxes[i], geometry);
            if (masks_ != nullptr) found_.masks.push_back(paste_mask(maps_[i], *masks_, box, geometry));
            found_.boxes[i] = clip_to_image(box, geometry);
        }
        for (auto& pose : found_.keypoints) {
            for (Keypoint& point : pose) {
                point.x = clip_x(original_x(point.x, geometry), geometry);
                point.y = clip_y(original_y(point.y, geometry), geometry);
            }
        }
    }

    const PostSteps& steps_;
    const Tensors& tensors_;
    Predictions found_;
    std::size_t head_takes_ = 0;  // refining steps that the first one has done
    const MasksStep* masks_ = nullptr;
    std::vector<MaskMap> maps_;
};

Postprocessor::Postprocessor(PostSteps steps, std::vector<std::string> outputs)
    : steps_(std::move(steps)), outputs_(std::move(outputs)) {
    check_chain(steps_);
    for (const OutputName& name : outputs_read(steps_)) find_output(outputs_, name);
}

Predictions Postprocessor::run(std::span<const TensorView> outputs, int input_width, int input_height,
                               const Geometry& geometry) const {
    if (outputs.size() != outputs_.size()) {
        throw ImagingError(ErrorCode::bad_argument, "the number of outputs is not that of their names",
                           std::to_string(outputs.size()), std::to_string(outputs_.size()));
    }
    if (input_width < 1 || input_height < 1 || std::max(input_width, input_height) > kLongestSide) {
        throw ImagingError(ErrorCode::bad_argument, "an input cannot have this size",
                           std::to_string(input_width) + " x " + std::to_string(input_height));
    }
    if (!is_sound(geometry)) {
        throw ImagingError(ErrorCode::bad_argument, "a geometry maps pixels of no picture", {},
                           "a width and a height of at least 1, scales above 0, finite offsets");
    }
    return Run(steps_, {outputs_, outputs, input_width, input_height, geometry}).finish();
}

}  // namespace satchel
