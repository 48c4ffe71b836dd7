// Results as JSON: the keys, and their order, of `satchel predict --json`.
#include <string>

#include "../check.h"
#include "satchel/predictor/result.h"

int main() {
    satchel::Result result{.model = "m", .version = "1", .image = {4, 3}};
    result.timings_ms = {1.0, 2.25, 0.0005, 0.00049};
    const std::string tail = R"(],"timings_ms":{"decode":1.0,"preprocess":2.25,"infer":0.001,"postprocess":0.0}})";
    const std::string head = R"("model":"m","version":"1","task":")";
    CHECK(satchel::to_json(result) ==
          "{" + head + R"(classification","image":{"width":4,"height":3},"predictions":[)" + tail);

    result.task = satchel::Task::instance_segmentation;
    satchel::Prediction& found = result.predictions.emplace_back(satchel::Prediction{"Fuß \"a\"", 9, 0.5F});
    found.box = satchel::Box{0.0, 1.5, 4.0, 3.0};
    found.mask = satchel::Rle{4, 3, {1, 2, 9}};
    CHECK(satchel::to_json(result, "\xff.png") ==
          "{\"file\":\"\xef\xbf\xbd.png\"," + head +
              R"(instance_segmentation","image":{"width":4,"height":3},"predictions":[)" +
              "{\"label\":\"Fuß \\\"a\\\"\",\"class_id\":9,\"score\":0.5,\"box\":[0.0,1.5,4.0,3.0]," +
              R"("mask":{"size":[3,4],"counts":"129"}})" + tail);

    result.task = satchel::Task::pose;
    result.predictions = {{.label = "person", .class_id = 0, .score = 1.0F, .keypoints = {{1.0, 2.5, 0.25F}}}};
    CHECK(satchel::to_json(result).find(R"("score":1.0,"keypoints":[[1.0,2.5,0.25]]}])") != std::string::npos);
}
