// libFuzzer's own mutations, most of them with right checksums.
#include "fuzz_checksums.h"

extern "C" {
// Of libFuzzer: the first is given by it, the second it asks for by this name.
std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed);

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
    const std::size_t now = LLVMFuzzerMutate(data, size, most);
    if (seed % 4 > 0) mend_checksums({data, now});
    return now;
}
}
