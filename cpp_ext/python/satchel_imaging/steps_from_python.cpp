#include "steps_from_python.h"

#include <string>

#include "record.h"

namespace py = pybind11;

namespace satchel {
namespace {

Rounding take_rounding(Record& record) {
    return record.choose<Rounding>(
        "rounding", {{"floor", Rounding::floor}, {"half_up", Rounding::half_up}, {"half_even", Rounding::half_even}});
}

Anchor take_anchor(Record& record) {
    return record.choose<Anchor>("anchor", {{"center", Anchor::center}, {"top-left", Anchor::top_left}});
}

Resampling take_resampling(Record& record) {
    Resampling resampling;
    resampling.filter = record.choose<Filter>("resample", {{"nearest", Filter::nearest},
                                                           {"box", Filter::box},
                                                           {"bilinear", Filter::bilinear},
                                                           {"bicubic", Filter::bicubic},
                                                           {"lanczos", Filter::lanczos}});
    resampling.antialias = record.take<bool>("antialias");
    resampling.centers =
        record.choose<PixelCenters>("pixel_centers", {{"half", PixelCenters::half}, {"legacy", PixelCenters::legacy}});
    return resampling;
}

Decode take_decode(Record& record) {
    return {record.choose<Color>("color", {{"RGB", Color::rgb}, {"BGR", Color::bgr}, {"GRAY", Color::gray}}),
            record.take<bool>("exif"),
            record.choose<DecodeMode>("mode", {{"exact", DecodeMode::exact}, {"scaled", DecodeMode::scaled}})};
}

ToTensor take_tensor(Record& record) {
    using Values = std::optional<std::vector<double>>;
    record.take<py::object>("input");  // which input it feeds is the caller's affair
    ToTensor step;
    step.layout = record.choose<Layout>("layout", {{"NCHW", Layout::nchw}, {"NHWC", Layout::nhwc}});
    step.dtype = record.choose<DType>(
        "dtype", {{"float32", DType::float32}, {"float16", DType::float16}, {"uint8", DType::uint8}});
    step.scale = record.take<double>("scale");
    step.mean = record.take<Values>("mean").value_or(std::vector<double>{});
    step.std = record.take<Values>("std").value_or(std::vector<double>{});
    return step;
}

GeometricStep take_geometric(const std::string& op, Record& record) {
    if (op == "resize") return Resize{record.take<int>("width"), record.take<int>("height"), take_resampling(record)};
    if (op == "resize_short") {
        return ResizeShort{record.take<int>("length"), record.take<std::optional<int>>("limit"), take_rounding(record),
                           take_resampling(record)};
    }
    if (op == "letterbox") {
        return Letterbox{record.take<int>("width"), record.take<int>("height"),   take_anchor(record),
                         record.take<int>("fill"),  record.take<bool>("upscale"), take_rounding(record),
                         take_resampling(record)};
    }
    if (op == "pad") return Pad{record.take<int>("multiple"), take_anchor(record), record.take<int>("fill")};
    if (op == "crop") {
        return Crop{record.take<int>("width"), record.take<int>("height"), take_anchor(record), take_rounding(record),
                    record.take<int>("fill")};
    }
    refuse("an unknown step", op);
}

}  // namespace

Steps steps_from_python(const py::sequence& records) {
    Steps steps;
    const std::size_t count = py::len(records);
    for (std::size_t i = 0; i < count; ++i) {
        Record record(records[i].cast<py::dict>());
        const auto op = record.take<std::string>("op");
        if ((op == "decode") != (i == 0) || (op == "tensor") != (i + 1 == count)) {
            refuse("a chain begins with decode, ends with tensor, and has neither elsewhere", op);
        }
        if (op == "decode") {
            steps.decode = take_decode(record);
        } else if (op == "tensor") {
            steps.tensor = take_tensor(record);
        } else {
            steps.geometric.push_back(take_geometric(op, record));
        }
        record.end();
    }
    if (count < 2) refuse("a chain begins with decode and ends with tensor", std::to_string(count) + " steps");
    return steps;
}

}  // namespace satchel
