// Reading bundle.json: what a good one says, and which sentence each kind of mistake gets.
#include <cstdio>
#include <initializer_list>
#include <string>
#include <utility>
#include <variant>

#include "manifest_reader.h"
#include "manifests.h"
#include "satchel/bundle/error.h"

namespace {

using namespace satchel;

struct Mistake {
    std::string old;
    std::string replacement;
    std::string sentence;  // a part of what the error says
};

const Mistake kMistakes[] = {
    {"\"format\": 1", "\"format\": 2", "wrong value at format\n  got: 2"},
    {"\"format\": 1", "\"format\": 1.0", "wrong value at format"},
    {"\"format\": 1", "\"format\": true", "wrong value at format"},
    {"\"format\": 1,", "", "key format is missing"},
    {"\"license\"", "\"licence\"", "unknown key licence\n  got: \"MIT\"\n  remedy: rename it to 'license'"},
    {"\"license\": \"MIT\"", "\"license\": \"\"", "wrong value at license"},
    {"\"format\": 1,", "\"format\": 1, \"more\": [1],", "unknown key more\n  got: [1]\n  remedy: remove it"},
    {"\"name\": \"tiny\"", "\"name\": \"Tiny\"", "wrong value at name"},
    {"\"fill\": 7", "\"fil\": 7", "unknown key preprocess[1].fil\n  got: 7\n  remedy: rename it to 'fill'"},
    {"\"fill\": 7", "\"fill\": 256", "expected: a whole number from 0 to 255"},
    {"\"fill\": 7", "\"fill\": \"7\"", "wrong value at preprocess[1].fill\n  got: \"7\""},
    {"\"fill\": 7", "\"fill\": 7, \"fill\": 8", "key 'fill' appears twice in one object"},
    {"\"width\": 32,", "", "key preprocess[1].width is missing"},
    {"\"upscale\": false", "\"upscale\": 0", "expected: true or false"},
    {"\"half_up\"", "\"up\"", "expected: one of floor, half_up, half_even"},
    {"\"antialias\": false", "\"antialias\": true", "preprocess[1]: nearest and legacy pixel centres exist only"},
    {"\"nearest\"", "\"box\"", "preprocess[1]: only nearest and bilinear exist with antialias false"},
    {"\"letterbox\"", "\"leterbox\"", "unknown op at preprocess[1]\n  got: leterbox"},
    {"\"letterbox\"", "\"tensor\"", "preprocess: the steps must begin with decode and end with tensor"},
    {"{\"op\": \"decode\", \"color\": \"BGR\", \"mode\": \"scaled\"},", "", "must begin with decode"},
    {"[1, 2, 3]", "[1, 2]", "preprocess[2].mean: the picture has 3 channels, mean has 2 values"},
    {"\"std\": null", "\"std\": [1, 0, 1]", "wrong value at preprocess[2].std[1]"},
    {"\"scale\": 0.5", "\"scale\": 0.5, \"dtype\": \"uint8\"", "a uint8 tensor takes the levels as they are"},
    {"\"scale\": 0.5", "\"scale\": 1e999", "not valid JSON"},
    {"\"scale\": 0.5", "\"scale\": NaN", "not valid JSON"},
    {"{\"op\": \"restore\"}", "{\"min\": 1}", "key postprocess[4].op is missing"},
    {"{\"op\": \"restore\"}", "{\"op\": \"boxes\"}", "postprocess[4]: output tensors are read by the first step alone"},
    {"{\"op\": \"boxes\", \"format\": \"cxcywh\"},", "", "postprocess[0]: the first step has to read output tensors"},
    {"{\"op\": \"nms\", \"iou\": 0.25}", "{\"op\": \"masks\"}", "postprocess: a step does not fit the one before"},
    {"\"task\": \"detection\"", "\"task\": \"pose\"", "publishes, the task is pose"},
    {"\"iou\": 0.25", "\"iou\": 1.5", "wrong value at postprocess[2].iou"},
    {"\"op\": \"boxes\"", "\"op\": \"boxes\", \"scores\": \"s\"",
     "a step names output 's', which the model does not have"},
    {"\"name\": \"scores\", \"dtype\": \"float32\"", "\"name\": \"scores\", \"dtype\": \"string\"",
     "a step uses output 'scores', which holds text"},
    {"\"name\": \"scores\", \"dtype\"", "\"name\": \"boxes\", \"dtype\"", "two outputs are called 'boxes'"},
    {"\"input\": \"images\", ", "\"input\": \"x\", ", "a step names input 'x'"},
    {"\"id\": 18", "\"id\": 1", "label id 1 is used twice"},
    {"\"id\": 18", "\"id\": -1", "wrong value at labels[1].id"},
    {"\"id\": 18", "\"id\": 18, \"index\": 3", "either every label states its index or none does"},
    {"{\"sizes\": [32, 64]}", "{\"sizes\": []}", "expected: a list that is not empty"},
    {"{\"sizes\": [32, 64]}", "null", "the name of a dynamic axis"},
    {"{\"sizes\": [32, 64]}", "0", "artifacts[0].inputs[0].shape[2]"},
    {"\"layout\": \"NHWC\"}]", "\"layout\": \"NHW\"}]", "layout NHW has 3 axes, shape has 4"},
    {"\"file\": \"model.pt\"", "\"file\": \"../model.pt\"", "wrong value at artifacts[0].file"},
    {"\"file\": \"model.pt\"", "\"file\": \"other.pt\"", "artifact file other.pt is not listed in files"},
    {"{\"model.pt\": {", "{\"/etc/passwd\": {", "wrong key at files\n  got: /etc/passwd"},
    {"{\"model.pt\": {", "{\".hidden\": {", "wrong key at files"},
    {"{\"model.pt\": {", "{\"a//b\": {", "wrong key at files"},
    {"{\"model.pt\": {", "{\"a/../b\": {", "wrong key at files"},
    {"\"bytes\": 5", "\"bytes\": 5.5", "wrong value at files[\"model.pt\"].bytes"},
    {"\"bytes\": 5", "\"bytes\": 99999999999999999999", "wrong value at files[\"model.pt\"].bytes"},
    {"\"satchel\": \"0.1.0\"", "\"satchel\": 1", "wrong value at provenance.satchel"},
    {"\"provenance\"", "\"tuning\": [1], \"provenance\"", "wrong value at tuning\n  got: [1]\n  expected: an object"},
    {"\"provenance\"", "\"remote\": {\"url\": \"x\"}, \"provenance\"", "unknown key remote.url"},
    {"\"provenance\"", "\"remote\": {\"protocol\": \"http\"}, \"provenance\"",
     "wrong value at remote.protocol\n  got: \"http\"\n  expected: one of oip-http, oip-grpc, tfs-http, tfs-grpc"},
    {"\"provenance\"", "\"remote\": {\"split\": \"tensor\"}, \"provenance\"", "expected: one of tensors, image"},
    {"\"provenance\"", "\"remote\": {\"version\": 3}, \"provenance\"", "wrong value at remote.version"},
    {"\"provenance\"", "\"remote\": {\"model\": \"\"}, \"provenance\"", "wrong value at remote.model"},
    {"\"provenance\"", "\"skeleton\": [[0, 1]], \"provenance\"",
     "only the task pose has a skeleton, the task is detection"},
    {"\"provenance\"", "provenance", "not valid JSON: parse error at line"},
};

std::string problem_of(const std::string& text) {
    try {
        read_manifest(text, "here/bundle.json");
    } catch (const ManifestError& error) {
        CHECK(error.message().starts_with("here/bundle.json: "));
        return error.what();
    }
    return "none";
}

void check_chains(const Manifest& manifest) {
    CHECK(manifest.preprocess.decode.color == Color::bgr && manifest.preprocess.decode.mode == DecodeMode::scaled);
    const auto& box = std::get<Letterbox>(manifest.preprocess.geometric.at(0));
    CHECK(box.width == 32 && box.height == 24 && box.fill == 7 && !box.upscale);
    CHECK(box.anchor == Anchor::top_left && box.rounding == Rounding::half_up);
    CHECK(box.resampling.filter == Filter::nearest && box.resampling.centers == PixelCenters::legacy);
    const ToTensor& tensor = manifest.preprocess.tensor;
    CHECK(tensor.layout == Layout::nhwc && tensor.scale == 0.5 && tensor.mean.at(2) == 3.0 && tensor.std.empty());
    CHECK(std::get<BoxesStep>(manifest.postprocess.head).format == BoxFormat::cxcywh);
    CHECK(std::get<ScoreStep>(manifest.postprocess.refining.at(0)).multi_label);
    CHECK(std::get<NmsStep>(manifest.postprocess.refining.at(1)).per_class);
    CHECK(std::get<TopStep>(manifest.postprocess.refining.at(2)).k == 10);
}

void check_good() {
    const Manifest manifest = read_manifest(kManifest, "here");
    CHECK(manifest.name == "tiny" && manifest.version == "1" && manifest.task == Task::detection);
    CHECK(manifest.input == "images" && manifest.labels.at(1).id == 18 && !manifest.labels.at(0).index);
    check_chains(manifest);
    const Artifact& artifact = manifest.artifacts.at(0);
    const TensorSpec& input = artifact.inputs.at(0);
    CHECK(input.engine_name() == "x" && artifact.outputs.at(0).engine_name() == "boxes");
    CHECK(input.allows({5, 24, 64, 3}) && !input.allows({5, 24, 33, 3}) && !input.allows({5, 24, 64}));
    CHECK(describe(input) == "float32 [batch, 24, 32|64, 3]");
    CHECK(find_tensor(artifact.outputs, std::nullopt) == nullptr &&
          find_tensor(artifact.inputs, std::nullopt) == &input);
    CHECK(manifest.files.at("model.pt").bytes == 5 && manifest.provenance.at("satchel") == "0.1.0");
}

void check_tuning() {
    for (const char* tuning : {"null", "{}", R"({"goal": "latency", "rows": [{"engine": "openvino"}]})"}) {
        const std::string text = changed("\"provenance\"", "\"tuning\": " + std::string(tuning) + ", \"provenance\"");
        CHECK(read_manifest(text, "here").name == "tiny");
    }
}

void check_remote() {
    for (const char* remote : {"null", "{}", R"({"protocol": "tfs-grpc", "split": "image", "model": "m",
                                                "version": "1", "signature": ""})"}) {
        const std::string text = changed("\"provenance\"", "\"remote\": " + std::string(remote) + ", \"provenance\"");
        CHECK(read_manifest(text, "here").name == "tiny");
    }
}

// The manifest as that of a model of poses with three keypoints, whose output has this shape.
std::string pose(const std::string& skeleton, const std::string& shape, const std::string& layout) {
    std::string text = changed(R"("task": "detection")", R"("task": "pose", "skeleton": )" + skeleton);
    text = replaced(std::move(text),
                    R"({"op": "boxes", "format": "cxcywh"}, {"op": "score", "min": 0.5, "multi_label": true},
    {"op": "nms", "iou": 0.25}, {"op": "top", "k": 10}, )",
                    R"({"op": "heat_maps", "output": "boxes", "layout": ")" + layout + R"("}, )");
    return replaced(std::move(text), R"(["batch", 4, 4])", shape);
}

void check_skeleton() {
    const Manifest manifest = read_manifest(pose("[[0, 1], [2, 1]]", "[1, 3, 8, 9]", "CHW"), "here");
    CHECK(manifest.skeleton.size() == 2 && manifest.skeleton[1][0] == 2 && manifest.skeleton[1][1] == 1);
    CHECK(read_manifest(pose("null", "[1, 3, 8, 9]", "CHW"), "here").skeleton.empty());
    for (const char* shape : {R"(["batch", "joints", 8, 9])", "[1, 3]", "[1, 4, 8, 9]"}) {
        CHECK(read_manifest(pose("[[3, 0]]", shape, "CHW"), "here").skeleton.size() == 1);
    }
    const std::string beyond = "skeleton names keypoint 3, output 'boxes' has 3, counted from 0";
    for (const auto& [skeleton, sentence] : std::initializer_list<std::pair<const char*, std::string>>{
             {"[[0, 3]]", beyond},
             {"[[3, 0]]", beyond},
             {"[]", "wrong value at skeleton"},
             {"[[0]]", "wrong value at skeleton[0]"},
             {"[[0, 1], [0, 1, 2]]", "wrong value at skeleton[1]"},
             {"[[0, -1]]", "wrong value at skeleton[0][1]"},
             {"[[0, 1.0]]", "wrong value at skeleton[0][1]"},
             {"[[2, 2]]", "skeleton[0]: a line joins two keypoints, not one with itself"}}) {
        CHECK(problem_of(pose(skeleton, "[1, 3, 8, 9]", "CHW")).find(sentence) != std::string::npos);
        CHECK(problem_of(pose(skeleton, "[1, 8, 9, 3]", "HWC")).find(sentence) != std::string::npos);
    }
}

void check_luma() {
    const auto enlarging = [](const std::string& step, const std::string& color = R"("Y", "exif": true)") {
        std::string text = pose("null", "[1, 1, 48, 64]", "CHW");
        text = replaced(std::move(text), R"("task": "pose", "skeleton": null)", R"("task": "super_resolution")");
        text = replaced(std::move(text), R"("color": "BGR")", "\"color\": " + color);
        text = replaced(std::move(text), "[1, 2, 3]", "null");
        return replaced(std::move(text),
                        R"({"op": "heat_maps", "output": "boxes", "layout": "CHW"}, {"op": "restore"})", step);
    };
    const Manifest manifest = read_manifest(
        enlarging(R"({"op": "luma", "output": "boxes", "factor": 2, "layout": "HWC", "white": 255})"), "here");
    CHECK(manifest.task == Task::super_resolution && manifest.preprocess.decode.color == Color::luma);
    CHECK(std::string(to_string(manifest.task)) == "super_resolution");
    const auto& luma = std::get<LumaStep>(manifest.postprocess.head);
    CHECK(luma.output == "boxes" && luma.factor == 2 && luma.layout == MapLayout::hwc && luma.white == 255.0);
    for (const auto& [text, sentence] : std::initializer_list<std::pair<std::string, const char*>>{
             {enlarging(R"({"op": "luma", "output": "boxes"})"), "key postprocess[0].factor is missing"},
             {enlarging(R"({"op": "luma", "output": "boxes", "factor": 65})"), "a whole number from 1 to 64"},
             {enlarging(R"({"op": "luma", "output": "boxes", "factor": 2, "white": 0})"), "a number above 0"},
             {enlarging(R"({"op": "luma", "factor": 2})"), "leaves open which output"},
             {enlarging(R"({"op": "luma", "output": "boxes", "factor": 2}, {"op": "restore"})"), "does not fit"},
             {enlarging(R"({"op": "luma", "output": "boxes", "factor": 2})", "\"GRAY\""), "decode keeps with color Y"},
             {enlarging(R"({"op": "heat_maps", "output": "boxes"}, {"op": "restore"})"), "the task pose publishes"}}) {
        CHECK(problem_of(text).find(sentence) != std::string::npos);
    }
}

// Every other step once, with what it leaves open and without.
void check_other_steps() {
    const auto with_head = [](const std::string& head, const std::string& rest = R"({"op": "score", "min": 1}, )") {
        return changed(R"({"op": "boxes", "format": "cxcywh"}, {"op": "score", "min": 0.5, "multi_label": true},)",
                       head + ", " + rest);
    };
    const char* outputs = R"("boxes": "boxes", "scores": "scores", "activation": "softmax", "background": true)";
    const std::string level = R"({"stride": 8, "sizes": [[4, 8.5]], "offset": 0})";
    for (const std::string& head :
         {std::string(R"({"op": "yolox", "output": "boxes", "strides": [8]})"),
          std::string(R"({"op": "yolo", "output": "boxes", "objectness": false, "transposed": true})"),
          R"({"op": "ssd", )" + std::string(outputs) + R"(, "variances": [1, 1, 1, 1], "levels": [)" + level + "]}",
          std::string(R"({"op": "distances", "strides": [8, 16.5], "scaled": false, "centerness": "scores"})")}) {
        read_manifest(with_head(head), "here");
    }
    read_manifest(with_head(R"({"op": "picked", "classes": "scores", "count": "scores", "normalized": true})", ""),
                  "here");
    CHECK(problem_of(with_head(R"({"op": "ssd", "levels": [{"stride": 0.5, "sizes": [[1, 1]]}]})"))
              .find("wrong value at postprocess[0].levels[0].stride") != std::string::npos);
    CHECK(problem_of(with_head(R"({"op": "ssd", "levels": [{"stride": 8, "sizes": [[0, 1]]}]})"))
              .find("expected: a number above 0") != std::string::npos);
    CHECK(problem_of(with_head(R"({"op": "yolox"})")).find("leaves open which output") != std::string::npos);
}

void check_other_documents() {
    CHECK(problem_of("").find("not valid JSON") != std::string::npos);
    CHECK(problem_of("[]").find("wrong value at the document\n  got: []\n  expected: an object") != std::string::npos);
    CHECK(problem_of("\"\xff\"").find("not valid JSON") != std::string::npos);
    CHECK(problem_of(std::string(100000, '[')).find("nested too deeply") != std::string::npos);
}

}  // namespace

int main() {
    check_good();
    check_tuning();
    check_remote();
    check_skeleton();
    check_luma();
    check_other_steps();
    check_other_documents();
    for (const Mistake& mistake : kMistakes) {
        const std::string problem = problem_of(changed(mistake.old, mistake.replacement));
        if (problem.find(mistake.sentence) == std::string::npos) std::fprintf(stderr, "%s\n", problem.c_str());
        CHECK(problem.find(mistake.sentence) != std::string::npos);
    }
}
