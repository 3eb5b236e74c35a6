#include "normalisedDepthwise.h"

#include <algorithm>
#include "vectors.h"

namespace native::depthwise {

/** One product of each number of a result: numbers of a source, of channel 0 of the first place, by numbers of a
 * filter. */
struct Product {
  const float *source, *weight;
};

/** Places of one row: the result's lie `resultStep` numbers apart, the sources' `sourceStep`. What lies `ahead`, as the
 * result does, is fetched from main memory meanwhile. */
struct Places {
  long count, channels, sourceStep, resultStep;
  const float* ahead;
};

template <class Vector, long together>
ALWAYS void addAt(const Product* products, long number, const Places& places, long place, long channel, float* result) {
  Vector sums[together] = {};
  for (long index = 0; index < number; index++) {
    const Vector weight = load<Vector>(products[index].weight + channel);
    const float* source = products[index].source + place * places.sourceStep + channel;
    UNROLL for (long each = 0; each < together; each++) sums[each] +=
        weight * load<Vector>(source + each * places.sourceStep);
  }
  UNROLL for (long each = 0; each < together; each++) {
    const long at = (place + each) * places.resultStep + channel;
    __builtin_prefetch(places.ahead + at, 0, 2);
    store(result + at, sums[each]);
  }
}

/** Each place of a row: the sum of its products. Seven places share the reading of a weight. */
template <class Vector>
ALWAYS void addProducts(const Product* products, long number, const Places& places, float* result) {
  for (long channel = 0; channel < places.channels; channel += kLanes<Vector>) {
    long place = 0;
    for (; place + 7 <= places.count; place += 7)
      addAt<Vector, 7>(products, number, places, place, channel, result);
    for (; place < places.count; place++)
      addAt<Vector, 1>(products, number, places, place, channel, result);
  }
}

/** Adds to sums[kernel][channels] a row of gradients by the row of images that it saw through one row of the filter;
 * two chains of sums keep the processor busy. */
template <class Vector, long kernel>
ALWAYS void addFilterRow(const float* source, const float* gradients, const Places& places, float* sums) {
  for (long channel = 0; channel < places.channels; channel += kLanes<Vector>) {
    Vector even[kernel], odd[kernel] = {};
    UNROLL for (long tap = 0; tap < kernel; tap++) even[tap] = load<Vector>(sums + tap * places.channels + channel);
    const float *from = source + channel, *by = gradients + channel;
    long place = 0;
    for (; place + 2 <= places.count; place += 2, from += 2 * places.sourceStep, by += 2 * places.channels) {
      const Vector first = load<Vector>(by), second = load<Vector>(by + places.channels);
      UNROLL for (long tap = 0; tap < kernel; tap++) {
        even[tap] += first * load<Vector>(from + tap * places.channels);
        odd[tap] += second * load<Vector>(from + places.sourceStep + tap * places.channels);
      }
    }
    if (place < places.count) {
      const Vector last = load<Vector>(by);
      UNROLL for (long tap = 0; tap < kernel; tap++) even[tap] += last * load<Vector>(from + tap * places.channels);
    }
    UNROLL for (long tap = 0; tap < kernel; tap++)
        store(sums + tap * places.channels + channel, Vector(even[tap] + odd[tap]));
  }
}

struct RowKernels {
  void (*products)(const Product*, long, const Places&, float*);
  void (*filter3)(const float*, const float*, const Places&, float*);
  void (*filter5)(const float*, const float*, const Places&, float*);
};
#define ROW_KERNELS(name, instructions, Vector)                                          \
  namespace name {                                                                       \
  instructions void products(const Product* p, long n, const Places& s, float* r) {      \
    addProducts<Vector>(p, n, s, r);                                                     \
  }                                                                                      \
  instructions void filter3(const float* i, const float* g, const Places& s, float* o) { \
    addFilterRow<Vector, 3>(i, g, s, o);                                                 \
  }                                                                                      \
  instructions void filter5(const float* i, const float* g, const Places& s, float* o) { \
    addFilterRow<Vector, 5>(i, g, s, o);                                                 \
  }                                                                                      \
  const RowKernels rowKernels = {products, filter3, filter5};                            \
  }
FOR_EACH_PROCESSOR(ROW_KERNELS)

const RowKernels& rowKernels() {
  return OF_THIS_PROCESSOR(rowKernels);
}

/** The last rows of an image, each between columns of zeros: row r lies in slot r modulo their number. */
class PaddedRows {
 public:
  PaddedRows(float* memory, long slots, long before, long width, long after, long channels)
      : memory_(memory), slots_(slots), before_(before * channels), row_((before + width + after) * channels) {
    std::fill(memory, memory + slots * row_, 0.0f);
  }
  static long numbers(long slots, long columns, long channels) { return slots * columns * channels; }
  /** Column 0 of a row. */
  float* at(long row) const { return memory_ + row % slots_ * row_ + before_; }

 private:
  float* memory_;
  long slots_, before_, row_;
};

/** Slices of an image's rows: tasks of a size that no number of threads changes. */
struct Slices {
  const long rows, slice, perImage;
  Slices(long rows, long numbersPerRow)
      : rows(rows),
        slice(evenly(rows, std::max(4L, 2 * kNumbersPerSlice / numbersPerRow))),
        perImage((rows + slice - 1) / slice) {}
  /** Runs body(index of the slice, image, first row, end) on all threads. */
  template <class Body>
  void forEach(long batch, Body body) const {
    Workers::shared().forEach(batch * perImage, [&](long index) {
      const long first = index % perImage * slice;
      body(index, index / perImage, first, std::min(rows, first + slice));
    });
  }

 private:
  /** At most so many rows, and about as many in each slice. */
  static long evenly(long rows, long most) {
    const long count = (rows + most - 1) / most;
    return (rows + count - 1) / count;
  }
};

/** Columns that the images need behind their last one. */
long columnsAfter(const Shape& shape) {
  return std::max(0L, (shape.across - 1) * shape.stride + shape.kernel - shape.left - shape.width);
}

void convolveNormalised(const Shape& shape, const float* images, const Normal& normal, const float* filter,
                        float* result) {
  const long channels = shape.channels, line = shape.width * channels, after = columnsAfter(shape);
  const Slices slices(shape.down, shape.across * channels);
  slices.forEach(shape.batch, [&](long, long image, long first, long end) {
    const Scratch scratch(PaddedRows::numbers(shape.kernel, shape.left + shape.width + after, channels));
    const PaddedRows rows(scratch.data(), shape.kernel, shape.left, shape.width, after, channels);
    std::vector<Product> products(shape.kernel * shape.kernel);
    long next = 0;  // row to be normalised
    for (long row = first; row < end; row++) {
      const long top = row * shape.stride - shape.top, from = std::max(0L, top),
                 to = std::min(shape.height, top + shape.kernel);
      for (next = std::max(next, from); next < to; next++)
        passes().normalise(images + (image * shape.height + next) * line, nullptr, normal, shape.width, channels,
                           rows.at(next));
      long number = 0;
      for (long source = from; source < to; source++)
        for (long across = 0; across < shape.kernel; across++)
          products[number++] = {rows.at(source) + (across - shape.left) * channels,
                                filter + ((source - top) * shape.kernel + across) * channels};
      rowKernels().products(
          products.data(), number,
          {shape.across, channels, shape.stride * channels, channels, images + (image * shape.height + next) * line},
          result + (image * shape.down + row) * shape.across * channels);
    }
  });
}

/** One slice of the gradient, row by row of what is normalised: the rows of gradients that saw it, itself normalised
 * again, and its own gradient. */
class GradientRows {
 public:
  explicit GradientRows(const NormalisedGradient& of)
      : of_(of),
        shape_(of.shape),
        channels_(of.shape.channels),
        border_((of.shape.kernel + of.shape.stride - 1) / of.shape.stride),
        slots_(border_ + 1),
        after_(columnsAfter(of.shape)),
        seen_(PaddedRows::numbers(slots_, of.shape.across + 2 * behind(), channels_)),
        normalised_((of.shape.left + of.shape.width + after_) * channels_),
        gradient_(of.shape.width * channels_),
        products_(of.shape.kernel * of.shape.kernel) {
    std::fill(normalised_.data(), normalised_.data() + (shape_.left + shape_.width + after_) * channels_, 0.0f);
  }

  /** Computes normalised() and gradient() of a row of an image; rows come in their order. */
  void compute(long image, long row) {
    passes().normalise(imageRow(image, row), nullptr, of_.normal, shape_.width, channels_, normalised());
    readGradients(image, row);
    for (long phase = 0; phase < shape_.stride && phase < shape_.width; phase++)
      computePhase(image, row, phase);
  }

  const float* imageRow(long image, long row) const {
    return of_.images + (image * shape_.height + row) * shape_.width * channels_;
  }
  float* normalised() { return normalised_.data() + shape_.left * channels_; }
  const float* gradient() const { return gradient_.data(); }

  /** Adds what a row gives to the filter's gradient [kernel][kernel][channels]. */
  void addToFilter(long row, float* sums) {
    const auto add = shape_.kernel == 3 ? rowKernels().filter3 : rowKernels().filter5;
    forSeers(row, [&](long seer, long down) {
      add(normalised_.data(), rows_.at(seer), {shape_.across, channels_, shape_.stride * channels_, 0, nullptr},
          sums + down * shape_.kernel * channels_);
    });
  }

 private:
  long behind() const { return border_ + std::max(0L, (shape_.width + shape_.left) / shape_.stride - shape_.across); }

  /** Runs body(row of the result, row of the filter) for all that saw a row. */
  template <class Body>
  void forSeers(long row, Body body) const {
    for (long down = 0; down < shape_.kernel; down++) {
      const long from = row + shape_.top - down;
      if (from >= 0 && from % shape_.stride == 0 && from / shape_.stride < shape_.down)
        body(from / shape_.stride, down);
    }
  }

  /** Copies the rows of gradients that saw a row between columns of zeros, those that are not there yet. */
  void readGradients(long image, long row) {
    const long line = shape_.across * channels_;
    forSeers(row, [&](long seer, long) {
      if (seer <= last_)
        return;
      const float* from = of_.gradients + (image * shape_.down + seer) * line;
      std::copy(from, from + line, rows_.at(seer));
    });
    const long newest = std::min((row + shape_.top) / shape_.stride, shape_.down - 1);
    last_ = std::max(last_, newest);
  }

  /** The gradients of columns phase, phase + stride, …: all of them see the same columns of the filter. */
  void computePhase(long image, long row, long phase) {
    long number = 0;
    forSeers(row, [&](long seer, long down) {
      for (long across = (phase + shape_.left) % shape_.stride; across < shape_.kernel; across += shape_.stride)
        products_[number++] = {rows_.at(seer) + (phase + shape_.left - across) / shape_.stride * channels_,
                               of_.filter + (down * shape_.kernel + across) * channels_};
    });
    const long count = (shape_.width - phase + shape_.stride - 1) / shape_.stride;
    rowKernels().products(
        products_.data(), number,
        {count, channels_, channels_, shape_.stride * channels_, imageRow(image, row + 1) + phase * channels_},
        gradient_.data() + phase * channels_);
  }

  const NormalisedGradient& of_;
  const Shape& shape_;
  const long channels_, border_, slots_, after_;
  const Scratch seen_, normalised_, gradient_;
  std::vector<Product> products_;
  const PaddedRows rows_{seen_.data(), slots_, behind(), shape_.across, behind(), channels_};
  long last_ = -1;
};

std::vector<double> sumNormalised(const NormalisedGradient& of, float* filterGradient) {
  const Shape& shape = of.shape;
  const long taps = shape.kernel * shape.kernel * shape.channels,
             sums = (of.normal.rectifier == Rectifier::prelu ? 3 : 2) * shape.channels, count = taps + sums;
  const Slices slices(shape.height, shape.width * shape.channels);
  const Scratch parts(shape.batch * slices.perImage * count);
  slices.forEach(shape.batch, [&](long index, long image, long first, long end) {
    float* part = parts.data() + index * count;
    std::fill(part, part + count, 0.0f);
    GradientRows rows(of);
    for (long row = first; row < end; row++) {
      rows.compute(image, row);
      rows.addToFilter(row, part);
      passes().sums({rows.gradient(), nullptr, rows.normalised()}, rows.imageRow(image, row), of.normal, shape.width,
                    shape.channels, part + taps, nullptr);
    }
  });
  const std::vector<double> totals = addSlices(parts.data(), shape.batch * slices.perImage, count);
  std::copy(totals.begin(), totals.begin() + taps, filterGradient);
  return std::vector<double>(totals.begin() + taps, totals.end());
}

void spreadNormalised(const NormalisedGradient& of, const float* coefficients, float* result) {
  const Shape& shape = of.shape;
  const long line = shape.width * shape.channels;
  const Slices slices(shape.height, line);
  slices.forEach(shape.batch, [&](long, long image, long first, long end) {
    GradientRows rows(of);
    for (long row = first; row < end; row++) {
      rows.compute(image, row);
      passes().spread({rows.gradient(), nullptr, rows.normalised()}, rows.imageRow(image, row), of.normal, coefficients,
                      shape.width, shape.channels, result + (image * shape.height + row) * line);
    }
  });
}

}  // namespace native::depthwise
