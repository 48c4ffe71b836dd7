#include "preprocess.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "record.h"

namespace satchel {
namespace {

constexpr int kLongestSide = 16384;
constexpr int kLargestLevel = 255;

int side(const Record& record, const char* key) { return int(record.required(key).whole(1, kLongestSide)); }

int level(const Record& record, int fallback) { return record.whole("fill", 0, kLargestLevel, fallback); }

Anchor anchor(const Record& record, Anchor fallback) {
    return record.choose("anchor", fallback, {{"center", Anchor::center}, {"top-left", Anchor::top_left}});
}

Rounding rounding(const Record& record, Rounding fallback) {
    return record.choose(
        "rounding", fallback,
        {{"floor", Rounding::floor}, {"half_up", Rounding::half_up}, {"half_even", Rounding::half_even}});
}

Resampling resampling(const Record& record) {
    Resampling chosen;
    chosen.filter = record.choose("resample", chosen.filter,
                                  {{"nearest", Filter::nearest},
                                   {"box", Filter::box},
                                   {"bilinear", Filter::bilinear},
                                   {"bicubic", Filter::bicubic},
                                   {"lanczos", Filter::lanczos}});
    chosen.antialias = record.truth("antialias", chosen.antialias);
    chosen.centers = record.choose("pixel_centers", chosen.centers,
                                   {{"half", PixelCenters::half}, {"legacy", PixelCenters::legacy}});
    if (chosen.antialias && (chosen.filter == Filter::nearest || chosen.centers == PixelCenters::legacy)) {
        record.node().refuse_because("nearest and legacy pixel centres exist only with antialias false");
    }
    if (!chosen.antialias && chosen.filter != Filter::nearest && chosen.filter != Filter::bilinear) {
        record.node().refuse_because("only nearest and bilinear exist with antialias false");
    }
    return chosen;
}

Decode read_decode(const Node& node) {
    const Record record(node, {"op", "color", "exif", "mode"});
    Decode step;
    step.color = record.choose("color", step.color,
                               {{"RGB", Color::rgb}, {"BGR", Color::bgr}, {"GRAY", Color::gray}, {"Y", Color::luma}});
    step.exif = record.truth("exif", step.exif);
    step.mode = record.choose("mode", step.mode, {{"exact", DecodeMode::exact}, {"scaled", DecodeMode::scaled}});
    return step;
}

GeometricStep read_resize(const Node& node) {
    const Record record(node, {"op", "width", "height", "resample", "antialias", "pixel_centers"});
    return Resize{side(record, "width"), side(record, "height"), resampling(record)};
}

GeometricStep read_resize_short(const Node& node) {
    const Record record(node, {"op", "length", "limit", "rounding", "resample", "antialias", "pixel_centers"});
    ResizeShort step{.length = side(record, "length")};
    if (const auto limit = record.find_stated("limit")) step.limit = int(limit->whole(1, kLongestSide));
    step.rounding = rounding(record, step.rounding);
    step.resampling = resampling(record);
    return step;
}

GeometricStep read_letterbox(const Node& node) {
    const Record record(node, {"op", "width", "height", "anchor", "fill", "upscale", "rounding", "resample",
                               "antialias", "pixel_centers"});
    Letterbox step{.width = side(record, "width"), .height = side(record, "height")};
    step.anchor = anchor(record, step.anchor);
    step.fill = level(record, step.fill);
    step.upscale = record.truth("upscale", step.upscale);
    step.rounding = rounding(record, step.rounding);
    step.resampling = resampling(record);
    return step;
}

GeometricStep read_pad(const Node& node) {
    const Record record(node, {"op", "multiple", "anchor", "fill"});
    Pad step{.multiple = side(record, "multiple")};
    step.anchor = anchor(record, step.anchor);
    step.fill = level(record, step.fill);
    return step;
}

GeometricStep read_crop(const Node& node) {
    const Record record(node, {"op", "width", "height", "anchor", "rounding", "fill"});
    Crop step{.width = side(record, "width"), .height = side(record, "height")};
    step.anchor = anchor(record, step.anchor);
    step.rounding = rounding(record, step.rounding);
    step.fill = level(record, step.fill);
    return step;
}

// One number for each channel. `least` bounds them.
std::vector<double> read_channels(const Record& record, const char* key, std::size_t channels, double least) {
    const auto found = record.find_stated(key);
    if (!found) return {};
    const std::vector<Node> elements = found->elements();
    if (elements.size() != channels) {
        found->refuse_because("the picture has " + std::to_string(channels) + " channels, " + key + " has " +
                              std::to_string(elements.size()) + " values");
    }
    std::vector<double> values;
    values.reserve(channels);
    for (const Node& element : elements) values.push_back(element.number(least, kLargestNumber));
    return values;
}

ToTensor read_tensor(const Record& record, Color color) {
    ToTensor step;
    const std::size_t channels = color == Color::gray || color == Color::luma ? 1 : 3;
    step.layout = record.choose("layout", step.layout, {{"NCHW", Layout::nchw}, {"NHWC", Layout::nhwc}});
    step.dtype = record.choose("dtype", step.dtype,
                               {{"float32", DType::float32}, {"float16", DType::float16}, {"uint8", DType::uint8}});
    step.scale = record.number("scale", -kLargestNumber, kLargestNumber, step.scale);
    step.mean = read_channels(record, "mean", channels, -kLargestNumber);
    step.std = read_channels(record, "std", channels, kAboveZero);
    if (step.dtype == DType::uint8 && (step.scale != 1.0 || !step.mean.empty() || !step.std.empty())) {
        record.node().refuse_because("a uint8 tensor takes the levels as they are: no scale, mean or std");
    }
    return step;
}

using Reader = GeometricStep (*)(const Node&);
constexpr std::array<Reader, 5> kGeometric{read_resize, read_resize_short, read_letterbox, read_pad, read_crop};
constexpr std::array<std::string_view, 7> kOps{"resize", "resize_short", "letterbox", "pad",
                                               "crop",   "decode",       "tensor"};

}  // namespace

Preprocess read_preprocess(const Node& node) {
    const std::vector<Node> nodes = node.elements();
    std::vector<std::string_view> ops;
    ops.reserve(nodes.size());
    for (const Node& step : nodes) ops.push_back(kOps[find_op(step, kOps)]);
    const auto is_end = [](std::string_view op) { return op == "decode" || op == "tensor"; };
    if (nodes.size() < 2 || ops.front() != "decode" || ops.back() != "tensor" ||
        std::any_of(ops.begin() + 1, ops.end() - 1, is_end)) {
        node.refuse_because("the steps must begin with decode and end with tensor, with one of each");
    }
    Preprocess chain;
    chain.steps.decode = read_decode(nodes.front());
    for (std::size_t i = 1; i + 1 < nodes.size(); ++i) {
        chain.steps.geometric.push_back(kGeometric[find_op(nodes[i], kOps)](nodes[i]));
    }
    const Record tensor(nodes.back(), {"op", "input", "layout", "dtype", "scale", "mean", "std"});
    chain.input = tensor.name("input");
    chain.steps.tensor = read_tensor(tensor, chain.steps.decode.color);
    return chain;
}

}  // namespace satchel
