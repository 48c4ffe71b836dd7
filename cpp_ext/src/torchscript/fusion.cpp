#include "fusion.h"

#include <ATen/ATen.h>
#include <torch/csrc/jit/codegen/onednn/interface.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include <algorithm>
#include <limits>
#include <mutex>

namespace satchel::torchscript {
namespace {

// The pass is one switch for the whole process, so that modules settle one after another.
class FusionSwitch {
public:
    explicit FusionSwitch(bool fuse) : alone_(mutex()), fuse_(fuse) {
        if (fuse_) torch::jit::RegisterLlgaFuseGraph::setEnabled(true);
    }
    ~FusionSwitch() {
        if (fuse_) torch::jit::RegisterLlgaFuseGraph::setEnabled(false);
    }
    FusionSwitch(const FusionSwitch&) = delete;
    FusionSwitch& operator=(const FusionSwitch&) = delete;

private:
    static std::mutex& mutex() {
        static std::mutex instance;
        return instance;
    }

    std::lock_guard<std::mutex> alone_;
    bool fuse_;
};

// Guards on the shapes put the fused kernels into blocks.
int count_fused(torch::jit::const_graph_node_list nodes) {
    int count = 0;
    for (const torch::jit::Node* node : nodes) {
        count += node->kind() == c10::prim::oneDNNFusionGroup ? 1 : 0;
        for (const torch::jit::Block* block : node->blocks()) count += count_fused(block->nodes());
    }
    return count;
}

double difference(const Output& a, const Output& b) {
    constexpr double kInfinite = std::numeric_limits<double>::infinity();
    if (a.name != b.name || a.type != b.type || a.shape != b.shape) return kInfinite;
    const at::Tensor left = borrow({a.data.get(), a.type, a.shape});
    const at::Tensor right = borrow({b.data.get(), b.type, b.shape});
    if (!left.is_floating_point()) return at::equal(left, right) ? 0.0 : kInfinite;
    if (left.numel() == 0) return 0.0;
    const at::Tensor wide = right.to(at::kDouble);
    const double gap = (left.to(at::kDouble) - wide).abs().max().item<double>();
    const double scale = wide.abs().max().item<double>();
    if (gap == 0.0) return 0.0;
    return gap == gap && scale > 0.0 ? gap / scale : kInfinite;
}

}  // namespace

Settled settle(torch::jit::Module& module, const std::function<Inputs()>& inputs, bool fuse) {
    const FusionSwitch enabled(fuse);
    Settled settled;
    settled.plain = answer(module, inputs());  // profiles the graph as it is
    module.forward(inputs());                  // optimises and compiles
    settled.optimised = answer(module, inputs());
    return settled;
}

int count_fused_kernels() {
    const std::shared_ptr<const torch::jit::Graph> graph = torch::jit::lastExecutedOptimizedGraph();
    return count_fused(graph->nodes());
}

double largest_difference(const std::vector<Output>& a, const std::vector<Output>& b) {
    if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
    double largest = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, difference(a[i], b[i]));
    return largest;
}

}  // namespace satchel::torchscript
