// Convolution of pictures, three channels, by a large filter with stride 2, the first layer of a ResNet, in Winograd's
// way (arXiv 1509.09308). Even and odd rows and columns apart, it is one of 4x4 taps with stride 1 on twelve channels:
// F(4x4, 4x4) takes a 7x7 patch of these to 49 points, 588 multiplications for 16 outputs of a channel instead of 2352.
// The points are ±1, ±2, ±1/2 and infinity: rounding is no worse than that of F(4x4, 3x3) on 64 channels
// (tests/engine/strided.test.ts).
#pragma once

#include "stridedConvolution.h"

namespace native::stem {

using strided::Shape;

constexpr long kColours = 3;

/** Whether the filter, its first tap on an even pixel, has at most 4 even and 4 odd taps, and not so few that most of
 * them were zero. */
inline bool fits(const Shape& shape) {
  return shape.stride == 2 && shape.inputs == kColours && shape.kernel >= 6 && shape.kernel + shape.padding % 2 <= 8;
}

/** images [batch, height, width, 3] by filter [kernel, kernel, 3, outputs]. */
void convolve(const Shape& shape, const float* images, const float* filter, float* result);

/** images and gradients of the result to the filter's gradient; the same bits on any number of threads. */
void filterGradient(const Shape& shape, const float* images, const float* gradients, float* result);

}  // namespace native::stem
