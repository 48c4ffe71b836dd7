// What can go wrong with one picture, or with the model.
#pragma once

#include "satchel/bundle/error.h"

namespace satchel {

// The picture cannot be read, or is larger than allowed. Others are not affected.
class ImageError : public SatchelError {
public:
    using SatchelError::SatchelError;
};

// The model cannot be loaded on this machine, failed while it ran, or gave what its manifest does not say.
class EngineError : public SatchelError {
public:
    using SatchelError::SatchelError;
};

}  // namespace satchel
