#include "label_table.h"

#include <algorithm>
#include <string>

#include "satchel/predictor/error.h"

namespace satchel {

LabelTable::LabelTable(const std::vector<Label>& labels) {
    for (const Label& label : labels) {
        sparse_ = sparse_ || label.index.has_value();
        const auto place = std::int64_t(labels_.size());
        labels_.emplace(label.index.value_or(place), label);
    }
}

void LabelTable::keep_published(Predictions& found) const {
    std::vector<std::size_t> known;
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (labels_.contains(found.index[i])) known.push_back(i);
    }
    if (known.size() == found.size()) return;
    if (!sparse_) {
        throw EngineError("the model gave a class that has no label",
                          {.got = "class index " + std::to_string(*std::ranges::max_element(found.index)),
                           .expected = "an index below " + std::to_string(labels_.size()) + ", the number of labels",
                           .remedy = "pack the model again with the whole label list"});
    }
    found.take(known);
}

}  // namespace satchel
