#include "values.h"

#include <ATen/ATen.h>
#include <ATen/ScalarOps.h>
#include <ATen/core/function_schema.h>
#include <ATen/core/jit_type.h>

#include <array>
#include <set>
#include <utility>

#include "satchel/torchscript/error.h"

namespace satchel::torchscript {
namespace {

struct TypePair {
    ScalarType ours;
    at::ScalarType theirs;
    const char* name;
};

constexpr std::array<TypePair, 10> kTypes{{
    {ScalarType::float32, at::kFloat, "float32"},
    {ScalarType::float64, at::kDouble, "float64"},
    {ScalarType::float16, at::kHalf, "float16"},
    {ScalarType::bfloat16, at::kBFloat16, "bfloat16"},
    {ScalarType::uint8, at::kByte, "uint8"},
    {ScalarType::int8, at::kChar, "int8"},
    {ScalarType::int16, at::kShort, "int16"},
    {ScalarType::int32, at::kInt, "int32"},
    {ScalarType::int64, at::kLong, "int64"},
    {ScalarType::boolean, at::kBool, "bool"},
}};

[[noreturn]] void throw_unusable(const std::string& path, const std::string& got) {
    const std::string what = path.empty() ? "the answer" : "output " + path;
    throw TorchscriptError(ErrorCode::failed, what + " of the model is no tensor that can be passed on", got,
                           "dense tensors of floats, integers or booleans, alone or in tuples, lists and dicts, whose "
                           "keys are text or integers");
}

ScalarType from_torch(at::ScalarType type, const std::string& path) {
    for (const TypePair& pair : kTypes) {
        if (pair.theirs == type) return pair.ours;
    }
    throw_unusable(path, c10::toString(type));
}

// On the host, without gaps. Memory that an input, a weight or another output shares could change under its owner: that
// alone is copied. bfloat16 becomes float32, which holds it exactly and which NumPy has. A view that stands for the
// negative of its memory, as the imaginary part of a conjugate does, is worked out.
at::Tensor owned(const at::Tensor& tensor) {
    const bool shared = tensor.use_count() > 1 || tensor.storage().use_count() > 1;
    const at::ScalarType type = tensor.scalar_type() == at::kBFloat16 ? at::kFloat : tensor.scalar_type();
    const at::Tensor here = tensor.to(at::kCPU, type).resolve_neg();
    return shared && here.is_same(tensor) ? here.clone(at::MemoryFormat::Contiguous) : here.contiguous();
}

class Flattener {
public:
    std::vector<Output> outputs;

    void add(const c10::IValue& value, const std::string& path) {
        if (value.isTensor()) return add_tensor(value.toTensor(), path);
        if (value.isTuple()) return add_tuple(value, path);
        if (value.isList()) return add_elements(value.toListRef(), path);
        if (value.isGenericDict()) return add_entries(value, path);
        if (value.isScalar()) return add_tensor(c10::scalar_to_tensor(value.toScalar()), path);
        throw_unusable(path, value.tagKind());
    }

private:
    std::set<std::string> names_;

    void add_tensor(const at::Tensor& tensor, const std::string& path) {
        if (!names_.insert(path).second) {
            throw TorchscriptError(ErrorCode::failed, "two outputs of the model have one name", path,
                                   "keys that lead to a name for each");
        }
        if (!tensor.defined() || tensor.layout() != at::kStrided) throw_unusable(path, "a sparse or undefined tensor");
        auto keep = std::make_shared<at::Tensor>(owned(tensor));
        const ScalarType type = from_torch(keep->scalar_type(), path);
        void* data = keep->mutable_data_ptr();
        outputs.push_back({path, type, keep->sizes().vec(), std::shared_ptr<void>(std::move(keep), data)});
    }

    void add_tuple(const c10::IValue& value, const std::string& path) {
        const auto& elements = value.toTupleRef().elements();
        const auto& schema = value.type()->expectRef<c10::TupleType>().schema();
        for (std::size_t i = 0; i < elements.size(); ++i) {
            add(elements[i], below(path, schema ? schema->arguments()[i].name() : std::to_string(i)));
        }
    }

    void add_elements(at::ArrayRef<c10::IValue> elements, const std::string& path) {
        for (std::size_t i = 0; i < elements.size(); ++i) add(elements[i], below(path, std::to_string(i)));
    }

    void add_entries(const c10::IValue& value, const std::string& path) {
        for (const auto& entry : value.toGenericDict()) {
            add(entry.value(), below(path, name_of(entry.key(), path)));
        }
    }

    static std::string name_of(const c10::IValue& key, const std::string& path) {
        if (key.isString()) return key.toStringRef();
        if (key.isInt()) return std::to_string(key.toInt());
        throw_unusable(path, "a dict with keys of type " + key.tagKind());
    }

    static std::string below(const std::string& path, const std::string& name) {
        return path.empty() ? name : path + "." + name;
    }
};

}  // namespace

const char* to_string(ScalarType type) { return kTypes[static_cast<std::size_t>(type)].name; }

std::string describe(ScalarType type, const std::vector<std::int64_t>& shape) {
    std::string text = std::string(to_string(type)) + " [";
    for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
    return text + "]";
}

at::ScalarType to_torch(ScalarType type) { return kTypes[static_cast<std::size_t>(type)].theirs; }

at::Tensor borrow(const ArrayView& array) {
    return at::from_blob(const_cast<void*>(array.data), array.shape, at::TensorOptions(to_torch(array.type)));
}

std::vector<Output> answer(torch::jit::Module& module, const Inputs& inputs) {
    const c10::IValue result = module.forward(inputs);  // `inputs` stay: memory that is theirs shows as shared
    Flattener flattener;
    flattener.add(result, result.isTensor() || result.isScalar() ? "output" : "");
    return std::move(flattener.outputs);
}

}  // namespace satchel::torchscript
