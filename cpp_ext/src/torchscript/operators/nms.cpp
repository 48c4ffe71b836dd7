#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <tuple>
#include <vector>

#include "operators.h"

namespace satchel::torchscript {

namespace {

// One array per coordinate, best score first, so that the inner loop reads memory in order and vectorises.
template <typename T>
struct Boxes {
    std::vector<T> x1, y1, x2, y2, area;

    Boxes(const T* corners, const std::int64_t* order, std::size_t count)
        : x1(count), y1(count), x2(count), y2(count), area(count) {
        for (std::size_t i = 0; i < count; ++i) {
            const T* box = corners + 4 * order[i];
            x1[i] = box[0];
            y1[i] = box[1];
            x2[i] = box[2];
            y2[i] = box[3];
            area[i] = (x2[i] - x1[i]) * (y2[i] - y1[i]);
        }
    }
};

// The largest T that is not above the threshold: comparing with it gives what comparing as doubles would.
template <typename T>
T at_most(double threshold) {
    const T nearest = static_cast<T>(threshold);
    return nearest > threshold ? std::nextafter(nearest, -std::numeric_limits<T>::infinity()) : nearest;
}

// Marks the boxes after the given one that overlap it too much. One that is marked already costs no more than a branch
// would. The order of the operations is torchvision's: a rounding apart could decide about a box.
template <typename T>
void suppress_after(std::size_t first, const Boxes<T>& boxes, T threshold, std::int32_t* suppressed) {
    const T x1 = boxes.x1[first], y1 = boxes.y1[first], x2 = boxes.x2[first], y2 = boxes.y2[first];
    const T area = boxes.area[first];
    const T *const left = boxes.x1.data(), *const top = boxes.y1.data();
    const T *const right = boxes.x2.data(), *const bottom = boxes.y2.data(), *const areas = boxes.area.data();
    const std::size_t count = boxes.area.size();
    for (std::size_t i = first + 1; i < count; ++i) {
        const T width = std::max(T(0), std::min(x2, right[i]) - std::max(x1, left[i]));
        const T height = std::max(T(0), std::min(y2, bottom[i]) - std::max(y1, top[i]));
        const T intersection = width * height;
        const T overlap = intersection / (area + areas[i] - intersection);
        suppressed[i] |= overlap > threshold ? 1 : 0;
    }
}

template <typename T>
at::Tensor keep(const at::Tensor& dets, const at::Tensor& order, double iou_threshold) {
    const auto count = static_cast<std::size_t>(dets.size(0));
    const std::int64_t* ranked = order.const_data_ptr<std::int64_t>();
    const Boxes<T> boxes(dets.const_data_ptr<T>(), ranked, count);
    const T threshold = at_most<T>(iou_threshold);
    std::vector<std::int32_t> suppressed(count);
    std::vector<std::int64_t> kept;
    for (std::size_t i = 0; i < count; ++i) {
        if (suppressed[i] != 0) continue;
        kept.push_back(ranked[i]);
        suppress_after(i, boxes, threshold, suppressed.data());
    }
    at::Tensor result = at::empty({static_cast<std::int64_t>(kept.size())}, order.options());
    std::copy(kept.begin(), kept.end(), result.mutable_data_ptr<std::int64_t>());
    return result;
}

void check(const at::Tensor& dets, const at::Tensor& scores) {
    TORCH_CHECK(dets.dim() == 2 && dets.size(1) == 4, "torchvision::nms: boxes must be [N, 4], not ", dets.sizes());
    TORCH_CHECK(scores.dim() == 1 && scores.size(0) == dets.size(0), "torchvision::nms: scores must be [", dets.size(0),
                "], one for each box, not ", scores.sizes());
    TORCH_CHECK(dets.is_floating_point(), "torchvision::nms: boxes must be floating point, not ", dets.scalar_type());
    TORCH_CHECK(dets.scalar_type() == scores.scalar_type(), "torchvision::nms: boxes are ", dets.scalar_type(),
                " but scores are ", scores.scalar_type());
}

}  // namespace

at::Tensor nms(const at::Tensor& dets, const at::Tensor& scores, double iou_threshold) {
    check(dets, scores);
    const at::Tensor order = std::get<1>(scores.sort(/*stable=*/true, /*dim=*/0, /*descending=*/true)).contiguous();
    if (dets.scalar_type() == at::kDouble) return keep<double>(dets.contiguous(), order, iou_threshold);
    return keep<float>(dets.to(at::kFloat).contiguous(), order, iou_threshold);
}

}  // namespace satchel::torchscript
