// Compares every convolution of engine/native with plain loops. Exits with 1 where one is too far from them.
#include <string>
#include "plainLoops.h"
#include "polyphaseConvolution.h"
#include "products.h"
#include "stemConvolution.h"
#include "stridedConvolution.h"
#include "winogradConvolution.h"

namespace {

using namespace plain;
using native::strided::Shape;

Comparison comparison;

/** Products of every number of rows that one of the inner loops takes, in one slice of the depth and in several. */
void checkProducts() {
  const long panel = native::panelOf(), rows = 17, depth = 300;
  for (const bool add : {false, true}) {
    const Numbers left = normal(rows * depth, 1), right = normal(depth * panel, 2), start = normal(rows * panel, 3);
    Numbers result = add ? start : unwritten(rows * panel);
    Exact exact(add ? Exact(start.begin(), start.end()) : Exact(rows * panel));
    for (long first = 0, count = 1; first < rows; first += count, count++) {
      const long some = std::min(count, rows - first);
      native::multiply({left.data() + first * depth, depth, 1, right.data(), result.data() + first * panel, panel, some,
                        depth, add});
    }
    for (long row = 0; row < rows; row++)
      for (long k = 0; k < depth; k++)
        for (long column = 0; column < panel; column++)
          exact[row * panel + column] += double(left[row * depth + k]) * right[k * panel + column];
    comparison.expect("product", add ? "added" : "alone", result, exact);
  }
}

struct Kernel {
  const char* name;
  void (*convolve)(const Shape&, const float*, const float*, float*);
  void (*inputGradient)(const Shape&, const float*, const float*, float*);  // null: there is none
  void (*filterGradient)(const Shape&, const float*, const float*, float*);
};

void check(const Kernel& kernel, const Shape& shape) {
  const Convolution of = {shape.batch,   shape.height,  shape.width,  shape.kernel,  shape.stride,
                          shape.padding, shape.padding, shape.down(), shape.across()};
  const Numbers images = normal(of.pixels() * shape.inputs, 1),
                filter = normal(of.taps() * shape.inputs * shape.outputs, 2),
                gradients = normal(of.results() * shape.outputs, 3);
  const Answers exact = convolve(of, shape.inputs, shape.outputs, {images, filter, gradients});
  const std::string name = std::string(kernel.name) + " [" + std::to_string(shape.batch) + "," +
                           std::to_string(shape.height) + "," + std::to_string(shape.width) + "," +
                           std::to_string(shape.inputs) + "] to " + std::to_string(shape.outputs);
  Numbers result = unwritten(exact.result.size()), byImages = unwritten(exact.images.size()),
          byFilter = unwritten(exact.filter.size());
  kernel.convolve(shape, images.data(), filter.data(), result.data());
  comparison.expect(name.c_str(), "result", result, exact.result);
  if (kernel.inputGradient) {
    kernel.inputGradient(shape, gradients.data(), filter.data(), byImages.data());
    comparison.expect(name.c_str(), "gradient by the images", byImages, exact.images);
  }
  kernel.filterGradient(shape, images.data(), gradients.data(), byFilter.data());
  comparison.expect(name.c_str(), "gradient by the filter", byFilter, exact.filter);
}

// Winograd's convolution has a shape of its own; its input gradient is that of a convolution the other way.

native::winograd::Shape ofStrided(const Shape& shape) {
  return {shape.batch, shape.height, shape.width, shape.inputs, shape.outputs};
}
void winogradConvolve(const Shape& shape, const float* images, const float* filter, float* result) {
  native::winograd::convolve(ofStrided(shape), images, filter, result);
}
void winogradInputGradient(const Shape& shape, const float* gradients, const float* filter, float* result) {
  native::winograd::inputGradient({shape.batch, shape.height, shape.width, shape.outputs, shape.inputs}, gradients,
                                  filter, result);
}
void winogradFilterGradient(const Shape& shape, const float* images, const float* gradients, float* result) {
  native::winograd::filterGradient(ofStrided(shape), images, gradients, result);
}

}  // namespace

int main() {
  checkProducts();
  const Kernel winograd = {"Winograd", winogradConvolve, winogradInputGradient, winogradFilterGradient};
  const Kernel polyphase = {"polyphase", native::polyphase::convolve, native::polyphase::inputGradient,
                            native::polyphase::filterGradient};
  const Kernel stem = {"stem", native::stem::convolve, nullptr, native::stem::filterGradient};
  const Kernel strided = {"strided", native::strided::convolve, native::strided::inputGradient,
                          native::strided::filterGradient};
  const Kernel pictures = {"strided", native::strided::convolve, nullptr, native::strided::filterGradient};
  // batch, height, width, inputs, outputs, kernel, stride, padding: whole tiles and those that stick out, few and many.
  check(winograd, {2, 4, 4, 64, 128, 3, 1, 1});
  check(winograd, {3, 7, 7, 128, 64, 3, 1, 1});
  check(winograd, {1, 1, 9, 64, 64, 3, 1, 1});
  check(winograd, {6, 14, 14, 64, 64, 3, 1, 1});
  check(polyphase, {3, 9, 8, 64, 128, 3, 2, 1});
  check(polyphase, {3, 27, 13, 64, 64, 3, 2, 1});
  check(polyphase, {4, 7, 7, 128, 128, 3, 2, 1});
  check(stem, {2, 17, 14, 3, 64, 7, 2, 3});
  check(stem, {2, 30, 41, 3, 128, 7, 2, 2});
  check(strided, {2, 7, 10, 128, 64, 1, 2, 0});
  check(strided, {1, 10, 11, 64, 64, 2, 3, 1});
  check(strided, {3, 9, 8, 64, 64, 3, 2, 1});
  check(pictures, {2, 12, 12, 3, 64, 7, 3, 3});
  check(pictures, {4, 33, 33, 3, 64, 3, 1, 1});
  return comparison.failures() > 0;
}
