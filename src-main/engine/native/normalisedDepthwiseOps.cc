#include "normalisedDepthwiseOps.h"

#include <algorithm>
#include "batchNormPasses.h"
#include "depthwiseOps.h"
#include "normalisedDepthwise.h"

namespace native {

struct NormalisedDepthwiseAttributes {
  DepthwiseAttributes depthwise;
  PassAttributes pass;
};

template <bool isGradient>
void* createNormalisedDepthwise(TF_OpKernelConstruction* context) {
  auto* attributes = new NormalisedDepthwiseAttributes();
  Status status;
  readDepthwise(context, &attributes->depthwise, status.it);
  if (status.ok())
    TF_OpKernelConstruction_GetAttrInt32(context, "rectifier", &attributes->pass.rectifier, status.it);
  if (!isGradient && status.ok())
    TF_OpKernelConstruction_GetAttrFloat(context, "epsilon", &attributes->pass.epsilon, status.it);
  if (!isGradient && status.ok())
    TF_OpKernelConstruction_GetAttrFloat(context, "momentum", &attributes->pass.momentum, status.it);
  if (!status.ok())
    TF_OpKernelConstruction_Failure(context, status.it);
  return attributes;
}

/** Whether there are kernels for these operands. */
bool fits(const DepthwiseSizes& sizes, const Input& x, const Input& filter, const Input& slope, Rectifier rectifier) {
  const long channels = sizes.shape.channels, kernel = sizes.shape.kernel;
  return sizes.fit() && (kernel == 3 || kernel == 5) && sizesOf(x) == sizes.images && sizesOf(filter) == sizes.filter &&
         countOf(slope) == (rectifier == Rectifier::prelu ? channels : 0);
}
const char* const kOperands = "A normalised depthwise convolution takes multiples of 16 channels by filters of 3 or 5.";

void computeNormalisedDepthwise(void* kernel, TF_OpKernelContext* context) {  // x, slope (or empty), scale, offset,
                                                                              // running mean, running variance, filter
  const auto& of = *static_cast<NormalisedDepthwiseAttributes*>(kernel);
  Status status;
  const Input x(context, 0, status.it), slope(context, 1, status.it), scale(context, 2, status.it),
      offset(context, 3, status.it), runningMean(context, 4, status.it), runningVariance(context, 5, status.it),
      filter(context, 6, status.it);
  failUnless(status.ok() && TF_NumDims(x.it) == 4 && countOf(x) > 0, kOperands, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const long channels = x.size(3);
  const Rectifier rectifier = static_cast<Rectifier>(of.pass.rectifier);
  const DepthwiseSizes sizes(of.depthwise, x.size(0), channels);
  failUnless(fits(sizes, x, filter, slope, rectifier) && countOf(scale) == channels && countOf(offset) == channels,
             kOperands, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const Output result(context, 0, sizes.results, status.it), newMean(context, 1, {channels}, status.it),
      newVariance(context, 2, {channels}, status.it), mean(context, 3, {channels}, status.it),
      inverse(context, 4, {channels}, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const std::vector<float> factor = measureMoments(
      of.pass, x.data(), scale.data(), countOf(x) / channels, channels,
      {mean.data(), inverse.data(), newMean.data(), newVariance.data(), runningMean.data(), runningVariance.data()});
  depthwise::convolveNormalised(sizes.shape, x.data(),
                                {mean.data(), factor.data(), offset.data(), slope.data(), rectifier}, filter.data(),
                                result.data());
}

void computeNormalisedDepthwiseGradient(void* kernel,
                                        TF_OpKernelContext* context) {  // gradient of the result, x, slope (or empty),
                                                                        // scale, offset, mean, inverse deviation,
                                                                        // filter
  const auto& of = *static_cast<NormalisedDepthwiseAttributes*>(kernel);
  Status status;
  const Input gradients(context, 0, status.it), x(context, 1, status.it), slope(context, 2, status.it),
      scale(context, 3, status.it), offset(context, 4, status.it), mean(context, 5, status.it),
      inverse(context, 6, status.it), filter(context, 7, status.it);
  failUnless(status.ok() && TF_NumDims(x.it) == 4 && countOf(x) > 0, kOperands, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const long channels = x.size(3);
  const Rectifier rectifier = static_cast<Rectifier>(of.pass.rectifier);
  const DepthwiseSizes sizes(of.depthwise, x.size(0), channels);
  failUnless(fits(sizes, x, filter, slope, rectifier) && sizesOf(gradients) == sizes.results &&
                 countOf(scale) == channels && countOf(inverse) == channels,
             kOperands, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const Output dx(context, 0, sizes.images, status.it), dScale(context, 1, {channels}, status.it),
      dOffset(context, 2, {channels}, status.it), dSlope(context, 3, sizesOf(slope), status.it),
      dFilter(context, 4, sizes.filter, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  std::vector<float> factor(channels);
  for (long channel = 0; channel < channels; channel++)
    factor[channel] = scale.data()[channel] * inverse.data()[channel];
  const Normal normal = {mean.data(), factor.data(), offset.data(), slope.data(), rectifier};
  const depthwise::NormalisedGradient gradient = {sizes.shape, gradients.data(), x.data(), normal, filter.data()};
  const std::vector<double> sums = depthwise::sumNormalised(gradient, dFilter.data());
  std::copy(sums.begin() + 2 * channels, sums.end(), dSlope.data());
  const std::vector<float> coefficients = gradientCoefficients(
      sums, scale.data(), inverse.data(), countOf(x) / channels, channels, dScale.data(), dOffset.data());
  depthwise::spreadNormalised(gradient, coefficients.data(), dx.data());
}

std::vector<OpDefinition> normalisedDepthwiseOps() {
  const auto destroy = [](void* of) { delete static_cast<NormalisedDepthwiseAttributes*>(of); };
  const auto with = [](std::vector<const char*> more) {
    more.insert(more.end(), depthwiseAttributes().begin(), depthwiseAttributes().end());
    return more;
  };
  return {{"NormalisedDepthwise",
           {"x: float", "slope: float", "scale: float", "offset: float", "running_mean: float",
            "running_variance: float", "filter: float"},
           {"result: float", "new_mean: float", "new_variance: float", "mean: float", "inverse_deviation: float"},
           with({"epsilon: float", "momentum: float", "rectifier: int"}),
           createNormalisedDepthwise<false>,
           computeNormalisedDepthwise,
           destroy},
          {"NormalisedDepthwiseGrad",
           {"gradients: float", "x: float", "slope: float", "scale: float", "offset: float", "mean: float",
            "inverse_deviation: float", "filter: float"},
           {"dx: float", "dscale: float", "doffset: float", "dslope: float", "dfilter: float"},
           with({"rectifier: int"}),
           createNormalisedDepthwise<true>,
           computeNormalisedDepthwiseGradient,
           destroy}};
}

}  // namespace native
