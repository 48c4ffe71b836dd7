// Errors of the libraries below in terms of ours.
#pragma once

#include "satchel/imaging/error.h"
#include "satchel/predictor/error.h"
#include "satchel/torchscript/error.h"

namespace satchel {

EngineError translated(const torchscript::TorchscriptError& error);

// Of preparing a picture.
ImageError refused_picture(const ImagingError& error);

// Of reading what the model gave.
EngineError refused_outputs(const ImagingError& error);

}  // namespace satchel
