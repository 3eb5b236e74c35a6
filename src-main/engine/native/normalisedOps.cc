#include "normalisedOps.h"

#include <algorithm>
#include "batchNormPasses.h"
#include "depthwiseOps.h"
#include "normalisedDepthwise.h"
#include "normalisedPointwise.h"

namespace native {

/** What both ops need of a kind of convolution: its attributes, the sizes of its operands and whether it has a kernel
 * for them, its result, and both steps of its gradient. */
struct Depthwise {
  using Attributes = DepthwiseAttributes;
  static constexpr const char* kOperands =
      "A normalised depthwise convolution takes multiples of 16 channels by filters of 3 or 5.";
  const DepthwiseSizes sizes;
  const std::vector<int64_t> results = sizes.results;
  Depthwise(const Attributes& of, const Input& x, const Input&) : sizes(of, x.size(0), x.size(3)) {}
  static void read(TF_OpKernelConstruction* context, Attributes* of, TF_Status* status) {
    readDepthwise(context, of, status);
  }
  bool fit(const Input& x, const Input& filter) const {
    const long kernel = sizes.shape.kernel;
    return sizes.fit() && (kernel == 3 || kernel == 5) && sizesOf(x) == sizes.images && sizesOf(filter) == sizes.filter;
  }
  void convolve(const float* x, const Normal& normal, const float* filter, float* result) const {
    depthwise::convolveNormalised(sizes.shape, x, normal, filter, result);
  }
  depthwise::NormalisedGradient gradientOf(const float* gradients, const float* x, const Normal& normal,
                                           const float* filter) const {
    return {sizes.shape, gradients, x, normal, filter};
  }
  static std::vector<double> sum(const depthwise::NormalisedGradient& of, float* dFilter, float*) {
    return depthwise::sumNormalised(of, dFilter);
  }
  static void spread(const depthwise::NormalisedGradient& of, const float* coefficients, float* dx) {
    depthwise::spreadNormalised(of, coefficients, dx);
  }
};

struct Pointwise {
  struct Attributes {};
  static constexpr const char* kOperands = "A normalised 1x1 convolution takes multiples of 16 channels.";
  const std::vector<int64_t> results;
  const pointwise::Shape shape;
  Pointwise(const Attributes&, const Input& x, const Input& filter)
      : results{x.size(0), x.size(1), x.size(2), filter.size(3)},
        shape{x.size(0) * x.size(1) * x.size(2), x.size(3), filter.size(3)} {}
  static void read(TF_OpKernelConstruction*, Attributes*, TF_Status*) {}
  bool fit(const Input&, const Input& filter) const {
    return shape.inputs % 16 == 0 && sizesOf(filter) == std::vector<int64_t>{1, 1, shape.inputs, shape.outputs} &&
           shape.outputs > 0;
  }
  void convolve(const float* x, const Normal& normal, const float* filter, float* result) const {
    pointwise::convolveNormalised(shape, x, normal, filter, result);
  }
  pointwise::NormalisedGradient gradientOf(const float* gradients, const float* x, const Normal& normal,
                                           const float* filter) const {
    return {shape, gradients, x, normal, filter};
  }
  static std::vector<double> sum(const pointwise::NormalisedGradient& of, float* dFilter, float* dx) {
    return pointwise::sumNormalised(of, dFilter, dx);
  }
  static void spread(const pointwise::NormalisedGradient& of, const float* coefficients, float* dx) {
    pointwise::spreadNormalised(of, coefficients, dx);
  }
};

template <class Kind>
struct NormalisedAttributes {
  typename Kind::Attributes convolution;
  PassAttributes pass;
};

template <class Kind, bool isGradient>
void* createNormalised(TF_OpKernelConstruction* context) {
  auto* attributes = new NormalisedAttributes<Kind>();
  Status status;
  Kind::read(context, &attributes->convolution, status.it);
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

/** Whether these are images and a filter, with one number of the others for each channel. */
bool areOperands(const Input& x, const Input& filter, const Input& slope, const Input& scale, const Input& offset,
                 Rectifier rectifier) {
  if (TF_NumDims(x.it) != 4 || TF_NumDims(filter.it) != 4 || countOf(x) == 0)
    return false;
  const long channels = x.size(3);
  return countOf(scale) == channels && countOf(offset) == channels &&
         countOf(slope) == (rectifier == Rectifier::prelu ? channels : 0);
}

template <class Kind>
void computeNormalised(void* kernel, TF_OpKernelContext* context) {  // x, slope (or empty), scale, offset, running
                                                                     // mean, running variance, filter
  const auto& of = *static_cast<NormalisedAttributes<Kind>*>(kernel);
  Status status;
  const Input x(context, 0, status.it), slope(context, 1, status.it), scale(context, 2, status.it),
      offset(context, 3, status.it), runningMean(context, 4, status.it), runningVariance(context, 5, status.it),
      filter(context, 6, status.it);
  const Rectifier rectifier = static_cast<Rectifier>(of.pass.rectifier);
  failUnless(status.ok() && areOperands(x, filter, slope, scale, offset, rectifier), Kind::kOperands, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const Kind kind(of.convolution, x, filter);
  failUnless(kind.fit(x, filter), Kind::kOperands, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const long channels = x.size(3);
  const Output result(context, 0, kind.results, status.it), newMean(context, 1, {channels}, status.it),
      newVariance(context, 2, {channels}, status.it), mean(context, 3, {channels}, status.it),
      inverse(context, 4, {channels}, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const std::vector<float> factor = measureMoments(
      of.pass, x.data(), scale.data(), countOf(x) / channels, channels,
      {mean.data(), inverse.data(), newMean.data(), newVariance.data(), runningMean.data(), runningVariance.data()});
  kind.convolve(x.data(), {mean.data(), factor.data(), offset.data(), slope.data(), rectifier}, filter.data(),
                result.data());
}

template <class Kind>
void computeNormalisedGradient(void* kernel, TF_OpKernelContext* context) {  // gradient of the result, x, slope (or
                                                                             // empty), scale, offset, mean, inverse
                                                                             // deviation, filter
  const auto& of = *static_cast<NormalisedAttributes<Kind>*>(kernel);
  Status status;
  const Input gradients(context, 0, status.it), x(context, 1, status.it), slope(context, 2, status.it),
      scale(context, 3, status.it), offset(context, 4, status.it), mean(context, 5, status.it),
      inverse(context, 6, status.it), filter(context, 7, status.it);
  const Rectifier rectifier = static_cast<Rectifier>(of.pass.rectifier);
  failUnless(status.ok() && areOperands(x, filter, slope, scale, inverse, rectifier), Kind::kOperands, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const Kind kind(of.convolution, x, filter);
  failUnless(kind.fit(x, filter) && sizesOf(gradients) == kind.results, Kind::kOperands, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const long channels = x.size(3);
  const Output dx(context, 0, sizesOf(x), status.it), dScale(context, 1, {channels}, status.it),
      dOffset(context, 2, {channels}, status.it), dSlope(context, 3, sizesOf(slope), status.it),
      dFilter(context, 4, sizesOf(filter), status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  std::vector<float> factor(channels);
  for (long channel = 0; channel < channels; channel++)
    factor[channel] = scale.data()[channel] * inverse.data()[channel];
  const Normal normal = {mean.data(), factor.data(), offset.data(), slope.data(), rectifier};
  const auto gradient = kind.gradientOf(gradients.data(), x.data(), normal, filter.data());
  const std::vector<double> sums = Kind::sum(gradient, dFilter.data(), dx.data());
  std::copy(sums.begin() + 2 * channels, sums.end(), dSlope.data());
  const std::vector<float> coefficients = gradientCoefficients(
      sums, scale.data(), inverse.data(), countOf(x) / channels, channels, dScale.data(), dOffset.data());
  Kind::spread(gradient, coefficients.data(), dx.data());
}

/** An op and its gradient. */
template <class Kind>
std::vector<OpDefinition> opsOf(const char* name, const char* gradientName, std::vector<const char*> attributes) {
  const auto destroy = [](void* of) { delete static_cast<NormalisedAttributes<Kind>*>(of); };
  attributes.push_back("rectifier: int");
  std::vector<const char*> forward = attributes;
  forward.insert(forward.end(), {"epsilon: float", "momentum: float"});
  return {{name,
           {"x: float", "slope: float", "scale: float", "offset: float", "running_mean: float",
            "running_variance: float", "filter: float"},
           {"result: float", "new_mean: float", "new_variance: float", "mean: float", "inverse_deviation: float"},
           forward,
           createNormalised<Kind, false>,
           computeNormalised<Kind>,
           destroy},
          {gradientName,
           {"gradients: float", "x: float", "slope: float", "scale: float", "offset: float", "mean: float",
            "inverse_deviation: float", "filter: float"},
           {"dx: float", "dscale: float", "doffset: float", "dslope: float", "dfilter: float"},
           attributes,
           createNormalised<Kind, true>,
           computeNormalisedGradient<Kind>,
           destroy}};
}

std::vector<OpDefinition> normalisedOps() {
  std::vector<OpDefinition> all =
      opsOf<Depthwise>("NormalisedDepthwise", "NormalisedDepthwiseGrad", depthwiseAttributes());
  const std::vector<OpDefinition> pointwise = opsOf<Pointwise>("NormalisedPointwise", "NormalisedPointwiseGrad", {});
  all.insert(all.end(), pointwise.begin(), pointwise.end());
  return all;
}

}  // namespace native
