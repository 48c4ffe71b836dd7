#include "satchel/imaging/cpu.h"

namespace satchel {

const char* to_string(CpuLevel level) {
    switch (level) {
        case CpuLevel::portable: return "portable";
        case CpuLevel::avx2: return "avx2";
        case CpuLevel::avx512: return "avx512";
    }
    return "unknown";
}

CpuLevel cpu_level() {
#if defined(__x86_64__)
    static const CpuLevel level = [] {
        __builtin_cpu_init();
        if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
            __builtin_cpu_supports("avx512vnni")) {
            return CpuLevel::avx512;
        }
        return __builtin_cpu_supports("avx2") ? CpuLevel::avx2 : CpuLevel::portable;
    }();
    return level;
#else
    return CpuLevel::portable;
#endif
}

std::optional<CpuLevel> usable_level(std::string_view name) {
    for (const CpuLevel level : {CpuLevel::portable, CpuLevel::avx2, CpuLevel::avx512}) {
        if (name == to_string(level) && level <= cpu_level()) return level;
    }
    return std::nullopt;
}

}  // namespace satchel
