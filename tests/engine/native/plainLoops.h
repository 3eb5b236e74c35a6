// What the kernels are compared with: plain loops in float64, written from the definitions, and nothing of theirs.
#pragma once

#include <cmath>
#include <cstdio>
#include <initializer_list>
#include <vector>

namespace plain {

using Numbers = std::vector<float>;
using Exact = std::vector<double>;

/** Standard normal numbers of a seed (a linear congruential generator and Box and Muller's transform). */
inline Numbers normal(long count, unsigned long long seed) {
  unsigned long long state = seed * 0x9E3779B97F4A7C15ull + 1;
  const auto uniform = [&] {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return ((state >> 33) + 0.5) / 2147483648.0;
  };
  Numbers numbers(count);
  for (float& number : numbers) {
    const double radius = std::sqrt(-2 * std::log(uniform()));
    number = static_cast<float>(radius * std::cos(6.283185307179586 * uniform()));
  }
  return numbers;
}

/** Numbers of a kernel, of which each must be written: one that is not stays no number. */
inline Numbers unwritten(long count) {
  return Numbers(count, std::nanf(""));
}

/** How far numbers may be from the exact ones: the length of the difference, as a share of their length. */
constexpr double kTolerance = 1e-5;

/** Prints how far results are from the exact ones, and counts those that are too far. */
class Comparison {
 public:
  void expect(const char* kernel, const char* what, const Numbers& actual, const Exact& exact) {
    double difference = 0, length = 0;
    for (size_t at = 0; at < exact.size(); at++) {
      difference += (actual[at] - exact[at]) * (actual[at] - exact[at]);
      length += exact[at] * exact[at];
    }
    const double share = std::sqrt(difference / length);
    const bool isNear = actual.size() == exact.size() && share < kTolerance;  // no number is not near
    std::printf("%s %s, %s: differs by %.1e, at most %.0e\n", isNear ? "ok  " : "FAIL", kernel, what, share,
                kTolerance);
    failures_ += !isNear;
  }
  int failures() const { return failures_; }

 private:
  int failures_ = 0;
};

/** A convolution: the result's pixel (y, x) sees images from (y stride - top, x stride - left) on. */
struct Convolution {
  long batch, height, width, kernel, stride, top, left, down, across;
  /** Calls use(pixel of the images, tap of the filter, pixel of the result) for each that belong together. */
  template <class Use>
  void forEach(Use use) const {
    for (long image = 0; image < batch; image++)
      for (long y = 0; y < down; y++)
        for (long x = 0; x < across; x++)
          for (long i = 0; i < kernel; i++)
            for (long j = 0; j < kernel; j++) {
              const long row = y * stride - top + i, column = x * stride - left + j;
              if (row >= 0 && row < height && column >= 0 && column < width)
                use((image * height + row) * width + column, i * kernel + j, (image * down + y) * across + x);
            }
  }
  long pixels() const { return batch * height * width; }
  long results() const { return batch * down * across; }
  long taps() const { return kernel * kernel; }
};

/** What goes into a convolution and comes back. */
struct Operands {
  const Numbers &images, &filter, &gradients;
};

/** The result and both gradients of a convolution, of images [pixels][inputs] by a filter [taps][inputs][outputs]. */
struct Answers {
  Exact result, images, filter;
};

inline Answers convolve(const Convolution& of, long inputs, long outputs, const Operands& by) {
  Answers all = {Exact(of.results() * outputs), Exact(of.pixels() * inputs), Exact(of.taps() * inputs * outputs)};
  of.forEach([&](long pixel, long tap, long place) {
    for (long input = 0; input < inputs; input++)
      for (long output = 0; output < outputs; output++) {
        const long weight = (tap * inputs + input) * outputs + output, from = pixel * inputs + input,
                   to = place * outputs + output;
        all.result[to] += double(by.images[from]) * by.filter[weight];
        all.images[from] += double(by.gradients[to]) * by.filter[weight];
        all.filter[weight] += double(by.gradients[to]) * by.images[from];
      }
  });
  return all;
}

/** The same where each channel has a filter of its own: images [pixels][channels] by a filter [taps][channels]. */
template <class Images>
Answers convolveDepthwise(const Convolution& of, long channels, const Images& images, const Numbers& filter,
                          const Numbers& gradients) {
  Answers all = {Exact(of.results() * channels), Exact(of.pixels() * channels), Exact(of.taps() * channels)};
  of.forEach([&](long pixel, long tap, long place) {
    for (long channel = 0; channel < channels; channel++) {
      const long from = pixel * channels + channel, weight = tap * channels + channel, to = place * channels + channel;
      all.result[to] += double(images[from]) * filter[weight];
      all.images[from] += double(gradients[to]) * filter[weight];
      all.filter[weight] += double(gradients[to]) * images[from];
    }
  });
  return all;
}

}  // namespace plain
