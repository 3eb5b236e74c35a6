// Compares depthwise convolution, batch normalisation, both in one, 1x1 convolution of what is normalised, and the
// optimiser's step of engine/native with plain loops. Exits with 1 where one is too far from them.
#include <algorithm>
#include <string>
#include "batchNormPasses.h"
#include "depthwiseConvolution.h"
#include "normalisedDepthwise.h"
#include "normalisedPointwise.h"
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

/** What is normalised and rectified on the way into a convolution, and what its gradient becomes. */
struct OnTheWay {
  const NamedRectifier& rectifier;
  const long count, channels;
  const Numbers x = plain::normal(count, 1), mean = plain::normal(channels, 4), factor = factors(channels, 5),
                offset = plain::normal(channels, 6), slope = plain::normal(channels, 7),
                coefficients = plain::normal(3 * channels, 8);
  const Normal normal = {mean.data(), factor.data(), offset.data(), slope.data(), rectifier.it};

  Numbers between() const {
    Numbers all(count);
    for (long at = 0; at < count; at++)
      all[at] = static_cast<float>(rectified(rectifier.it, zAt(at), slope[at % channels]));
    return all;
  }
  /** Compares the sums and the gradient by x with those of a gradient by what lies between. */
  void expect(const char* name, const Exact& gradients, const std::vector<double>& sums, const Numbers& byX) const {
    const bool hasSlope = rectifier.it == Rectifier::prelu;
    Exact exactSums((hasSlope ? 3 : 2) * channels), spread(count);
    for (long at = 0; at < count; at++) {
      const long channel = at % channels;
      const double gradient = gradients[at] * derivative(rectifier.it, zAt(at), slope[channel]),
                   about = double(x[at]) - mean[channel];
      exactSums[channel] += gradient;
      exactSums[channels + channel] += gradient * about;
      if (hasSlope)
        exactSums[2 * channels + channel] += gradients[at] * std::min(zAt(at), 0.0);
      spread[at] = coefficients[channel] * gradient + coefficients[channels + channel] * about +
                   coefficients[2 * channels + channel];
    }
    comparison.expect(name, "sums", Numbers(sums.begin(), sums.end()), exactSums);
    comparison.expect(name, "gradient by the images", byX, spread);
  }

 private:
  double zAt(long at) const {
    const long channel = at % channels;
    return double(factor[channel]) * (double(x[at]) - mean[channel]) + offset[channel];
  }
};

/** Depthwise convolution of what is normalised and rectified on the way. */
void checkNormalised(const Shape& shape, const NamedRectifier& rectifier) {
  const Convolution of = convolutionOf(shape);
  const std::string name = nameOf("normalised depthwise", shape) + " behind " + rectifier.name;
  const long channels = shape.channels;
  const OnTheWay way{rectifier, of.pixels() * channels, channels};
  const Numbers filter = normal(of.taps() * channels, 2), gradients = normal(of.results() * channels, 3);
  const Answers exact = convolveDepthwise(of, channels, way.between(), filter, gradients);
  Numbers result = unwritten(exact.result.size()), byFilter = unwritten(exact.filter.size()),
          byImages = unwritten(way.count);
  const native::depthwise::NormalisedGradient gradient = {shape, gradients.data(), way.x.data(), way.normal,
                                                          filter.data()};
  native::depthwise::convolveNormalised(shape, way.x.data(), way.normal, filter.data(), result.data());
  const std::vector<double> sums = native::depthwise::sumNormalised(gradient, byFilter.data());
  native::depthwise::spreadNormalised(gradient, way.coefficients.data(), byImages.data());
  comparison.expect(name.c_str(), "result", result, exact.result);
  comparison.expect(name.c_str(), "gradient by the filter", byFilter, exact.filter);
  way.expect(name.c_str(), exact.images, sums, byImages);
}

/** 1x1 convolution of what is normalised and rectified on the way. */
void checkPointwise(const native::pointwise::Shape& shape, const NamedRectifier& rectifier) {
  const long rows = shape.rows, inputs = shape.inputs, outputs = shape.outputs;
  const std::string name = "normalised 1x1 [" + std::to_string(rows) + "," + std::to_string(inputs) + "] to " +
                           std::to_string(outputs) + " behind " + rectifier.name;
  const OnTheWay way{rectifier, rows * inputs, inputs};
  const Numbers filter = normal(inputs * outputs, 2), gradients = normal(rows * outputs, 3);
  const Convolution of = {1, rows, 1, 1, 1, 0, 0, rows, 1};
  const Answers exact = convolve(of, inputs, outputs, {way.between(), filter, gradients});
  Numbers result = unwritten(rows * outputs), byFilter = unwritten(inputs * outputs), byX = unwritten(way.count);
  const native::pointwise::NormalisedGradient gradient = {shape, gradients.data(), way.x.data(), way.normal,
                                                          filter.data()};
  native::pointwise::convolveNormalised(shape, way.x.data(), way.normal, filter.data(), result.data());
  const std::vector<double> sums = native::pointwise::sumNormalised(gradient, byFilter.data(), byX.data());
  native::pointwise::spreadNormalised(gradient, way.coefficients.data(), byX.data());
  comparison.expect(name.c_str(), "result", result, exact.result);
  comparison.expect(name.c_str(), "gradient by the filter", byFilter, exact.filter);
  way.expect(name.c_str(), exact.images, sums, byX);
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
    checkPointwise({500, 48, 24}, rectifier);
    checkPointwise({2000, 16, 7}, rectifier);
    checkPointwise({97, 160, 80}, rectifier);
    for (const bool hasSide : {false, true})
      checkBatchNorm(rectifier, hasSide);
  }
  for (const bool nesterov : {false, true})
    checkMomentum(nesterov);
  return comparison.failures() > 0;
}
