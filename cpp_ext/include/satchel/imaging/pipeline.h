// Encoded bytes to an input tensor, as a chain of manifest steps says.
#pragma once

#include <cstdint>
#include <memory>

#include "satchel/imaging/bytes.h"
#include "satchel/imaging/cpu.h"
#include "satchel/imaging/geometry.h"
#include "satchel/imaging/image.h"
#include "satchel/imaging/kernels.h"
#include "satchel/imaging/plan.h"
#include "satchel/imaging/row_source.h"
#include "satchel/imaging/steps.h"
#include "satchel/imaging/tap_cache.h"
#include "satchel/imaging/tensor.h"
#include "satchel/imaging/thread_pool.h"

namespace satchel {

struct Prepared {
    Tensor tensor;
    Geometry geometry;
    // Rows are resampled on other threads while the next ones are decoded. `decode_ms` is the caller's time inside the
    // decoder, `prepare_ms` all the rest of the call.
    double decode_ms = 0.0;
    double prepare_ms = 0.0;
};

struct PipelineOptions {
    std::uint64_t max_pixels = 50'000'000;  // of the picture, checked on the header
    int threads = 1;                        // that may work on one picture, the caller's included
    CpuLevel level = cpu_level();
};

// Thread-safe.
class Pipeline {
public:
    // Throws ImagingError: bad_argument.
    explicit Pipeline(Steps steps, const PipelineOptions& options = {});

    // Throws ImagingError.
    Prepared run(Bytes data) const;

    // The steps behind `decode`, on an upright picture that is already decoded; its colour is applied. Throws
    // ImagingError.
    Prepared prepare(const PixelView& pixels) const;

private:
    class Run;

    Steps steps_;
    PipelineOptions options_;
    const Kernels& kernels_;
    TensorWriter writer_;
    std::shared_ptr<ThreadPool> pool_;
    mutable ThreadPool alone_{1};  // for small pictures: the caller's thread alone
    mutable TapCache cache_;
};

}  // namespace satchel
