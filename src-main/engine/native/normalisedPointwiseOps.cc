#include "normalisedPointwiseOps.h"

#include <algorithm>
#include "batchNormPasses.h"
#include "normalisedPointwise.h"

namespace native {

template <bool isGradient>
void* createNormalisedPointwise(TF_OpKernelConstruction* context) {
  auto* attributes = new PassAttributes();
  Status status;
  TF_OpKernelConstruction_GetAttrInt32(context, "rectifier", &attributes->rectifier, status.it);
  if (!isGradient && status.ok())
    TF_OpKernelConstruction_GetAttrFloat(context, "epsilon", &attributes->epsilon, status.it);
  if (!isGradient && status.ok())
    TF_OpKernelConstruction_GetAttrFloat(context, "momentum", &attributes->momentum, status.it);
  if (!status.ok())
    TF_OpKernelConstruction_Failure(context, status.it);
  return attributes;
}

/** The sizes of x [batch, height, width, inputs] by filter [1, 1, inputs, outputs]; an error where there is no kernel
 * for them. */
pointwise::Shape shapeOf(const Input& x, const Input& filter, const Input& slope, Rectifier rectifier,
                         TF_Status* status) {
  const bool hasRank = TF_GetCode(status) == TF_OK && TF_NumDims(x.it) == 4 && TF_NumDims(filter.it) == 4;
  const long inputs = hasRank ? x.size(3) : 0;
  failUnless(inputs > 0 && inputs % 16 == 0 && countOf(x) > 0 && filter.size(0) == 1 && filter.size(1) == 1 &&
                 filter.size(2) == inputs && filter.size(3) > 0 &&
                 countOf(slope) == (rectifier == Rectifier::prelu ? inputs : 0),
             "A normalised 1x1 convolution takes multiples of 16 channels.", status);
  if (TF_GetCode(status) != TF_OK)
    return {};
  return {countOf(x) / inputs, inputs, filter.size(3)};
}

void computeNormalisedPointwise(void* kernel, TF_OpKernelContext* context) {  // x, slope (or empty), scale, offset,
                                                                              // running mean, running variance, filter
  const auto& of = *static_cast<PassAttributes*>(kernel);
  Status status;
  const Input x(context, 0, status.it), slope(context, 1, status.it), scale(context, 2, status.it),
      offset(context, 3, status.it), runningMean(context, 4, status.it), runningVariance(context, 5, status.it),
      filter(context, 6, status.it);
  const Rectifier rectifier = static_cast<Rectifier>(of.rectifier);
  const pointwise::Shape shape = shapeOf(x, filter, slope, rectifier, status.it);
  const long channels = shape.inputs;
  failUnless(countOf(scale) == channels && countOf(offset) == channels, "Scale and offset have one number per channel.",
             status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const Output result(context, 0, {x.size(0), x.size(1), x.size(2), shape.outputs}, status.it),
      newMean(context, 1, {channels}, status.it), newVariance(context, 2, {channels}, status.it),
      mean(context, 3, {channels}, status.it), inverse(context, 4, {channels}, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const std::vector<float> factor = measureMoments(
      of, x.data(), scale.data(), shape.rows, channels,
      {mean.data(), inverse.data(), newMean.data(), newVariance.data(), runningMean.data(), runningVariance.data()});
  pointwise::convolveNormalised(shape, x.data(), {mean.data(), factor.data(), offset.data(), slope.data(), rectifier},
                                filter.data(), result.data());
}

void computeNormalisedPointwiseGradient(void* kernel,
                                        TF_OpKernelContext* context) {  // gradient of the result, x, slope (or empty),
                                                                        // scale, offset, mean, inverse deviation,
                                                                        // filter
  const auto& of = *static_cast<PassAttributes*>(kernel);
  Status status;
  const Input gradients(context, 0, status.it), x(context, 1, status.it), slope(context, 2, status.it),
      scale(context, 3, status.it), offset(context, 4, status.it), mean(context, 5, status.it),
      inverse(context, 6, status.it), filter(context, 7, status.it);
  const Rectifier rectifier = static_cast<Rectifier>(of.rectifier);
  const pointwise::Shape shape = shapeOf(x, filter, slope, rectifier, status.it);
  const long channels = shape.inputs;
  failUnless(
      countOf(gradients) == shape.rows * shape.outputs && countOf(scale) == channels && countOf(inverse) == channels,
      "A normalised 1x1 convolution takes the gradient of its own result.", status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const Output dx(context, 0, sizesOf(x), status.it), dScale(context, 1, {channels}, status.it),
      dOffset(context, 2, {channels}, status.it), dSlope(context, 3, sizesOf(slope), status.it),
      dFilter(context, 4, sizesOf(filter), status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  std::vector<float> factor(channels);
  for (long channel = 0; channel < channels; channel++)
    factor[channel] = scale.data()[channel] * inverse.data()[channel];
  const Normal normal = {mean.data(), factor.data(), offset.data(), slope.data(), rectifier};
  const pointwise::NormalisedGradient gradient = {shape, gradients.data(), x.data(), normal, filter.data()};
  const std::vector<double> sums = pointwise::sumNormalised(gradient, dFilter.data(), dx.data());
  std::copy(sums.begin() + 2 * channels, sums.end(), dSlope.data());
  const std::vector<float> coefficients =
      gradientCoefficients(sums, scale.data(), inverse.data(), shape.rows, channels, dScale.data(), dOffset.data());
  pointwise::spreadNormalised(gradient, coefficients.data(), dx.data());
}

std::vector<OpDefinition> normalisedPointwiseOps() {
  const auto destroy = [](void* of) { delete static_cast<PassAttributes*>(of); };
  return {{"NormalisedPointwise",
           {"x: float", "slope: float", "scale: float", "offset: float", "running_mean: float",
            "running_variance: float", "filter: float"},
           {"result: float", "new_mean: float", "new_variance: float", "mean: float", "inverse_deviation: float"},
           {"epsilon: float", "momentum: float", "rectifier: int"},
           createNormalisedPointwise<false>,
           computeNormalisedPointwise,
           destroy},
          {"NormalisedPointwiseGrad",
           {"gradients: float", "x: float", "slope: float", "scale: float", "offset: float", "mean: float",
            "inverse_deviation: float", "filter: float"},
           {"dx: float", "dscale: float", "doffset: float", "dslope: float", "dfilter: float"},
           {"rectifier: int"},
           createNormalisedPointwise<true>,
           computeNormalisedPointwiseGradient,
           destroy}};
}

}  // namespace native
