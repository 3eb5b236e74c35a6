#include "stemConvolution.h"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include "products.h"
#include "vectors.h"
#include "workers.h"

namespace native::stem {

constexpr long kTile = 4, kSide = 7, kPoints = 49, kPair = 2 * kColours, kInputs = 2 * kPair;
constexpr long kPatch = 2 * kSide, kRow = 48;  // pixels of a patch's side; numbers of its row, 42, and a little more
constexpr long
    kGroup = 28,
    kParts = 32;  // tiles at once: their points fill half of a core's cache; parts of a sum, on any number of threads

inline long tilesDown(const Shape& shape) {
  return (shape.down() + kTile - 1) / kTile;
}
inline long tilesAcross(const Shape& shape) {
  return (shape.across() + kTile - 1) / kTile;
}

/** Where a tile lies: its image and the row and column of its first output. */
struct Place {
  long image, row, column;
};
inline Place placeOf(const Shape& shape, long tile) {
  const long across = tilesAcross(shape), each = tilesDown(shape) * across;
  return {tile / each, tile % each / across * kTile, tile % across * kTile};
}

// --- The transforms along one axis.

template <class Vector>
ALWAYS void toPoints(const Vector x[7], Vector out[7]) {  // B^T x, 7 inputs to 7 points
  const Vector even = x[4] - 4.25f * x[2] + x[0], odd = x[5] - 4.25f * x[3] + x[1];
  const Vector even2 = x[4] - 1.25f * x[2] + 0.25f * x[0], odd2 = x[5] - 1.25f * x[3] + 0.25f * x[1];
  const Vector evenHalf = x[4] - 5.0f * x[2] + 4.0f * x[0], oddHalf = x[5] - 5.0f * x[3] + 4.0f * x[1];
  out[0] = odd + even;
  out[1] = odd - even;
  out[2] = odd2 + 2.0f * even2;
  out[3] = odd2 - 2.0f * even2;
  out[4] = oddHalf + 0.5f * evenHalf;
  out[5] = oddHalf - 0.5f * evenHalf;
  out[6] = x[6] - x[0] + 5.25f * (x[2] - x[4]);
}

template <class Vector>
ALWAYS void fromPoints(const Vector m[7], Vector out[4]) {  // A^T m, 7 points to 4 outputs
  const Vector s = m[0] + m[1], d = m[0] - m[1], s2 = m[2] + m[3], d2 = m[2] - m[3], sHalf = m[4] + m[5],
               dHalf = m[4] - m[5];
  out[0] = s + s2 + sHalf;
  out[1] = d + 2.0f * d2 + 0.5f * dHalf;
  out[2] = s + 4.0f * s2 + 0.25f * sHalf;
  out[3] = d + 8.0f * d2 + 0.125f * dHalf + m[6];
}

template <class Vector>
ALWAYS void outputToPoints(const Vector y[4], Vector out[7]) {  // A y
  const Vector even = y[0] + y[2], odd = y[1] + y[3], even2 = y[0] + 4.0f * y[2], odd2 = y[1] + 4.0f * y[3],
               evenHalf = y[0] + 0.25f * y[2], oddHalf = y[1] + 0.25f * y[3];
  out[0] = even + odd;
  out[1] = even - odd;
  out[2] = even2 + 2.0f * odd2;
  out[3] = even2 - 2.0f * odd2;
  out[4] = evenHalf + 0.5f * oddHalf;
  out[5] = evenHalf - 0.5f * oddHalf;
  out[6] = y[3];
}

template <class Vector>
ALWAYS void filterToPoints(const Vector w[4], Vector out[7]) {  // G w
  const Vector even = (-2.0f / 9) * (w[0] + w[2]), odd = (-2.0f / 9) * (w[1] + w[3]);
  const Vector even2 = (1.0f / 45) * w[0] + (4.0f / 45) * w[2], odd2 = (2.0f / 45) * w[1] + (8.0f / 45) * w[3];
  const Vector evenHalf = (16.0f / 45) * w[0] + (4.0f / 45) * w[2], oddHalf = (8.0f / 45) * w[1] + (2.0f / 45) * w[3];
  out[0] = even + odd;
  out[1] = odd - even;
  out[2] = even2 + odd2;
  out[3] = odd2 - even2;
  out[4] = evenHalf + oddHalf;
  out[5] = oddHalf - evenHalf;
  out[6] = w[3];
}

template <class Vector>
ALWAYS void filterFromPoints(const Vector u[7], Vector out[4]) {  // G^T u
  const Vector s = u[0] + u[1], d = u[0] - u[1], s2 = u[2] + u[3], d2 = u[2] - u[3], sHalf = u[4] + u[5],
               dHalf = u[4] - u[5];
  out[0] = (-2.0f / 9) * d + (1.0f / 45) * d2 + (16.0f / 45) * dHalf;
  out[1] = (-2.0f / 9) * s + (2.0f / 45) * s2 + (8.0f / 45) * sHalf;
  out[2] = (-2.0f / 9) * d + (4.0f / 45) * d2 + (4.0f / 45) * dHalf;
  out[3] = (-2.0f / 9) * s + (8.0f / 45) * s2 + (2.0f / 45) * sHalf + u[6];
}

// --- Kernels: each is compiled for every kind of processor.

/** A patch of a tile, 14 rows of 42 numbers that lie rowStride apart, to points[49][pointStride], 12 numbers each; two
 * more behind them are overwritten. */
template <class Vector>
ALWAYS void patchToPoints(const float* patch, long rowStride, float* points, long pointStride) {
  typedef std::conditional_t<(kLanes<Vector> > 8), Vector8, Vector> Narrow;
  float rows[kSide][2][kRow];
  for (long parity = 0; parity < 2; parity++)
    UNROLL for (long lane = 0; lane < kRow; lane += kLanes<Vector>) {
      Vector column[kSide], out[kSide];
      UNROLL for (long i = 0; i < kSide; i++) column[i] = load<Vector>(patch + (2 * i + parity) * rowStride + lane);
      toPoints(column, out);
      UNROLL for (long i = 0; i < kSide; i++) store(rows[i][parity] + lane, out[i]);
    }
  for (long i = 0; i < kSide; i++)
    for (long parity = 0; parity < 2; parity++) {
      UNROLL for (long lane = 0; lane < 8; lane += kLanes<Narrow>) {  // of which six are used: two pixels
        Narrow row[kSide], out[kSide];
        UNROLL for (long j = 0; j < kSide; j++) row[j] = load<Narrow>(rows[i][parity] + j * kPair + lane);
        toPoints(row, out);
        UNROLL for (long j = 0; j < kSide; j++)
            store(points + (i * kSide + j) * pointStride + parity * kPair + lane, out[j]);
      }
    }
}

/** Points[49][pointStride] of one tile to its 4x4 outputs, what lies outside left out. */
template <class Vector>
ALWAYS void pointsToOutput(const float* points, long pointStride, const Shape& shape, long tile, float* result,
                           bool streamed) {
  const Place place = placeOf(shape, tile);
  const long channels = shape.outputs, rows = std::min(kTile, shape.down() - place.row),
             columns = std::min(kTile, shape.across() - place.column), width = shape.across() * channels;
  float* to = result + ((place.image * shape.down() + place.row) * shape.across() + place.column) * channels;
  for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
    Vector half[kTile][kSide];
    UNROLL for (long j = 0; j < kSide; j++) {
      Vector column[kSide], out[kTile];
      UNROLL for (long i = 0; i < kSide; i++) column[i] =
          load<Vector>(points + (i * kSide + j) * pointStride + channel);
      fromPoints(column, out);
      UNROLL for (long i = 0; i < kTile; i++) half[i][j] = out[i];
    }
    for (long i = 0; i < rows; i++) {
      Vector out[kTile];
      fromPoints(half[i], out);
      for (long j = 0; j < columns; j++)
        store(to + i * width + j * channels + channel, out[j], streamed);
    }
  }
}

/** 4x4 gradients of outputs, zero outside, to points[49][pointStride], in panels of channels that lie panelStride
 * apart. */
template <class Vector, long panel>
ALWAYS void gradientToPoints(const float* gradients, const Shape& shape, long tile, float* points, long pointStride,
                             long panelStride) {
  const Place place = placeOf(shape, tile);
  const long channels = shape.outputs, rows = shape.down() - place.row, columns = shape.across() - place.column,
             width = shape.across() * channels;
  const float* from = gradients + ((place.image * shape.down() + place.row) * shape.across() + place.column) * channels;
  for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
    Vector half[kSide][kTile];
    UNROLL for (long j = 0; j < kTile; j++) {
      Vector column[kTile], out[kSide];
      UNROLL for (long i = 0; i < kTile; i++) column[i] =
          i < rows && j < columns ? load<Vector>(from + i * width + j * channels + channel) : Vector{};
      outputToPoints(column, out);
      UNROLL for (long i = 0; i < kSide; i++) half[i][j] = out[i];
    }
    float* to = points + channel / panel * panelStride + channel % panel;
    UNROLL for (long i = 0; i < kSide; i++) {
      Vector out[kSide];
      outputToPoints(half[i], out);
      UNROLL for (long j = 0; j < kSide; j++) store(to + (i * kSide + j) * pointStride, out[j]);
    }
  }
}

/** The filter's tap for an even (0) or odd (1) pixel, one of four: outside of the filter where there is none. */
inline long tapOf(const Shape& shape, long pair, long parity) {
  return 2 * pair + parity - shape.padding % 2;
}
inline bool isTap(const Shape& shape, long tap) {
  return tap >= 0 && tap < shape.kernel;
}

/** Filter [kernel, kernel, 3, outputs] of one of the twelve inputs to panels[outputs / panel][49][12][panel]. */
template <class Vector, long panel>
ALWAYS void filterToPanels(const float* filter, const Shape& shape, long input, float* panels) {
  const long down = input / kPair, across = input % kPair / kColours, colour = input % kColours;
  for (long output = 0; output < shape.outputs; output += kLanes<Vector>) {
    Vector half[kSide][kTile];
    UNROLL for (long j = 0; j < kTile; j++) {
      Vector column[kTile], out[kSide];
      UNROLL for (long i = 0; i < kTile; i++) {
        const long y = tapOf(shape, i, down), x = tapOf(shape, j, across);
        column[i] = isTap(shape, y) && isTap(shape, x)
                        ? load<Vector>(filter + ((y * shape.kernel + x) * kColours + colour) * shape.outputs + output)
                        : Vector{};
      }
      filterToPoints(column, out);
      UNROLL for (long i = 0; i < kSide; i++) half[i][j] = out[i];
    }
    float* to = panels + output / panel * kPoints * kInputs * panel + input * panel + output % panel;
    UNROLL for (long i = 0; i < kSide; i++) {
      Vector out[kSide];
      filterToPoints(half[i], out);
      UNROLL for (long j = 0; j < kSide; j++) store(to + (i * kSide + j) * kInputs * panel, out[j]);
    }
  }
}

/** Sums of `parts` parts, partStride apart, each panels[outputs / panel][49][12][panel], to the filter's gradient for
 * one of the twelve inputs. */
template <class Vector, long panel>
ALWAYS void panelsToFilter(const float* panels, long parts, long partStride, const Shape& shape, long input,
                           float* filter) {
  const long down = input / kPair, across = input % kPair / kColours, colour = input % kColours;
  for (long output = 0; output < shape.outputs; output += kLanes<Vector>) {
    const float* from = panels + output / panel * kPoints * kInputs * panel + input * panel + output % panel;
    Vector half[kTile][kSide];
    UNROLL for (long j = 0; j < kSide; j++) {
      Vector column[kSide], out[kTile];
      UNROLL for (long i = 0; i < kSide; i++) {
        column[i] = Vector{};
        for (long part = 0; part < parts; part++)
          column[i] += load<Vector>(from + part * partStride + (i * kSide + j) * kInputs * panel);
      }
      filterFromPoints(column, out);
      UNROLL for (long i = 0; i < kTile; i++) half[i][j] = out[i];
    }
    UNROLL for (long i = 0; i < kTile; i++) {
      Vector out[kTile];
      filterFromPoints(half[i], out);
      UNROLL for (long j = 0; j < kTile; j++) {
        const long y = tapOf(shape, i, down), x = tapOf(shape, j, across);
        if (isTap(shape, y) && isTap(shape, x))
          store(filter + ((y * shape.kernel + x) * kColours + colour) * shape.outputs + output, out[j]);
      }
    }
  }
}

struct Kernels {
  void (*patch)(const float*, long, float*, long);
  void (*output)(const float*, long, const Shape&, long, float*, bool);
  void (*gradient)(const float*, const Shape&, long, float*, long, long);
  void (*filter)(const float*, const Shape&, long, float*);
  void (*filterGradient)(const float*, long, long, const Shape&, long, float*);
};

#define STEM_KERNELS(name, instructions, Vector)                                                       \
  namespace name {                                                                                     \
  instructions void patch(const float* i, long r, float* p, long d) {                                  \
    patchToPoints<Vector>(i, r, p, d);                                                                 \
  }                                                                                                    \
  instructions void output(const float* p, long d, const Shape& s, long t, float* o, bool b) {         \
    pointsToOutput<Vector>(p, d, s, t, o, b);                                                          \
  }                                                                                                    \
  instructions void gradient(const float* g, const Shape& s, long t, float* p, long d, long e) {       \
    gradientToPoints<Vector, kPanel<Vector>>(g, s, t, p, d, e);                                        \
  }                                                                                                    \
  instructions void filter(const float* f, const Shape& s, long i, float* p) {                         \
    filterToPanels<Vector, kPanel<Vector>>(f, s, i, p);                                                \
  }                                                                                                    \
  instructions void filterGradient(const float* p, long n, long d, const Shape& s, long i, float* f) { \
    panelsToFilter<Vector, kPanel<Vector>>(p, n, d, s, i, f);                                          \
  }                                                                                                    \
  const Kernels kernels = {patch, output, gradient, filter, filterGradient};                           \
  }
FOR_EACH_PROCESSOR(STEM_KERNELS)

inline const Kernels& kernels() {
  return OF_THIS_PROCESSOR(kernels);
}

// --- The two convolutions.

/** Patches of a few tiles to points[49][pointStride], a row of 12 for each. */
void patchesToPoints(const Shape& shape, const float* images, long first, long count, float* points, long pointStride) {
  for (long tile = 0; tile < count; tile++) {
    const Place place = placeOf(shape, first + tile);
    const long shift = shape.padding + shape.padding % 2, row = 2 * place.row - shift,
               column = 2 * place.column - shift, stride = shape.width * kColours;
    const float* from = images + place.image * shape.height * stride + row * stride + column * kColours;
    float border[kPatch * kRow];
    const bool inside =
        row >= 0 && row + kPatch <= shape.height && column >= 0 && column + kRow / kColours <= shape.width;
    if (!inside) {
      std::memset(border, 0, sizeof(border));
      const long left = std::max(0L, -column), right = std::min(kPatch, shape.width - column);
      for (long y = std::max(0L, -row); y < std::min(kPatch, shape.height - row) && left < right; y++)
        std::memcpy(border + y * kRow + left * kColours, from + y * stride + left * kColours,
                    (right - left) * kColours * sizeof(float));
    }
    kernels().patch(inside ? from : border, inside ? stride : kRow, points + tile * kInputs, pointStride);
  }
}

/** images [batch, height, width, 3] by filter [kernel, kernel, 3, outputs]. */
void convolve(const Shape& shape, const float* images, const float* filter, float* result) {
  Workers& workers = Workers::shared();
  const long outputs = shape.outputs, panel = panelOf(), tiles = shape.batch * tilesDown(shape) * tilesAcross(shape),
             fromStride = kGroup * kInputs + kSkew, toStride = kGroup * outputs + kSkew;
  const bool streamed = isStreamed(result, shape.pixels() * outputs);
  Scratch panels(kPoints * kInputs * outputs);
  workers.forEach(kInputs, [&](long input) { kernels().filter(filter, shape, input, panels.data()); });
  workers.forEach((tiles + kGroup - 1) / kGroup, [&](long index) {
    Scratch scratch(kPoints * (fromStride + toStride));
    float *from = scratch.data(), *to = from + kPoints * fromStride;
    const long first = index * kGroup, count = std::min(kGroup, tiles - first);
    patchesToPoints(shape, images, first, count, from, fromStride);
    for (long column = 0; column < outputs; column += panel)
      for (long point = 0; point < kPoints; point++)
        multiply({from + point * fromStride, kInputs, 1, panels.data() + (column * kPoints + point * panel) * kInputs,
                  to + point * toStride + column, outputs, count, kInputs, false});
    for (long tile = 0; tile < count; tile++)
      kernels().output(to + tile * outputs, toStride, shape, first + tile, result, streamed);
    settle(streamed);
  });
}

/** images and gradients of the result to the filter's gradient; the same bits on any number of threads. */
void filterGradient(const Shape& shape, const float* images, const float* gradients, float* result) {
  Workers& workers = Workers::shared();
  const long outputs = shape.outputs, panel = panelOf(), tiles = shape.batch * tilesDown(shape) * tilesAcross(shape),
             leftStride = kGroup * kInputs + kSkew, rightStride = kGroup * outputs + kSkew;
  const long groups = (tiles + kGroup - 1) / kGroup, each = (groups + kParts - 1) / kParts * kGroup,
             parts = (tiles + each - 1) / each, partStride = kPoints * kInputs * outputs;
  Scratch sums(parts * partStride);
  workers.forEach(parts, [&](long part) {
    Scratch scratch(kPoints * (leftStride + rightStride));
    float *left = scratch.data(), *right = left + kPoints * leftStride, *sum = sums.data() + part * partStride;
    for (long first = part * each; first < std::min(tiles, (part + 1) * each); first += kGroup) {
      const long count = std::min(kGroup, tiles - first);
      patchesToPoints(shape, images, first, count, left, leftStride);
      for (long tile = 0; tile < count; tile++)
        kernels().gradient(gradients, shape, first + tile, right + tile * panel, rightStride, kGroup * panel);
      for (long column = 0; column < outputs; column += panel)
        for (long point = 0; point < kPoints; point++)
          multiply({left + point * leftStride, 1, kInputs, right + point * rightStride + column * kGroup,
                    sum + (column * kPoints + point * panel) * kInputs, panel, kInputs, count, first > part * each});
    }
  });
  workers.forEach(kInputs,
                  [&](long input) { kernels().filterGradient(sums.data(), parts, partStride, shape, input, result); });
}

}  // namespace native::stem
