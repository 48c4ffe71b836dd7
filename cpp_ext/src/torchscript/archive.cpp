#include "archive.h"

#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

#include "problem.h"

namespace satchel::torchscript {
namespace {

constexpr const char* kArchive = "a whole TorchScript archive, as torch.jit.save writes it";

bool is_word(char letter) { return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_'; }

std::string_view word_at(std::string_view code, std::size_t start) {
    const std::string_view rest = code.substr(start);
    return rest.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(rest, is_word) - rest.begin()));
}

// Calls of operators outside of aten are spelt `ops.namespace.name(`. A std::regex would recurse for each letter of a
// name, and overflow the stack with a long one.
void collect_operators(std::string_view code, std::set<std::string>& found) {
    constexpr std::string_view kStart = "ops.";
    for (std::size_t at = code.find(kStart); at != std::string_view::npos; at = code.find(kStart, at + 1)) {
        if (at > 0 && (is_word(code[at - 1]) || code[at - 1] == '.')) continue;  // a module called ops
        const std::string_view space = word_at(code, at + kStart.size());
        const std::size_t dot = at + kStart.size() + space.size();
        if (space.empty() || !code.substr(dot).starts_with('.')) continue;
        const std::string_view name = word_at(code, dot + 1);
        if (name.empty() || !code.substr(dot + 1 + name.size()).starts_with('(')) continue;
        found.insert(std::string(space).append("::").append(name));
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
