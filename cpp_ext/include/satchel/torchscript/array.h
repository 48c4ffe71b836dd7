// Arrays that go into and come out of a module.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace satchel::torchscript {

enum class ScalarType { float32, float64, float16, bfloat16, uint8, int8, int16, int32, int64, boolean };

const char* to_string(ScalarType type);

// Memory of the caller, in row-major order without gaps. It is never written to.
struct ArrayView {
    const void* data = nullptr;
    ScalarType type = ScalarType::float32;
    std::vector<std::int64_t> shape{};
};

// One output, in row-major order without gaps. The memory is its own.
struct Output {
    std::string name;
    ScalarType type = ScalarType::float32;
    std::vector<std::int64_t> shape{};
    std::shared_ptr<void> data{};
};

// Such as `float32 [1, 3, 224, 224]`.
std::string describe(ScalarType type, const std::vector<std::int64_t>& shape);

}  // namespace satchel::torchscript
