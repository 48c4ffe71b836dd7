// A manifest that is right, and others made of it.
#pragma once

#include <string>

#include "../check.h"

inline const char* const kSha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";  // of `hello`

inline const char* const kManifest = R"({
  "format": 1,
  "name": "tiny", "task": "detection", "architecture": "tiny", "license": "MIT",
  "source": {"url": "https://example.org", "note": null},
  "preprocess": [
    {"op": "decode", "color": "BGR", "mode": "scaled"},
    {"op": "letterbox", "width": 32, "height": 24, "anchor": "top-left", "fill": 7, "resample": "nearest",
     "antialias": false, "pixel_centers": "legacy", "upscale": false, "rounding": "half_up"},
    {"op": "tensor", "input": "images", "layout": "NHWC", "scale": 0.5, "mean": [1, 2, 3], "std": null}],
  "postprocess": [
    {"op": "boxes", "format": "cxcywh"}, {"op": "score", "min": 0.5, "multi_label": true},
    {"op": "nms", "iou": 0.25}, {"op": "top", "k": 10}, {"op": "restore"}],
  "metrics": [{"name": "AP@.5", "value": 0.5, "dataset": "none"}],
  "labels": [{"id": 1, "name": "cat"}, {"id": 18, "name": "dog"}],
  "artifacts": [{"engine": "torchscript", "precision": "fp32", "file": "model.pt",
    "inputs": [{"name": "images", "native": "x", "dtype": "float32", "shape": ["batch", 24, {"sizes": [32, 64]}, 3],
      "layout": "NHWC"}],
    "outputs": [{"name": "boxes", "dtype": "float32", "shape": ["batch", 4, 4]},
                {"name": "scores", "dtype": "float32", "shape": ["batch", 4, 2]}]}],
  "provenance": {"satchel": "0.1.0"},
  "files": {"model.pt": {"sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", "bytes": 5}}
})";

// `text` with `old` replaced, which must be there once.
inline std::string replaced(std::string text, const std::string& old, const std::string& replacement) {
    const auto place = text.find(old);
    CHECK(place != std::string::npos && text.find(old, place + 1) == std::string::npos);
    return text.replace(place, old.size(), replacement);
}

// The manifest with `old` replaced.
inline std::string changed(const std::string& old, const std::string& replacement) {
    return replaced(kManifest, old, replacement);
}
