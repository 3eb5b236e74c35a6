#include "batchNormOps.h"

#include <algorithm>
#include "batchNormPasses.h"
#include "vectors.h"

namespace native {

/** A normalisation of rows that are taken as one, with its values repeated. */
struct WideNormal {
  const long asOne, channels;
  const std::vector<float> mean, factor, offset, slope;
  const Normal normal;
  WideNormal(long narrow, const Normal& of)
      : asOne(rowsAsOne(narrow)),
        channels(narrow * asOne),
        mean(repeated(of.mean, narrow, asOne)),
        factor(repeated(of.factor, narrow, asOne)),
        offset(repeated(of.offset, narrow, asOne)),
        slope(of.rectifier == Rectifier::prelu ? repeated(of.slope, narrow, asOne) : std::vector<float>()),
        normal{mean.data(), factor.data(), offset.data(), slope.data(), of.rectifier} {}
};

/** Coefficients [3][channels], repeated for rows that are taken as one. */
std::vector<float> wideCoefficients(const std::vector<float>& narrow, const WideNormal& wide) {
  const long channels = wide.channels / wide.asOne;
  std::vector<float> all;
  for (long kind = 0; kind < 3; kind++) {
    const std::vector<float> one = repeated(narrow.data() + kind * channels, channels, wide.asOne);
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

/** Whether rows of so many channels fill whole registers, some of them taken as one. */
bool fits(long rows, long channels) {
  return channels > 0 && channels % 2 == 0 && rows > 0 && rows % rowsAsOne(channels) == 0;
}
const char* const kRows = "Batch normalisation takes rows that fill whole registers.";

template <class Number>
constexpr TF_DataType typeOf = TF_FLOAT;
template <>
constexpr TF_DataType typeOf<BFloat16> = TF_BFLOAT16;

template <class Number>
void normaliseBatch(void* kernel, TF_OpKernelContext* context) {  // x, side and slope (or empty), scale, offset,
                                                                  // running mean, running variance
  const auto& of = *static_cast<PassAttributes*>(kernel);
  Status status;
  const Input x(context, 0, status.it), side(context, 1, status.it), slope(context, 2, status.it),
      scale(context, 3, status.it), offset(context, 4, status.it), runningMean(context, 5, status.it),
      runningVariance(context, 6, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const long channels = countOf(scale), rows = countOf(x) / std::max(1L, channels);
  const Rectifier rectifier = static_cast<Rectifier>(of.rectifier);
  failUnless(fits(rows, channels) && x.size(TF_NumDims(x.it) - 1) == channels &&
                 (countOf(side) == 0 || countOf(side) == countOf(x)) &&
                 countOf(slope) == (rectifier == Rectifier::prelu ? channels : 0),
             kRows, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const Output y(context, 0, sizesOf(x), status.it, typeOf<Number>), newMean(context, 1, {channels}, status.it),
      newVariance(context, 2, {channels}, status.it), mean(context, 3, {channels}, status.it),
      inverse(context, 4, {channels}, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const std::vector<float> factor = measureMoments(
      of, x.data<Number>(), scale.data(), rows, channels,
      {mean.data(), inverse.data(), newMean.data(), newVariance.data(), runningMean.data(), runningVariance.data()});
  const WideNormal wide(channels, {mean.data(), factor.data(), offset.data(), slope.data(), rectifier});
  forRows(rows / wide.asOne, wide.channels, [&](long first, long count) {
    const long at = first * wide.channels;
    passes<Number>().normalise(x.data<Number>() + at, countOf(side) ? side.data<Number>() + at : nullptr, wide.normal,
                               count, wide.channels, y.data<Number>() + at);
  });
}

template <class Number>
void batchGradient(void* kernel,
                   TF_OpKernelContext* context) {  // dy, more of it (or empty), y (of ReLU and ReLU6), x,
                                                   // slope (or empty), scale, offset, mean, inverse
                                                   // deviation
  const auto& of = *static_cast<PassAttributes*>(kernel);
  Status status;
  const bool residual = of.residual != 0;
  // The gradient behind the rectifier, which the shortcut gets, or dx takes the place of dy.
  const InPlace dy(context, 0, residual ? 3 : 0, status.it);
  const Input more(context, 1, status.it), y(context, 2, status.it), x(context, 3, status.it),
      slope(context, 4, status.it), scale(context, 5, status.it), offset(context, 6, status.it),
      mean(context, 7, status.it), inverse(context, 8, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const long channels = countOf(scale), rows = countOf(x) / std::max(1L, channels);
  const Rectifier rectifier = static_cast<Rectifier>(of.rectifier);
  const bool readsResult = rectifier == Rectifier::relu || rectifier == Rectifier::relu6;
  failUnless(fits(rows, channels) && dy.count() == countOf(x) && (countOf(more) == 0 || countOf(more) == countOf(x)) &&
                 (!readsResult || countOf(y) == countOf(x)) &&
                 countOf(slope) == (rectifier == Rectifier::prelu ? channels : 0),
             kRows, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  // dx where the shortcut gets what took dy's place, else nothing for the shortcut.
  const Output other(context, residual ? 0 : 3, residual ? sizesOf(x) : std::vector<int64_t>{0}, status.it,
                     typeOf<Number>),
      dScale(context, 1, {channels}, status.it), dOffset(context, 2, {channels}, status.it),
      dSlope(context, 4, sizesOf(slope), status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  Number* const dx = residual ? other.data<Number>() : dy.result<Number>();
  std::vector<float> factor(channels);
  for (long channel = 0; channel < channels; channel++)
    factor[channel] = scale.data()[channel] * inverse.data()[channel];
  const WideNormal wide(channels, {mean.data(), factor.data(), offset.data(), slope.data(), rectifier});
  const auto upstream = [&](long at) {
    return UpstreamOf<Number>{dy.operand<Number>() + at, countOf(more) ? more.data<Number>() + at : nullptr,
                              readsResult ? y.data<Number>() + at : nullptr};
  };
  const std::vector<double> sums =
      added(channelSums(
                rows / wide.asOne, wide.channels,
                [&](long first, long count, float* part) {
                  const long at = first * wide.channels;
                  passes<Number>().sums(upstream(at), x.data<Number>() + at, wide.normal, count, wide.channels, part,
                                        residual ? dy.result<Number>() + at : nullptr);
                },
                rectifier == Rectifier::prelu ? 3 : 2),
            channels, wide.asOne);
  if (rectifier == Rectifier::prelu)
    std::copy(sums.begin() + 2 * channels, sums.end(), dSlope.data());
  const std::vector<float> coefficients = wideCoefficients(
      gradientCoefficients(sums, scale.data(), inverse.data(), rows, channels, dScale.data(), dOffset.data()), wide);
  Normal behind = wide.normal;
  if (residual)  // the shortcut's gradient has been through the rectifier
    behind.rectifier = Rectifier::none;
  forRows(rows / wide.asOne, wide.channels, [&](long first, long count) {
    const long at = first * wide.channels;
    passes<Number>().spread(residual ? UpstreamOf<Number>{dy.result<Number>() + at, nullptr, nullptr} : upstream(at),
                            x.data<Number>() + at, behind, coefficients.data(), count, wide.channels, dx + at);
  });
}

void computeBatchNorm(void* kernel, TF_OpKernelContext* context) {
  (static_cast<PassAttributes*>(kernel)->isLow ? normaliseBatch<BFloat16> : normaliseBatch<float>)(kernel, context);
}
void computeBatchNormGradient(void* kernel, TF_OpKernelContext* context) {
  (static_cast<PassAttributes*>(kernel)->isLow ? batchGradient<BFloat16> : batchGradient<float>)(kernel, context);
}

/** What leaves x as it is before it is rectified by `slope`. */
struct PlainNormal {
  std::vector<float> zeros, ones;
  explicit PlainNormal(long channels) : zeros(channels, 0.0f), ones(channels, 1.0f) {}
  Normal with(const float* slope) const { return {zeros.data(), ones.data(), zeros.data(), slope, Rectifier::prelu}; }
};

void computePrelu(void*, TF_OpKernelContext* context) {  // x, slope
  Status status;
  const Input x(context, 0, status.it), slope(context, 1, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const long channels = countOf(slope), rows = countOf(x) / std::max(1L, channels);
  failUnless(fits(rows, channels) && x.size(TF_NumDims(x.it) - 1) == channels, kRows, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const Output y(context, 0, sizesOf(x), status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const PlainNormal plain(channels);
  const WideNormal wide(channels, plain.with(slope.data()));
  forRows(rows / wide.asOne, wide.channels, [&](long first, long count) {
    const long at = first * wide.channels;
    passes().normalise(x.data() + at, nullptr, wide.normal, count, wide.channels, y.data() + at);
  });
}

void computePreluGradient(void*, TF_OpKernelContext* context) {  // dy, more of it (or empty), x, slope
  Status status;
  const InPlace dy(context, 0, 0, status.it);
  const Input more(context, 1, status.it), x(context, 2, status.it), slope(context, 3, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const long channels = countOf(slope), rows = countOf(x) / std::max(1L, channels);
  failUnless(fits(rows, channels) && dy.count() == countOf(x) && (countOf(more) == 0 || countOf(more) == countOf(x)),
             kRows, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const Output dSlope(context, 1, {channels}, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const PlainNormal plain(channels);
  const WideNormal wide(channels, plain.with(slope.data()));
  const std::vector<double> sums =
      added(channelSums(
                rows / wide.asOne, wide.channels,
                [&](long first, long count, float* part) {
                  const long at = first * wide.channels;
                  passes().sums({dy.operand() + at, countOf(more) ? more.data() + at : nullptr, nullptr}, x.data() + at,
                                wide.normal, count, wide.channels, part, dy.result() + at);
                },
                3),
            channels, wide.asOne);
  std::copy(sums.begin() + 2 * channels, sums.end(), dSlope.data());
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
    stepPass()(by, parameter.data() + at, slot.data() + at, gradient.data() + at, many, newSlot.data() + at,
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
    TF_OpKernelConstruction_GetAttrInt32(context, "rectifier", &attributes->rectifier, status.it);
  TF_DataType type = TF_FLOAT;
  if (pass != Pass::momentumStep && status.ok())
    TF_OpKernelConstruction_GetAttrType(context, "T", &type, status.it);
  attributes->isLow = type == TF_BFLOAT16;
  if (pass == Pass::batchNormGradient && status.ok())
    TF_OpKernelConstruction_GetAttrBool(context, "residual", &attributes->residual, status.it);
  if (pass == Pass::momentumStep && status.ok())
    TF_OpKernelConstruction_GetAttrFloat(context, "decay", &attributes->decay, status.it);
  if (pass == Pass::momentumStep && status.ok())
    TF_OpKernelConstruction_GetAttrBool(context, "nesterov", &attributes->nesterov, status.it);
  if (!status.ok())
    TF_OpKernelConstruction_Failure(context, status.it);
  return attributes;
}

const char* const kNumbers = "T: {float, bfloat16} = DT_FLOAT";

std::vector<OpDefinition> batchNormOps() {
  const auto destroy = [](void* attributes) { delete static_cast<PassAttributes*>(attributes); };
  return {{"ResidualBatchNorm",
           {"x: T", "side: T", "slope: float", "scale: float", "offset: float", "running_mean: float",
            "running_variance: float"},
           {"y: T", "new_mean: float", "new_variance: float", "mean: float", "inverse_deviation: float"},
           {kNumbers, "epsilon: float", "momentum: float", "rectifier: int"},
           createPass<Pass::batchNorm>,
           computeBatchNorm,
           destroy},
          {"ResidualBatchNormGrad",
           {"dy: T", "more: T", "y: T", "x: T", "slope: float", "scale: float", "offset: float", "mean: float",
            "inverse_deviation: float"},
           {"dx: T", "dscale: float", "doffset: float", "dside: T", "dslope: float"},
           {kNumbers, "rectifier: int", "residual: bool"},
           createPass<Pass::batchNormGradient>,
           computeBatchNormGradient,
           destroy},
          {"Prelu", {"x: float", "slope: float"}, {"y: float"}, {}, nullptr, computePrelu, nullptr},
          {"PreluGrad",
           {"dy: float", "more: float", "x: float", "slope: float"},
           {"dx: float", "dslope: float"},
           {},
           nullptr,
           computePreluGradient,
           nullptr},
          {"MomentumStep",
           {"parameter: float", "slot: float", "gradient: float", "clip: float", "rate: float"},
           {"new_slot: float", "new_parameter: float"},
           {"decay: float", "momentum: float", "nesterov: bool"},
           createPass<Pass::momentumStep>,
           computeMomentumStep,
           destroy}};
}

}  // namespace native
