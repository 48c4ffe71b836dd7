#include "artifacts.h"

#include <array>
#include <string_view>

#include "patterns.h"
#include "record.h"

namespace satchel {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kPrecisions{"fp32"sv, "bf16"sv, "fp16"sv, "int8"sv};
constexpr std::array kTypes{"float32"sv, "float16"sv, "bfloat16"sv, "float64"sv, "uint8"sv,
                            "int8"sv,    "int32"sv,   "int64"sv,    "bool"sv,    "string"sv};

std::vector<std::int64_t> read_sizes(const Node& node) {
    std::vector<std::int64_t> sizes;
    for (const Node& size : node.elements(1)) sizes.push_back(size.whole(1, kLargestWhole));
    return sizes;
}

Axis read_axis(const Node& node) {
    if (node.is_whole()) return {{}, {node.whole(1, kLargestWhole)}};
    if (node.is_text()) return {node.text(1), {}};
    if (!node.is_object()) node.refuse("a size of at least 1, the name of a dynamic axis, or {\"sizes\": [...]}");
    return {{}, read_sizes(Record(node, {"sizes"}).required("sizes"))};
}

TensorSpec read_spec(const Node& node) {
    const Record record(node, {"name", "native", "dtype", "shape", "layout"});
    TensorSpec spec{.name = record.required("name").text(), .dtype = {}};
    spec.native = record.name("native");
    spec.dtype = kTypes[find_word(record.required("dtype"), kTypes)];
    for (const Node& axis : record.required("shape").elements()) spec.shape.push_back(read_axis(axis));
    if (const auto stated = record.find_stated("layout")) spec.layout = layout(*stated);
    if (spec.layout && spec.layout->size() != spec.shape.size()) {
        node.refuse_because("layout " + *spec.layout + " has " + std::to_string(spec.layout->size()) +
                            " axes, shape has " + std::to_string(spec.shape.size()));
    }
    return spec;
}

std::vector<TensorSpec> read_specs(const Node& node) {
    std::vector<TensorSpec> specs;
    for (const Node& spec : node.elements(1)) specs.push_back(read_spec(spec));
    return specs;
}

}  // namespace

Artifact read_artifact(const Node& node) {
    const Record record(node, {"engine", "precision", "file", "companions", "inputs", "outputs"});
    Artifact artifact{.engine = identifier(record.required("engine")),
                      .precision = std::string(kPrecisions[find_word(record.required("precision"), kPrecisions)]),
                      .file = relative_path(record.required("file"))};
    if (const auto companions = record.find("companions")) {
        for (const Node& path : companions->elements()) artifact.companions.push_back(relative_path(path));
    }
    artifact.inputs = read_specs(record.required("inputs"));
    artifact.outputs = read_specs(record.required("outputs"));
    return artifact;
}

}  // namespace satchel
