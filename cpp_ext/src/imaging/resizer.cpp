#include "satchel/imaging/resizer.h"

#include "resizers.h"

namespace satchel {

std::unique_ptr<Resizer> make_resizer(const ResizeJob& job, const Resampling& resampling, const Kernels& kernels,
                                      TapCache& cache) {
    if (resampling.filter == Filter::nearest) return make_nearest_resizer(job, resampling.centers);
    // An axis of unchanged length is copied by the first; the second would only compute the same levels again.
    if (resampling.antialias || job.source == job.target) {
        return make_antialias_resizer(job, resampling.filter, kernels, cache);
    }
    if (job.turn.transposed) return make_turned_bilinear_resizer(job, resampling.centers);
    return make_bilinear_resizer(job, resampling.centers, kernels);
}

}  // namespace satchel
