#include "satchel/torchscript/module.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/headeronly/version.h>

#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <utility>

#include "fusion.h"
#include "loader.h"
#include "problem.h"
#include "values.h"

namespace satchel::torchscript {
namespace {

// What fusion may change, in units of the largest value: float32 sums in another order, or bfloat16's eight bits.
constexpr double kTolerance = 1e-3;
constexpr double kTolerance16 = 3e-2;

// One (type, shape) per input.
using Signature = std::vector<std::pair<ScalarType, std::vector<std::int64_t>>>;

Signature signature_of(std::span<const ArrayView> arrays) {
    Signature signature;
    for (const ArrayView& array : arrays) signature.emplace_back(array.type, array.shape);
    return signature;
}

}  // namespace

struct Module::Impl {
    Options options;
    Loaded loaded;

    // The profiling executor specialises on the shapes that it sees first. So each prepared signature has a copy of the
    // graph, with an executor of its own; weights are shared.
    std::map<Signature, torch::jit::Module> prepared{};
    mutable std::shared_mutex mutex{};   // over `prepared`
    mutable std::mutex one_at_a_time{};  // over what forward keeps in the module, where it does

    Inputs to_inputs(std::span<const ArrayView> arrays) const {
        if (arrays.size() != loaded.names.size()) {
            throw TorchscriptError(ErrorCode::bad_input, "forward takes another number of inputs",
                                   std::to_string(arrays.size()), std::to_string(loaded.names.size()));
        }
        Inputs inputs;
        for (std::size_t i = 0; i < arrays.size(); ++i) {
            const at::Tensor tensor = borrow(arrays[i]);
            const bool rounded = options.bfloat16 && tensor.is_floating_point();
            const at::ScalarType type = rounded ? at::kBFloat16 : tensor.scalar_type();
            inputs.emplace_back(tensor.to(loaded.device, type, /*non_blocking=*/false, /*copy=*/loaded.written[i]));
        }
        return inputs;
    }

    // A handle: copies of it share the graph and its executor.
    std::optional<torch::jit::Module> find(const Signature& signature) const {
        const std::shared_lock lock(mutex);
        const auto found = prepared.find(signature);
        return found == prepared.end() ? std::nullopt : std::optional(found->second);
    }

    void keep(const Signature& signature, const torch::jit::Module& module) {
        const std::unique_lock lock(mutex);
        prepared.insert_or_assign(signature, module);
    }

    // Without profiling and optimising, so that an odd shape costs the same each time and disturbs no other.
    std::vector<Output> run_plainly(std::span<const ArrayView> arrays) const {
        const torch::jit::GraphOptimizerEnabledGuard plain(false);
        torch::jit::Module handle = loaded.module;
        return answer(handle, to_inputs(arrays));
    }

    Settled settle_copy(std::span<const ArrayView> arrays, bool fuse, torch::jit::Module& copy) const {
        copy = loaded.module.clone();
        return settle(copy, [&] { return to_inputs(arrays); }, fuse);
    }

    Preparation try_fusion(std::span<const ArrayView> arrays, torch::jit::Module& copy) const {
        Preparation report;
        try {
            const Settled settled = settle_copy(arrays, true, copy);
            report.fused_kernels = count_fused_kernels();
            report.difference = largest_difference(settled.optimised, settled.plain);
            if (report.difference > (options.bfloat16 ? kTolerance16 : kTolerance)) report.refusal = "answers differ";
        } catch (const std::exception& error) {
            report.refusal = brief(error);
        }
        return report;
    }

    Preparation prepare(std::span<const ArrayView> arrays) {
        Preparation report;
        torch::jit::Module copy;
        const bool fuse = options.fuse && loaded.device.is_cpu();
        if (fuse) report = try_fusion(arrays, copy);
        if (!report.refusal.empty()) report.fused_kernels = 0;
        if (!fuse || !report.refusal.empty()) settle_copy(arrays, false, copy);
        keep(signature_of(arrays), copy);
        return report;
    }

    std::vector<Output> run(std::span<const ArrayView> arrays) const {
        std::optional<torch::jit::Module> ready = find(signature_of(arrays));
        return ready ? answer(*ready, to_inputs(arrays)) : run_plainly(arrays);
    }

    // Does `work` in inference mode, and states what libtorch throws as an error of ours.
    template <typename Work>
    auto guarded(Work&& work) const {
        std::unique_lock<std::mutex> alone(one_at_a_time, std::defer_lock);
        if (loaded.caches) alone.lock();
        const c10::InferenceMode inference;
        // A setting of the calling thread, which another module may have left different.
        if (at::get_num_threads() != options.threads) at::set_num_threads(options.threads);
        try {
            return work();
        } catch (const TorchscriptError&) {
            throw;
        } catch (const std::exception& error) {
            throw TorchscriptError(ErrorCode::failed, "the model raised an error while it ran", brief(error));
        }
    }
};

Module::Module(const std::filesystem::path& archive, const Options& options) {
    at::set_num_threads(options.threads);
    impl_ = std::make_unique<Impl>(options, load(archive, options));
}

Module::~Module() = default;
Module::Module(Module&&) noexcept = default;
Module& Module::operator=(Module&&) noexcept = default;

const std::vector<std::string>& Module::inputs() const { return impl_->loaded.names; }

Preparation Module::prepare(std::span<const ArrayView> inputs) {
    return impl_->guarded([&] { return impl_->prepare(inputs); });
}

std::vector<Output> Module::run(std::span<const ArrayView> inputs) const {
    return impl_->guarded([&] { return impl_->run(inputs); });
}

void Module::save(const std::filesystem::path& archive) const {
    impl_->guarded([&] { impl_->loaded.module.save(archive.string()); });
}

const char* libtorch_version() { return TORCH_VERSION; }

}  // namespace satchel::torchscript
