// Tensors, images and cv::Mat over the same memory; and pictures that are decoded already.
#include "satchel/imaging/opencv.h"

#include <cstdint>

#include "check.h"
#include "satchel/imaging/pipeline.h"

using namespace satchel;

namespace {

template <typename Call>
void expect_refusal(ErrorCode code, Call call) {
    try {
        call();
    } catch (const ImagingError& error) {
        CHECK(error.code() == code);
        return;
    }
    CHECK(false);
}

// 3 x 2 pixels of three channels with the levels 0, 1, 2 ... inside a larger Mat, so that rows are not adjacent.
cv::Mat region() {
    cv::Mat whole(5, 7, CV_8UC3, cv::Scalar::all(200));
    cv::Mat part = whole(cv::Rect(2, 1, 3, 2));
    for (int y = 0; y < 2; ++y) {
        for (int x = 0; x < 9; ++x) part.ptr(y)[x] = std::uint8_t(9 * y + x);
    }
    CHECK(!part.isContinuous());
    return part;
}

Prepared prepare(const PixelView& pixels, Color color, Layout layout) {
    Steps steps;
    steps.decode.color = color;
    steps.tensor.layout = layout;
    steps.tensor.dtype = DType::uint8;
    return Pipeline(steps).prepare(pixels);
}

void tensors_share_their_memory() {
    const cv::Mat part = region();
    Tensor interleaved = opencv::to_tensor(part, Layout::nhwc);
    CHECK((interleaved.shape == std::array<std::int64_t, 4>{1, 2, 3, 3}));
    for (int i = 0; i < 18; ++i) CHECK(interleaved.data.data()[i] == i);
    cv::Mat pixels = opencv::view_nhwc(interleaved);
    CHECK(pixels.data == interleaved.data.data() && pixels.type() == CV_8UC3 && pixels.cols == 3 && pixels.rows == 2);
    pixels.ptr(1)[0] = 77;
    CHECK(interleaved.data.data()[9] == 77);

    Tensor planar = opencv::to_tensor(part, Layout::nchw);
    CHECK((planar.shape == std::array<std::int64_t, 4>{1, 3, 2, 3}));
    const auto planes = opencv::view_nchw(planar);
    CHECK(planes.size() == 3 && planes[2].data == planar.data.data() + 12);
    for (int i = 0; i < 6; ++i) CHECK(planes[2].data[i] == 3 * i + 2);
    cv::Mat merged;
    cv::merge(planes, merged);
    CHECK(cv::norm(merged, part, cv::NORM_INF) == 0.0);
}

void floats_go_both_ways() {
    cv::Mat numbers(2, 3, CV_32FC2);
    cv::randu(numbers, -1.0, 1.0);
    Tensor tensor = opencv::to_tensor(numbers, Layout::nhwc);
    CHECK(tensor.dtype == DType::float32);
    CHECK(cv::norm(opencv::view_nhwc(tensor), numbers, cv::NORM_INF) == 0.0);
    cv::Mat halves;
    numbers.convertTo(halves, CV_16F);
    CHECK(opencv::to_tensor(halves, Layout::nchw).dtype == DType::float16);
}

void decoded_pictures_are_prepared() {
    const cv::Mat part = region();
    const Prepared plain = prepare(opencv::view(part, false), Color::rgb, Layout::nhwc);
    for (int i = 0; i < 18; ++i) CHECK(plain.tensor.data.data()[i] == i);
    CHECK(plain.geometry.width == 3 && plain.geometry.height == 2);
    const Prepared turned = prepare(opencv::view(part, true), Color::rgb, Layout::nhwc);
    CHECK(turned.tensor.data.data()[0] == 2 && turned.tensor.data.data()[2] == 0);
    const Prepared same = prepare(opencv::view(part, true), Color::bgr, Layout::nhwc);
    for (int i = 0; i < 18; ++i) CHECK(same.tensor.data.data()[i] == i);
    const Prepared grey = prepare(opencv::view(part, false), Color::gray, Layout::nchw);
    CHECK((grey.tensor.shape == std::array<std::int64_t, 4>{1, 1, 2, 3}));
    CHECK(grey.tensor.data.data()[0] == 1);  // 0.299 * 0 + 0.587 * 1 + 0.114 * 2, rounded
}

void images_share_their_memory() {
    Image image(3, 2, 1);
    cv::Mat pixels = opencv::view(image);
    pixels.setTo(9);
    CHECK(pixels.type() == CV_8UC1 && image.row(1)[2] == 9);
}

void refusals() {
    Tensor tensor;
    tensor.dtype = DType::bfloat16;
    expect_refusal(ErrorCode::bad_argument, [&] { opencv::view_nhwc(tensor); });
    expect_refusal(ErrorCode::bad_argument, [] { opencv::to_tensor(cv::Mat(1, 1, CV_64F), Layout::nhwc); });
    expect_refusal(ErrorCode::bad_argument, [] { opencv::view(cv::Mat(1, 1, CV_16U), false); });
    const cv::Mat empty, two(1, 1, CV_8UC2);
    expect_refusal(ErrorCode::empty, [&] { prepare(opencv::view(empty, false), Color::rgb, Layout::nhwc); });
    expect_refusal(ErrorCode::bad_argument, [&] { prepare(opencv::view(two, false), Color::rgb, Layout::nhwc); });
    const cv::Mat pixel(1, 1, CV_8UC3, cv::Scalar::all(1));
    PipelineOptions none;
    none.max_pixels = 0;
    expect_refusal(ErrorCode::too_many_pixels, [&] { Pipeline({}, none).prepare(opencv::view(pixel, false)); });
}

}  // namespace

int main() {
    tensors_share_their_memory();
    floats_go_both_ways();
    decoded_pictures_are_prepared();
    images_share_their_memory();
    refusals();
}
