// Where a resized picture lies after padding and cropping: several placements, carried out as one.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "satchel/imaging/layout.h"
#include "satchel/imaging/resizer.h"

namespace satchel {

struct Rect {
    int left = 0;
    int top = 0;
    int right = 0;
    int bottom = 0;

    bool empty() const { return right <= left || bottom <= top; }
    Rect moved(int x, int y) const { return {left + x, top + y, right + x, bottom + y}; }
    Rect within(Size size) const;
};

class Canvas {
public:
    explicit Canvas(Size picture) : size_(picture), visible_{0, 0, picture.width, picture.height} {}

    Size size() const { return size_; }

    // Lays what is there on a new canvas of `size`, filled with `level`, with its first pixel at `offset`, which may
    // lie outside. False where this changes nothing.
    bool place(Size size, Offset offset, int level);

    // The part of the picture that is still to be seen, in its own coordinates.
    Window window() const;

    // Writes row `y`: fills, and where the picture shows, what `picture(row, out)` writes for row `row` of the window.
    void write_row(int y, int channels, std::uint8_t* out,
                   const std::function<void(int, std::uint8_t*)>& picture) const;

private:
    struct Fill {
        Rect area;
        std::uint8_t level;
    };

    Size size_;
    Offset origin_;            // of the picture on the canvas
    Rect visible_;             // the picture's part on the canvas
    std::vector<Fill> fills_;  // the last one laid is painted first
};

}  // namespace satchel
