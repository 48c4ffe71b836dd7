// The errors of libtorch in a sentence.
#pragma once

#include <exception>
#include <string>

#include "satchel/torchscript/error.h"

namespace satchel::torchscript {

// What went wrong, without the trace of frames that libtorch adds.
std::string brief(const std::exception& error);

}  // namespace satchel::torchscript
