// The manifest's preprocessing steps, as plain data. Their meaning is written down in docs/02-bundle.md.
#pragma once

#include <array>
#include <optional>
#include <variant>
#include <vector>

namespace satchel {

enum class Color { rgb, bgr, gray, luma };  // luma: the manifest's Y, whose tensors only Python makes
enum class DecodeMode { exact, scaled };
enum class Filter { nearest, box, bilinear, bicubic, lanczos };
enum class PixelCenters { half, legacy };
enum class Anchor { center, top_left };
enum class Rounding { floor, half_up, half_even };
enum class Layout { nchw, nhwc };
enum class DType { float32, float16, bfloat16, uint8 };  // bfloat16: in C++ alone, since NumPy has none

struct Decode {
    Color color = Color::rgb;
    bool exif = true;
    DecodeMode mode = DecodeMode::exact;
};

struct Resampling {
    Filter filter = Filter::bilinear;
    bool antialias = true;
    PixelCenters centers = PixelCenters::half;
};

struct Resize {
    int width = 0;
    int height = 0;
    Resampling resampling{};
};

struct ResizeShort {
    int length = 0;
    std::optional<int> limit{};
    Rounding rounding = Rounding::floor;
    Resampling resampling{};
};

struct Letterbox {
    int width = 0;
    int height = 0;
    Anchor anchor = Anchor::center;
    int fill = 114;
    bool upscale = true;
    Rounding rounding = Rounding::floor;
    Resampling resampling{};
};

struct Pad {
    int multiple = 1;
    Anchor anchor = Anchor::top_left;
    int fill = 0;
};

struct Crop {
    int width = 0;
    int height = 0;
    Anchor anchor = Anchor::center;
    Rounding rounding = Rounding::half_even;
    int fill = 0;
};

struct ToTensor {
    Layout layout = Layout::nchw;
    DType dtype = DType::float32;
    double scale = 1.0;
    std::vector<double> mean{};  // empty, one value, or one per channel
    std::vector<double> std{};
};

using GeometricStep = std::variant<Resize, ResizeShort, Letterbox, Pad, Crop>;

// A whole chain: decode, geometric steps, tensor.
struct Steps {
    Decode decode{};
    std::vector<GeometricStep> geometric{};
    ToTensor tensor{};
};

}  // namespace satchel
