#include "archive.h"

#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

#include "problem.h"

namespace satchel::torchscript {
namespace {

constexpr const char* kArchive = "a whole TorchScript archive, as torch.jit.save writes it";

// Calls of operators outside of aten are spelt `ops.namespace.name(`.
void collect_operators(const std::string& code, std::set<std::string>& found) {
    static const std::regex call(R"(\bops\.([A-Za-z_]\w*)\.([A-Za-z_]\w*)\()");
    for (std::sregex_iterator match(code.begin(), code.end(), call), end; match != end; ++match) {
        found.insert(match->str(1) + "::" + match->str(2));
    }
}

std::set<std::string> called_operators(const std::filesystem::path& archive) {
    caffe2::serialize::PyTorchStreamReader reader(archive.string());
    if (!reader.hasRecord("constants.pkl")) throw std::runtime_error("it holds no code: weights alone");
    std::set<std::string> found;
    for (const std::string& record : reader.getAllRecords()) {
        if (!record.starts_with("code/") || !record.ends_with(".py")) continue;
        const auto [data, size] = reader.getRecord(record);
        collect_operators({static_cast<const char*>(data.get()), size}, found);
    }
    return found;
}

bool is_known(const std::string& name) {
    return !torch::jit::getAllOperatorsFor(c10::Symbol::fromQualString(name)).empty();
}

}  // namespace

void check_archive(const std::filesystem::path& archive) {
    std::string missing;
    try {
        for (const std::string& name : called_operators(archive)) {
            if (!is_known(name)) missing += (missing.empty() ? "" : ", ") + name;
        }
    } catch (const std::exception& error) {
        throw TorchscriptError(ErrorCode::bad_archive, "the file is not a TorchScript archive", brief(error), kArchive);
    }
    if (!missing.empty()) {
        throw TorchscriptError(ErrorCode::missing_operator, "the model calls operators that are not built in", missing,
                               "operators of libtorch, and torchvision::nms and torchvision::roi_align");
    }
}

}  // namespace satchel::torchscript
