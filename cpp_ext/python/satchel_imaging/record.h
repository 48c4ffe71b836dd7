// One record of the manifest, as a Python dictionary.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <initializer_list>
#include <string>
#include <utility>

#include "satchel/imaging/error.h"

namespace satchel {

[[noreturn]] inline void refuse(const std::string& message, const std::string& got) {
    throw ImagingError(ErrorCode::bad_argument, message, got);
}

// One record; every key must be asked for, so that a parameter this build does not know is refused.
class Record {
public:
    explicit Record(const pybind11::dict& values) : values_(values) {}

    template <typename T>
    T take(const char* key) {
        if (!values_.contains(key)) refuse("a step lacks a parameter", key);
        ++taken_;
        try {
            return values_[key].cast<T>();
        } catch (const pybind11::cast_error&) {
            refuse(std::string("a step's ") + key + " has another type than expected", pybind11::repr(values_[key]));
        }
    }

    template <typename T>
    T choose(const char* key, std::initializer_list<std::pair<const char*, T>> choices) {
        const auto word = take<std::string>(key);
        for (const auto& [name, value] : choices) {
            if (word == name) return value;
        }
        refuse(std::string("a step's ") + key + " is unknown to this build", word);
    }

    void end() const {
        if (taken_ != values_.size()) refuse("a step has parameters unknown to this build", pybind11::repr(values_));
    }

private:
    pybind11::dict values_;
    std::size_t taken_ = 0;
};

}  // namespace satchel
