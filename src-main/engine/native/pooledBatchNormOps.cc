#include "pooledBatchNormOps.h"

#include <algorithm>
#include "batchNormPasses.h"
#include "vectors.h"
#include "workers.h"

namespace native {

constexpr long kMostTaps = 15 * 15,
               kPerWord = 4;  // windows of a row whose taps share a word: vectors of bytes would be taken apart
constexpr unsigned kByte = 255, kNone = 255;  // the tap of a window in which nothing is positive

/** Words of the same number as a register's numbers. */
template <class Vector>
struct WordsOf {
  typedef unsigned Words __attribute__((vector_size(sizeof(Vector))));
};

/** Windows over images [batch, height, width, channels], of which parts may lie outside. */
struct Windows {
  long batch, height, width, channels, kernel, stride, padding;
  long down() const { return (height + 2 * padding - kernel) / stride + 1; }
  long across() const { return (width + 2 * padding - kernel) / stride + 1; }
  long words() const { return (across() + kPerWord - 1) / kPerWord; }
};
inline int shiftOf(long column) {
  return column % kPerWord * 8;
}

/** Of windows, by channel: the largest of factor (x - mean) + offset and 0, the x that it came from, and in words its
 * tap, kNone where it is 0. */
struct Pooled {
  float *largest, *chosen;
  unsigned* taps;
};

struct Normalisation {
  const float *mean, *factor, *offset;
};

/** A pixel of a window, by the place of its first channel, and its tap. */
struct Pixel {
  long place;
  unsigned tap;
};

/** The largest of one window: of `Count` pixels, or where that is 0, `count`; its tap comes into the words at `shift`.
 */
template <class Vector, int Count>
ALWAYS void poolWindow(const float* x, const Pixel* pixels, long count, const Normalisation by, long channels,
                       const Pooled to, int shift) {
  typedef typename WordsOf<Vector>::Words Words;
  for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
    const Vector mean = load<Vector>(by.mean + channel), factor = load<Vector>(by.factor + channel),
                 offset = load<Vector>(by.offset + channel);
    Vector largest = {}, chosen = mean;
    Words tap = Words{} + kNone, words = {};
    _Pragma("GCC unroll 9") for (long index = 0; index < (Count ? Count : count); index++) {
      const Vector value = load<Vector>(x + pixels[index].place + channel),
                   normalised = (value - mean) * factor + offset;
      const auto smaller = normalised <= largest;  // what is no number is not: it goes on, as through a rectifier
      largest = smaller ? largest : normalised;
      chosen = smaller ? chosen : value;
      tap = smaller ? tap : Words{} + pixels[index].tap;
    }
    store(to.largest + channel, largest);
    store(to.chosen + channel, chosen);
    if (shift > 0)
      __builtin_memcpy(&words, to.taps + channel, sizeof(words));
    words |= tap << shift;
    __builtin_memcpy(to.taps + channel, &words, sizeof(words));
  }
}

/** One row of windows; x is the image. */
template <class Vector>
ALWAYS void poolRow(const Windows of, const float* x, const Normalisation by, long row,
                    const Pooled to) {  // by value: stores might change what lies behind a reference
  const long top = row * of.stride - of.padding;
  for (long column = 0; column < of.across(); column++) {
    const long left = column * of.stride - of.padding, at = column * of.channels;
    Pixel pixels[kMostTaps];
    long count = 0;
    for (long y = std::max(0L, -top); y < std::min(of.kernel, of.height - top); y++)
      for (long across = std::max(0L, -left); across < std::min(of.kernel, of.width - left); across++)
        pixels[count++] = {((top + y) * of.width + left + across) * of.channels, unsigned(y * of.kernel + across)};
    const Pooled window = {to.largest + at, to.chosen + at, to.taps + column / kPerWord * of.channels};
    if (count == 9)
      poolWindow<Vector, 9>(x, pixels, count, by, of.channels, window, shiftOf(column));
    else
      poolWindow<Vector, 0>(x, pixels, count, by, of.channels, window, shiftOf(column));
  }
}

/** A window of a pixel, by the place of its first channel and of its first word, and the tap at which they meet, in the
 * word. */
struct Window {
  long place, word;
  unsigned mask, tap;
};

/** What goes back: gradients of the windows and their taps, and coefficients [3][channels] of g, x - mean and 1, g the
 * sum of the gradients of those windows that chose a pixel. */
struct Unpooling {
  const float *dy, *more;
  const unsigned* taps;
  const float *mean, *coefficients;
};

/** The gradient of one pixel x, in `Count` windows, or where that is 0, in `count`. */
template <class Vector, int Count>
ALWAYS void unpoolPixel(const Unpooling by, const Window* windows, long count, const float* x, long channels, float* dx,
                        bool streamed) {
  for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
    Vector gradient = {};
    UNROLL for (long index = 0; index < (Count ? Count : count); index++) {
      const Window& window = windows[index];
      typename WordsOf<Vector>::Words words;
      __builtin_memcpy(&words, by.taps + window.word + channel, sizeof(words));
      Vector of = load<Vector>(by.dy + window.place + channel);
      if (by.more)
        of += load<Vector>(by.more + window.place + channel);
      gradient += (words & window.mask) == window.tap ? of : Vector{};
    }
    const float* of = by.coefficients + channel;
    store(dx + channel,
          load<Vector>(of) * gradient +
              load<Vector>(of + channels) * (load<Vector>(x + channel) - load<Vector>(by.mean + channel)) +
              load<Vector>(of + 2 * channels),
          streamed);
  }
}

/** One row of an image's gradient; x and dx are the row. */
template <class Vector>
ALWAYS void unpoolRow(const Windows of, const Unpooling by, const float* x, long row, float* dx, bool streamed) {
  const auto first = [&](long at) { return std::max(0L, (at - of.kernel + of.stride) / of.stride); };
  const long y = row + of.padding, bottom = std::min(of.down() - 1, y / of.stride);
  for (long column = 0; column < of.width; column++) {
    const long at = column + of.padding, right = std::min(of.across() - 1, at / of.stride),
               place = column * of.channels;
    Window windows[kMostTaps];
    long count = 0;
    for (long down = first(y); down <= bottom; down++)
      for (long across = first(at); across <= right; across++) {
        const unsigned tap = (y - down * of.stride) * of.kernel + at - across * of.stride;
        windows[count++] = {(down * of.across() + across) * of.channels,
                            (down * of.words() + across / kPerWord) * of.channels, kByte << shiftOf(across),
                            tap << shiftOf(across)};
      }
    if (count == 1)
      unpoolPixel<Vector, 1>(by, windows, count, x + place, of.channels, dx + place, streamed);
    else if (count == 2)
      unpoolPixel<Vector, 2>(by, windows, count, x + place, of.channels, dx + place, streamed);
    else if (count == 4)
      unpoolPixel<Vector, 4>(by, windows, count, x + place, of.channels, dx + place, streamed);
    else
      unpoolPixel<Vector, 0>(by, windows, count, x + place, of.channels, dx + place, streamed);
  }
}

struct PoolKernels {
  void (*pool)(const Windows&, const float*, const Normalisation&, long, const Pooled&);
  void (*unpool)(const Windows&, const Unpooling&, const float*, long, float*, bool);
};

#define POOL_KERNELS(name, instructions, Vector)                                                              \
  namespace name {                                                                                            \
  instructions void pool(const Windows& w, const float* x, const Normalisation& n, long r, const Pooled& p) { \
    poolRow<Vector>(w, x, n, r, p);                                                                           \
  }                                                                                                           \
  instructions void unpool(const Windows& w, const Unpooling& u, const float* x, long r, float* d, bool b) {  \
    unpoolRow<Vector>(w, u, x, r, d, b);                                                                      \
    settle(b);                                                                                                \
  }                                                                                                           \
  const PoolKernels poolKernels = {pool, unpool};                                                             \
  }
FOR_EACH_PROCESSOR(POOL_KERNELS)

const PoolKernels& poolKernels() {
  return OF_THIS_PROCESSOR(poolKernels);
}

struct PoolAttributes {
  PassAttributes pass;
  int32_t kernel = 0, stride = 0, padding = 0;
};

/** The windows of images x, whose channels must be multiples of 16; each must hold a pixel, and its taps fit into
 * bytes. */
Windows windowsOf(const PoolAttributes& of, const Input& x, long channels, TF_Status* status) {
  if (TF_NumDims(x.it) != 4)
    TF_SetStatus(status, TF_INVALID_ARGUMENT, "Pooled batch normalisation takes images of rank 4.");
  if (TF_GetCode(status) != TF_OK)
    return {};
  const Windows windows = {x.size(0), x.size(1), x.size(2), x.size(3), of.kernel, of.stride, of.padding};
  failUnless(channels > 0 && channels % 16 == 0 && windows.channels == channels && windows.batch > 0,
             "Pooled batch normalisation takes multiples of 16 channels.", status);
  failUnless(of.stride > 0 && of.padding >= 0 && of.padding < of.kernel && of.kernel <= 15 &&
                 std::min(windows.height, windows.width) + 2 * of.padding >= of.kernel,
             "Pooled batch normalisation takes windows of at most 15 pixels that fit into the padded image.", status);
  return windows;
}

void computePooledBatchNorm(void* kernel,
                            TF_OpKernelContext* context) {  // x, scale, offset, running mean, running variance
  const auto& of = *static_cast<PoolAttributes*>(kernel);
  Status status;
  const Input x(context, 0, status.it), scale(context, 1, status.it), offset(context, 2, status.it),
      runningMean(context, 3, status.it), runningVariance(context, 4, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const Windows windows = windowsOf(of, x, countOf(scale), status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const long channels = windows.channels, rows = windows.down(), width = windows.across() * channels,
             each = windows.height * windows.width * channels;
  const std::vector<int64_t> sizes = {windows.batch, rows, windows.across(), channels};
  const Output y(context, 0, sizes, status.it), newMean(context, 1, {channels}, status.it),
      newVariance(context, 2, {channels}, status.it), mean(context, 3, {channels}, status.it),
      inverse(context, 4, {channels}, status.it);
  const Output chosen(context, 5, sizes, status.it),
      taps(context, 6, {windows.batch, rows, windows.words(), channels}, status.it, TF_INT32);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const std::vector<float> factor = measureMoments(
      of.pass, x.data(), scale.data(), windows.batch * windows.height * windows.width, channels,
      {mean.data(), inverse.data(), newMean.data(), newVariance.data(), runningMean.data(), runningVariance.data()});
  Workers::shared().forEach(windows.batch * rows, [&](long index) {
    const long at = index * width;
    poolKernels().pool(windows, x.data() + index / rows * each, {mean.data(), factor.data(), offset.data()},
                       index % rows,
                       {y.data() + at, chosen.data() + at,
                        static_cast<unsigned*>(TF_TensorData(taps.it)) + index * windows.words() * channels});
  });
}

void computePooledBatchNormGradient(
    void* kernel,
    TF_OpKernelContext* context) {  // dy, more of it (or empty), y, chosen, taps, x, scale, mean, inverse deviation
  const auto& of = *static_cast<PoolAttributes*>(kernel);
  Status status;
  const Input dy(context, 0, status.it), more(context, 1, status.it), y(context, 2, status.it),
      chosen(context, 3, status.it), taps(context, 4, status.it), x(context, 5, status.it),
      scale(context, 6, status.it), mean(context, 7, status.it), inverse(context, 8, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const Windows windows = windowsOf(of, x, countOf(scale), status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const long channels = windows.channels, width = windows.across() * channels,
             pooled = windows.batch * windows.down() * width;
  failUnless(countOf(dy) == pooled && (countOf(more) == 0 || countOf(more) == pooled) && countOf(y) == pooled &&
                 countOf(chosen) == pooled &&
                 countOf(taps) == windows.batch * windows.down() * windows.words() * channels,
             "Pooled batch normalisation takes the gradient of its own result.", status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const Output dx(context, 0, sizesOf(x), status.it), dScale(context, 1, {channels}, status.it),
      dOffset(context, 2, {channels}, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const auto moreAt = [&](long at) { return countOf(more) ? more.data() + at : nullptr; };
  const Normal normal = {mean.data(), nullptr, nullptr, nullptr, Rectifier::relu};
  const std::vector<double> sums = channelSums(
      pooled / channels, channels, [&](long first, long count, float* part) {  // what was not chosen has no gradient
        const long at = first * channels;
        passes().sums({dy.data() + at, moreAt(at), y.data() + at}, chosen.data() + at, normal, count, channels, part,
                      nullptr);
      });
  const std::vector<float> coefficients =
      gradientCoefficients(sums, scale.data(), inverse.data(), windows.batch * windows.height * windows.width, channels,
                           dScale.data(), dOffset.data());
  const bool streamed = isStreamed(dx.data(), countOf(x));
  Workers::shared().forEach(windows.batch * windows.height, [&](long index) {
    const long firstRow = index / windows.height * windows.down(), place = index * windows.width * channels;
    poolKernels().unpool(windows,
                         {dy.data() + firstRow * width, moreAt(firstRow * width),
                          static_cast<const unsigned*>(TF_TensorData(taps.it)) + firstRow * windows.words() * channels,
                          mean.data(), coefficients.data()},
                         x.data() + place, index % windows.height, dx.data() + place, streamed);
  });
}

template <bool gradient>
void* createPooled(TF_OpKernelConstruction* context) {
  auto* attributes = new PoolAttributes();
  Status status;
  const auto read = [&](const char* name, int32_t* value) {
    if (status.ok())
      TF_OpKernelConstruction_GetAttrInt32(context, name, value, status.it);
  };
  read("kernel", &attributes->kernel), read("stride", &attributes->stride), read("padding", &attributes->padding);
  if (!gradient && status.ok())
    TF_OpKernelConstruction_GetAttrFloat(context, "epsilon", &attributes->pass.epsilon, status.it);
  if (!gradient && status.ok())
    TF_OpKernelConstruction_GetAttrFloat(context, "momentum", &attributes->pass.momentum, status.it);
  if (!status.ok())
    TF_OpKernelConstruction_Failure(context, status.it);
  return attributes;
}

std::vector<OpDefinition> pooledBatchNormOps() {
  const auto destroy = [](void* attributes) { delete static_cast<PoolAttributes*>(attributes); };
  return {{"PooledBatchNorm",
           {"x: float", "scale: float", "offset: float", "running_mean: float", "running_variance: float"},
           {"y: float", "new_mean: float", "new_variance: float", "mean: float", "inverse_deviation: float",
            "chosen: float", "taps: int32"},
           {"epsilon: float", "momentum: float", "kernel: int", "stride: int", "padding: int"},
           createPooled<false>,
           computePooledBatchNorm,
           destroy},
          {"PooledBatchNormGrad",
           {"dy: float", "more: float", "y: float", "chosen: float", "taps: int32", "x: float", "scale: float",
            "mean: float", "inverse_deviation: float"},
           {"dx: float", "dscale: float", "doffset: float"},
           {"kernel: int", "stride: int", "padding: int"},
           createPooled<true>,
           computePooledBatchNormGradient,
           destroy}};
}

}  // namespace native
