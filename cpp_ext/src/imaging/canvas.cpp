#include "satchel/imaging/canvas.h"

#include <algorithm>
#include <cstring>

namespace satchel {

Rect Rect::within(Size size) const {
    return {std::max(left, 0), std::max(top, 0), std::min(right, size.width), std::min(bottom, size.height)};
}

bool Canvas::place(Size size, Offset offset, int level) {
    if (size == size_ && offset.x == 0 && offset.y == 0) return false;
    size_ = size;
    origin_ = {origin_.x + offset.x, origin_.y + offset.y};
    visible_ = visible_.moved(offset.x, offset.y).within(size);
    for (Fill& fill : fills_) fill.area = fill.area.moved(offset.x, offset.y).within(size);
    fills_.push_back({{0, 0, size.width, size.height}, std::uint8_t(level)});
    return true;
}

Window Canvas::window() const {
    if (visible_.empty()) return {};
    const Rect own = visible_.moved(-origin_.x, -origin_.y);
    return {{own.left, own.right}, {own.top, own.bottom}};
}

void Canvas::write_row(int y, int channels, std::uint8_t* out,
                       const std::function<void(int, std::uint8_t*)>& picture) const {
    const auto step = std::size_t(channels);
    const bool seen = !visible_.empty() && y >= visible_.top && y < visible_.bottom;
    const bool covered = seen && visible_.left == 0 && visible_.right == size_.width;
    for (auto fill = fills_.rbegin(); fill != fills_.rend() && !covered; ++fill) {
        const Rect& area = fill->area;
        if (area.empty() || y < area.top || y >= area.bottom) continue;
        std::memset(out + std::size_t(area.left) * step, fill->level, std::size_t(area.right - area.left) * step);
    }
    if (seen) picture(y - visible_.top, out + std::size_t(visible_.left) * step);
}

}  // namespace satchel
