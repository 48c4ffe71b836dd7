#include "operators.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <string>

namespace satchel::torchscript {

namespace {

constexpr const char* kNms = "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor";
constexpr const char* kRoiAlign =
    "roi_align(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width, "
    "int sampling_ratio, bool aligned) -> Tensor";

// A process that has torchvision itself loaded keeps torchvision's own: a second definition would abort it.
template <typename Kernel>
void complete(torch::Library& library, const std::string& name, const char* schema, Kernel kernel) {
    const std::string full = "torchvision::" + name;
    auto& dispatcher = c10::Dispatcher::singleton();
    if (!dispatcher.findSchema({full, ""})) library.def(schema);
    if (!dispatcher.findSchemaOrThrow(full.c_str(), "").hasKernelForDispatchKey(c10::DispatchKey::CPU)) {
        library.impl(name.c_str(), torch::dispatch(c10::DispatchKey::CPU, kernel));
    }
}

torch::Library* make_library() {
    auto* library = new torch::Library(torch::Library::FRAGMENT, "torchvision", std::nullopt, __FILE__, __LINE__);
    complete(*library, "nms", kNms, TORCH_FN(nms));
    complete(*library, "roi_align", kRoiAlign, TORCH_FN(roi_align));
    return library;
}

}  // namespace

void register_operators() {
    // Never destroyed: that would withdraw the operators while another thread may still run a model at exit.
    [[maybe_unused]] static const torch::Library* const library = make_library();
}

}  // namespace satchel::torchscript
