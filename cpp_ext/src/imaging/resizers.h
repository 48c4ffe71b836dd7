// The three families of resampling, behind `make_resizer`.
#pragma once

#include "satchel/imaging/resizer.h"

namespace satchel {

std::unique_ptr<Resizer> make_antialias_resizer(const ResizeJob& job, Filter filter, const Kernels& kernels,
                                                TapCache& cache);
std::unique_ptr<Resizer> make_bilinear_resizer(const ResizeJob& job, PixelCenters centers, const Kernels& kernels);
std::unique_ptr<Resizer> make_turned_bilinear_resizer(const ResizeJob& job, PixelCenters centers);
std::unique_ptr<Resizer> make_nearest_resizer(const ResizeJob& job, PixelCenters centers);

// Outputs [begin, end) of an axis in the order in which they are stored.
inline Range stored_range(const ResizeJob::Axis& axis) {
    if (!axis.mirrored) return axis.range;
    return {axis.target - axis.range.end, axis.target - axis.range.begin};
}

// Bytes from one intermediate row to the next, with the slack that kernels need.
inline std::size_t padded_stride(std::size_t bytes) { return (bytes + kWriteSlack + 63) / 64 * 64; }

}  // namespace satchel
