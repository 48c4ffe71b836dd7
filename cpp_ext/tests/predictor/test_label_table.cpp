// Which classes are published, and under which labels.
#include <string>

#include "../check.h"
#include "label_table.h"
#include "satchel/predictor/error.h"

namespace {

satchel::Predictions classes(std::vector<std::int64_t> indices) {
    satchel::Predictions found;
    found.score.resize(indices.size());
    found.index = std::move(indices);
    return found;
}

}  // namespace

int main() {
    const satchel::LabelTable all({{0, "cat", {}}, {7, "dog", {}}});
    satchel::Predictions found = classes({1, 0});
    all.keep_published(found);
    CHECK(found.size() == 2 && all.at(1).id == 7);
    found = classes({1, 2});
    try {
        all.keep_published(found);
        CHECK(false);
    } catch (const satchel::EngineError& error) {
        CHECK(error.message() == "the model gave a class that has no label");
        CHECK(error.facts().got == "class index 2");
    }
    const satchel::LabelTable sparse({{1, "person", 1}, {13, "stop sign", 13}});
    found = classes({0, 13, 12, 1});
    sparse.keep_published(found);
    CHECK((found.index == std::vector<std::int64_t>{13, 1}) && sparse.at(13).name == "stop sign");
}
