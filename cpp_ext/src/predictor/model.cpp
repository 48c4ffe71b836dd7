#include "model.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <new>
#include <string>
#include <utility>

#include "satchel/predictor/error.h"
#include "translate.h"
#include "warm_up.h"

namespace satchel {
namespace {

constexpr const char* kRepack = "pack the model again: the manifest describes another graph";

torchscript::ScalarType scalar_type(DType dtype) {
    switch (dtype) {
        case DType::float32: return torchscript::ScalarType::float32;
        case DType::float16: return torchscript::ScalarType::float16;
        case DType::bfloat16: return torchscript::ScalarType::bfloat16;
        case DType::uint8: return torchscript::ScalarType::uint8;
    }
    return torchscript::ScalarType::float32;
}

template <typename Items, typename Name>
std::string listed(const Items& items, Name name) {
    std::string text;
    for (const auto& item : items) text += (text.empty() ? "" : ", ") + std::invoke(name, item);
    return text;
}

EngineError too_large(const TensorSpec& spec) {
    return EngineError("input " + spec.name + " is larger than memory", {.got = describe(spec), .remedy = kRepack});
}

torchscript::Module open(const Bundle& bundle, const Artifact& artifact, const torchscript::Options& options) {
    try {
        return torchscript::Module(bundle.directory / artifact.file, options);
    } catch (const torchscript::TorchscriptError& error) {
        throw translated(error);
    }
}

// How many pictures one run takes: as few as the axis allows.
std::int64_t batch_size(const TensorSpec& spec) {
    if (spec.shape.empty() || spec.shape.front().is_dynamic()) return 1;
    return *std::ranges::min_element(spec.shape.front().sizes);
}

// The outputs that the manifest lists, each with the batch on axis 0: a row would else be taken for a picture.
std::vector<torchscript::Output> pick(std::vector<torchscript::Output> outputs, const Artifact& artifact,
                                      std::int64_t batch) {
    std::map<std::string, torchscript::Output> by_name;
    for (torchscript::Output& output : outputs) by_name.insert_or_assign(output.name, std::move(output));
    std::vector<torchscript::Output> picked;
    for (const TensorSpec& spec : artifact.outputs) {
        const auto found = by_name.find(spec.engine_name());
        if (found == by_name.end()) {
            throw EngineError("the model gave no output " + spec.engine_name(),
                              {.got = listed(by_name, [](const auto& entry) { return entry.first; }),
                               .expected = listed(artifact.outputs, &TensorSpec::engine_name),
                               .remedy = kRepack});
        }
        const torchscript::Output& output = found->second;
        if (output.shape.empty() || output.shape.front() != batch) {
            throw EngineError("model output " + spec.name + " has no batch axis",
                              {.got = describe(output.type, output.shape),
                               .expected = std::to_string(batch) + " on axis 0, one for each image of the batch",
                               .remedy = "export the model with the batch on axis 0 of every output"});
        }
        picked.push_back(output);
    }
    return picked;
}

}  // namespace

Model::Model(const Bundle& bundle, const Artifact& artifact, const torchscript::Options& options)
    : artifact_(artifact),
      input_(*find_tensor(artifact.inputs, bundle.manifest.input)),
      module_(open(bundle, artifact, options)) {
    const DType dtype = bundle.manifest.preprocess.tensor.dtype;
    check_signature(dtype);
    prepare(dtype);
}

void Model::check_signature(DType dtype) const {
    if (artifact_.inputs.size() > 1) {
        throw EngineError("the model has inputs that no step feeds",
                          {.got = listed(artifact_.inputs, &TensorSpec::name), .expected = "one input, the image"});
    }
    if (module_.inputs() != std::vector{input_.engine_name()}) {
        throw EngineError(artifact_.file + " takes other inputs than the manifest says",
                          {.got = listed(module_.inputs(), [](const std::string& name) { return name; }),
                           .expected = input_.engine_name(),
                           .remedy = kRepack});
    }
    if (input_.dtype != to_string(scalar_type(dtype))) {
        throw EngineError("input " + input_.name + " does not fit the model",
                          {.got = to_string(scalar_type(dtype)), .expected = describe(input_), .remedy = kRepack});
    }
}

void Model::prepare(DType dtype) {
    for (const std::vector<std::int64_t>& shape : declared_shapes(input_)) {
        try {
            const std::vector<std::uint8_t> values = ordinary_values(dtype, shape);
            const torchscript::ArrayView view{values.data(), scalar_type(dtype), shape};
            module_.prepare({&view, 1});
        } catch (const std::bad_alloc&) {
            throw too_large(input_);
        } catch (const torchscript::TorchscriptError& error) {
            throw translated(error);
        }
    }
}

std::vector<torchscript::Output> Model::run(const Tensor& tensor) const {
    const std::int64_t batch = batch_size(input_);
    torchscript::ArrayView view{
        tensor.data.data(), scalar_type(tensor.dtype), {tensor.shape.begin(), tensor.shape.end()}};
    view.shape[0] = batch;
    if (!input_.allows(view.shape)) {
        throw EngineError(
            "input " + input_.name + " does not fit the model",
            {.got = describe(view.type, view.shape),
             .expected = describe(input_),
             .remedy = "the preprocessing steps must give this tensor: correct the recipe and pack again"});
    }
    std::vector<std::uint8_t> filled;  // up to a batch axis that takes no single picture
    try {
        if (batch > 1) {
            filled.resize(count_bytes(tensor.dtype, view.shape));
            std::memcpy(filled.data(), tensor.data.data(), tensor.data.size());
            view.data = filled.data();
        }
        return pick(module_.run({&view, 1}), artifact_, batch);
    } catch (const std::bad_alloc&) {
        throw too_large(input_);
    } catch (const torchscript::TorchscriptError& error) {
        throw translated(error);
    }
}

}  // namespace satchel
