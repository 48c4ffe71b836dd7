// Logits to probabilities, in double: rounded once, they are the same wherever they are computed.
#pragma once

#include <cmath>
#include <span>

#include "satchel/tasks/postprocess_steps.h"

namespace satchel {

// Without overflow for either sign.
inline double sigmoid(double value) {
    const double small = std::exp(-std::abs(value));
    return (value >= 0.0 ? 1.0 : small) / (1.0 + small);
}

// Turns one row of values into probabilities. Both spans have the same size.
void activate(Activation activation, std::span<const float> values, std::span<double> probabilities);

}  // namespace satchel
