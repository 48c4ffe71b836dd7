#include "manifest_reader.h"

#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "artifacts.h"
#include "json.h"
#include "patterns.h"
#include "postprocess.h"
#include "preprocess.h"
#include "record.h"
#include "references.h"
#include "satchel/bundle/error.h"

namespace satchel {
namespace {

constexpr std::int64_t kFormat = 1;
constexpr std::int64_t kLargestId = std::int64_t{1} << 53;

Task read_task(const Node& node) {
    return choice<Task>(node, {{"classification", Task::classification},
                               {"detection", Task::detection},
                               {"instance_segmentation", Task::instance_segmentation},
                               {"pose", Task::pose},
                               {"super_resolution", Task::super_resolution}});
}

// What serves people alone is checked, and not kept.
void check_source(const Node& node) {
    const Record record(node, {"url", "sha256", "note"});
    record.name("url");
    record.name("note");
    if (const auto digest = record.find_stated("sha256")) sha256(*digest);
}

void check_metric(const Node& node) {
    const Record record(node, {"name", "value", "dataset", "label", "samples"});
    record.required("name").text();
    record.required("value").number(-kLargestNumber, kLargestNumber);
    record.required("dataset").text();
    record.name("label");
    if (const auto samples = record.find_stated("samples")) samples->whole(0, kLargestWhole);
}

// As a remote service is asked, which is not done from here.
void check_remote(const Node& node) {
    const Record record(node, {"protocol", "split", "model", "version", "signature"});
    if (const auto protocol = record.find_stated("protocol")) {
        find_word(*protocol, std::array<std::string_view, 4>{"oip-http", "oip-grpc", "tfs-http", "tfs-grpc"});
    }
    if (const auto split = record.find_stated("split")) {
        find_word(*split, std::array<std::string_view, 2>{"tensors", "image"});
    }
    for (const char* key : {"model", "version"}) {
        if (const auto name = record.find_stated(key)) name->text(1);
    }
    record.name("signature");
}

std::array<std::int64_t, 2> read_bone(const Node& node) {
    const std::vector<Node> ends = node.elements();
    if (ends.size() != 2) node.refuse("a list of two keypoints");
    const std::array bone{ends[0].whole(0, kLargestCount), ends[1].whole(0, kLargestCount)};
    if (bone[0] == bone[1]) node.refuse_because("a line joins two keypoints, not one with itself");
    return bone;
}

Label read_label(const Node& node) {
    const Record record(node, {"id", "name", "index"});
    Label label{.id = record.required("id").whole(0, kLargestId), .name = record.required("name").text(1)};
    if (const auto index = record.find_stated("index")) label.index = index->whole(0, kLargestCount);
    return label;
}

std::map<std::string, FileRecord> read_files(const Node& node) {
    std::map<std::string, FileRecord> files;
    for (const auto& [name, file] : node.entries()) {
        if (!is_relative_path(name)) {
            throw ManifestError("wrong key at " + node.path(),
                                {.got = name, .expected = "a plain relative path", .remedy = "correct " + node.path()});
        }
        const Record record(file, {"sha256", "bytes"});
        files[name] = {sha256(record.required("sha256")), record.required("bytes").whole(0, kLargestWhole)};
    }
    return files;
}

void read_card(const Record& record, Manifest& manifest) {
    manifest.name = identifier(record.required("name"));
    if (const auto version = record.find("version")) manifest.version = identifier(*version);
    manifest.task = read_task(record.required("task"));
    manifest.architecture = identifier(record.required("architecture"));
    manifest.license = record.required("license").text(1);
    if (const auto source = record.find("source")) check_source(*source);
    Preprocess preprocess = read_preprocess(record.required("preprocess"));
    manifest.preprocess = std::move(preprocess.steps);
    manifest.input = std::move(preprocess.input);
    manifest.postprocess = read_postprocess(record.required("postprocess"), manifest.task);
    if (const auto metrics = record.find("metrics")) {
        for (const Node& metric : metrics->elements()) check_metric(metric);
    }
    if (const auto skeleton = record.find_stated("skeleton")) {
        for (const Node& bone : skeleton->elements(1)) manifest.skeleton.push_back(read_bone(bone));
    }
    if (const auto remote = record.find_stated("remote")) check_remote(*remote);
}

Manifest read(const Node& node) {
    const Record record(
        node, {"format", "name", "version", "task", "architecture", "license", "source", "preprocess", "postprocess",
               "skeleton", "metrics", "remote", "labels", "artifacts", "tuning", "provenance", "files"});
    Manifest manifest;
    record.required("format").whole(kFormat, kFormat);
    read_card(record, manifest);
    for (const Node& label : record.required("labels").elements(1)) manifest.labels.push_back(read_label(label));
    for (const Node& artifact : record.required("artifacts").elements(1)) {
        manifest.artifacts.push_back(read_artifact(artifact));
    }
    // What was measured before the artifacts were chosen: for people, and for engines that Python opens.
    if (const auto tuning = record.find_stated("tuning")) tuning->entries();
    if (const auto provenance = record.find("provenance")) {
        for (const auto& [tool, version] : provenance->entries()) manifest.provenance[tool] = version.text();
    }
    manifest.files = read_files(record.required("files"));
    return manifest;
}

}  // namespace

Manifest read_manifest(const std::string& text, const std::string& where) {
    try {
        const nlohmann::json document = parse_json(text);
        Manifest manifest = read(Node(document, ""));
        check_references(manifest);
        return manifest;
    } catch (const ManifestError& error) {
        throw ManifestError(where + ": " + error.message(), error.facts());
    }
}

}  // namespace satchel
