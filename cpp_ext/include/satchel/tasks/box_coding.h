// Boxes in the ways graphs state them, and as everything after the first step sees them: x1, y1, x2, y2.
#pragma once

#include <algorithm>
#include <limits>

#include "satchel/tasks/postprocess_steps.h"
#include "satchel/tasks/predictions.h"

namespace satchel {

// To single precision; what lies beyond its range stays finite, so that overlaps stay numbers.
inline double rounded(double value) {
    constexpr double kLargest = std::numeric_limits<float>::max();
    return double(float(std::clamp(value, -kLargest, kLargest)));
}

// Computed in double, boxes are rounded once: so they are the same wherever they are computed.
inline Box rounded(double x1, double y1, double x2, double y2) {
    return {rounded(x1), rounded(y1), rounded(x2), rounded(y2)};
}

inline Box centered(double x, double y, double width, double height) {
    return rounded(x - width / 2, y - height / 2, x + width / 2, y + height / 2);
}

// A box that the graph has decoded, stated in pixels of the input or in parts of it.
struct BoxCoding {
    BoxFormat format = BoxFormat::xyxy;
    double scale_x = 1.0;
    double scale_y = 1.0;

    Box decode(const float* raw) const {
        const std::array<double, 4> v{double(raw[0]), double(raw[1]), double(raw[2]), double(raw[3])};
        switch (format) {
            case BoxFormat::xyxy: return rounded(v[0] * scale_x, v[1] * scale_y, v[2] * scale_x, v[3] * scale_y);
            case BoxFormat::yxyx: return rounded(v[1] * scale_x, v[0] * scale_y, v[3] * scale_x, v[2] * scale_y);
            case BoxFormat::cxcywh: return centered(v[0] * scale_x, v[1] * scale_y, v[2] * scale_x, v[3] * scale_y);
        }
        return {};
    }
};

// Of a step that states both.
template <typename Step>
BoxCoding coding_of(const Step& step, int input_width, int input_height) {
    if (!step.normalized) return {step.format};
    return {step.format, double(input_width), double(input_height)};
}

}  // namespace satchel
