#include "satchel/tasks/predictions.h"

#include <utility>

namespace satchel {
namespace {

template <typename T>
void pick(std::vector<T>& column, const std::vector<std::size_t>& order) {
    if (column.empty()) return;  // a column that this kind of prediction does not have
    std::vector<T> picked;
    picked.reserve(order.size());
    for (const std::size_t i : order) picked.push_back(std::move(column[i]));
    column = std::move(picked);
}

}  // namespace

void Predictions::take(const std::vector<std::size_t>& order) {
    pick(index, order);
    pick(score, order);
    pick(rows, order);
    pick(boxes, order);
    pick(keypoints, order);
    pick(masks, order);
}

}  // namespace satchel
