// Convolution of any square filter and stride as products of matrices: patches of the images, gathered a group at a
// time in a core's cache, times the filter. For those that Winograd's algorithm does not fit: float32, NHWC by HWIO,
// symmetric zero padding.
#pragma once

namespace native::strided {

struct Shape {
  long batch, height, width, inputs, outputs, kernel, stride, padding;
  long down() const { return (height + 2 * padding - kernel) / stride + 1; }
  long across() const { return (width + 2 * padding - kernel) / stride + 1; }
  long pixels() const { return batch * down() * across(); }
  long depth() const { return kernel * kernel * inputs; }
};

/** images [batch, height, width, inputs] by filter [kernel, kernel, inputs, outputs]. */
void convolve(const Shape& shape, const float* images, const float* filter, float* result);

/** gradients of the result by filter to the images' gradient. */
void inputGradient(const Shape& shape, const float* gradients, const float* filter, float* result);

/** images and gradients of the result to the filter's gradient; the same bits on any number of threads. */
void filterGradient(const Shape& shape, const float* images, const float* gradients, float* result);

}  // namespace native::strided
