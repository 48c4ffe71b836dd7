// `bundle.json`: what a bundle holds, and how its model is to be fed and read. docs/02-bundle.md has the meaning.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "satchel/imaging/steps.h"
#include "satchel/tasks/postprocess_steps.h"

namespace satchel {

enum class Task { classification, detection, instance_segmentation, pose, super_resolution };

const char* to_string(Task task);

struct Label {
    std::int64_t id = 0;  // what results publish as `class_id`
    std::string name{};
    std::optional<std::int64_t> index{};  // place in the model's output, where labels state it
};

// An axis of one size, of a choice of sizes, or of any.
struct Axis {
    std::string name{};                 // of an axis of any size
    std::vector<std::int64_t> sizes{};  // empty where any size will do

    bool is_dynamic() const { return sizes.empty(); }
    bool allows(std::int64_t size) const;
};

struct TensorSpec {
    std::string name;                     // that steps use
    std::optional<std::string> native{};  // the engine's own name, where it differs
    std::string dtype;
    std::vector<Axis> shape{};
    std::optional<std::string> layout{};

    const std::string& engine_name() const { return native ? *native : name; }
    bool allows(const std::vector<std::int64_t>& sizes) const;
};

// As Python writes it: `float32 [batch, 3, 224|256, 224]`.
std::string describe(const TensorSpec& spec);

// The model in one format, for one engine, in one precision.
struct Artifact {
    std::string engine;
    std::string precision;
    std::string file;
    std::vector<std::string> companions{};
    std::vector<TensorSpec> inputs{};
    std::vector<TensorSpec> outputs{};
};

// The tensor called `name`, the only one where there is no name; a null pointer where there is none such.
const TensorSpec* find_tensor(const std::vector<TensorSpec>& specs, const std::optional<std::string>& name);

struct FileRecord {
    std::string sha256;
    std::int64_t bytes = 0;
    bool operator==(const FileRecord&) const = default;
};

struct Manifest {
    std::string name;
    std::string version = "1";
    Task task = Task::classification;
    std::string architecture;
    std::string license;
    Steps preprocess{};
    std::optional<std::string> input{};  // that `tensor` writes; nothing where the model has only one
    PostSteps postprocess{};
    std::vector<std::array<std::int64_t, 2>> skeleton{};  // keypoints that a line joins in drawings
    std::vector<Label> labels{};
    std::vector<Artifact> artifacts{};  // the first is the default
    std::map<std::string, std::string> provenance{};
    std::map<std::string, FileRecord> files{};  // all of the bundle but `bundle.json`
};

}  // namespace satchel
