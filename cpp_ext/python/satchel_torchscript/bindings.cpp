// The private module `satchel_torchscript._core`. Its public face is the package around it.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <vector>

#include "satchel/torchscript/module.h"

namespace py = pybind11;

namespace satchel::torchscript {
namespace {

// All that NumPy has; bfloat16 it lacks.
constexpr ScalarType kTypes[] = {ScalarType::float32, ScalarType::float64, ScalarType::float16,
                                 ScalarType::uint8,   ScalarType::int8,    ScalarType::int16,
                                 ScalarType::int32,   ScalarType::int64,   ScalarType::boolean};

constexpr std::size_t kMostAxes = 64;  // of an array of NumPy

ArrayView view_of(const py::array& array) {
    if ((array.flags() & py::array::c_style) == 0) {
        throw TorchscriptError(ErrorCode::bad_input, "an input is not contiguous", "strides", "a C-contiguous array");
    }
    for (const ScalarType type : kTypes) {
        if (array.dtype().equal(py::dtype(to_string(type)))) {
            return {array.data(), type, {array.shape(), array.shape() + array.ndim()}};
        }
    }
    throw TorchscriptError(ErrorCode::bad_input, "an input has a type that libtorch does not take",
                           py::str(array.dtype()), "floats, integers or booleans in native byte order");
}

std::vector<ArrayView> views_of(const std::vector<py::array>& arrays) {
    std::vector<ArrayView> views;
    views.reserve(arrays.size());
    for (const py::array& array : arrays) views.push_back(view_of(array));
    return views;
}

// Keys of a dict, and so the errors that quote them, may hold any bytes.
py::str text(const std::string& bytes) {
    return py::reinterpret_steal<py::str>(PyUnicode_DecodeUTF8(bytes.data(), py::ssize_t(bytes.size()), "replace"));
}

// A NumPy array that owns the output's memory; nothing is copied.
py::array to_array(Output&& output) {
    if (output.shape.size() > kMostAxes) {
        throw TorchscriptError(ErrorCode::failed, "an output has more axes than NumPy takes",
                               std::to_string(output.shape.size()), std::to_string(kMostAxes) + " at most");
    }
    auto owned = std::make_unique<std::shared_ptr<void>>(std::move(output.data));
    const void* data = owned->get();
    const py::capsule owner(owned.release(), [](void* held) { delete static_cast<std::shared_ptr<void>*>(held); });
    return py::array(py::dtype(to_string(output.type)), output.shape, data, owner);
}

std::unique_ptr<Module> open(const std::string& path, int threads, const std::string& device, bool bfloat16,
                             bool fuse) {
    const py::gil_scoped_release released;
    return std::make_unique<Module>(path, Options{threads, device, bfloat16, fuse});
}

py::tuple prepare(Module& module, const std::vector<py::array>& inputs) {
    const std::vector<ArrayView> views = views_of(inputs);
    Preparation report;
    {
        const py::gil_scoped_release released;
        report = module.prepare(views);
    }
    return py::make_tuple(report.fused_kernels, report.difference, report.refusal);
}

// The arrays are alive, and their buffers fixed, as long as the caller's list is.
py::dict run(const Module& module, const std::vector<py::array>& inputs) {
    const std::vector<ArrayView> views = views_of(inputs);
    std::vector<Output> outputs;
    {
        const py::gil_scoped_release released;
        outputs = module.run(views);
    }
    py::dict result;
    for (Output& output : outputs) {
        const py::str name = text(output.name);
        result[name] = to_array(std::move(output));
    }
    return result;
}

void save(const Module& module, const std::string& path) {
    const py::gil_scoped_release released;
    module.save(path);
}

// The exception class with `code`, `got` and `expected` as attributes.
void register_error(py::module_& module) {
    static py::handle type = py::exception<TorchscriptError>(module, "TorchscriptError").release();
    // NOLINTNEXTLINE(performance-unnecessary-value-param): pybind11 says what it takes
    py::register_exception_translator([](std::exception_ptr raised) {
        try {
            if (raised) std::rethrow_exception(raised);
        } catch (const TorchscriptError& error) {
            py::object instance = type(text(error.what()));
            instance.attr("code") = to_string(error.code());
            instance.attr("got") = text(error.got());
            instance.attr("expected") = text(error.expected());
            PyErr_SetObject(type.ptr(), instance.ptr());
        }
    });
}

}  // namespace
}  // namespace satchel::torchscript

PYBIND11_MODULE(_core, module, py::mod_gil_not_used()) {
    using namespace satchel::torchscript;
    module.attr("__version__") = SATCHEL_VERSION;
    register_error(module);
    module.def("libtorch_version", &libtorch_version);
    py::class_<Module>(module, "Module")
        .def(py::init(&open), py::arg("path"), py::arg("threads"), py::arg("device"), py::arg("bfloat16"),
             py::arg("fuse"))
        .def_property_readonly("inputs", &Module::inputs)
        .def("prepare", &prepare, py::arg("inputs"))
        .def("run", &run, py::arg("inputs"))
        .def("save", &save, py::arg("path"));
}
