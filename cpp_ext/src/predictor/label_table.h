// From output indices to labels.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "satchel/bundle/manifest.h"
#include "satchel/tasks/predictions.h"

namespace satchel {

// Thread-safe.
class LabelTable {
public:
    explicit LabelTable(const std::vector<Label>& labels);

    // Leaves out what has no label, where labels state their indices. Throws EngineError where they do not, and a class
    // has none although they are all classes.
    void keep_published(Predictions& found) const;

    const Label& at(std::int64_t index) const { return labels_.at(index); }

private:
    bool sparse_ = false;
    std::map<std::int64_t, Label> labels_;
};

}  // namespace satchel
