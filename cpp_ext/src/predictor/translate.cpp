#include "translate.h"

namespace satchel {
namespace {

const char* remedy_of(torchscript::ErrorCode code) {
    switch (code) {
        case torchscript::ErrorCode::bad_archive: return "save the model with torch.jit.save and pack it again";
        case torchscript::ErrorCode::missing_operator: return "export the model without these operators, or to ONNX";
        case torchscript::ErrorCode::no_device: return "take the device cpu, or an artifact in fp32";
        case torchscript::ErrorCode::bad_input: return "pack the model again: the manifest describes another graph";
        case torchscript::ErrorCode::failed: break;
    }
    return "";
}

const char* remedy_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::empty: return "give the bytes of the picture";
        case ErrorCode::unknown_format: return "convert the picture to one of these";
        case ErrorCode::not_native: return "convert the picture to PNG, or to a baseline or progressive JPEG";
        case ErrorCode::too_many_pixels: return "give a smaller picture, or allow more pixels";
        case ErrorCode::damaged: return "check that the file opens in a viewer and was copied completely";
        case ErrorCode::too_extreme: return "crop the picture to a less elongated shape";
        case ErrorCode::not_finite: return "check the weights, and the precision the model was packed in";
        case ErrorCode::bad_shape: return "correct the postprocess steps in the recipe and pack the model again";
        case ErrorCode::bad_rows: return "correct the strides in the recipe and pack the model again";
        case ErrorCode::bad_values: return "correct the names of the outputs in the recipe and pack the model again";
        case ErrorCode::bad_argument: break;
    }
    return "";
}

template <typename Error>
Facts facts_of(const Error& error) {
    return {.got = error.got(), .expected = error.expected(), .remedy = remedy_of(error.code())};
}

}  // namespace

EngineError translated(const torchscript::TorchscriptError& error) {
    return EngineError(error.what(), facts_of(error));
}

ImageError refused_picture(const ImagingError& error) { return ImageError(error.what(), facts_of(error)); }

EngineError refused_outputs(const ImagingError& error) { return EngineError(error.what(), facts_of(error)); }

}  // namespace satchel
