#include "batchNormPasses.h"

#include <cmath>
#include "vectors.h"

namespace native {

/** What a rectifier lets through where its result is `gate`; a gate that is no number does, or training would not see
 * that it diverged. */
template <class Vector>
ALWAYS Vector positive(const Vector& gate, const Vector& value) {
  return gate <= 0.0f ? Vector{} : value;
}

/** Per channel the sums of x - shift and its square over rows of x[rows][channels], added to sums[2][channels]. */
template <class Vector, class Number>
ALWAYS void sumMoments(const Number* x, const float* shift, long rows, long channels, float* sums) {
  for (long row = 0; row < rows; row++, x += channels)
    for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
      const Vector value = load<Vector>(x + channel) - load<Vector>(shift + channel);
      store(sums + channel, load<Vector>(sums + channel) + value);
      store(sums + channels + channel, load<Vector>(sums + channels + channel) + value * value);
    }
}

template <class Vector, class Number>
ALWAYS Vector normalAt(const Number* x, const Normal& of, long channel) {
  return (load<Vector>(x) - load<Vector>(of.mean + channel)) * load<Vector>(of.factor + channel) +
         load<Vector>(of.offset + channel);
}

/** z, rectified; what is no number stays so. */
template <class Vector>
ALWAYS Vector rectify(const Vector& z, const Normal& of, long channel) {
  switch (of.rectifier) {
    case Rectifier::relu:
      return positive(z, z);
    case Rectifier::relu6: {
      const Vector above = positive(z, z);
      return above > 6.0f ? Vector{} + 6.0f : above;
    }
    case Rectifier::prelu:
      return z <= 0.0f ? z * load<Vector>(of.slope + channel) : z;
    default:
      return z;
  }
}

/** y = factor (x - mean) + offset, plus a shortcut where there is one, rectified; factor x + (offset - factor mean)
 * would cancel where the mean is large. */
template <class Vector, class Number>
ALWAYS void normalise(const Number* x, const Number* side, const Normal& of, long rows, long channels, Number* y) {
  for (long row = 0; row < rows; row++)
    for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
      const long at = row * channels + channel;
      Vector value = normalAt<Vector>(x + at, of, channel);
      if (side)
        value += load<Vector>(side + at);
      store(y + at, rectify(value, of, channel));
    }
}

template <class Vector, class Number>
ALWAYS Vector upstreamAt(const UpstreamOf<Number>& of, long at) {
  Vector gradient = load<Vector>(of.dy + at);
  if (of.more)
    gradient += load<Vector>(of.more + at);
  return gradient;
}

/** What the rectifier lets through of the upstream gradient. */
template <class Vector, class Number>
ALWAYS Vector gradientAt(const UpstreamOf<Number>& upstream, const Number* x, const Normal& of, long at, long channel) {
  const Vector gradient = upstreamAt<Vector>(upstream, at);
  switch (of.rectifier) {
    case Rectifier::relu:
      return positive(load<Vector>(upstream.y + at), gradient);
    case Rectifier::relu6: {
      // One comparison: of two joined ones, GCC makes code number by number, ten times as slow.
      const Vector y = load<Vector>(upstream.y + at);
      return positive(Vector(y * (6.0f - y)), gradient);
    }
    case Rectifier::prelu: {
      const Vector z = normalAt<Vector>(x + at, of, channel);
      return z <= 0.0f ? gradient * load<Vector>(of.slope + channel) : gradient;
    }
    default:
      return gradient;
  }
}

/** Per channel the sums of g and g (x - mean), g the upstream gradient behind the rectifier, and of a PReLU's slope
 * gradient, added to sums[2 or 3][channels]; g itself goes to the shortcut where there is one. */
template <class Vector, class Number>
ALWAYS void sumGradients(const UpstreamOf<Number>& upstream, const Number* x, const Normal& of, long rows,
                         long channels, float* sums, Number* side) {
  const bool hasSlope = of.rectifier == Rectifier::prelu;
  for (long row = 0; row < rows; row++)
    for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
      const long at = row * channels + channel;
      const Vector gradient = gradientAt<Vector>(upstream, x, of, at, channel);
      store(sums + channel, load<Vector>(sums + channel) + gradient);
      store(sums + channels + channel, load<Vector>(sums + channels + channel) +
                                           gradient * (load<Vector>(x + at) - load<Vector>(of.mean + channel)));
      if (hasSlope) {
        const Vector z = normalAt<Vector>(x + at, of, channel), below = z <= 0.0f ? z : Vector{};
        store(sums + 2 * channels + channel,
              load<Vector>(sums + 2 * channels + channel) + upstreamAt<Vector>(upstream, at) * below);
      }
      if (side)  // last, since it may take the upstream gradient's place
        store(side + at, gradient);
    }
}

/** dx = factor g + slope (x - mean) + term. */
template <class Vector, class Number>
ALWAYS void spreadGradients(const UpstreamOf<Number>& upstream, const Number* x, const Normal& of,
                            const float* coefficients, long rows, long channels, Number* dx) {
  for (long row = 0; row < rows; row++)
    for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
      const long at = row * channels + channel;
      const Vector gradient =
          load<Vector>(coefficients + channel) * gradientAt<Vector>(upstream, x, of, at, channel) +
          load<Vector>(coefficients + channels + channel) * (load<Vector>(x + at) - load<Vector>(of.mean + channel)) +
          load<Vector>(coefficients + 2 * channels + channel);
      store(dx + at, gradient);
    }
}

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

#define PASSES(name, instructions, Vector)                                                                           \
  namespace name {                                                                                                   \
  template <class Number>                                                                                            \
  instructions void moments(const Number* x, const float* k, long r, long c, float* s) {                             \
    sumMoments<Vector>(x, k, r, c, s);                                                                               \
  }                                                                                                                  \
  template <class Number>                                                                                            \
  instructions void normalised(const Number* x, const Number* s, const Normal& n, long r, long c, Number* y) {       \
    normalise<Vector>(x, s, n, r, c, y);                                                                             \
  }                                                                                                                  \
  template <class Number>                                                                                            \
  instructions void gradientSums(const UpstreamOf<Number>& u, const Number* x, const Normal& n, long r, long c,      \
                                 float* s, Number* o) {                                                              \
    sumGradients<Vector>(u, x, n, r, c, s, o);                                                                       \
  }                                                                                                                  \
  template <class Number>                                                                                            \
  instructions void spreadOut(const UpstreamOf<Number>& u, const Number* x, const Normal& n, const float* k, long r, \
                              long c, Number* o) {                                                                   \
    spreadGradients<Vector>(u, x, n, k, r, c, o);                                                                    \
  }                                                                                                                  \
  instructions void step(const MomentumStep& b, const float* p, const float* s, const float* g, long n, float* m,    \
                         float* w, bool f) {                                                                         \
    stepMomentum<Vector>(b, p, s, g, n, m, w, f);                                                                    \
    settle(f);                                                                                                       \
  }                                                                                                                  \
  template <class Number>                                                                                            \
  const Passes<Number> passes = {moments<Number>, normalised<Number>, gradientSums<Number>, spreadOut<Number>};      \
  }
FOR_EACH_PROCESSOR(PASSES)

template <class Number>
const Passes<Number>& passes() {
  return OF_THIS_PROCESSOR(passes<Number>);
}
template const Passes<float>& passes<float>();
template const Passes<BFloat16>& passes<BFloat16>();

StepPass stepPass() {
  return OF_THIS_PROCESSOR(step);
}

/** The numbers of a row as floats. */
template <class Number>
std::vector<float> floatsOf(const Number* row, long count) {
  std::vector<float> floats(count);
  for (long at = 0; at < count; at++)
    floats[at] = asFloat(row[at]);
  return floats;
}

template <class Number>
std::vector<float> measureMoments(const PassAttributes& of, const Number* x, const float* scale, long rows,
                                  long channels, const Moments& moments) {
  // sums about the first row, a value near the mean, do not cancel
  const long asOne = rowsAsOne(channels), wide = channels * asOne;
  const std::vector<float> shift = repeated(floatsOf(x, channels).data(), channels, asOne);
  const std::vector<double> sums =
      added(channelSums(rows / asOne, wide,
                        [&](long first, long count, float* part) {
                          passes<Number>().moments(x + first * wide, shift.data(), count, wide, part);
                        }),
            channels, asOne);
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

template std::vector<float> measureMoments(const PassAttributes&, const float*, const float*, long, long,
                                           const Moments&);
template std::vector<float> measureMoments(const PassAttributes&, const BFloat16*, const float*, long, long,
                                           const Moments&);

std::vector<float> gradientCoefficients(const std::vector<double>& sums, const float* scale, const float* inverse,
                                        long rows, long channels, float* dScale, float* dOffset) {
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

}  // namespace native
