#include "satchel/tasks/classes.h"

#include <numeric>

#include "satchel/tasks/activation.h"

namespace satchel {

Predictions read_classes(const OutputName& output, Activation activation, const Tensors& tensors) {
    const Output read = tensors.output(output);
    read.require_finite();
    const auto count = std::size_t(read.view.size());
    std::vector<double> probabilities(count);
    activate(activation, {read.view.data, count}, probabilities);
    Predictions found;
    found.index.resize(count);
    std::iota(found.index.begin(), found.index.end(), std::int64_t{0});
    found.score.reserve(count);
    for (const double value : probabilities) found.score.push_back(float(value));
    return found;
}

}  // namespace satchel
