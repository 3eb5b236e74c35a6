// Compares depthwise convolution, batch normalisation, both in one, and the optimiser's step of engine/native with
// plain loops. Exits with 1 where one is too far from them.
#include <algorithm>
#include <string>
#include "batchNormPasses.h"
#include "depthwiseConvolution.h"
#include "normalisedDepthwise.h"
#include "plainLoops.h"

namespace {

using namespace plain;
using native::Normal;
using native::Rectifier;

Comparison comparison;

struct NamedRectifier {
  const char* name;
  Rectifier it;
};
const NamedRectifier rectifiers[] = {{"no rectifier", Rectifier::none},
                                     {"ReLU", Rectifier::relu},
                                     {"ReLU6", Rectifier::relu6},
                                     {"PReLU", Rectifier::prelu}};

double rectified(Rectifier by, double z, double slope) {
  switch (by) {
    case Rectifier::relu:
      return std::max(z, 0.0);
    case Rectifier::relu6:
      return std::min(std::max(z, 0.0), 6.0);
    case Rectifier::prelu:
      return z > 0 ? z : slope * z;
    default:
      return z;
  }
}
double derivative(Rectifier by, double z, double slope) {
  switch (by) {
    case Rectifier::relu:
      return z > 0;
    case Rectifier::relu6:
      return z > 0 && z < 6;
    case Rectifier::prelu:
      return z > 0 ? 1 : slope;
    default:
      return 1;
  }
}

/** Numbers near one, so that a few of what they multiply go beyond 6. */
Numbers factors(long count, unsigned long long seed) {
  Numbers all = normal(count, seed);
  for (float& factor : all)
    factor = 2 + 0.5f * factor;
  return all;
}

using native::depthwise::Shape;

Convolution convolutionOf(const Shape& shape) {
  return {shape.batch, shape.height, shape.width, shape.kernel, shape.stride,
          shape.top,   shape.left,   shape.down,  shape.across};
}

std::string nameOf(const char* kernel, const Shape& shape) {
  return std::string(kernel) + " [" + std::to_string(shape.batch) + "," + std::to_string(shape.height) + "," +
         std::to_string(shape.width) + "," + std::to_string(shape.channels) + "] by " + std::to_string(shape.kernel) +
         " with stride " + std::to_string(shape.stride);
}

void checkDepthwise(const Shape& shape) {
  const Convolution of = convolutionOf(shape);
  const std::string name = nameOf("depthwise", shape);
  const Numbers images = normal(of.pixels() * shape.channels, 1), filter = normal(of.taps() * shape.channels, 2),
                gradients = normal(of.results() * shape.channels, 3);
  const Answers exact = convolveDepthwise(of, shape.channels, images, filter, gradients);
  Numbers result = unwritten(exact.result.size()), byImages = unwritten(exact.images.size()),
          byFilter = unwritten(exact.filter.size());
  native::depthwise::convolve(shape, images.data(), filter.data(), result.data());
  native::depthwise::inputGradient(shape, gradients.data(), filter.data(), byImages.data());
  native::depthwise::filterGradient(shape, images.data(), gradients.data(), byFilter.data());
  comparison.expect(name.c_str(), "result", result, exact.result);
  comparison.expect(name.c_str(), "gradient by the images", byImages, exact.images);
  comparison.expect(name.c_str(), "gradient by the filter", byFilter, exact.filter);
}

/** Depthwise convolution of what is normalised and rectified on the way. */
void checkNormalised(const Shape& shape, const NamedRectifier& rectifier) {
  const Convolution of = convolutionOf(shape);
  const std::string name = nameOf("normalised depthwise", shape) + " behind " + rectifier.name;
  const long channels = shape.channels, count = of.pixels() * channels;
  const Numbers images = normal(count, 1), filter = normal(of.taps() * channels, 2),
                gradients = normal(of.results() * channels, 3), mean = normal(channels, 4),
                factor = factors(channels, 5), offset = normal(channels, 6), slope = normal(channels, 7),
                coefficients = normal(3 * channels, 8);
  const Normal normal = {mean.data(), factor.data(), offset.data(), slope.data(), rectifier.it};
  const auto zAt = [&](long at) {
    const long channel = at % channels;
    return double(factor[channel]) * (double(images[at]) - mean[channel]) + offset[channel];
  };
  Exact between(count);
  for (long at = 0; at < count; at++)
    between[at] = rectified(rectifier.it, zAt(at), slope[at % channels]);
  const Answers exact = convolveDepthwise(of, channels, between, filter, gradients);
  const bool hasSlope = rectifier.it == Rectifier::prelu;
  Exact sums((hasSlope ? 3 : 2) * channels), spread(count);
  for (long at = 0; at < count; at++) {
    const long channel = at % channels;
    const double gradient = exact.images[at] * derivative(rectifier.it, zAt(at), slope[channel]),
                 about = double(images[at]) - mean[channel];
    sums[channel] += gradient;
    sums[channels + channel] += gradient * about;
    if (hasSlope)
      sums[2 * channels + channel] += exact.images[at] * std::min(zAt(at), 0.0);
    spread[at] = coefficients[channel] * gradient + coefficients[channels + channel] * about +
                 coefficients[2 * channels + channel];
  }
  Numbers result = unwritten(exact.result.size()), byFilter = unwritten(exact.filter.size()),
          byImages = unwritten(count);
  const native::depthwise::NormalisedGradient gradient = {shape, gradients.data(), images.data(), normal,
                                                          filter.data()};
  native::depthwise::convolveNormalised(shape, images.data(), normal, filter.data(), result.data());
  const std::vector<double> found = native::depthwise::sumNormalised(gradient, byFilter.data());
  native::depthwise::spreadNormalised(gradient, coefficients.data(), byImages.data());
  comparison.expect(name.c_str(), "result", result, exact.result);
  comparison.expect(name.c_str(), "gradient by the filter", byFilter, exact.filter);
  comparison.expect(name.c_str(), "sums", Numbers(found.begin(), found.end()), sums);
  comparison.expect(name.c_str(), "gradient by the images", byImages, spread);
}

/** Batch normalisation forward and back, from its definition (arXiv 1502.03167), with and without a shortcut. */
void checkBatchNorm(const NamedRectifier& rectifier, bool hasSide) {
  const long rows = 1500, channels = 48, count = rows * channels;
  const std::string name =
      std::string("batch normalisation with ") + rectifier.name + (hasSide ? " and a shortcut" : "");
  const Numbers x = factors(count, 1), side = normal(count, 2), scale = factors(channels, 3),
                offset = normal(channels, 4), slope = normal(channels, 5), dy = normal(count, 6),
                more = normal(count, 7), running = factors(channels, 8);
  native::PassAttributes attributes;
  attributes.epsilon = 1e-3f, attributes.momentum = 0.1f;
  Numbers mean = unwritten(channels), inverse = mean, newMean = mean, newVariance = mean, dScale = mean, dOffset = mean,
          y = unwritten(count), dx = y, dSide = y;
  const Numbers factor = native::measureMoments(
      attributes, x.data(), scale.data(), rows, channels,
      {mean.data(), inverse.data(), newMean.data(), newVariance.data(), running.data(), running.data()});
  const Normal normal = {mean.data(), factor.data(), offset.data(), slope.data(), rectifier.it};
  native::passes().normalise(x.data(), hasSide ? side.data() : nullptr, normal, rows, channels, y.data());

  Exact average(channels), variance(channels), z(count), exactY(count), g(count), exactDx(count);
  for (long at = 0; at < count; at++)
    average[at % channels] += double(x[at]) / rows;
  for (long at = 0; at < count; at++)
    variance[at % channels] += (x[at] - average[at % channels]) * (x[at] - average[at % channels]) / rows;
  const auto about = [&](long at) {
    return (x[at] - average[at % channels]) / std::sqrt(variance[at % channels] + attributes.epsilon);
  };
  Exact exactVariance(channels), exactScale(channels), exactOffset(channels), exactSlope(channels);
  for (long channel = 0; channel < channels; channel++)
    exactVariance[channel] = 0.9 * running[channel] + 0.1 * variance[channel] * rows / (rows - 1);
  for (long at = 0; at < count; at++) {
    const long channel = at % channels;
    z[at] = scale[channel] * about(at) + offset[channel] + (hasSide ? side[at] : 0);
    exactY[at] = rectified(rectifier.it, z[at], slope[channel]);
  }
  comparison.expect(name.c_str(), "result", y, exactY);
  comparison.expect(name.c_str(), "running variance", newVariance, exactVariance);
  if (hasSide && rectifier.it == Rectifier::prelu)
    return;  // the gradient of this pair is not used: it would need the shortcut once more
  for (long at = 0; at < count; at++) {
    const long channel = at % channels;
    g[at] = (double(dy[at]) + more[at]) * derivative(rectifier.it, z[at], slope[channel]);
    exactOffset[channel] += g[at];
    exactScale[channel] += g[at] * about(at);
    exactSlope[channel] += (double(dy[at]) + more[at]) * std::min(z[at], 0.0);
  }
  for (long at = 0; at < count; at++) {
    const long channel = at % channels;
    exactDx[at] = scale[channel] / std::sqrt(variance[channel] + attributes.epsilon) *
                  (g[at] - exactOffset[channel] / rows - about(at) * exactScale[channel] / rows);
  }
  const long number = rectifier.it == Rectifier::prelu ? 3 : 2;
  const std::vector<double> sums = native::channelSums(
      rows, channels,
      [&](long first, long some, float* part) {
        const long at = first * channels;
        native::passes().sums({dy.data() + at, more.data() + at, y.data() + at}, x.data() + at, normal, some, channels,
                              part, dSide.data() + at);
      },
      number);
  const Numbers coefficients =
      native::gradientCoefficients(sums, scale.data(), inverse.data(), rows, channels, dScale.data(), dOffset.data());
  native::passes().spread({dy.data(), more.data(), y.data()}, x.data(), normal, coefficients.data(), rows, channels,
                          dx.data());
  comparison.expect(name.c_str(), "gradient by x", dx, exactDx);
  comparison.expect(name.c_str(), "gradient by the scale", dScale, exactScale);
  comparison.expect(name.c_str(), "gradient by the offset", dOffset, exactOffset);
  comparison.expect(name.c_str(), "gradient behind the rectifier", dSide, g);
  if (number == 3)
    comparison.expect(name.c_str(), "gradient by the slope", Numbers(sums.begin() + 2 * channels, sums.end()),
                      exactSlope);
}

/** The step of SGD with momentum, of a number of parameters that fills no register. */
void checkMomentum(bool nesterov) {
  const long count = 1001;
  const native::MomentumStep by = {0.5f, 0.25f, 0.125f, 0.75f, nesterov};
  const Numbers weights = normal(count, 1), slots = normal(count, 2), gradients = normal(count, 3);
  Numbers newSlots = unwritten(count), newWeights = unwritten(count);
  native::stepPass()(by, weights.data(), slots.data(), gradients.data(), count, newSlots.data(), newWeights.data(),
                     false);
  Exact exactSlots(count), exactWeights(count);
  for (long at = 0; at < count; at++) {
    const double direction = double(by.clip) * gradients[at] + double(by.decay) * weights[at];
    exactSlots[at] = by.momentum * slots[at] + direction;
    exactWeights[at] = weights[at] - by.rate * (nesterov ? direction + by.momentum * exactSlots[at] : exactSlots[at]);
  }
  const char* name = nesterov ? "step with Nesterov momentum" : "step with momentum";
  comparison.expect(name, "slots", newSlots, exactSlots);
  comparison.expect(name, "weights", newWeights, exactWeights);
}

}  // namespace

int main() {
  // batch, height, width, channels, kernel, stride, top, left, down, across
  checkDepthwise({3, 14, 15, 64, 3, 1, 1, 1, 14, 15});
  checkDepthwise({2, 13, 16, 144, 3, 2, 1, 1, 7, 8});
  checkDepthwise({2, 12, 9, 48, 5, 1, 2, 2, 12, 9});
  checkDepthwise({2, 12, 9, 16, 5, 2, 1, 2, 6, 5});
  checkDepthwise({4, 7, 7, 128, 7, 1, 0, 0, 1, 1});
  checkDepthwise({2, 11, 10, 80, 2, 3, 0, 0, 4, 3});
  for (const NamedRectifier& rectifier : rectifiers) {
    checkNormalised({2, 14, 15, 48, 3, 1, 1, 1, 14, 15}, rectifier);
    checkNormalised({2, 13, 16, 32, 3, 2, 1, 1, 7, 8}, rectifier);
    checkNormalised({2, 12, 9, 16, 5, 2, 1, 2, 6, 5}, rectifier);
    for (const bool hasSide : {false, true})
      checkBatchNorm(rectifier, hasSide);
  }
  for (const bool nesterov : {false, true})
    checkMomentum(nesterov);
  return comparison.failures() > 0;
}
