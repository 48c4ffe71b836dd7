// A bundle at work: encoded pictures in, typed results out. This header needs none of libtorch's.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "satchel/bundle/manifest.h"
#include "satchel/imaging/bytes.h"
#include "satchel/predictor/error.h"
#include "satchel/predictor/result.h"

namespace satchel {

struct PredictorOptions {
    int threads = 1;             // that may work on one picture
    std::string device = "cpu";  // or `cuda`, `cuda:N`
    std::uint64_t max_pixels = 50'000'000;
};

// Thread-safe.
class Predictor {
public:
    // Opens and verifies the bundle, loads its first TorchScript artifact and compiles it for every shape that the
    // manifest declares. Throws BundleError, ManifestError, IntegrityError; NotFoundError where there is no such
    // artifact; EngineError.
    explicit Predictor(const std::filesystem::path& bundle, const PredictorOptions& options = {});
    ~Predictor();
    Predictor(Predictor&&) noexcept;
    Predictor& operator=(Predictor&&) noexcept;

    const Manifest& manifest() const;

    // Of a JPEG, PNG, WebP or BMP file. Throws ImageError, EngineError.
    Result predict(Bytes image) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace satchel
