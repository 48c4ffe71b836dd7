#include "satchel/tasks/nms.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

namespace satchel {
namespace {

double area(const Box& box) { return (box[2] - box[0]) * (box[3] - box[1]); }

double iou_of(const Box& a, double area_a, const Box& b, double area_b) {
    const double width = std::min(a[2], b[2]) - std::max(a[0], b[0]);
    const double height = std::min(a[3], b[3]) - std::max(a[1], b[1]);
    if (width <= 0.0 || height <= 0.0) return 0.0;
    const double overlap = width * height;
    const double both = area_a + area_b - overlap;
    return both > 0.0 ? overlap / both : 0.0;
}

// The kept boxes of one class, which are all that a box of that class has to be compared with.
struct Kept {
    std::vector<Box> boxes;
    std::vector<double> areas;

    bool overlap(const Box& box, double box_area, double threshold) const {
        for (std::size_t i = 0; i < boxes.size(); ++i) {
            if (iou_of(boxes[i], areas[i], box, box_area) > threshold) return true;
        }
        return false;
    }
};

}  // namespace

double iou(const Box& a, const Box& b) { return iou_of(a, area(a), b, area(b)); }

void suppress(const NmsStep& step, Predictions& found) {
    std::vector<std::size_t> order(found.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return found.score[a] > found.score[b]; });
    std::unordered_map<std::int64_t, Kept> kept_by_class;
    std::vector<std::size_t> kept;
    for (const std::size_t i : order) {
        Kept& rivals = kept_by_class[step.per_class ? found.index[i] : 0];
        const Box& box = found.boxes[i];
        const double box_area = area(box);
        if (rivals.overlap(box, box_area, step.iou)) continue;
        rivals.boxes.push_back(box);
        rivals.areas.push_back(box_area);
        kept.push_back(i);
    }
    found.take(kept);
}

}  // namespace satchel
