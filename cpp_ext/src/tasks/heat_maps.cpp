#include "satchel/tasks/heat_maps.h"

#include <algorithm>

#include "largest.h"

namespace satchel {
namespace {

// One keypoint's map within an output of either layout.
struct HeatMap {
    const float* data;
    std::int64_t width;
    std::int64_t height;
    std::int64_t step;  // from one cell to the next

    float at(std::int64_t x, std::int64_t y) const { return data[(y * width + x) * step]; }
};

// The first peak of each map, counted row by row.
std::vector<std::int64_t> find_peaks(const float* data, MapLayout layout, std::int64_t maps, std::int64_t cells) {
    std::vector<std::int64_t> peaks(std::size_t(maps), 0);
    if (layout == MapLayout::chw) {
        for (std::int64_t& peak : peaks) {
            peak = std::find(data, data + cells, largest(data, cells)) - data;
            data += cells;
        }
        return peaks;
    }
    std::vector<float> best(data, data + maps);
    for (std::int64_t cell = 0; cell < cells; ++cell, data += maps) {
        for (std::size_t map = 0; map < best.size(); ++map) {
            if (data[map] <= best[map]) continue;
            best[map] = data[map];
            peaks[map] = cell;
        }
    }
    return peaks;
}

// A quarter of a cell towards the higher of two neighbours.
double quarter(float before, float after) {
    if (before == after) return 0.0;
    return after > before ? 0.25 : -0.25;
}

Keypoint place_keypoint(const HeatMap& map, std::int64_t peak, Refinement refine, const Tensors& tensors) {
    const std::int64_t column = peak % map.width;
    const std::int64_t row = peak / map.width;
    double x = double(column) + 0.5;
    double y = double(row) + 0.5;
    if (refine == Refinement::quarter) {
        const bool across = column > 0 && column + 1 < map.width;
        const bool down = row > 0 && row + 1 < map.height;
        if (across) x += quarter(map.at(column - 1, row), map.at(column + 1, row));
        if (down) y += quarter(map.at(column, row - 1), map.at(column, row + 1));
    }
    return {double(float(x * double(tensors.input_width) / double(map.width))),
            double(float(y * double(tensors.input_height) / double(map.height))),
            std::clamp(map.at(column, row), 0.0F, 1.0F)};
}

}  // namespace

Predictions read_heat_maps(const HeatMapsStep& step, const Tensors& tensors) {
    const Output output = tensors.output(step.output);
    output.require_finite();
    const TensorView& view = output.view;
    const bool first = step.layout == MapLayout::chw;  // whether the axis of keypoints is the first
    if (view.rank() != 3 || view.size() == 0) {
        throw_misfit("the heat map output", view, first ? "[keypoints, height, width]" : "[height, width, keypoints]");
    }
    const std::int64_t count = view.shape[first ? 0 : 2];
    const std::int64_t height = view.shape[first ? 1 : 0];
    const std::int64_t width = view.shape[first ? 2 : 1];
    const std::vector<std::int64_t> peaks = find_peaks(view.data, step.layout, count, width * height);
    std::vector<Keypoint> keypoints;
    double sum = 0.0;
    for (std::int64_t i = 0; i < count; ++i) {
        const HeatMap map{view.data + i * (first ? width * height : 1), width, height, first ? 1 : count};
        keypoints.push_back(place_keypoint(map, peaks[std::size_t(i)], step.refine, tensors));
        sum += double(keypoints.back().score);
    }
    Predictions found;
    found.index = {0};
    found.score = {float(sum / double(count))};
    found.keypoints = {std::move(keypoints)};
    return found;
}

}  // namespace satchel
