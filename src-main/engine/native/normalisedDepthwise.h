// A depthwise convolution together with the batch normalisation and the rectifier before it. What lies between them is
// the largest tensor of a mobile network. It is neither written nor kept: both directions compute its rows again, in
// the caches, from what is normalised.
#pragma once

#include <vector>
#include "batchNormPasses.h"
#include "depthwiseConvolution.h"

namespace native::depthwise {

/** result[batch][down][across][channels] of images that are normalised and rectified on the way. */
void convolveNormalised(const Shape& shape, const float* images, const Normal& normal, const float* filter,
                        float* result);

/** What the gradient reads: of the result, the images before normalisation, and the filter. */
struct NormalisedGradient {
  const Shape& shape;
  const float *gradients, *images;
  const Normal& normal;
  const float* filter;
};

/** The gradient by the filter, and per channel the sums [2 or 3][channels] of sumGradients for what is normalised. */
std::vector<double> sumNormalised(const NormalisedGradient& of, float* filterGradient);

/** The gradient by the images before normalisation, from the coefficients of gradientCoefficients. */
void spreadNormalised(const NormalisedGradient& of, const float* coefficients, float* result);

}  // namespace native::depthwise
