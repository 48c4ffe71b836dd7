// The private module `satchel_imaging._core`. Its public face is the package around it.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "postprocessor_binding.h"
#include "satchel/imaging/cpu.h"
#include "satchel/imaging/error.h"
#include "satchel/imaging/format.h"
#include "satchel/imaging/jpeg.h"
#include "satchel/imaging/pipeline.h"
#include "steps_from_python.h"

namespace py = pybind11;

namespace satchel {
namespace {

py::dtype dtype_of(DType dtype) {
    switch (dtype) {
        case DType::float32: return py::dtype("float32");
        case DType::float16: return py::dtype("float16");
        case DType::uint8: return py::dtype("uint8");
        case DType::bfloat16: break;  // NumPy has none, and no step from Python asks for it
    }
    throw std::logic_error("a tensor of a type that NumPy lacks");
}

// A NumPy array that owns the tensor's memory; nothing is copied.
py::array to_array(Tensor&& tensor) {
    auto owned = std::make_unique<Buffer>(std::move(tensor.data));
    const void* data = owned->data();
    const py::capsule owner(owned.release(), [](void* buffer) { delete static_cast<Buffer*>(buffer); });
    return py::array(dtype_of(tensor.dtype), tensor.shape, data, owner);
}

std::unique_ptr<Pipeline> make_pipeline(const py::sequence& steps, std::uint64_t max_pixels, int threads,
                                        const std::string& level) {
    PipelineOptions options;
    options.max_pixels = max_pixels;
    options.threads = threads;
    if (!level.empty()) {
        const auto usable = usable_level(level);
        if (!usable) throw ImagingError(ErrorCode::bad_argument, "this processor has no such level", level);
        options.level = *usable;
    }
    return std::make_unique<Pipeline>(steps_from_python(steps), options);
}

py::tuple run(const Pipeline& pipeline, const py::bytes& data) {
    // The bytes object is immutable, and the caller's reference keeps it alive while the lock is released.
    const std::string_view view = data;
    Prepared prepared;
    {
        const py::gil_scoped_release released;
        prepared = pipeline.run({reinterpret_cast<const std::uint8_t*>(view.data()), view.size()});
    }
    const Geometry& g = prepared.geometry;
    return py::make_tuple(to_array(std::move(prepared.tensor)),
                          py::make_tuple(g.width, g.height, g.scale_x, g.scale_y, g.offset_x, g.offset_y),
                          prepared.decode_ms, prepared.prepare_ms);
}

py::dict formats() {
    py::dict result;
    for (const Format format : kFormats) result[to_string(format)] = is_native(format);
    return result;
}

// The exception class with `code`, `got` and `expected` as attributes.
void register_error(py::module_& module) {
    static py::handle type = py::exception<ImagingError>(module, "ImagingError").release();
    // NOLINTNEXTLINE(performance-unnecessary-value-param): pybind11 says what it takes
    py::register_exception_translator([](std::exception_ptr raised) {
        try {
            if (raised) std::rethrow_exception(raised);
        } catch (const ImagingError& error) {
            py::object instance = type(error.what());
            instance.attr("code") = to_string(error.code());
            instance.attr("got") = error.got();
            instance.attr("expected") = error.expected();
            PyErr_SetObject(type.ptr(), instance.ptr());
        }
    });
}

}  // namespace
}  // namespace satchel

PYBIND11_MODULE(_core, module, py::mod_gil_not_used()) {
    using namespace satchel;
    module.attr("__version__") = SATCHEL_VERSION;
    register_error(module);
    module.def("formats", &formats);
    module.def("cpu_level", [] { return to_string(cpu_level()); });
    module.def("libjpeg_version", &libjpeg_version);
    py::class_<Pipeline>(module, "Pipeline")
        .def(py::init(&make_pipeline), py::arg("steps"), py::arg("max_pixels"), py::arg("threads"), py::arg("level"))
        .def("run", &run, py::arg("data"));
    bind_postprocessor(module);
}
