// The artifact of a bundle, in libtorch.
#pragma once

#include <vector>

#include "satchel/bundle/bundle.h"
#include "satchel/imaging/tensor.h"
#include "satchel/torchscript/module.h"

namespace satchel {

// Thread-safe.
class Model {
public:
    // Loads the artifact's file and compiles it for every declared shape. Both arguments must outlive the model. Throws
    // EngineError.
    Model(const Bundle& bundle, const Artifact& artifact, const torchscript::Options& options);

    // Outputs in the order of the manifest, the picture being the first of its batch. Throws EngineError.
    std::vector<torchscript::Output> run(const Tensor& tensor) const;

private:
    void check_signature(DType dtype) const;
    void prepare(DType dtype);

    const Artifact& artifact_;
    const TensorSpec& input_;
    torchscript::Module module_;
};

}  // namespace satchel
