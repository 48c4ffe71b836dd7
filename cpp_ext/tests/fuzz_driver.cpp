// Where libFuzzer is not at hand: mutates the files of a folder for some seconds.
//   fuzz_pipeline FOLDER [SECONDS [SEED]]
#include <zlib.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

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

    static std::uint32_t read(const Bytes& data, std::size_t at) {
        return std::uint32_t(data[at]) << 24 | std::uint32_t(data[at + 1]) << 16 | std::uint32_t(data[at + 2]) << 8 |
               data[at + 3];
    }

    // Gives the chunks of a PNG right checksums, so that damage reaches what reads them.
    static void mend_checksums(Bytes& data) {
        if (data.size() < 8 || data[1] != 'P') return;
        for (std::size_t at = 8; at + 12 <= data.size();) {
            const std::size_t length = read(data, at);
            if (length > data.size() - at - 12) return;
            const auto sum = crc32(0, data.data() + at + 4, uInt(length + 4));
            for (std::size_t i = 0; i < 4; ++i) data[at + 8 + length + i] = std::uint8_t(sum >> (24 - 8 * i));
            at += 12 + length;
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
    const std::chrono::seconds limit(count > 2 ? std::atoi(arguments[2]) : 10);
    Mutator mutator(seeds, count > 3 ? unsigned(std::atoi(arguments[3])) : 0);
    for (const Bytes& seed : seeds) LLVMFuzzerTestOneInput(seed.data(), seed.size());
    const auto began = std::chrono::steady_clock::now();
    long runs = 0;
    for (; std::chrono::steady_clock::now() - began < limit; ++runs) {
        const Bytes data = mutator.next();
        LLVMFuzzerTestOneInput(data.data(), data.size());
    }
    std::printf("%zu seeds, %ld mutated files, no finding\n", seeds.size(), runs);
}
