// Where each input pixel lies in the upright original: the one fact that maps boxes back.
#pragma once

namespace satchel {

// input = original * scale + offset, in continuous coordinates: pixel i covers [i, i + 1).
struct Geometry {
    int width = 0;  // of the upright original
    int height = 0;
    double scale_x = 1.0;
    double scale_y = 1.0;
    double offset_x = 0.0;
    double offset_y = 0.0;

    void scale(double x, double y) {
        scale_x *= x;
        scale_y *= y;
        offset_x *= x;
        offset_y *= y;
    }

    void shift(double x, double y) {
        offset_x += x;
        offset_y += y;
    }
};

}  // namespace satchel
