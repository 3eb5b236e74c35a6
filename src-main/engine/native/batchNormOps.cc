#include "batchNormOps.h"

#include <algorithm>
#include "batchNormPasses.h"
#include "vectors.h"

namespace native {

void computeBatchNorm(
    void* kernel, TF_OpKernelContext* context) {  // x, side (or empty), scale, offset, running mean, running variance
  const auto& of = *static_cast<PassAttributes*>(kernel);
  Status status;
  const Input x(context, 0, status.it), side(context, 1, status.it), scale(context, 2, status.it),
      offset(context, 3, status.it), runningMean(context, 4, status.it), runningVariance(context, 5, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const long channels = countOf(scale), rows = countOf(x) / std::max(1L, channels);
  failUnless(channels > 0 && channels % 16 == 0 && rows > 0 && x.size(TF_NumDims(x.it) - 1) == channels &&
                 (countOf(side) == 0 || countOf(side) == countOf(x)),
             "Batch normalisation takes multiples of 16 channels.", status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const Output y(context, 0, sizesOf(x), status.it), newMean(context, 1, {channels}, status.it),
      newVariance(context, 2, {channels}, status.it), mean(context, 3, {channels}, status.it),
      inverse(context, 4, {channels}, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const std::vector<float> factor = measureMoments(
      of, x.data(), scale.data(), rows, channels,
      {mean.data(), inverse.data(), newMean.data(), newVariance.data(), runningMean.data(), runningVariance.data()});
  forRows(rows, channels, [&](long first, long count) {
    const long at = first * channels;
    passes().normalise(x.data() + at, countOf(side) ? side.data() + at : nullptr, mean.data(), factor.data(),
                       offset.data(), of.rectified, count, channels, y.data() + at);
  });
}

void computeBatchNormGradient(void* kernel,
                              TF_OpKernelContext* context) {  // dy, more of it (or empty), y (read where rectified), x,
                                                              // side (or empty), scale, mean, inverse deviation
  const auto& of = *static_cast<PassAttributes*>(kernel);
  Status status;
  const Input dy(context, 0, status.it), more(context, 1, status.it), y(context, 2, status.it),
      x(context, 3, status.it), side(context, 4, status.it), scale(context, 5, status.it), mean(context, 6, status.it),
      inverse(context, 7, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const long channels = countOf(scale), rows = countOf(x) / std::max(1L, channels);
  failUnless(channels > 0 && channels % 16 == 0 && countOf(dy) == countOf(x) &&
                 (countOf(more) == 0 || countOf(more) == countOf(x)) && countOf(y) == countOf(x),
             "Batch normalisation takes multiples of 16 channels.", status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const Output dx(context, 0, sizesOf(x), status.it), dScale(context, 1, {channels}, status.it),
      dOffset(context, 2, {channels}, status.it), dSide(context, 3, sizesOf(side), status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const bool residual = countOf(side) > 0;
  const auto upstream = [&](long at) {
    return Upstream{dy.data() + at, countOf(more) ? more.data() + at : nullptr, of.rectified ? y.data() + at : nullptr};
  };
  const std::vector<double> sums = channelSums(rows, channels, [&](long first, long count, float* part) {
    const long at = first * channels;
    passes().sums(upstream(at), x.data() + at, mean.data(), count, channels, part,
                  residual ? dSide.data() + at : nullptr);
  });
  const std::vector<float> coefficients =
      gradientCoefficients(sums, scale.data(), inverse.data(), rows, dScale.data(), dOffset.data());
  forRows(rows, channels, [&](long first, long count) {
    const long at = first * channels;
    passes().spread(residual ? Upstream{dSide.data() + at, nullptr, nullptr} : upstream(at), x.data() + at, mean.data(),
                    coefficients.data(), count, channels, dx.data() + at);
  });
}

void computeMomentumStep(void* kernel, TF_OpKernelContext* context) {  // parameter, slot, gradient, clip, rate
  const auto& of = *static_cast<PassAttributes*>(kernel);
  Status status;
  const Input parameter(context, 0, status.it), slot(context, 1, status.it), gradient(context, 2, status.it),
      clip(context, 3, status.it), rate(context, 4, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const long count = countOf(parameter);
  failUnless(countOf(slot) == count && countOf(gradient) == count && countOf(clip) == 1 && countOf(rate) == 1,
             "A step takes a parameter, its slot and its gradient of one size.", status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const Output newSlot(context, 0, sizesOf(parameter), status.it),
      newParameter(context, 1, sizesOf(parameter), status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const MomentumStep by = {*clip.data(), *rate.data(), of.decay, of.momentum, of.nesterov != 0};
  const bool streamed = isStreamed(newSlot.data(), count, kNumbersPerSlice) &&
                        isStreamed(newParameter.data(), count, kNumbersPerSlice);  // not read before the next step
  forRows(count, 1, [&](long at, long many) {
    passes().step(by, parameter.data() + at, slot.data() + at, gradient.data() + at, many, newSlot.data() + at,
                  newParameter.data() + at, streamed);
  });
}
enum class Pass { batchNorm, batchNormGradient, momentumStep };

template <Pass pass>
void* createPass(TF_OpKernelConstruction* context) {
  auto* attributes = new PassAttributes();
  Status status;
  if (pass != Pass::batchNormGradient)
    TF_OpKernelConstruction_GetAttrFloat(context, "momentum", &attributes->momentum, status.it);
  if (pass == Pass::batchNorm && status.ok())
    TF_OpKernelConstruction_GetAttrFloat(context, "epsilon", &attributes->epsilon, status.it);
  if (pass != Pass::momentumStep && status.ok())
    TF_OpKernelConstruction_GetAttrBool(context, "rectified", &attributes->rectified, status.it);
  if (pass == Pass::momentumStep && status.ok())
    TF_OpKernelConstruction_GetAttrFloat(context, "decay", &attributes->decay, status.it);
  if (pass == Pass::momentumStep && status.ok())
    TF_OpKernelConstruction_GetAttrBool(context, "nesterov", &attributes->nesterov, status.it);
  if (!status.ok())
    TF_OpKernelConstruction_Failure(context, status.it);
  return attributes;
}

std::vector<OpDefinition> batchNormOps() {
  const auto destroy = [](void* attributes) { delete static_cast<PassAttributes*>(attributes); };
  return {
      {"ResidualBatchNorm",
       {"x: float", "side: float", "scale: float", "offset: float", "running_mean: float", "running_variance: float"},
       {"y: float", "new_mean: float", "new_variance: float", "mean: float", "inverse_deviation: float"},
       {"epsilon: float", "momentum: float", "rectified: bool"},
       createPass<Pass::batchNorm>,
       computeBatchNorm,
       destroy},
      {"ResidualBatchNormGrad",
       {"dy: float", "more: float", "y: float", "x: float", "side: float", "scale: float", "mean: float",
        "inverse_deviation: float"},
       {"dx: float", "dscale: float", "doffset: float", "dside: float"},
       {"rectified: bool"},
       createPass<Pass::batchNormGradient>,
       computeBatchNormGradient,
       destroy},
      {"MomentumStep",
       {"parameter: float", "slot: float", "gradient: float", "clip: float", "rate: float"},
       {"new_slot: float", "new_parameter: float"},
       {"decay: float", "momentum: float", "nesterov: bool"},
       createPass<Pass::momentumStep>,
       computeMomentumStep,
       destroy}};
}

}  // namespace native
