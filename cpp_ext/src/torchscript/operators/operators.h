// torchvision's operators that scripted detectors call, as kernels for the CPU: libtorch comes without them.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace satchel::torchscript {

// Which boxes [N, 4] (x1, y1, x2, y2) remain, best score first, when each takes away the later ones that overlap it by
// more than the threshold. Equal scores keep the order given.
at::Tensor nms(const at::Tensor& dets, const at::Tensor& scores, double iou_threshold);

// The features [N, C, H, W] under each region [K, 5] (image, x1, y1, x2, y2), averaged over bins: [K, C, height,
// width]. Where sampling_ratio is not positive each bin takes about one sample per feature under it.
at::Tensor roi_align(const at::Tensor& input, const at::Tensor& rois, double spatial_scale, std::int64_t pooled_height,
                     std::int64_t pooled_width, std::int64_t sampling_ratio, bool aligned);

// Gives the dispatcher what it lacks of these, under torchvision's names. Archives that call them load only after this.
// Safe to call again and from several threads.
void register_operators();

}  // namespace satchel::torchscript
