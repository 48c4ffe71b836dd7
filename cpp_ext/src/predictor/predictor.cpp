#include "satchel/predictor/predictor.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "label_table.h"
#include "model.h"
#include "row.h"
#include "satchel/imaging/pipeline.h"
#include "satchel/tasks/postprocessor.h"
#include "satchel/tasks/step_chain.h"
#include "translate.h"

namespace satchel {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kEngine = "torchscript";

double milliseconds_since(Clock::time_point began) {
    return std::chrono::duration<double, std::milli>(Clock::now() - began).count();
}

PredictorOptions checked(const PredictorOptions& options) {
    if (options.threads >= 1) return options;
    throw EngineError("there have to be threads", {.got = std::to_string(options.threads), .expected = "at least 1"});
}

Bundle open_runnable(const std::filesystem::path& directory) {
    Bundle bundle = open_bundle(directory);
    if (bundle.manifest.task == Task::super_resolution) {
        throw EngineError("models for super_resolution run in Python alone",
                          {.got = bundle.manifest.name, .remedy = "serve the bundle with `satchel serve`"});
    }
    return bundle;
}

// Places, among the artifact's outputs, of those that steps read.
std::vector<std::size_t> places_read(const PostSteps& steps, const Artifact& artifact) {
    std::vector<std::size_t> places;
    for (const OutputName& name : outputs_read(steps)) {
        const auto place = std::size_t(find_tensor(artifact.outputs, name) - artifact.outputs.data());
        if (std::ranges::find(places, place) == places.end()) places.push_back(place);
    }
    return places;
}

std::vector<std::string> names_at(const std::vector<std::size_t>& places, const Artifact& artifact) {
    std::vector<std::string> names;
    names.reserve(places.size());
    for (const std::size_t place : places) names.push_back(artifact.outputs[place].name);
    return names;
}

}  // namespace

struct Predictor::Impl {
    Impl(const std::filesystem::path& directory, const PredictorOptions& options)
        : bundle(open_runnable(directory)),
          artifact(bundle.artifact(kEngine)),
          pipeline(bundle.manifest.preprocess, {.max_pixels = options.max_pixels, .threads = options.threads}),
          places(places_read(bundle.manifest.postprocess, artifact)),
          postprocessor(bundle.manifest.postprocess, names_at(places, artifact)),
          labels(bundle.manifest.labels),
          model(bundle, artifact,
                {.threads = options.threads, .device = options.device, .bfloat16 = artifact.precision == "bf16"}) {}

    Prepared prepare(Bytes image) const {
        try {
            return pipeline.run(image);
        } catch (const ImagingError& error) {
            throw refused_picture(error);
        }
    }

    Predictions read(const std::vector<torchscript::Output>& outputs, const Prepared& prepared) const {
        std::vector<Row> rows;
        std::vector<TensorView> views;
        rows.reserve(places.size());  // views point into them
        views.reserve(places.size());
        for (const std::size_t place : places) views.push_back(rows.emplace_back(outputs[place]).view());
        const bool channels_first = bundle.manifest.preprocess.tensor.layout == Layout::nchw;
        const std::size_t height = channels_first ? 2 : 1;
        try {
            Predictions found = postprocessor.run(views, int(prepared.tensor.shape[height + 1]),
                                                  int(prepared.tensor.shape[height]), prepared.geometry);
            labels.keep_published(found);
            return found;
        } catch (const ImagingError& error) {
            throw refused_outputs(error);
        }
    }

    std::vector<Prediction> publish(Predictions found) const {
        std::vector<Prediction> predictions;
        for (std::size_t i = 0; i < found.size(); ++i) {
            const Label& label = labels.at(found.index[i]);
            Prediction& prediction = predictions.emplace_back(Prediction{label.name, label.id, found.score[i]});
            if (!found.boxes.empty()) prediction.box = found.boxes[i];
            if (!found.masks.empty()) prediction.mask = std::move(found.masks[i]);
            if (!found.keypoints.empty()) prediction.keypoints = std::move(found.keypoints[i]);
        }
        return predictions;
    }

    Bundle bundle;
    const Artifact& artifact;
    Pipeline pipeline;
    std::vector<std::size_t> places;
    Postprocessor postprocessor;
    LabelTable labels;
    Model model;
};

Predictor::Predictor(const std::filesystem::path& bundle, const PredictorOptions& options)
    : impl_(std::make_unique<Impl>(bundle, checked(options))) {}

Predictor::~Predictor() = default;
Predictor::Predictor(Predictor&&) noexcept = default;
Predictor& Predictor::operator=(Predictor&&) noexcept = default;

const Manifest& Predictor::manifest() const { return impl_->bundle.manifest; }

Result Predictor::predict(Bytes image) const {
    const Prepared prepared = impl_->prepare(image);
    const Clock::time_point began = Clock::now();
    const std::vector<torchscript::Output> outputs = impl_->model.run(prepared.tensor);
    const double infer_ms = milliseconds_since(began);
    const Clock::time_point inferred = Clock::now();
    std::vector<Prediction> predictions = impl_->publish(impl_->read(outputs, prepared));
    return {.model = manifest().name,
            .version = manifest().version,
            .task = manifest().task,
            .image = {prepared.geometry.width, prepared.geometry.height},
            .predictions = std::move(predictions),
            .timings_ms = {prepared.decode_ms, prepared.prepare_ms, infer_ms, milliseconds_since(inferred)}};
}

}  // namespace satchel
