// Depthwise convolutions as passes over memory: images [batch][height][width][channels] by a filter
// [kernel][kernel][channels]. They take multiples of 16 channels.
#pragma once

namespace native::depthwise {

/** `top` and `left` are the rows and columns of zeros before the images. */
struct Shape {
  long batch, height, width, channels, kernel, stride, top, left, down, across;
};

/** result[batch][down][across][channels]. */
void convolve(const Shape& shape, const float* images, const float* filter, float* result);

/** The gradient by the images, from that of the result. */
void inputGradient(const Shape& shape, const float* gradients, const float* filter, float* result);

/** The gradient by the filter, from the images and the gradient of the result. */
void filterGradient(const Shape& shape, const float* images, const float* gradients, float* result);

}  // namespace native::depthwise
