// Winograd convolution F(4x4, 3x3) (arXiv 1509.09308) for TensorFlow's CPU device: 3x3, stride 1, padding SAME,
// float32, NHWC by HWIO, channel counts that are multiples of 64. A 6x6 patch of the input and a 3x3 filter go to 36
// points each, where the convolution is one product of matrices a point: 36 multiplications for 16 outputs instead of
// 144.
#pragma once

namespace native::winograd {

struct Shape {
  long batch, height, width, inputs, outputs;
};

/** images [batch, height, width, inputs] by filter [3, 3, inputs, outputs]. */
void convolve(const Shape& shape, const float* images, const float* filter, float* result);

/** The gradient of a convolution's images. `shape` is that of the convolution that gives it: its inputs are the
 * gradients of the result. */
void inputGradient(const Shape& shape, const float* gradients, const float* filter, float* result);

/** images and gradients of the result to the filter's gradient; the same bits on any number of threads. */
void filterGradient(const Shape& shape, const float* images, const float* gradients, float* result);

}  // namespace native::winograd
