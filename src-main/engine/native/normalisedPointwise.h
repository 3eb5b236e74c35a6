// A 1x1 convolution together with the batch normalisation and the rectifier before it. What lies between them is
// neither written nor kept: both directions compute its rows again, in the caches, from what is normalised.
#pragma once

#include <vector>
#include "batchNormPasses.h"

namespace native::pointwise {

/** Pixels of all images, and their channels before and behind the convolution; inputs are a multiple of 16. */
struct Shape {
  long rows, inputs, outputs;
};

/** result[rows][outputs] of x[rows][inputs], normalised and rectified on the way, by filter[inputs][outputs]. */
void convolveNormalised(const Shape& shape, const float* x, const Normal& normal, const float* filter, float* result);

/** What the gradient reads: of the result, x before normalisation, and the filter. */
struct NormalisedGradient {
  const Shape& shape;
  const float *gradients, *x;
  const Normal& normal;
  const float* filter;
};

/** The gradient by the filter; the one behind the rectifier, to between[rows][inputs]; and per channel the sums
 * [2 or 3][inputs] of sumGradients. */
std::vector<double> sumNormalised(const NormalisedGradient& of, float* filterGradient, float* between);

/** The gradient by x, in place of the one behind the rectifier, from the coefficients of gradientCoefficients. */
void spreadNormalised(const NormalisedGradient& of, const float* coefficients, float* between);

}  // namespace native::pointwise
