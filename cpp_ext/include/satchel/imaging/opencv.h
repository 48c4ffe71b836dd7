// Pixels and tensors as cv::Mat, and the other way round. Header only: whoever includes it links OpenCV's core. Pixels
// lie in RGB or grey as this library has them; OpenCV's own functions expect BGR (`Decode::color`, `PixelView::bgr`).
#pragma once

#include <opencv2/core.hpp>

#include <cstring>
#include <string>
#include <vector>

#include "satchel/imaging/error.h"
#include "satchel/imaging/image.h"
#include "satchel/imaging/tensor.h"

namespace satchel::opencv {

// OpenCV's type of one element. Throws ImagingError: it has no bfloat16 before its version 5.
inline int depth_of(DType dtype) {
    switch (dtype) {
        case DType::float32: return CV_32F;
        case DType::float16: return CV_16F;
        case DType::uint8: return CV_8U;
        case DType::bfloat16: break;
    }
    throw ImagingError(ErrorCode::bad_argument, "cv::Mat has no such element type", "bfloat16");
}

inline DType dtype_of(int depth) {
    switch (depth) {
        case CV_32F: return DType::float32;
        case CV_16F: return DType::float16;
        case CV_8U: return DType::uint8;
        default:
            throw ImagingError(ErrorCode::bad_argument, "a tensor has no such element type", cv::depthToString(depth));
    }
}

// A header over the memory of an NHWC tensor: rows of interleaved channels. It is valid while the tensor is.
inline cv::Mat view_nhwc(Tensor& tensor) {
    const auto& shape = tensor.shape;
    return {int(shape[1]), int(shape[2]), CV_MAKETYPE(depth_of(tensor.dtype), int(shape[3])), tensor.data.data()};
}

// Headers over the planes of an NCHW tensor, one for each channel. They are valid while the tensor is; cv::merge makes
// an interleaved copy.
inline std::vector<cv::Mat> view_nchw(Tensor& tensor) {
    const int depth = depth_of(tensor.dtype);
    const auto height = int(tensor.shape[2]), width = int(tensor.shape[3]);
    const std::size_t plane = std::size_t(height) * std::size_t(width) * item_size(tensor.dtype);
    std::vector<cv::Mat> planes;
    planes.reserve(std::size_t(tensor.shape[1]));
    for (std::int64_t channel = 0; channel < tensor.shape[1]; ++channel) {
        planes.emplace_back(height, width, CV_MAKETYPE(depth, 1), tensor.data.data() + std::size_t(channel) * plane);
    }
    return planes;
}

// A header over an image's memory, valid while the image is.
inline cv::Mat view(Image& image) {
    return {image.height(), image.width(), CV_MAKETYPE(CV_8U, image.channels()), image.row(0)};
}

// The pixels of a Mat, regions of a larger one included, for `Pipeline::prepare`. Nothing is copied, so the Mat must
// outlive the view. OpenCV's own pictures are BGR.
inline PixelView view(const cv::Mat& pixels, bool bgr) {
    if (pixels.dims > 2 || pixels.depth() != CV_8U) {
        throw ImagingError(ErrorCode::bad_argument, "a picture has two dimensions and 8-bit levels");
    }
    return {pixels.data, pixels.cols, pixels.rows, pixels.channels(), pixels.empty() ? 0 : pixels.step[0], bgr};
}

// An NHWC or NCHW tensor with a copy of a Mat's elements, padding between its rows left out.
inline Tensor to_tensor(const cv::Mat& pixels, Layout layout) {
    if (pixels.dims > 2) throw ImagingError(ErrorCode::bad_argument, "a picture has two dimensions");
    const std::int64_t height = pixels.rows, width = pixels.cols, channels = pixels.channels();
    Tensor tensor;
    tensor.dtype = dtype_of(pixels.depth());
    tensor.data = Buffer(pixels.total() * pixels.elemSize());
    if (layout == Layout::nhwc) {
        tensor.shape = {1, height, width, channels};
        cv::Mat target = view_nhwc(tensor);
        pixels.copyTo(target);
    } else {
        tensor.shape = {1, channels, height, width};
        auto planes = view_nchw(tensor);
        cv::split(pixels, planes);
    }
    return tensor;
}

}  // namespace satchel::opencv
