// torchvision's operators: small cases worked out by hand, called as an archive calls them.
#include <ATen/TensorOperators.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#undef CHECK  // libtorch has one as well
#include "../../src/torchscript/operators/operators.h"
#include "../check.h"

using namespace satchel::torchscript;

namespace {

at::Tensor floats(const std::vector<float>& values, at::IntArrayRef shape) { return at::tensor(values).view(shape); }

bool gives(const at::Tensor& got, const std::vector<std::int64_t>& expected) {
    return got.scalar_type() == at::kLong && got.equal(at::tensor(expected, at::kLong));
}

template <typename Call>
bool refused(const std::string& message, const Call& call) {
    try {
        call();
    } catch (const c10::Error& error) {
        return std::string(error.what_without_backtrace()).find(message) != std::string::npos;
    }
    return false;
}

void boxes_that_overlap() {
    // The second overlaps the first by a third, the third lies within the first, the last is elsewhere.
    const at::Tensor boxes = floats({0, 0, 10, 10, 5, 0, 15, 10, 0, 0, 10, 8, 50, 50, 60, 60}, {4, 4});
    const at::Tensor scores = floats({0.9f, 0.8f, 0.95f, 0.1f}, {4});
    CHECK(gives(nms(boxes, scores, 0.5), {2, 1, 3}));
    CHECK(gives(nms(boxes, scores, 0.2), {2, 3}));
    CHECK(gives(nms(boxes, scores, 1.0), {2, 0, 1, 3}));
    CHECK(gives(nms(boxes.to(at::kDouble), scores.to(at::kDouble), 0.5), {2, 1, 3}));
    CHECK(gives(nms(boxes.to(at::kBFloat16), scores.to(at::kBFloat16), 0.5), {2, 1, 3}));
    const at::Tensor every_other = boxes.repeat_interleave(2, 0).slice(0, 0, std::nullopt, 2);
    CHECK(!every_other.is_contiguous() && gives(nms(every_other, scores, 0.5), {2, 1, 3}));
}

void boxes_on_the_threshold() {
    // 50 of 100 is not above a half. A third as float32 is above a third as a double, and both are compared as doubles.
    CHECK(gives(nms(floats({0, 0, 10, 10, 0, 0, 10, 5}, {2, 4}), at::ones({2}), 0.5), {0, 1}));
    const at::Tensor thirds = floats({0, 0, 10, 10, 5, 0, 15, 10}, {2, 4});
    CHECK(gives(nms(thirds, at::ones({2}), 1.0 / 3.0), {0}));
    CHECK(gives(nms(thirds, at::ones({2}), static_cast<double>(1.0f / 3.0f)), {0, 1}));
}

void unusual_boxes() {
    CHECK(gives(nms(at::empty({0, 4}), at::empty({0}), 0.5), {}));
    // Equal scores keep their order; boxes without area are not above any threshold.
    CHECK(gives(nms(floats({0, 0, 1, 1, 4, 4, 5, 5, 2, 2, 3, 3}, {3, 4}), at::ones({3}), 0.5), {0, 1, 2}));
    CHECK(gives(nms(at::zeros({2, 4}), at::ones({2}), 0.0), {0, 1}));
    const float nan = std::numeric_limits<float>::quiet_NaN();
    CHECK(gives(nms(floats({nan, 0, 1, 1, 0, 0, 1, 1}, {2, 4}), at::ones({2}), 0.5), {0, 1}));
}

void boxes_refused() {
    const at::Tensor boxes = at::zeros({2, 4});
    const at::Tensor scores = at::zeros({2});
    CHECK(refused("nms: boxes must be [N, 4], not [2, 5]", [&] { nms(at::zeros({2, 5}), scores, 0.5); }));
    CHECK(refused("nms: scores must be [2]", [&] { nms(boxes, at::zeros({3}), 0.5); }));
    CHECK(refused("nms: boxes are Float but scores are Double", [&] { nms(boxes, scores.to(at::kDouble), 0.5); }));
    CHECK(refused("nms: boxes must be floating point, not Int",
                  [&] { nms(boxes.to(at::kInt), scores.to(at::kInt), 0.5); }));
}

// A plane that rises by one from left to right and by ten from top to bottom: the mean of a bin is its middle.
at::Tensor slope() { return (at::arange(6).view({1, 6}) + at::arange(5).view({5, 1}) * 10).view({1, 1, 5, 6}); }

void regions_of_a_slope() {
    const at::Tensor input = slope().to(at::kFloat);
    const at::Tensor region = floats({0, 1, 1, 3, 3}, {1, 5});
    for (const std::int64_t sampling : {-1, 1, 2}) {
        const at::Tensor got = roi_align(input, region, 1.0, 2, 2, sampling, false);
        CHECK(got.sizes() == at::IntArrayRef({1, 1, 2, 2}));
        CHECK(got.allclose(floats({16.5f, 17.5f, 26.5f, 27.5f}, {1, 1, 2, 2})));
    }
    CHECK(roi_align(input, region * 2, 0.5, 1, 1, 2, false).allclose(floats({22}, {1, 1, 1, 1})));
    CHECK(roi_align(input, region, 1.0, 1, 1, 2, true).allclose(floats({16.5f}, {1, 1, 1, 1})));  // half a pixel back
    const at::Tensor narrow = floats({0, 2, 2, 2, 2}, {1, 5});  // taken as one pixel wide, unless aligned
    CHECK(roi_align(input, narrow, 1.0, 1, 1, -1, false).allclose(floats({27.5f}, {1, 1, 1, 1})));
    CHECK(roi_align(input, narrow, 1.0, 1, 1, -1, true).allclose(at::zeros({1, 1, 1, 1})));
}

void regions_at_the_edges() {
    const at::Tensor input = at::ones({1, 2, 4, 4});
    // Of the samples at -3, -1, 1 and 3 the first is too far outside to count; beyond the last pixel it is repeated.
    CHECK(roi_align(input, floats({0, -4, 0, 4, 4}, {1, 5}), 1.0, 1, 1, 4, false)
              .allclose(at::ones({1, 2, 1, 1}) * 0.75));
    CHECK(roi_align(input, floats({0, 3, 3, 4, 4}, {1, 5}), 1.0, 1, 1, 2, false).allclose(at::ones({1, 2, 1, 1})));
    CHECK(roi_align(input, floats({0, 90, 90, 99, 99}, {1, 5}), 1.0, 3, 2, 2, false).equal(at::zeros({1, 2, 3, 2})));
    const float nan = std::numeric_limits<float>::quiet_NaN();
    CHECK(roi_align(input, floats({0, nan, 0, 1, 1}, {1, 5}), 1.0, 1, 1, 2, false).equal(at::zeros({1, 2, 1, 1})));
}

void layouts_and_types() {
    const at::Tensor planes = at::arange(2 * 3 * 5 * 4).view({2, 3, 5, 4}).to(at::kFloat);
    const at::Tensor regions = floats({1, 0, 0, 3, 3, 0, 1, 1, 2, 4, 1, 1, 0, 2, 2}, {3, 5});
    const at::Tensor expected = roi_align(planes, regions, 1.0, 2, 3, -1, false);
    CHECK(expected.is_contiguous() && expected.sizes() == at::IntArrayRef({3, 3, 2, 3}));
    const at::Tensor pixels = planes.contiguous(at::MemoryFormat::ChannelsLast);
    CHECK(roi_align(pixels, regions, 1.0, 2, 3, -1, false).equal(expected));
    const at::Tensor doubles = roi_align(planes.to(at::kDouble), regions.to(at::kDouble), 1.0, 2, 3, -1, false);
    CHECK(doubles.scalar_type() == at::kDouble && doubles.to(at::kFloat).allclose(expected));
    const at::Tensor halves = roi_align(planes.to(at::kHalf), regions.to(at::kHalf), 1.0, 2, 3, -1, false);
    CHECK(halves.scalar_type() == at::kHalf && halves.equal(expected.to(at::kHalf)));
    CHECK(roi_align(planes, at::empty({0, 5}), 1.0, 2, 3, 2, false).sizes() == at::IntArrayRef({0, 3, 2, 3}));
}

void regions_refused() {
    const at::Tensor input = at::ones({1, 1, 4, 4});
    const at::Tensor regions = at::zeros({1, 5});
    const auto align = [](const at::Tensor& features, const at::Tensor& rois) {
        return [=] { roi_align(features, rois, 1.0, 2, 2, -1, false); };
    };
    CHECK(refused("roi_align: features must be [N, C, H, W], not [4, 4]", align(at::ones({4, 4}), regions)));
    CHECK(refused("roi_align: regions must be [K, 5], not [1, 4]", align(input, at::zeros({1, 4}))));
    CHECK(refused("roi_align: features are Float but regions are Double", align(input, regions.to(at::kDouble))));
    CHECK(refused("roi_align: features must be floating point", align(input.to(at::kInt), regions.to(at::kInt))));
    CHECK(refused("roi_align: region 0 names image 1 of 1", align(input, floats({1, 0, 0, 1, 1}, {1, 5}))));
    CHECK(refused("roi_align: region 0 names image -1 of 1", align(input, floats({-1, 0, 0, 1, 1}, {1, 5}))));
    CHECK(refused("needs too many samples", align(input, floats({0, 0, 0, 1e30f, 1}, {1, 5}))));
    CHECK(refused("there are regions but no features", align(at::ones({1, 1, 0, 4}), regions)));
    CHECK(refused("roi_align: cannot pool to 0x2", [&] { roi_align(input, regions, 1.0, 0, 2, -1, false); }));
}

void registration() {
    const c10::OperatorName name{"torchvision::nms", ""};
    CHECK(!c10::Dispatcher::singleton().findSchema(name));
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) threads.emplace_back(register_operators);
    for (std::thread& thread : threads) thread.join();
    register_operators();
    const auto found = c10::Dispatcher::singleton().findSchema(name);
    CHECK(found && found->hasKernelForDispatchKey(c10::DispatchKey::CPU));
    const auto call = found->typed<at::Tensor(const at::Tensor&, const at::Tensor&, double)>();
    CHECK(gives(call.call(floats({0, 0, 1, 1, 0, 0, 1, 1}, {2, 4}), floats({0.1f, 0.2f}, {2}), 0.5), {1}));
    CHECK(c10::Dispatcher::singleton().findSchema({"torchvision::roi_align", ""}));
}

}  // namespace

int main() {
    boxes_that_overlap();
    boxes_on_the_threshold();
    unusual_boxes();
    boxes_refused();
    regions_of_a_slope();
    regions_at_the_edges();
    layouts_and_types();
    regions_refused();
    registration();
    return 0;
}
