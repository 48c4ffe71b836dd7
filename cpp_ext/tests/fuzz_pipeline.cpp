// Any bytes through whole pipelines: a tensor or an ImagingError, nothing else.
#include <cstddef>
#include <cstdint>

#include "satchel/imaging/error.h"
#include "satchel/imaging/pipeline.h"

using namespace satchel;

namespace {

const Pipeline& exact() {
    static const Pipeline pipeline = [] {
        PipelineOptions options;
        options.max_pixels = 1 << 18;
        options.threads = 2;
        return Pipeline({{}, {ResizeShort{40}, Crop{32, 32}}, {}}, options);
    }();
    return pipeline;
}

const Pipeline& scaled() {
    static const Pipeline pipeline = [] {
        Letterbox box{24, 24};
        box.resampling.antialias = false;
        Steps steps{{Color::gray, true, DecodeMode::scaled}, {box}, {}};
        steps.tensor.dtype = DType::float16;
        PipelineOptions options;
        options.max_pixels = 1 << 18;
        options.level = CpuLevel::portable;
        return Pipeline(steps, options);
    }();
    return pipeline;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    for (const Pipeline* pipeline : {&exact(), &scaled()}) {
        try {
            pipeline->run({data, size});
        } catch (const ImagingError&) {
            continue;
        }
    }
    return 0;
}
