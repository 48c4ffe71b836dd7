#include "satchel/bundle/error.h"

namespace satchel {
namespace {

std::string sentence(const std::string& message, const Facts& facts) {
    std::string text = message;
    if (!facts.got.empty()) text += "\n  got: " + facts.got;
    if (!facts.expected.empty()) text += "\n  expected: " + facts.expected;
    if (!facts.remedy.empty()) text += "\n  remedy: " + facts.remedy;
    return text;
}

}  // namespace

SatchelError::SatchelError(const std::string& message, const Facts& facts)
    : std::runtime_error(sentence(message, facts)), message_(message), facts_(facts) {}

}  // namespace satchel
