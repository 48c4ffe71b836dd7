#include "postprocessor_binding.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "post_steps_from_python.h"
#include "satchel/tasks/postprocessor.h"

namespace py = pybind11;

namespace satchel {
namespace {

using FloatArray = py::array_t<float, py::array::c_style>;
using GeometryFields = std::tuple<int, int, double, double, double, double>;

// The arrays' memory, which the caller's references keep alive while the lock is released.
struct Outputs {
    std::vector<std::vector<std::int64_t>> shapes;
    std::vector<TensorView> views;
};

Outputs view_outputs(const py::sequence& arrays) {
    Outputs outputs;
    outputs.shapes.reserve(py::len(arrays));  // views refer to them
    for (const py::handle item : arrays) {
        if (!py::isinstance<FloatArray>(item)) throw py::type_error("an output must be a contiguous array of float32");
        const auto array = py::reinterpret_borrow<FloatArray>(item);
        outputs.shapes.emplace_back(array.shape(), array.shape() + array.ndim());
        outputs.views.push_back({array.data(), outputs.shapes.back()});
    }
    return outputs;
}

template <typename T>
py::array_t<T> to_array(const std::vector<T>& values) {
    return py::array_t<T>(py::ssize_t(values.size()), values.data());
}

py::array_t<double> to_array(const std::vector<Box>& boxes) {
    py::array_t<double> array({py::ssize_t(boxes.size()), py::ssize_t{4}});
    std::copy(boxes.begin(), boxes.end(), reinterpret_cast<Box*>(array.mutable_data()));
    return array;
}

py::array_t<double> to_array(const std::vector<std::vector<Keypoint>>& poses) {
    const std::size_t points = poses.empty() ? 0 : poses.front().size();
    py::array_t<double> array({py::ssize_t(poses.size()), py::ssize_t(points), py::ssize_t{3}});
    double* out = array.mutable_data();
    for (const auto& pose : poses) {
        for (const Keypoint& point : pose) {
            *out++ = point.x;
            *out++ = point.y;
            *out++ = double(point.score);
        }
    }
    return array;
}

py::tuple run(const Postprocessor& postprocessor, const py::sequence& arrays, int input_width, int input_height,
              const GeometryFields& fields) {
    const Outputs outputs = view_outputs(arrays);
    const auto [width, height, scale_x, scale_y, offset_x, offset_y] = fields;
    const Geometry geometry{width, height, scale_x, scale_y, offset_x, offset_y};
    Predictions found;
    std::vector<std::string> masks;
    {
        const py::gil_scoped_release released;
        found = postprocessor.run(outputs.views, input_width, input_height, geometry);
        masks.reserve(found.masks.size());
        for (const Rle& mask : found.masks) masks.push_back(mask.text());
    }
    return py::make_tuple(to_array(found.index), to_array(found.score), to_array(found.rows), to_array(found.boxes),
                          to_array(found.keypoints), masks);
}

}  // namespace

void bind_postprocessor(py::module_& module) {
    py::class_<Postprocessor>(module, "Postprocessor")
        .def(py::init([](const py::sequence& steps, std::vector<std::string> outputs) {
                 return std::make_unique<Postprocessor>(post_steps_from_python(steps), std::move(outputs));
             }),
             py::arg("steps"), py::arg("outputs"))
        .def("run", &run, py::arg("outputs"), py::arg("input_width"), py::arg("input_height"), py::arg("geometry"));
}

}  // namespace satchel
