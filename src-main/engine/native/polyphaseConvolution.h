// Convolution 3x3 with stride 2 and padding 1, by phases: along an axis, result[i] is the first and last tap of the
// filter over two neighbours in the input's odd phase plus the middle tap over the even phase: filters of two taps and
// of one, stride 1. Winograd's algorithm F(4, 2) takes the odd phase at the points 2, 0, 1, -1 and infinity; the even
// phase, of one tap, is zero at infinity and needs only the other four. So both phases are summed at the points
// themselves, and an axis takes 9 products for 4 results instead of 12: 81 multiplications instead of 144 for 4x4
// results. Float32, NHWC by HWIO, channel counts that are multiples of 64.
#pragma once

#include "stridedConvolution.h"

namespace native::polyphase {

using strided::Shape;

/** Whether a convolution is of this kind. */
inline bool fits(const Shape& shape) {
  return shape.kernel == 3 && shape.stride == 2 && shape.padding == 1 && shape.inputs % 64 == 0 &&
         shape.outputs % 64 == 0;
}

/** images [batch, height, width, inputs] by filter [3, 3, inputs, outputs]. */
void convolve(const Shape& shape, const float* images, const float* filter, float* result);

/** gradients of the result by filter to the images' gradient. */
void inputGradient(const Shape& shape, const float* gradients, const float* filter, float* result);

/** images and gradients of the result to the filter's gradient; the same bits on any number of threads. */
void filterGradient(const Shape& shape, const float* images, const float* gradients, float* result);

}  // namespace native::polyphase
