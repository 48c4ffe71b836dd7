#include "satchel/tasks/masks.h"

#include <algorithm>
#include <cmath>

#include "satchel/tasks/activation.h"
#include "satchel/tasks/restore.h"

namespace satchel {
namespace {

// Where the centre of a pixel lies between the cells of a padded map: cell `first` counts 1 - `weight`, the next one
// `weight`.
struct Sample {
    std::size_t first;
    double weight;
};

// Samples of pixels begin..end of a side, which a map of `cells` spans from `low` to `high`.
std::vector<Sample> place_samples(std::int64_t begin, std::int64_t end, double low, double high, std::int64_t cells) {
    std::vector<Sample> samples;
    samples.reserve(std::size_t(end - begin));
    for (std::int64_t pixel = begin; pixel < end; ++pixel) {
        const double place = (double(pixel) + 0.5 - low) / (high - low) * double(cells) - 0.5;
        const double cell = std::floor(place);
        const double padded = std::clamp(cell + 1.0, 0.0, double(cells));  // inside, whatever rounding does
        samples.push_back({std::size_t(padded), place - cell});
    }
    return samples;
}

// The map's probabilities with a border of zeros.
std::vector<double> pad(const MaskMap& map, Activation activation) {
    const auto width = std::size_t(map.width);
    const auto height = std::size_t(map.height);
    const std::size_t stride = width + 2;
    std::vector<double> padded(stride * (height + 2), 0.0);
    for (std::size_t y = 0; y < height; ++y) {
        const std::span row(padded.data() + (y + 1) * stride + 1, width);
        activate(activation, {map.data + y * width, width}, row);
        for (double& value : row) value = double(float(value));
    }
    return padded;
}

double blend(double a, double b, double weight) { return a * (1.0 - weight) + b * weight; }

// Writes one column of pixels, from the values of the map's rows at that column.
class ColumnWriter {
public:
    ColumnWriter(std::vector<Sample> rows, double threshold, RleWriter& runs)
        : rows_(std::move(rows)), threshold_(threshold), runs_(runs) {
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            if (i == 0 || rows_[i].first != rows_[i - 1].first) begins_.push_back(i);
        }
        begins_.push_back(rows_.size());
    }

    void write(const std::vector<double>& along) {
        for (std::size_t i = 0; i + 1 < begins_.size(); ++i) {
            const std::size_t cell = rows_[begins_[i]].first;
            write_between(begins_[i], begins_[i + 1], along[cell], along[cell + 1]);
        }
    }

private:
    // Pixels between two rows of the map: mostly all of them lie clearly on one side of the threshold.
    void write_between(std::size_t begin, std::size_t end, double above, double below) {
        const auto [low, high] = std::minmax(above, below);
        const double rounding = 1e-12 * std::max(std::abs(low), std::abs(high));
        if (low - rounding > threshold_ || high + rounding < threshold_) {
            runs_.append(low > threshold_, std::int64_t(end - begin));
            return;
        }
        for (std::size_t i = begin; i < end; ++i) runs_.append(blend(above, below, rows_[i].weight) >= threshold_, 1);
    }

    std::vector<Sample> rows_;
    std::vector<std::size_t> begins_;  // of pixels that lie between the same two rows of the map
    double threshold_;
    RleWriter& runs_;
};

// Index of the first pixel whose centre is not before `edge`.
std::int64_t first_center(double edge) { return std::int64_t(std::ceil(edge - 0.5)); }

}  // namespace

std::vector<MaskMap> pick_masks(const MasksStep& step, const Predictions& found, const Tensors& tensors) {
    const Output output = tensors.output(step.output);
    output.require_finite();
    const TensorView& view = output.view;
    const auto& shape = view.shape;
    const std::size_t rank = view.rank();
    if ((rank != 3 && rank != 4) || std::find(shape.begin() + 1, shape.end(), 0) != shape.end()) {
        throw_misfit("the masks output", view, "[rows, height, width] or [rows, classes, height, width]");
    }
    const auto last = [](const std::vector<std::int64_t>& values) {
        return values.empty() ? -1 : *std::max_element(values.begin(), values.end());
    };
    if (last(found.rows) >= shape[0]) {
        throw_misfit("the masks output", view,
                     "at least " + std::to_string(last(found.rows) + 1) + " rows, a mask for each box");
    }
    const std::int64_t channels = rank == 4 ? shape[1] : 1;
    if (channels > 1 && last(found.index) >= channels) {
        throw_misfit("the masks output", view,
                     "one channel, or at least " + std::to_string(last(found.index) + 1) + ", one for each class");
    }
    std::vector<MaskMap> maps;
    for (std::size_t i = 0; i < found.size(); ++i) {
        const std::int64_t width = shape[rank - 1];
        const std::int64_t height = shape[rank - 2];
        const std::int64_t place = found.rows[i] * channels + (channels > 1 ? found.index[i] : 0);
        maps.push_back({view.data + place * width * height, width, height});
    }
    return maps;
}

Rle paste_mask(const MaskMap& map, const MasksStep& step, const Box& box, const Geometry& geometry) {
    const Box inside = clip_to_image(box, geometry);
    const std::int64_t left = first_center(inside[0]);
    const std::int64_t top = first_center(inside[1]);
    const std::int64_t right = first_center(inside[2]);
    const std::int64_t bottom = first_center(inside[3]);
    const std::int64_t height = geometry.height;
    RleWriter runs;
    if (right <= left || bottom <= top) {
        runs.append(false, geometry.width * height);
        return std::move(runs).finish(geometry.width, geometry.height);
    }
    const std::vector<double> padded = pad(map, step.activation);
    const auto stride = std::size_t(map.width + 2);
    ColumnWriter column(place_samples(top, bottom, box[1], box[3], map.height), step.threshold, runs);
    std::vector<double> along(std::size_t(map.height + 2));
    runs.append(false, left * height);
    for (const Sample& sample : place_samples(left, right, box[0], box[2], map.width)) {
        for (std::size_t y = 0; y < along.size(); ++y) {
            const double* row = padded.data() + y * stride + sample.first;
            along[y] = blend(row[0], row[1], sample.weight);
        }
        runs.append(false, top);
        column.write(along);
        runs.append(false, height - bottom);
    }
    runs.append(false, (geometry.width - right) * height);
    return std::move(runs).finish(geometry.width, geometry.height);
}

}  // namespace satchel
