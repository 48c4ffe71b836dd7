// Where libFuzzer is not at hand: mutates the files of a folder for some seconds.
//   fuzz_pipeline FOLDER [SECONDS [SEED]]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "fuzz_checksums.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;

class Mutator {
public:
    Mutator(std::vector<Bytes> seeds, unsigned seed) : seeds_(std::move(seeds)), chance_(seed) {}

    Bytes next() {
        Bytes data = seeds_[any(seeds_.size())];
        for (std::size_t changes = 1 + any(5); changes > 0 && !data.empty(); --changes) change(data);
        if (any(3) > 0) mend_checksums(data);
        return data;
    }

private:
    std::size_t any(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(chance_); }

    void change(Bytes& data) {
        // Headers are small and matter most.
        const std::size_t place = any(2) == 0 ? any(data.size()) : any(std::min<std::size_t>(data.size(), 300));
        const auto at = data.begin() + std::ptrdiff_t(place);
        switch (any(6)) {
            case 0: data.resize(place); break;
            case 1: data.insert(at, std::uint8_t(any(256))); break;
            case 2: data.erase(at); break;
            case 3: *at = std::uint8_t(any(2) * 255); break;
            case 4: *at = std::uint8_t(any(256)); break;
            default: *at = std::uint8_t(*at ^ 1 << any(8)); break;
        }
    }

    std::vector<Bytes> seeds_;
    std::mt19937 chance_;
};

std::vector<Bytes> read_folder(const char* folder) {
    std::vector<Bytes> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        std::ifstream stream(entry.path(), std::ios::binary);
        files.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
    }
    return files;
}

}  // namespace

int main(int count, char** arguments) {
    const std::vector<Bytes> seeds = count > 1 ? read_folder(arguments[1]) : std::vector<Bytes>();
    if (seeds.empty()) {
        std::fprintf(stderr, "usage: fuzz_pipeline FOLDER [SECONDS [SEED]]: a folder with files to mutate\n");
        return 2;
    }
    const std::chrono::seconds limit(count > 2 ? std::strtol(arguments[2], nullptr, 10) : 10);
    Mutator mutator(seeds, count > 3 ? unsigned(std::strtoul(arguments[3], nullptr, 10)) : 0);
    for (const Bytes& seed : seeds) LLVMFuzzerTestOneInput(seed.data(), seed.size());
    const auto began = std::chrono::steady_clock::now();
    long runs = 0;
    for (; std::chrono::steady_clock::now() - began < limit; ++runs) {
        const Bytes data = mutator.next();
        LLVMFuzzerTestOneInput(data.data(), data.size());
    }
    std::printf("%zu seeds, %ld mutated files, no finding\n", seeds.size(), runs);
}
