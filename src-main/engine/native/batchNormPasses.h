// The passes over memory of batch normalisation (arXiv 1502.03167) and of the optimiser's step, with what often follows
// normalisation, a sum with a shortcut and a rectifier. All are bound by memory, so each reads and writes its operands
// as few times as can be.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>
#include "lowNumbers.h"
#include "workers.h"

namespace native {

constexpr long kNumbersPerSlice =
    1 << 16;  // of a task; fixed, so that sums have the same bits on any number of threads

enum class Rectifier : int32_t { none, relu, relu6, prelu };

/** How a channel's x becomes z = factor (x - mean) + offset, and z is rectified; `slope` only PReLU has. */
struct Normal {
  const float *mean, *factor, *offset, *slope;
  Rectifier rectifier;
};

/** The gradient dy of a rectifier's result, plus another where there is one, and that result y, which ReLU and ReLU6
 * need. */
template <class Number>
struct UpstreamOf {
  const Number *dy, *more, *y;
};
using Upstream = UpstreamOf<float>;

struct MomentumStep {
  float clip, rate, decay, momentum;
  bool nesterov;
};

/** The passes over numbers that lie in memory as float or as BFloat16; channels' values and sums are floats. */
template <class Number>
struct Passes {
  void (*moments)(const Number* x, const float* shift, long rows, long channels, float* sums);
  void (*normalise)(const Number* x, const Number* side, const Normal&, long rows, long channels, Number* y);
  void (*sums)(const UpstreamOf<Number>&, const Number* x, const Normal&, long rows, long channels, float* sums,
               Number* side);
  void (*spread)(const UpstreamOf<Number>&, const Number* x, const Normal&, const float* coefficients, long rows,
                 long channels, Number* dx);
};

/** The passes in the instructions of this processor. */
template <class Number = float>
const Passes<Number>& passes();

using StepPass = void (*)(const MomentumStep&, const float* parameter, const float* slot, const float* gradient,
                          long count, float* newSlot, float* newParameter, bool streamed);
StepPass stepPass();

/** Runs body(first row, rows) on slices of rows, on all threads. */
template <class Body>
void forRows(long rows, long channels, Body body) {
  const long slice = std::max(1L, kNumbersPerSlice / channels);
  Workers::shared().forEach((rows + slice - 1) / slice,
                            [&](long index) { body(index * slice, std::min(slice, rows - index * slice)); });
}

/** Sums of a channel, two where no other number is given, each slice's in float32 and all slices' in float64 in their
 * order, to totals[number][channels]. */
template <class Body>
std::vector<double> channelSums(long rows, long channels, Body body, long number = 2) {
  const long slice = std::max(1L, kNumbersPerSlice / channels), slices = (rows + slice - 1) / slice,
             sums = number * channels;
  std::vector<float> parts(slices * sums);
  forRows(rows, channels, [&](long first, long count) { body(first, count, parts.data() + first / slice * sums); });
  std::vector<double> totals(sums);
  for (long index = 0; index < slices; index++)
    for (long at = 0; at < sums; at++)
      totals[at] += parts[index * sums + at];
  return totals;
}

/** Sums of numbers[slices][count] over the slices in their order, in float64. */
inline std::vector<double> addSlices(const float* numbers, long slices, long count) {
  std::vector<double> totals(count);
  forRows(count, slices, [&](long first, long many) {
    for (long slice = 0; slice < slices; slice++)
      for (long at = first; at < first + many; at++)
        totals[at] += numbers[slice * count + at];
  });
  return totals;
}

/** How many rows are taken as one, so that its numbers fill whole registers: 1 for multiples of 16 channels. */
inline long rowsAsOne(long channels) {
  long count = 1;
  while (channels * count % 16 != 0)
    count *= 2;
  return count;
}

/** The values of each channel, as often as rows are taken as one. */
inline std::vector<float> repeated(const float* values, long channels, long count) {
  std::vector<float> all;
  for (long index = 0; values && index < count; index++)
    all.insert(all.end(), values, values + channels);
  return all;
}

/** Sums [number][count][channels] of rows that were taken as one, to [number][channels]. */
inline std::vector<double> added(const std::vector<double>& sums, long channels, long count) {
  std::vector<double> totals(sums.size() / count);
  for (long at = 0; at < static_cast<long>(sums.size()); at++)
    totals[at / (count * channels) * channels + at % channels] += sums[at];
  return totals;
}

struct PassAttributes {
  float epsilon = 0, momentum = 0, decay = 0;
  int32_t rectifier = 0;
  unsigned char residual = 0, nesterov = 0;
  bool isLow = false;  // whether the large operands are bfloat16
};

/** A channel's mean and inverse deviation, and what the running statistics become. */
struct Moments {
  float *mean, *inverse, *newMean, *newVariance;
  const float *runningMean, *runningVariance;
};

/** Measures x[rows][channels] and returns the factors that normalise and scale it. */
template <class Number>
std::vector<float> measureMoments(const PassAttributes& of, const Number* x, const float* scale, long rows,
                                  long channels, const Moments& moments);

/** From a channel's sums of g and g (x - mean), the first of those given: the gradients of scale and offset, and dx as
 * coefficients [3][channels] of g, x - mean and 1. */
std::vector<float> gradientCoefficients(const std::vector<double>& sums, const float* scale, const float* inverse,
                                        long rows, long channels, float* dScale, float* dOffset);

}  // namespace native
