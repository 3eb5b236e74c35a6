// The passes over memory of batch normalisation (arXiv 1502.03167) and of the optimiser's step, with what often follows
// normalisation, a sum with a shortcut and a rectifier. All are bound by memory, so each reads and writes its operands
// as few times as can be.
#pragma once

#include <algorithm>
#include <vector>
#include "workers.h"

namespace native {

constexpr long kNumbersPerSlice =
    1 << 16;  // of a task; fixed, so that sums have the same bits on any number of threads

/** What a rectifier lets through of the gradient dy, plus another where there is one; y is its result, null without it.
 */
struct Upstream {
  const float *dy, *more, *y;
};

struct MomentumStep {
  float clip, rate, decay, momentum;
  bool nesterov;
};

struct Passes {
  void (*moments)(const float*, const float*, long, long, float*);
  void (*normalise)(const float*, const float*, const float*, const float*, const float*, bool, long, long, float*);
  void (*sums)(const Upstream&, const float*, const float*, long, long, float*, float*);
  void (*spread)(const Upstream&, const float*, const float*, const float*, long, long, float*);
  void (*step)(const MomentumStep&, const float*, const float*, const float*, long, float*, float*, bool);
};

/** The passes in the instructions of this processor. */
const Passes& passes();

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

struct PassAttributes {
  float epsilon = 0, momentum = 0, decay = 0;
  unsigned char rectified = 0, nesterov = 0;
};

/** A channel's mean and inverse deviation, and what the running statistics become. */
struct Moments {
  float *mean, *inverse, *newMean, *newVariance;
  const float *runningMean, *runningVariance;
};

/** Measures x[rows][channels] and returns the factors that normalise and scale it. */
std::vector<float> measureMoments(const PassAttributes& of, const float* x, const float* scale, long rows,
                                  long channels, const Moments& moments);

/** From a channel's sums of g and g (x - mean): the gradients of scale and offset, and dx as coefficients [3][channels]
 * of g, x - mean and 1. */
std::vector<float> gradientCoefficients(const std::vector<double>& sums, const float* scale, const float* inverse,
                                        long rows, float* dScale, float* dOffset);

}  // namespace native
