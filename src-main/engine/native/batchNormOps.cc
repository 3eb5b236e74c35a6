// Batch normalisation (arXiv 1502.03167) with what often follows it, a sum with a shortcut and a rectifier, and the
// optimiser's step, as TensorFlow ops: all are bound by memory, so each reads and writes its operands as few times as
// can be.
#include <cmath>
#include <cstring>

namespace native {

constexpr long kNumbersPerSlice =
    1 << 16;  // of a task; fixed, so that sums have the same bits on any number of threads

template <class Vector>
ALWAYS Vector spread(float value) {
  return Vector{} + value;
}
/** What a rectifier lets through where its result is `gate`; a gate that is no number does, or training would not see
 * that it diverged. */
template <class Vector>
ALWAYS Vector positive(const Vector& gate, const Vector& value) {
  return gate <= 0.0f ? Vector{} : value;
}

/** Per channel the sums of x - shift and its square over rows of x[rows][channels], added to sums[2][channels]. */
template <class Vector>
ALWAYS void sumMoments(const float* x, const float* shift, long rows, long channels, float* sums) {
  for (long row = 0; row < rows; row++, x += channels)
    for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
      const Vector value = load<Vector>(x + channel) - load<Vector>(shift + channel);
      store(sums + channel, load<Vector>(sums + channel) + value);
      store(sums + channels + channel, load<Vector>(sums + channels + channel) + value * value);
    }
}

/** y = factor (x - mean) + offset, plus a shortcut where there is one, rectified where asked; factor x + (offset -
 * factor mean) would cancel where the mean is large. */
template <class Vector>
ALWAYS void normalise(const float* x, const float* side, const float* mean, const float* factor, const float* offset,
                      bool rectified, long rows, long channels, float* y) {
  for (long row = 0; row < rows; row++)
    for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
      const long at = row * channels + channel;
      Vector value = (load<Vector>(x + at) - load<Vector>(mean + channel)) * load<Vector>(factor + channel) +
                     load<Vector>(offset + channel);
      if (side)
        value += load<Vector>(side + at);
      store(y + at, rectified ? positive(value, value) : value);
    }
}

/** What a rectifier lets through of the gradient dy, plus another where there is one; y is its result, null without it.
 */
struct Upstream {
  const float *dy, *more, *y;
};
template <class Vector>
ALWAYS Vector gradientAt(const Upstream& of, long at) {
  Vector gradient = load<Vector>(of.dy + at);
  if (of.more)
    gradient += load<Vector>(of.more + at);
  return of.y ? positive(load<Vector>(of.y + at), gradient) : gradient;
}

/** Per channel the sums of g and g (x - mean), g the upstream gradient, added to sums[2][channels]; g itself goes to
 * the shortcut where there is one. */
template <class Vector>
ALWAYS void sumGradients(const Upstream& upstream, const float* x, const float* mean, long rows, long channels,
                         float* sums, float* side) {
  for (long row = 0; row < rows; row++)
    for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
      const long at = row * channels + channel;
      const Vector gradient = gradientAt<Vector>(upstream, at);
      if (side)
        store(side + at, gradient);
      store(sums + channel, load<Vector>(sums + channel) + gradient);
      store(sums + channels + channel,
            load<Vector>(sums + channels + channel) + gradient * (load<Vector>(x + at) - load<Vector>(mean + channel)));
    }
}

/** dx = factor g + slope (x - mean) + term. */
template <class Vector>
ALWAYS void spreadGradients(const Upstream& upstream, const float* x, const float* mean, const float* coefficients,
                            long rows, long channels, float* dx) {
  for (long row = 0; row < rows; row++)
    for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
      const long at = row * channels + channel;
      store(dx + at, load<Vector>(coefficients + channel) * gradientAt<Vector>(upstream, at) +
                         load<Vector>(coefficients + channels + channel) *
                             (load<Vector>(x + at) - load<Vector>(mean + channel)) +
                         load<Vector>(coefficients + 2 * channels + channel));
    }
}

struct MomentumStep {
  float clip, rate, decay, momentum;
  bool nesterov;
};

/** m' = momentum m + g, w' = w - rate (m', or g + momentum m'), with g = clip gradient + decay w, as torch.optim.SGD.
 */
template <class Vector>
ALWAYS void stepMomentum(const MomentumStep& by, const float* parameter, const float* slot, const float* gradient,
                         long count, float* newSlot, float* newParameter, bool streamed) {
  long at = 0;
  for (; at + kLanes<Vector> <= count; at += kLanes<Vector>) {
    const Vector weight = load<Vector>(parameter + at),
                 direction = by.clip * load<Vector>(gradient + at) + by.decay * weight,
                 next = by.momentum * load<Vector>(slot + at) + direction;
    store(newSlot + at, next, streamed);
    store(newParameter + at, Vector(weight - by.rate * (by.nesterov ? direction + by.momentum * next : next)),
          streamed);
  }
  for (; at < count; at++) {
    const float direction = by.clip * gradient[at] + by.decay * parameter[at],
                next = by.momentum * slot[at] + direction;
    newSlot[at] = next;
    newParameter[at] = parameter[at] - by.rate * (by.nesterov ? direction + by.momentum * next : next);
  }
}

struct Passes {
  void (*moments)(const float*, const float*, long, long, float*);
  void (*normalise)(const float*, const float*, const float*, const float*, const float*, bool, long, long, float*);
  void (*sums)(const Upstream&, const float*, const float*, long, long, float*, float*);
  void (*spread)(const Upstream&, const float*, const float*, const float*, long, long, float*);
  void (*step)(const MomentumStep&, const float*, const float*, const float*, long, float*, float*, bool);
};

#define PASSES(name, instructions, Vector)                                                                           \
  namespace name {                                                                                                   \
  __attribute__((target(instructions))) void moments(const float* x, const float* k, long r, long c, float* s) {     \
    sumMoments<Vector>(x, k, r, c, s);                                                                               \
  }                                                                                                                  \
  __attribute__((target(instructions))) void normalised(const float* x, const float* s, const float* m,              \
                                                        const float* f, const float* o, bool b, long r, long c,      \
                                                        float* y) {                                                  \
    normalise<Vector>(x, s, m, f, o, b, r, c, y);                                                                    \
  }                                                                                                                  \
  __attribute__((target(instructions))) void gradientSums(const Upstream& u, const float* x, const float* m, long r, \
                                                          long c, float* s, float* o) {                              \
    sumGradients<Vector>(u, x, m, r, c, s, o);                                                                       \
  }                                                                                                                  \
  __attribute__((target(instructions))) void spreadOut(const Upstream& u, const float* x, const float* m,            \
                                                       const float* k, long r, long c, float* o) {                   \
    spreadGradients<Vector>(u, x, m, k, r, c, o);                                                                    \
  }                                                                                                                  \
  __attribute__((target(instructions))) void step(const MomentumStep& b, const float* p, const float* s,             \
                                                  const float* g, long n, float* m, float* w, bool f) {              \
    stepMomentum<Vector>(b, p, s, g, n, m, w, f);                                                                    \
    settle(f);                                                                                                       \
  }                                                                                                                  \
  const Passes passes = {moments, normalised, gradientSums, spreadOut, step};                                        \
  }
PASSES(avx512, AVX512, Vector16)
PASSES(avx2, AVX2, Vector8)

const Passes& passes() {
  return hasAvx512() ? avx512::passes : avx2::passes;
}

/** Runs body(first row, rows) on slices of rows, on all threads. */
template <class Body>
void forRows(long rows, long channels, Body body) {
  const long slice = std::max(1L, kNumbersPerSlice / channels);
  Workers::shared().forEach((rows + slice - 1) / slice,
                            [&](long index) { body(index * slice, std::min(slice, rows - index * slice)); });
}

/** Two sums a channel, each slice's in float32 and all slices' in float64 in their order, to totals[2][channels]. */
template <class Body>
std::vector<double> channelSums(long rows, long channels, Body body) {
  const long slice = std::max(1L, kNumbersPerSlice / channels), slices = (rows + slice - 1) / slice;
  std::vector<float> parts(slices * 2 * channels);
  forRows(rows, channels,
          [&](long first, long count) { body(first, count, parts.data() + first / slice * 2 * channels); });
  std::vector<double> totals(2 * channels);
  for (long index = 0; index < slices; index++)
    for (long at = 0; at < 2 * channels; at++)
      totals[at] += parts[index * 2 * channels + at];
  return totals;
}

struct Output {
  TF_Tensor* it;
  Output(TF_OpKernelContext* context, int index, const std::vector<int64_t>& sizes, TF_Status* status,
         TF_DataType type = TF_FLOAT) {
    size_t bytes = TF_DataTypeSize(type);
    for (int64_t size : sizes)
      bytes *= size;
    it = TF_AllocateOutput(context, index, type, sizes.data(), sizes.size(), bytes, status);
  }
  ~Output() { TF_DeleteTensor(it); }
  float* data() const { return static_cast<float*>(TF_TensorData(it)); }
};

inline std::vector<int64_t> sizesOf(const Input& input) {
  std::vector<int64_t> sizes;
  for (int axis = 0; axis < TF_NumDims(input.it); axis++)
    sizes.push_back(input.size(axis));
  return sizes;
}
inline long countOf(const Input& input) {
  return TF_TensorElementCount(input.it);
}

struct PassAttributes {
  float epsilon = 0, momentum = 0, decay = 0;
  unsigned char rectified = 0, nesterov = 0;
};

void failUnless(bool right, const char* otherwise, TF_Status* status) {
  if (TF_GetCode(status) == TF_OK && !right)
    TF_SetStatus(status, TF_INVALID_ARGUMENT, otherwise);
}

/** A channel's mean and inverse deviation, and what the running statistics become. */
struct Moments {
  float *mean, *inverse, *newMean, *newVariance;
  const float *runningMean, *runningVariance;
};

/** Measures x[rows][channels] and returns the factors that normalise and scale it. */
std::vector<float> measureMoments(const PassAttributes& of, const float* x, const float* scale, long rows,
                                  long channels, const Moments& moments) {
  const float* shift = x;  // the first row: sums about a value near the mean do not cancel
  const std::vector<double> sums = channelSums(rows, channels, [&](long first, long count, float* part) {
    passes().moments(x + first * channels, shift, count, channels, part);
  });
  std::vector<float> factor(channels);
  for (long channel = 0; channel < channels; channel++) {
    const double about = sums[channel] / rows,
                 variance = std::max(0.0, sums[channels + channel] / rows - about * about),
                 average = shift[channel] + about;
    moments.mean[channel] = average;
    moments.inverse[channel] = 1 / std::sqrt(variance + of.epsilon);
    factor[channel] = scale[channel] * moments.inverse[channel];
    moments.newMean[channel] = (1 - of.momentum) * moments.runningMean[channel] + of.momentum * average;
    moments.newVariance[channel] =
        (1 - of.momentum) * moments.runningVariance[channel] + of.momentum * variance * rows / std::max(1L, rows - 1);
  }
  return factor;
}

/** From a channel's sums of g and g (x - mean): the gradients of scale and offset, and dx as coefficients [3][channels]
 * of g, x - mean and 1. */
std::vector<float> gradientCoefficients(const std::vector<double>& sums, const float* scale, const float* inverse,
                                        long rows, float* dScale, float* dOffset) {
  const long channels = sums.size() / 2;
  std::vector<float> coefficients(3 * channels);
  for (long channel = 0; channel < channels; channel++) {
    const double deviation = inverse[channel], factor = scale[channel] * deviation;
    dOffset[channel] = sums[channel];
    dScale[channel] = sums[channels + channel] * deviation;
    coefficients[channel] = factor;
    coefficients[channels + channel] = -factor * deviation * deviation * sums[channels + channel] / rows;
    coefficients[2 * channels + channel] = -factor * sums[channel] / rows;
  }
  return coefficients;
}

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
                        isStreamed(newParameter.data(), count, kNumbersPerSlice);  // read in the next step alone
  forRows(count, 1, [&](long at, long many) {
    passes().step(by, parameter.data() + at, slot.data() + at, gradient.data() + at, many, newSlot.data() + at,
                  newParameter.data() + at, streamed);
  });
}

extern "C" {
void TF_OpKernelConstruction_GetAttrFloat(TF_OpKernelConstruction* context, const char* name, float* value,
                                          TF_Status* status);
void TF_OpKernelConstruction_GetAttrBool(TF_OpKernelConstruction* context, const char* name, unsigned char* value,
                                         TF_Status* status);
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

const bool passesRegistered = [] {
  if (!hasKernels())
    return false;
  const auto destroy = [](void* attributes) { delete static_cast<PassAttributes*>(attributes); };
  registerOp(
      "ResidualBatchNorm",
      {{"x: float", "side: float", "scale: float", "offset: float", "running_mean: float", "running_variance: float"},
       {"y: float", "new_mean: float", "new_variance: float", "mean: float", "inverse_deviation: float"},
       {"epsilon: float", "momentum: float", "rectified: bool"},
       createPass<Pass::batchNorm>,
       computeBatchNorm,
       destroy});
  registerOp("ResidualBatchNormGrad", {{"dy: float", "more: float", "y: float", "x: float", "side: float",
                                        "scale: float", "mean: float", "inverse_deviation: float"},
                                       {"dx: float", "dscale: float", "doffset: float", "dside: float"},
                                       {"rectified: bool"},
                                       createPass<Pass::batchNormGradient>,
                                       computeBatchNormGradient,
                                       destroy});
  registerOp("MomentumStep", {{"parameter: float", "slot: float", "gradient: float", "clip: float", "rate: float"},
                              {"new_slot: float", "new_parameter: float"},
                              {"decay: float", "momentum: float", "nesterov: bool"},
                              createPass<Pass::momentumStep>,
                              computeMomentumStep,
                              destroy});
  return true;
}();

}  // namespace native
