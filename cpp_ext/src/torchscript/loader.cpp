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

// Names of the attributes that forward changes. A flag, such as "has warned", changes no answer.
void collect_state(const torch::jit::Block& block, const torch::jit::AliasDb& aliases, std::set<std::string>& state) {
    for (const torch::jit::Node* node : block.nodes()) {
        for (const torch::jit::Block* inner : node->blocks()) collect_state(*inner, aliases, state);
        const bool set = node->kind() == c10::prim::SetAttr && node->inputs()[1]->type()->kind() != c10::BoolType::Kind;
        const bool got = node->kind() == c10::prim::GetAttr && aliases.hasWriters(node->output());
        if (set || got) state.insert(node->s(c10::attr::name));
    }
}

// For each input, whether forward writes to it. Throws where it writes to the module: runs share that, and each would
// change the answers of the next.
std::vector<bool> find_writes(const torch::jit::Module& module, std::size_t inputs) {
    const auto graph = module.get_method("forward").graph()->copy();
    torch::jit::Inline(*graph);
    const torch::jit::AliasDb aliases(graph);
    std::set<std::string> state;
    collect_state(*graph->block(), aliases, state);
    if (!state.empty()) {
        throw TorchscriptError(ErrorCode::bad_archive,
                               "forward changes the module, so that answers would depend on "
                               "those before",
                               "self." + *state.begin(), "a forward that only reads the module");
    }
    std::vector<bool> written(inputs);
    for (std::size_t i = 0; i < inputs; ++i) written[i] = aliases.hasWriters(graph->inputs()[i + 1]);
    return written;
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
        const torch::jit::Module module = read(archive, device, options.bfloat16);
        const std::vector<std::string> names = argument_names(module);
        return {module, device, names, find_writes(module, names.size())};
    } catch (const TorchscriptError&) {
        throw;
    } catch (const std::exception& error) {
        throw TorchscriptError(ErrorCode::bad_archive, "libtorch cannot load the archive", brief(error),
                               std::string("a TorchScript archive with a forward, of libtorch ") + libtorch_version());
    }
}

}  // namespace satchel::torchscript
