#include "loader.h"

#include <ATen/ATen.h>
#include <torch/csrc/jit/ir/alias_analysis.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/serialization/import.h>

#include <set>

#include "archive.h"
#include "operators/operators.h"
#include "problem.h"

namespace satchel::torchscript {
namespace {

c10::Device open_device(const std::string& name) {
    constexpr const char* kDevices = "cpu, or cuda or cuda:N with a build for GPUs";
    c10::Device device(c10::kCPU);
    try {
        device = c10::Device(name);
    } catch (const std::exception& error) {
        throw TorchscriptError(ErrorCode::no_device, "there is no device " + name, brief(error), kDevices);
    }
    if (device.is_cpu()) return device;
    if (!device.is_cuda() || !at::hasCUDA()) {
        throw TorchscriptError(ErrorCode::no_device, "this build of libtorch, on this machine, has no device " + name,
                               name, kDevices);
    }
    return device;
}

bool computes_bfloat16() {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512bf16") != 0;
#else
    return true;
#endif
}

torch::jit::Module read(const std::filesystem::path& archive, const c10::Device& device, bool bfloat16) {
    torch::jit::Module module = torch::jit::load(archive.string(), device);
    if (bfloat16) module.to(at::kBFloat16);
    if (!module.hasattr("training")) return module;  // frozen already
    module.eval();
    return torch::jit::freeze(module);
}

std::vector<std::string> argument_names(const torch::jit::Module& module) {
    std::vector<std::string> names;
    const auto& arguments = module.get_method("forward").function().getSchema().arguments();
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        if (arguments[i].default_value()) continue;
        if (arguments[i].type()->kind() != c10::TypeKind::TensorType) {
            throw TorchscriptError(ErrorCode::bad_archive, "forward takes something other than tensors",
                                   arguments[i].name() + ": " + arguments[i].type()->str(), "tensors");
        }
        names.push_back(arguments[i].name());
    }
    if (names.empty()) {
        throw TorchscriptError(ErrorCode::bad_archive, "forward takes no tensor", "no arguments", "one tensor or more");
    }
    return names;
}

// What forward changes of the module.
struct Changes {
    std::set<std::string> state{};  // numbers and tensors: each run would change the answers of the next
    bool caches = false;            // flags and lists, such as "has warned" or anchors made once
};

bool holds_state(const c10::Type& type) {
    return type.isSubtypeOf(*c10::NumberType::get()) || type.isSubtypeOf(*c10::TensorType::get());
}

void collect_changes(const torch::jit::Block& block, const torch::jit::AliasDb& aliases, Changes& changes) {
    for (const torch::jit::Node* node : block.nodes()) {
        for (const torch::jit::Block* inner : node->blocks()) collect_changes(*inner, aliases, changes);
        const bool set = node->kind() == c10::prim::SetAttr;
        const bool got = node->kind() == c10::prim::GetAttr;
        // Objects that forward makes for itself have attributes, too.
        if (!(set || got) || !node->inputs()[0]->type()->is_module()) continue;
        const torch::jit::Value* value = set ? node->inputs()[1] : node->output();
        const bool state = holds_state(*value->type());
        if (set && !state) changes.caches = true;
        if (state && (set || aliases.hasWriters(value))) changes.state.insert(node->s(c10::attr::name));
    }
}

// Fills in what forward writes to. Throws where answers would depend on those before.
void find_writes(Loaded& loaded) {
    const auto graph = loaded.module.get_method("forward").graph()->copy();
    torch::jit::Inline(*graph);
    const torch::jit::AliasDb aliases(graph);
    Changes changes;
    collect_changes(*graph->block(), aliases, changes);
    if (!changes.state.empty()) {
        throw TorchscriptError(ErrorCode::bad_archive,
                               "forward changes the module, so that answers would depend on those before",
                               "self." + *changes.state.begin(), "a forward that only reads the module");
    }
    loaded.caches = changes.caches;
    for (std::size_t i = 0; i < loaded.names.size(); ++i) {
        loaded.written.push_back(aliases.hasWriters(graph->inputs()[i + 1]));
    }
}

}  // namespace

Loaded load(const std::filesystem::path& archive, const Options& options) {
    register_operators();
    const c10::Device device = open_device(options.device);
    if (options.bfloat16 && device.is_cpu() && !computes_bfloat16()) {
        throw TorchscriptError(ErrorCode::no_device, "this processor has no instructions for bfloat16", "",
                               "AVX512_BF16");
    }
    check_archive(archive);
    try {
        Loaded loaded{.module = read(archive, device, options.bfloat16), .device = device};
        loaded.names = argument_names(loaded.module);
        find_writes(loaded);
        return loaded;
    } catch (const TorchscriptError&) {
        throw;
    } catch (const std::exception& error) {
        throw TorchscriptError(ErrorCode::bad_archive, "libtorch cannot load the archive", brief(error),
                               std::string("a TorchScript archive with a forward, of libtorch ") + libtorch_version());
    }
}

}  // namespace satchel::torchscript
