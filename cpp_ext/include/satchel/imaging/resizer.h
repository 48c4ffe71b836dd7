// Resampling in two halves: source rows are taken in one by one, in any order and from several threads; then output
// rows are written. So rows can be resampled while later ones are still being decoded.
#pragma once

#include <cstdint>
#include <memory>

#include "satchel/imaging/exif.h"
#include "satchel/imaging/kernels.h"
#include "satchel/imaging/layout.h"
#include "satchel/imaging/steps.h"
#include "satchel/imaging/taps.h"

namespace satchel {

class TapCache;

// The part of the resized picture that is wanted.
struct Window {
    Range x;
    Range y;
};

class Resizer {
public:
    virtual ~Resizer() = default;
    Resizer(const Resizer&) = delete;
    Resizer& operator=(const Resizer&) = delete;

    // Source rows [begin, end) hold all that are needed.
    Range source_rows() const { return source_rows_; }

    // Takes source row `y` in; ignores it where it is not needed. Reads up to kReadSlack bytes behind the row.
    virtual void take_row(int y, const std::uint8_t* row) = 0;

    // Writes output row `y`, counted from the window's first, once all rows have been taken in.
    virtual void write_row(int y, std::uint8_t* out) const = 0;

protected:
    Resizer() = default;
    Range source_rows_;
};

// What resizing from `source` to `target` has in common, whatever the algorithm. Sizes and window are those of the
// upright picture. Where a turn is to be made, rows are taken in and written as they are stored, so that only what is
// left after resampling has to be turned.
struct ResizeJob {
    Size source;
    Size target;
    int channels;
    Window window;
    Turn turn{};

    // One axis of the picture as it is stored.
    struct Axis {
        int source;
        int target;
        Range range;    // in upright coordinates
        bool mirrored;  // whether the stored axis runs the other way
    };
    Axis across() const {
        return turn.transposed ? Axis{source.height, target.height, window.y, turn.flip_x}
                               : Axis{source.width, target.width, window.x, turn.flip_x};
    }
    Axis down() const {
        return turn.transposed ? Axis{source.width, target.width, window.x, turn.flip_y}
                               : Axis{source.height, target.height, window.y, turn.flip_y};
    }
    // What `Resizer` writes: the window as it is stored.
    Size stored_window() const { return {across().range.size(), down().range.size()}; }
};

std::unique_ptr<Resizer> make_resizer(const ResizeJob& job, const Resampling& resampling, const Kernels& kernels,
                                      TapCache& cache);

}  // namespace satchel
