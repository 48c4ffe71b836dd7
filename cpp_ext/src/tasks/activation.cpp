#include "satchel/tasks/activation.h"

#include <algorithm>

namespace satchel {
namespace {

void softmax(std::span<const float> logits, std::span<double> probabilities) {
    if (logits.empty()) return;
    const auto top = double(*std::max_element(logits.begin(), logits.end()));
    double sum = 0.0;
    for (std::size_t i = 0; i < logits.size(); ++i) {
        probabilities[i] = std::exp(double(logits[i]) - top);
        sum += probabilities[i];
    }
    for (double& value : probabilities) value /= sum;
}

}  // namespace

void activate(Activation activation, std::span<const float> values, std::span<double> probabilities) {
    switch (activation) {
        case Activation::none: std::copy(values.begin(), values.end(), probabilities.begin()); return;
        case Activation::sigmoid:
            std::transform(values.begin(), values.end(), probabilities.begin(),
                           [](float value) { return sigmoid(double(value)); });
            return;
        case Activation::softmax: softmax(values, probabilities); return;
    }
}

}  // namespace satchel
