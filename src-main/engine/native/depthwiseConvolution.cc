#include "depthwiseConvolution.h"

#include <algorithm>
#include <vector>
#include "batchNormPasses.h"
#include "vectors.h"

namespace native::depthwise {

/** What one pixel of a result adds up: numbers of a source by numbers of the filter, at these places of channel 0. */
struct Tap {
  long source, weight;
};

/** result[channels] = the sum over taps; four registers at a time share the reading of a tap. */
template <class Vector>
ALWAYS void addTaps(const Tap* taps, long count, const float* source, const float* filter, long channels,
                    float* result) {
  constexpr long lanes = kLanes<Vector>;
  long channel = 0;
  for (; channel + 4 * lanes <= channels; channel += 4 * lanes) {
    Vector sums[4] = {};
    for (long index = 0; index < count; index++) {
      const float *from = source + taps[index].source + channel, *weight = filter + taps[index].weight + channel;
      UNROLL for (long part = 0; part < 4; part++) sums[part] +=
          load<Vector>(from + part * lanes) * load<Vector>(weight + part * lanes);
    }
    UNROLL for (long part = 0; part < 4; part++) store(result + channel + part * lanes, sums[part]);
  }
  for (; channel < channels; channel += lanes) {
    Vector sum = {};
    for (long index = 0; index < count; index++)
      sum += load<Vector>(source + taps[index].source + channel) * load<Vector>(filter + taps[index].weight + channel);
    store(result + channel, sum);
  }
}

/** Adds to sums[kernel][kernel][channels] one row of gradients by the rows of one image that it saw; `row` is the first
 * of them. The sums of a few channels stay in registers along the row. */
template <class Vector, long kernel>
ALWAYS void addRow(const Shape& shape, const float* image, const float* gradients, long row, float* sums) {
  const long channels = shape.channels;
  for (long channel = 0; channel < channels; channel += kLanes<Vector>)
    for (long down = 0; down < kernel; down++) {
      if (row + down < 0 || row + down >= shape.height)
        continue;
      const float* line = image + (row + down) * shape.width * channels + channel;
      float* sum = sums + down * kernel * channels + channel;
      Vector totals[kernel];
      UNROLL for (long across = 0; across < kernel; across++) totals[across] = load<Vector>(sum + across * channels);
      for (long x = 0; x < shape.across; x++) {
        const Vector gradient = load<Vector>(gradients + x * channels + channel);
        const long first = x * shape.stride - shape.left;
        if (first >= 0 && first + kernel <= shape.width) {
          UNROLL for (long across = 0; across < kernel; across++) totals[across] +=
              load<Vector>(line + (first + across) * channels) * gradient;
        } else {
          UNROLL for (long across = 0; across < kernel;
                      across++) if (first + across >= 0 && first + across < shape.width) totals[across] +=
              load<Vector>(line + (first + across) * channels) * gradient;
        }
      }
      UNROLL for (long across = 0; across < kernel; across++) store(sum + across * channels, totals[across]);
    }
}

/** The same for any kernel. */
template <class Vector>
ALWAYS void addAnyRow(const Shape& shape, const float* image, const float* gradients, long row, float* sums) {
  const long channels = shape.channels;
  for (long x = 0; x < shape.across; x++)
    for (long down = std::max(0L, -row); down < std::min(shape.kernel, shape.height - row); down++)
      for (long across = 0; across < shape.kernel; across++) {
        const long column = x * shape.stride - shape.left + across;
        if (column < 0 || column >= shape.width)
          continue;
        const float* from = image + ((row + down) * shape.width + column) * channels;
        float* sum = sums + (down * shape.kernel + across) * channels;
        for (long channel = 0; channel < channels; channel += kLanes<Vector>)
          store(sum + channel, load<Vector>(sum + channel) +
                                   load<Vector>(from + channel) * load<Vector>(gradients + x * channels + channel));
      }
}

template <class Vector>
ALWAYS void addRowOf(const Shape& shape, const float* image, const float* gradients, long row, float* sums) {
  if (shape.kernel == 3)
    addRow<Vector, 3>(shape, image, gradients, row, sums);
  else if (shape.kernel == 5)
    addRow<Vector, 5>(shape, image, gradients, row, sums);
  else
    addAnyRow<Vector>(shape, image, gradients, row, sums);
}

struct Kernels {
  void (*taps)(const Tap*, long, const float*, const float*, long, float*);
  void (*row)(const Shape&, const float*, const float*, long, float*);
};
#define KERNELS(name, instructions, Vector)                                                        \
  namespace name {                                                                                 \
  instructions void taps(const Tap* t, long n, const float* s, const float* f, long c, float* r) { \
    addTaps<Vector>(t, n, s, f, c, r);                                                             \
  }                                                                                                \
  instructions void row(const Shape& s, const float* i, const float* g, long r, float* o) {        \
    addRowOf<Vector>(s, i, g, r, o);                                                               \
  }                                                                                                \
  const Kernels kernels = {taps, row};                                                             \
  }
FOR_EACH_PROCESSOR(KERNELS)

const Kernels& kernels() {
  return OF_THIS_PROCESSOR(kernels);
}

/** Along one side: a place in the source and one in the filter. */
struct Side {
  long source, weight;
};

/** Each pixel of result[batch][rows][columns][channels] adds up the pairs of its row and its column. `tapsAlong` lists
 * those of a place along a side, from the zeros before the source and its size. */
template <class TapsAlong>
void addUp(long rows, long columns, TapsAlong tapsAlong, const Shape& shape, long sourceHeight, long sourceWidth,
           const float* source, const float* filter, float* result) {
  const long channels = shape.channels;
  std::vector<std::vector<Side>> downs(rows), acrosses(columns);
  for (long row = 0; row < rows; row++)
    downs[row] = tapsAlong(row, shape.top, sourceHeight);
  for (long column = 0; column < columns; column++)
    acrosses[column] = tapsAlong(column, shape.left, sourceWidth);
  forRows(shape.batch * rows, columns * channels, [&](long first, long count) {
    std::vector<Tap> taps(shape.kernel * shape.kernel);
    for (long index = first; index < first + count; index++) {
      const float* image = source + index / rows * sourceHeight * sourceWidth * channels;
      for (long column = 0; column < columns; column++) {
        long number = 0;
        for (const Side& down : downs[index % rows])
          for (const Side& across : acrosses[column])
            taps[number++] = {(down.source * sourceWidth + across.source) * channels,
                              (down.weight * shape.kernel + across.weight) * channels};
        kernels().taps(taps.data(), number, image, filter, channels, result + (index * columns + column) * channels);
      }
    }
  });
}

void convolve(const Shape& shape, const float* images, const float* filter, float* result) {
  const auto seenBy = [&](long place, long before, long size) {
    std::vector<Side> sides;
    for (long weight = 0; weight < shape.kernel; weight++) {
      const long source = place * shape.stride - before + weight;
      if (source >= 0 && source < size)
        sides.push_back({source, weight});
    }
    return sides;
  };
  addUp(shape.down, shape.across, seenBy, shape, shape.height, shape.width, images, filter, result);
}

void inputGradient(const Shape& shape, const float* gradients, const float* filter, float* result) {
  const auto seers = [&](long place, long before, long size) {
    std::vector<Side> sides;
    for (long weight = 0; weight < shape.kernel; weight++) {
      const long source = place + before - weight;
      if (source >= 0 && source % shape.stride == 0 && source / shape.stride < size)
        sides.push_back({source / shape.stride, weight});
    }
    return sides;
  };
  addUp(shape.height, shape.width, seers, shape, shape.down, shape.across, gradients, filter, result);
}

void filterGradient(const Shape& shape, const float* images, const float* gradients, float* result) {
  const long numbers = shape.kernel * shape.kernel * shape.channels, rows = shape.batch * shape.down,
             slice = (rows + 63) / 64,  // fixed, so that sums have the same bits on any number of threads
      slices = (rows + slice - 1) / slice;
  Scratch parts(slices * numbers);
  Workers::shared().forEach(slices, [&](long part) {
    float* sums = parts.data() + part * numbers;
    std::fill(sums, sums + numbers, 0.0f);
    for (long index = part * slice; index < std::min(rows, (part + 1) * slice); index++)
      kernels().row(shape, images + index / shape.down * shape.height * shape.width * shape.channels,
                    gradients + index * shape.across * shape.channels, index % shape.down * shape.stride - shape.top,
                    sums);
  });
  for (long at = 0; at < numbers; at++) {
    double total = 0;
    for (long part = 0; part < slices; part++)
      total += parts.data()[part * numbers + at];
    result[at] = total;
  }
}

}  // namespace native::depthwise
