#include "normalisedPointwise.h"

#include <algorithm>
#include <cstring>
#include "products.h"

namespace native::pointwise {

/** The right side of a product, packed in panels of whole registers, each as wide as the others or one register wider;
 * what lies behind the last column is zero. */
class Panels {
 public:
  Panels(long columns, long depth)
      : columns_(columns),
        depth_(depth),
        lanes_(OF_THIS_PROCESSOR(kRegister)),
        registers_((columns + lanes_ - 1) / lanes_),
        count_((registers_ * lanes_ + panelOf() - 1) / panelOf()) {}
  /** Columns with the zeros behind them. */
  long padded() const { return registers_ * lanes_; }
  long numbers() const { return padded() * depth_; }

  /** Packs matrix[depth][columns]. */
  void pack(const float* matrix, float* packed) const {
    for (long panel = 0; panel < count_; panel++) {
      const long first = firstOf(panel) * lanes_, width = firstOf(panel + 1) * lanes_ - first,
                 count = std::min(width, columns_ - first);
      float* to = packed + first * depth_;
      for (long k = 0; k < depth_; k++, to += width) {
        std::memcpy(to, matrix + k * columns_ + first, count * sizeof(float));
        std::fill(to + count, to + width, 0.0f);
      }
    }
  }

  /** Packs matrix[columns][depth]. */
  void packTransposed(const float* matrix, float* packed) const {
    for (long panel = 0; panel < count_; panel++) {
      const long first = firstOf(panel) * lanes_, width = firstOf(panel + 1) * lanes_ - first;
      float* to = packed + first * depth_;
      for (long column = 0; column < width; column++)
        for (long k = 0; k < depth_; k++)
          to[k * width + column] = first + column < columns_ ? matrix[(first + column) * depth_ + k] : 0.0f;
    }
  }

  /** c[rows][padded] = sum over the depth of a by what was packed, or added to c. */
  void multiply(const float* a, long aRow, long aDepth, const float* packed, float* c, long cRow, long rows,
                bool add) const {
    for (long panel = 0; panel < count_; panel++) {
      const long first = firstOf(panel) * lanes_;
      multiplyNarrow({a, aRow, aDepth, packed + first * depth_, c + first, cRow, rows, depth_, add},
                     firstOf(panel + 1) - firstOf(panel));
    }
  }

 private:
  /** The first register of a panel. */
  long firstOf(long panel) const { return registers_ * panel / count_; }
  long columns_, depth_, lanes_, registers_, count_;
};

/** Rows that are computed at once: so few that they stay in a core's cache, and so many that a product pays. */
long rowsOfTile(const Shape& shape) {
  return std::max(48L, std::min(384L, kCachedByCore / (4 * shape.inputs + shape.outputs) / 6 * 6));
}

void convolveNormalised(const Shape& shape, const float* x, const Normal& normal, const float* filter, float* result) {
  const Panels panels(shape.outputs, shape.inputs);
  const Scratch packed(panels.numbers());
  panels.pack(filter, packed.data());
  const long tile = rowsOfTile(shape), inputs = shape.inputs, outputs = shape.outputs;
  const bool isDirect = panels.padded() == outputs;
  Workers::shared().forEach((shape.rows + tile - 1) / tile, [&](long index) {
    const long first = index * tile, count = std::min(tile, shape.rows - first);
    const Scratch normalised(tile * inputs), padded(isDirect ? 1 : tile * panels.padded());
    passes().normalise(x + first * inputs, nullptr, normal, count, inputs, normalised.data());
    float* to = result + first * outputs;
    panels.multiply(normalised.data(), inputs, 1, packed.data(), isDirect ? to : padded.data(), panels.padded(), count,
                    false);
    for (long row = 0; !isDirect && row < count; row++)
      std::memcpy(to + row * outputs, padded.data() + row * panels.padded(), outputs * sizeof(float));
  });
}

/** Slices of the rows, each of whole tiles, each with sums of its own: their number depends on the sizes only, so that
 * any number of threads gives the same bits. */
struct Slices {
  long rows, count;
  Slices(const Shape& shape, long numbers, long tile) {
    const long tiles = (shape.rows + tile - 1) / tile, most = std::max(4L, std::min(64L, (1L << 23) / numbers)),
               each = (tiles + most - 1) / most;
    rows = each * tile;
    count = (shape.rows + rows - 1) / rows;
  }
};

std::vector<double> sumNormalised(const NormalisedGradient& of, float* filterGradient, float* between) {
  const Shape& shape = of.shape;
  const long inputs = shape.inputs, outputs = shape.outputs, tile = rowsOfTile(shape);
  const Panels byInput(inputs, outputs);
  const Scratch turned(byInput.numbers());
  byInput.packTransposed(of.filter, turned.data());
  const long taps = inputs * outputs, sums = (of.normal.rectifier == Rectifier::prelu ? 3 : 2) * inputs,
             numbers = taps + sums;
  const Slices slices(shape, numbers, tile);
  const Scratch parts(slices.count * numbers);
  Workers::shared().forEach(slices.count, [&](long index) {
    float* part = parts.data() + index * numbers;
    std::fill(part + taps, part + numbers, 0.0f);
    const Scratch normalised(tile * inputs), right(tile * inputs);
    const long start = index * slices.rows, end = std::min(shape.rows, start + slices.rows);
    for (long first = start; first < end; first += tile) {
      const long count = std::min(tile, end - first);
      const float *x = of.x + first * inputs, *gradients = of.gradients + first * outputs;
      float* to = between + first * inputs;
      passes().normalise(x, nullptr, of.normal, count, inputs, normalised.data());
      const Panels byRow(inputs, count);  // the filter's gradient lies as [outputs][inputs], which fills registers
      byRow.pack(normalised.data(), right.data());
      byRow.multiply(gradients, 1, outputs, right.data(), part, inputs, outputs, first > start);
      byInput.multiply(gradients, outputs, 1, turned.data(), to, inputs, count, false);
      passes().sums({to, nullptr, normalised.data()}, x, of.normal, count, inputs, part + taps, to);
    }
  });
  const std::vector<double> totals = addSlices(parts.data(), slices.count, numbers);
  for (long input = 0; input < inputs; input++)
    for (long output = 0; output < outputs; output++)
      filterGradient[input * outputs + output] = totals[output * inputs + input];
  return std::vector<double>(totals.begin() + taps, totals.end());
}

void spreadNormalised(const NormalisedGradient& of, const float* coefficients, float* between) {
  const long inputs = of.shape.inputs;
  Normal behind = of.normal;
  behind.rectifier = Rectifier::none;  // the gradient has been through it
  forRows(of.shape.rows, inputs, [&](long first, long count) {
    const long at = first * inputs;
    passes().spread({between + at, nullptr, nullptr}, of.x + at, behind, coefficients, count, inputs, between + at);
  });
}

}  // namespace native::pointwise
