// Which vector instructions the processor has, asked once.
#pragma once

#include <optional>
#include <string_view>

namespace satchel {

enum class CpuLevel { portable, avx2, avx512 };  // avx512: with VNNI

const char* to_string(CpuLevel level);

// The best that this processor and this build have.
CpuLevel cpu_level();

// Nothing for an unknown name, or a level above `cpu_level()`.
std::optional<CpuLevel> usable_level(std::string_view name);

}  // namespace satchel
