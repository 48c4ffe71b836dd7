#include "references.h"

#include <ranges>
#include <set>
#include <string>
#include <variant>

#include "satchel/bundle/error.h"
#include "satchel/tasks/step_chain.h"

namespace satchel {
namespace {

void check_labels(const std::vector<Label>& labels) {
    std::set<std::int64_t> ids;
    std::set<std::int64_t> indices;
    std::size_t stated = 0;
    for (const Label& label : labels) {
        if (!ids.insert(label.id).second) {
            throw ManifestError("label id " + std::to_string(label.id) + " is used twice",
                                {.remedy = "give each label an id of its own"});
        }
        if (!label.index) continue;
        ++stated;
        if (!indices.insert(*label.index).second) {
            throw ManifestError("two labels have the same index", {.got = std::to_string(*label.index)});
        }
    }
    if (stated != 0 && stated != labels.size()) {
        throw ManifestError("either every label states its index or none does");
    }
}

void check_tensor(const std::vector<TensorSpec>& specs, const std::optional<std::string>& name, const char* kind) {
    const std::string what = kind;
    if (const TensorSpec* spec = find_tensor(specs, name)) {
        if (spec->dtype != "string") return;
        throw ManifestError(
            "a step uses " + what + " '" + spec->name + "', which holds text",
            {.got = "string", .expected = "numbers", .remedy = "name another " + what + " in the step"});
    }
    std::string names;
    for (const TensorSpec& spec : specs) names += (names.empty() ? "" : ", ") + spec.name;
    if (name) {
        throw ManifestError("a step names " + what + " '" + *name + "', which the model does not have",
                            {.got = *name, .expected = names, .remedy = "correct the name in the step"});
    }
    throw ManifestError("a step leaves open which " + what + " it means",
                        {.expected = "one of " + names, .remedy = "name the " + what + " in the step"});
}

void check_names(const std::vector<TensorSpec>& specs, const char* kind) {
    std::set<std::string> names;
    for (const TensorSpec& spec : specs) {
        if (names.insert(spec.name).second) continue;
        throw ManifestError("two " + std::string(kind) + "s are called '" + spec.name + "'",
                            {.got = spec.name, .remedy = "give each a name of its own"});
    }
}

// Where the artifact's shape tells how many keypoints there are.
void check_skeleton(const Manifest& manifest, const Artifact& artifact) {
    const auto* head = std::get_if<HeatMapsStep>(&manifest.postprocess.head);
    if (head == nullptr) return;
    const TensorSpec& output = *find_tensor(artifact.outputs, head->output);
    if (output.shape.size() != 4) return;
    const Axis& axis = output.shape[head->layout == MapLayout::chw ? 1 : 3];
    if (axis.sizes.size() != 1) return;
    for (const std::int64_t keypoint : manifest.skeleton | std::views::join) {
        if (keypoint < axis.sizes[0]) continue;
        throw ManifestError("skeleton names keypoint " + std::to_string(keypoint) + ", output '" + output.name +
                                "' has " + std::to_string(axis.sizes[0]) + ", counted from 0",
                            {.remedy = "correct skeleton"});
    }
}

bool is_listed(const std::map<std::string, FileRecord>& files, const std::string& path) {
    if (files.contains(path)) return true;
    const auto below = files.lower_bound(path + "/");  // a directory with what is in it
    return below != files.end() && below->first.starts_with(path + "/");
}

void check_artifact(const Manifest& manifest, const Artifact& artifact) {
    check_names(artifact.inputs, "input");
    check_names(artifact.outputs, "output");
    check_tensor(artifact.inputs, manifest.input, "input");
    for (const OutputName& name : outputs_read(manifest.postprocess)) check_tensor(artifact.outputs, name, "output");
    check_skeleton(manifest, artifact);
    std::vector<std::string> paths = artifact.companions;
    paths.insert(paths.begin(), artifact.file);
    for (const std::string& path : paths) {
        if (is_listed(manifest.files, path)) continue;
        throw ManifestError("artifact file " + path + " is not listed in files", {.remedy = "pack the bundle again"});
    }
}

}  // namespace

void check_references(const Manifest& manifest) {
    check_labels(manifest.labels);
    if (manifest.files.contains("bundle.json")) {
        throw ManifestError("files lists bundle.json, which cannot hold its own digest",
                            {.remedy = "remove it from files"});
    }
    if (!manifest.skeleton.empty() && manifest.task != Task::pose) {
        throw ManifestError("only the task pose has a skeleton, the task is " + std::string(to_string(manifest.task)),
                            {.remedy = "remove skeleton"});
    }
    if (manifest.task == Task::super_resolution && manifest.preprocess.decode.color != Color::luma) {
        throw ManifestError("step luma adds the colours that decode keeps with color Y",
                            {.remedy = "set color to Y in the step decode"});
    }
    for (const Artifact& artifact : manifest.artifacts) check_artifact(manifest, artifact);
}

}  // namespace satchel
