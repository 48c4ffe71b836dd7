// What can go wrong with a bundle and what is done with it: sentences with up to three facts.
#pragma once

#include <stdexcept>
#include <string>

namespace satchel {

struct Facts {
    std::string got{};
    std::string expected{};
    std::string remedy{};
};

// Base of the family. `what()` is the sentence with its facts, one a line.
class SatchelError : public std::runtime_error {
public:
    explicit SatchelError(const std::string& message, const Facts& facts = {});

    const std::string& message() const { return message_; }
    const Facts& facts() const { return facts_; }

private:
    std::string message_;
    Facts facts_;
};

// There is no bundle there. The classes below say what else makes one unusable.
class BundleError : public SatchelError {
public:
    using SatchelError::SatchelError;
};

// `bundle.json` does not follow the schema.
class ManifestError : public BundleError {
public:
    using BundleError::BundleError;
};

// A file is missing, unlisted, altered or a link.
class IntegrityError : public BundleError {
public:
    using BundleError::BundleError;
};

// The bundle holds nothing for the engine that was asked for.
class NotFoundError : public SatchelError {
public:
    using SatchelError::SatchelError;
};

}  // namespace satchel
