#include "digest.h"

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <memory>
#include <vector>

#include "satchel/bundle/error.h"

namespace satchel {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20;

class Sha256 {
public:
    Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
        require(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
    }

    void update(const char* data, std::size_t size) { require(EVP_DigestUpdate(context_.get(), data, size) == 1); }

    std::string finish() {
        constexpr const char* kDigits = "0123456789abcdef";
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
        unsigned int size = 0;
        require(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1);
        std::string text;
        for (std::size_t i = 0; i < size; ++i) {
            text += kDigits[digest[i] >> 4U];
            text += kDigits[digest[i] & 15U];
        }
        return text;
    }

private:
    static void require(bool done) {
        if (!done) throw std::runtime_error("libcrypto cannot compute SHA-256");
    }

    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace

FileRecord describe_file(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    std::vector<char> block(kBlock);
    FileRecord record;
    Sha256 digest;
    while (stream) {
        stream.read(block.data(), std::streamsize(block.size()));
        digest.update(block.data(), std::size_t(stream.gcount()));
        record.bytes += stream.gcount();
    }
    if (!stream.eof()) throw BundleError(path.string() + " cannot be read", {.remedy = "check its permissions"});
    record.sha256 = digest.finish();
    return record;
}

}  // namespace satchel
