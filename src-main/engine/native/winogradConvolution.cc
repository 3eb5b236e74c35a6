#include "winogradConvolution.h"

#include <algorithm>
#include <functional>
#include <vector>
#include "products.h"
#include "tiles.h"
#include "vectors.h"
#include "workers.h"

namespace native::winograd {

constexpr long kPoints = 36;
constexpr long kGroup = 12;  // tiles that a core takes through a convolution at once: their points stay in its cache

// --- The transforms along one axis; each is applied to rows and then to columns. The points are 0, infinity, 1, -1, 2,
// -2. Where tiles of four outputs would stick out, some have three: F(3x3, 3x3) has all of these points but the last.
// The filter's points serve both, as the input's points of the smaller tile are scaled by p + 2.

template <long outputs, class Vector>
ALWAYS void toPoints(const Vector* x, Vector* out) {  // B^T x, outputs + 2 inputs to as many points
  if constexpr (outputs == 3) {
    const Vector d = x[3] - x[1];
    out[0] = 4.0f * (x[0] - x[2]) + 2.0f * d;
    out[1] = x[4] - x[2] - 2.0f * d;
    out[2] = 3.0f * (x[3] - x[2]) - 6.0f * x[1];
    out[3] = 2.0f * x[1] - 3.0f * x[2] + x[3];
    out[4] = 4.0f * d;
  } else {
    const Vector a = x[4] - 4.0f * x[2], b = x[3] - 4.0f * x[1], c = x[4] - x[2], d = 2.0f * (x[3] - x[1]);
    out[0] = 4.0f * x[0] - 5.0f * x[2] + x[4];
    out[1] = 4.0f * x[1] - 5.0f * x[3] + x[5];
    out[2] = a + b;
    out[3] = a - b;
    out[4] = c + d;
    out[5] = c - d;
  }
}

template <long outputs, class Vector>
ALWAYS void fromPoints(const Vector* m, Vector* out) {  // A^T m, points to outputs
  const Vector s = m[2] + m[3], d = m[2] - m[3];
  if constexpr (outputs == 3) {
    out[0] = m[0] + s + m[4];
    out[1] = d + 2.0f * m[4];
    out[2] = s + 4.0f * m[4] + m[1];
  } else {
    const Vector t = m[4] + m[5], e = m[4] - m[5];
    out[0] = m[0] + s + t;
    out[1] = d + 2.0f * e;
    out[2] = s + 4.0f * t;
    out[3] = d + 8.0f * e + m[1];
  }
}

template <long outputs, class Vector>
ALWAYS void outputToPoints(const Vector* y, Vector* out) {  // A y
  const Vector even = y[0] + y[2], even2 = y[0] + 4.0f * y[2];
  out[0] = y[0];
  out[1] = y[outputs - 1];
  if constexpr (outputs == 3) {
    out[2] = even + y[1];
    out[3] = even - y[1];
    out[4] = even2 + 2.0f * y[1];
  } else {
    const Vector odd = y[1] + y[3], odd2 = 2.0f * y[1] + 8.0f * y[3];
    out[2] = even + odd;
    out[3] = even - odd;
    out[4] = even2 + odd2;
    out[5] = even2 - odd2;
  }
}

template <class Vector>
ALWAYS void filterToPoints(const Vector w[3], Vector out[6]) {  // G w
  const Vector outer = (-1.0f / 6) * (w[0] + w[2]), middle = (-1.0f / 6) * w[1];
  const Vector outer2 = (1.0f / 24) * w[0] + (1.0f / 6) * w[2], middle2 = (1.0f / 12) * w[1];
  out[0] = 0.25f * w[0];
  out[1] = w[2];
  out[2] = outer + middle;
  out[3] = outer - middle;
  out[4] = outer2 + middle2;
  out[5] = outer2 - middle2;
}

template <class Vector>
ALWAYS void filterFromPoints(const Vector* u, Vector* out) {  // G^T u
  const Vector s = u[2] + u[3], d = u[3] - u[2], t = u[4] + u[5], e = u[4] - u[5];
  out[0] = 0.25f * u[0] - (1.0f / 6) * s + (1.0f / 24) * t;
  out[1] = (1.0f / 6) * d + (1.0f / 12) * e;
  out[2] = (1.0f / 6) * (t - s) + u[1];
}

// --- Kernels.

/** Calls function<Vector, height, width> for the size of a tile, which the compiler then knows. */
#define FOR_SIZE(tile, function, ...)                                                                                 \
  (tile).height == 4  ? (tile).width == 4 ? function<Vector, 4, 4>(__VA_ARGS__) : function<Vector, 4, 3>(__VA_ARGS__) \
  : (tile).width == 4 ? function<Vector, 3, 4>(__VA_ARGS__)                                                           \
                      : function<Vector, 3, 3>(__VA_ARGS__)

/** The patch of an image that a tile sees to points. */
template <class Vector, long height, long width>
ALWAYS void patchToPointsOf(const float* images, const Shape& shape, const Tile& tile, float* points,
                            const Layout& layout) {
  const long channels = shape.inputs;
  const float* image = images + tile.image * shape.height * shape.width * channels;
  for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
    Vector patch[height + 2][width + 2];
    UNROLL for (long j = 0; j < width + 2; j++) {
      Vector column[height + 2], out[height + 2];
      const long x = tile.column + j - 1;
      UNROLL for (long i = 0; i < height + 2; i++) {
        const long y = tile.row + i - 1;
        const bool inside = y >= 0 && y < shape.height && x >= 0 && x < shape.width;
        column[i] = inside ? load<Vector>(image + (y * shape.width + x) * channels + channel) : Vector{};
      }
      toPoints<height>(column, out);
      UNROLL for (long i = 0; i < height + 2; i++) patch[i][j] = out[i];
    }
    float* to = points + layout.at(channel);
    UNROLL for (long i = 0; i < height + 2; i++) {
      Vector out[width + 2];
      toPoints<width>(patch[i], out);
      UNROLL for (long j = 0; j < width + 2; j++) storeAmong(to + (i * 6 + j) * layout.pointStride, out[j]);
    }
  }
}

template <class Vector>
ALWAYS void patchToPoints(const float* images, const Shape& shape, const Tile& tile, float* points,
                          const Layout& layout) {
  FOR_SIZE(tile, patchToPointsOf, images, shape, tile, points, layout);
}

/** Points of one tile to its outputs, what lies outside left out. */
template <class Vector, long height, long width>
ALWAYS void pointsToOutputOf(const float* points, const Layout& layout, const Shape& shape, const Tile& tile,
                             float* images) {
  const long channels = shape.outputs, rows = std::min(height, shape.height - tile.row),
             columns = std::min(width, shape.width - tile.column);
  float* image = images + tile.image * shape.height * shape.width * channels;
  for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
    const float* from = points + layout.at(channel);
    Vector half[height][width + 2];
    UNROLL for (long j = 0; j < width + 2; j++) {
      Vector column[height + 2], out[height];
      UNROLL for (long i = 0; i < height + 2; i++) column[i] = load<Vector>(from + (i * 6 + j) * layout.pointStride);
      fromPoints<height>(column, out);
      UNROLL for (long i = 0; i < height; i++) half[i][j] = out[i];
    }
    for (long i = 0; i < rows; i++) {
      Vector out[width];
      fromPoints<width>(half[i], out);
      float* row = image + ((tile.row + i) * shape.width + tile.column) * channels + channel;
      for (long j = 0; j < columns; j++)
        store(row + j * channels, out[j]);
    }
  }
}

template <class Vector>
ALWAYS void pointsToOutput(const float* points, const Layout& layout, const Shape& shape, const Tile& tile,
                           float* images) {
  FOR_SIZE(tile, pointsToOutputOf, points, layout, shape, tile, images);
}

/** Gradients of a tile's outputs to points. */
template <class Vector, long height, long width>
ALWAYS void outputGradientToPointsOf(const float* images, const Shape& shape, const Tile& tile, float* points,
                                     const Layout& layout) {
  const long channels = shape.outputs;
  const float* image = images + tile.image * shape.height * shape.width * channels;
  for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
    Vector half[height + 2][width];
    UNROLL for (long j = 0; j < width; j++) {
      Vector column[height], out[height + 2];
      UNROLL for (long i = 0; i < height; i++) {
        const bool inside = tile.row + i < shape.height && tile.column + j < shape.width;
        column[i] = inside ? load<Vector>(image + ((tile.row + i) * shape.width + tile.column + j) * channels + channel)
                           : Vector{};
      }
      outputToPoints<height>(column, out);
      UNROLL for (long i = 0; i < height + 2; i++) half[i][j] = out[i];
    }
    float* to = points + layout.at(channel);
    UNROLL for (long i = 0; i < height + 2; i++) {
      Vector out[width + 2];
      outputToPoints<width>(half[i], out);
      UNROLL for (long j = 0; j < width + 2; j++) storeAmong(to + (i * 6 + j) * layout.pointStride, out[j]);
    }
  }
}

template <class Vector>
ALWAYS void outputGradientToPoints(const float* images, const Shape& shape, const Tile& tile, float* points,
                                   const Layout& layout) {
  FOR_SIZE(tile, outputGradientToPointsOf, images, shape, tile, points, layout);
}

/** A filter's taps[9][kTapStride], each kBlock rows of one panel, to the points of two rows, that of `pair`:
 * points[12][pointStride], each kBlock rows too. */
template <class Vector, long panel>
ALWAYS void tapsToPoints(const float* taps, long pair, float* points, long pointStride) {
  for (long at = 0; at < kBlock * panel; at += kLanes<Vector>) {
    Vector rows[2][3], out[6];
    UNROLL for (long b = 0; b < 3; b++) {
      Vector w[3];
      UNROLL for (long a = 0; a < 3; a++) w[a] = load<Vector>(taps + (a * 3 + b) * kTapStride + at);
      filterToPoints(w, out);
      rows[0][b] = pair == 0 ? out[0] : pair == 1 ? out[2] : out[4];
      rows[1][b] = pair == 0 ? out[1] : pair == 1 ? out[3] : out[5];
    }
    UNROLL for (long i = 0; i < 2; i++) {
      filterToPoints(rows[i], out);
      UNROLL for (long j = 0; j < 6; j++) store(points + (i * 6 + j) * pointStride + at, out[j]);
    }
  }
}

struct Kernels {
  void (*patch)(const float*, const Shape&, const Tile&, float*, const Layout&);
  void (*output)(const float*, const Layout&, const Shape&, const Tile&, float*);
  void (*gradient)(const float*, const Shape&, const Tile&, float*, const Layout&);
  void (*filter)(const float*, long, float*, long);
  void (*filterGradient)(const Sums&, long, float*, long, long);
};

#define WINOGRAD_KERNELS(name, instructions, Vector)                                                     \
  namespace name {                                                                                       \
  instructions void patch(const float* i, const Shape& s, const Tile& t, float* p, const Layout& l) {    \
    patchToPoints<Vector>(i, s, t, p, l);                                                                \
  }                                                                                                      \
  instructions void output(const float* p, const Layout& l, const Shape& s, const Tile& t, float* i) {   \
    pointsToOutput<Vector>(p, l, s, t, i);                                                               \
  }                                                                                                      \
  instructions void gradient(const float* i, const Shape& s, const Tile& t, float* p, const Layout& l) { \
    outputGradientToPoints<Vector>(i, s, t, p, l);                                                       \
  }                                                                                                      \
  instructions void filter(const float* t, long r, float* p, long d) {                                   \
    tapsToPoints<Vector, kPanel<Vector>>(t, r, p, d);                                                    \
  }                                                                                                      \
  instructions void filterGradient(const Sums& p, long c, float* f, long s, long o) {                    \
    pointsToFilter<Vector, kPanel<Vector>, filterFromPoints<Vector>>(p, c, f, s, o);                     \
  }                                                                                                      \
  const Kernels kernels = {patch, output, gradient, filter, filterGradient};                             \
  }
FOR_EACH_PROCESSOR(WINOGRAD_KERNELS)

inline const Kernels& kernels() {
  return OF_THIS_PROCESSOR(kernels);
}

// --- The three convolutions.

/** Asks the memory for one of `parts` equal parts of the rows that some tiles will write: they come while a core
 * computes. */
void fetchOutputs(const Shape& shape, float* result, const std::vector<Tile>& tiles, long part, long parts) {
  const long rows = tiles.size() * 4;
  for (long row = part * rows / parts; row < (part + 1) * rows / parts; row++) {
    const Tile& tile = tiles[row / 4];
    const long y = tile.row + row % 4;
    if (row % 4 >= tile.height || y >= shape.height)
      continue;
    const float *to = result + ((tile.image * shape.height + y) * shape.width + tile.column) * shape.outputs,
                *end = to + std::min(tile.width, shape.width - tile.column) * shape.outputs;
    for (; to < end; to += 16)
      FETCH_TO_WRITE(to);
  }
}

inline Tiles tilesOf(const Shape& shape) {
  return {shape.batch, shape.height, shape.width};
}

/** Those of some tiles that have one of the 36 points: tiles of three have all but the last. */
inline Range having(const Tiles& tiles, long point, const Range& some) {
  return tiles.having(point / 6 == 5, point % 6 == 5, some);
}

/** A convolution of many tiles: each task takes a few of them through all three stages within its core's cache. */
void convolveMany(const Shape& shape, const float* images, const Filter& filter, float* result) {
  Workers& workers = Workers::shared();
  const Tiles tiles = tilesOf(shape);
  const long inputs = shape.inputs, outputs = shape.outputs, panel = panelOf(), panels = outputs / panel,
             filterStride = inputs * panel + kSkew, blocks = inputs / kBlock;
  const Layout left = {kGroup * inputs + kSkew, inputs, 0}, product = {kGroup * outputs + kSkew, outputs, 0};
  Scratch points(panels * kPoints * filterStride);
  workers.forEach(panels * blocks, [&](long index) {
    const long column = index / blocks, block = index % blocks;
    Scratch taps(9 * kTapStride);
    packTaps(filter, block * kBlock, column * panel, taps.data());
    for (long pair = 0; pair < 3; pair++)
      kernels().filter(taps.data(), pair,
                       points.data() + (column * kPoints + pair * 12) * filterStride + block * kBlock * panel,
                       filterStride);
  });
  workers.forEach((tiles.count() + kGroup - 1) / kGroup, [&](long index) {
    Scratch scratch(kPoints * (left.pointStride + product.pointStride));
    float *from = scratch.data(), *to = from + kPoints * left.pointStride;
    const Range group = {index * kGroup, std::min(kGroup, tiles.count() - index * kGroup)};
    std::vector<Tile> own;
    for (long tile = 0; tile < group.count; tile++)
      own.push_back(tiles.at(group.first + tile));
    for (long tile = 0; tile < group.count; tile++)
      kernels().patch(images, shape, own[tile], from + tile * inputs, left);
    for (long column = 0; column < panels; column++)
      for (long point = 0; point < kPoints; point++) {
        fetchOutputs(shape, result, own, column * kPoints + point, panels * kPoints);
        const Range some = having(tiles, point, group);
        multiply({from + point * left.pointStride + (some.first - group.first) * inputs, inputs, 1,
                  points.data() + (column * kPoints + point) * filterStride,
                  to + point * product.pointStride + (some.first - group.first) * outputs + column * panel, outputs,
                  some.count, inputs, false});
      }
    for (long tile = 0; tile < group.count; tile++)
      kernels().output(to + tile * outputs, product, shape, own[tile], result);
  });
}

/** A convolution of few tiles, but many channels: each task transforms a part of the filter, a block of inputs at a
 * time, and multiplies all tiles by it, so that the filter's points never reach main memory. */
void convolveFew(const Shape& shape, const float* images, const Filter& filter, float* result) {
  Workers& workers = Workers::shared();
  const Tiles tiles = tilesOf(shape);
  const long panel = panelOf(), panels = shape.outputs / panel, blocks = shape.inputs / kBlock, slice = 4,
             filterStride = kBlock * panel + kSkew;
  const long parts =
      panels % workers.threads() == 0
          ? 1
          : 3;  // of a panel's points: where there are fewer panels than threads, each part reads the filter again
  const long most = std::min(tiles.count(), std::max(64L, kPointsHeld / (kPoints * (shape.inputs + shape.outputs))));
  // Blocks are dense: rows of all channels, a power of two apart, would fall into a few sets of the caches.
  const Layout left = {most * kBlock + kSkew, kBlock, kPoints * (most * kBlock + kSkew)},
               product = {most * panel + kSkew, panel, kPoints * (most * panel + kSkew)};
  Scratch scratch(blocks * left.blockStride + panels * product.blockStride);
  float *from = scratch.data(), *to = from + blocks * left.blockStride;
  for (long first = 0; first < tiles.count(); first += most) {
    const Range group = {first, std::min(most, tiles.count() - first)};
    const auto forTiles = [&](const std::function<void(long)>& body) {
      workers.forEach((group.count + slice - 1) / slice, [&](long index) {
        for (long tile = index * slice; tile < std::min(group.count, (index + 1) * slice); tile++)
          body(tile);
      });
    };
    forTiles([&](long tile) { kernels().patch(images, shape, tiles.at(first + tile), from + tile * kBlock, left); });
    workers.forEach(panels * parts, [&](long index) {
      const long column = index / parts, firstPair = index % parts, pairs = 3 / parts;
      Scratch own(9 * kTapStride + 12 * filterStride);
      float *taps = own.data(), *points = taps + 9 * kTapStride;
      for (long block = 0; block < blocks; block++) {
        packTaps(filter, block * kBlock, column * panel, taps);
        for (long pair = firstPair; pair < firstPair + pairs; pair++) {
          kernels().filter(taps, pair, points, filterStride);
          for (long point = pair * 12; point < (pair + 1) * 12; point++) {
            const Range some = having(tiles, point, group);
            multiply({from + block * left.blockStride + point * left.pointStride + (some.first - first) * kBlock,
                      kBlock, 1, points + point % 12 * filterStride,
                      to + column * product.blockStride + point * product.pointStride + (some.first - first) * panel,
                      panel, some.count, kBlock, block > 0});
          }
        }
      }
    });
    forTiles([&](long tile) { kernels().output(to + tile * panel, product, shape, tiles.at(first + tile), result); });
  }
}

void convolveBy(const Filter& filter, const Shape& shape, const float* images, float* result) {
  const bool many = tilesOf(shape).count() >= 4 * kGroup * Workers::shared().threads() &&
                    kPoints * shape.inputs * shape.outputs <= kFilterCached;
  (many ? convolveMany : convolveFew)(shape, images, filter, result);
}

/** images [batch, height, width, inputs] by filter [3, 3, inputs, outputs] to [batch, height, width, outputs]. */
void convolve(const Shape& shape, const float* images, const float* filter, float* result) {
  convolveBy({filter, false, shape.inputs, shape.outputs}, shape, images, result);
}

/** gradients of the result [batch, height, width, inputs] by filter [3, 3, outputs, inputs] to the images' gradient
 * [batch, height, width, outputs]. */
void inputGradient(const Shape& shape, const float* gradients, const float* filter, float* result) {
  convolveBy({filter, true, shape.inputs, shape.outputs}, shape, gradients, result);
}

/** The filter's gradient of few channels: each part of the tiles is transformed and multiplied within a core's cache, a
 * group at a time, and the parts' sums added at the end. */
void filterGradientByParts(const Shape& shape, long parts, const float* images, const float* gradients, float* result) {
  Workers& workers = Workers::shared();
  const Tiles tiles = tilesOf(shape);
  const long inputs = shape.inputs, outputs = shape.outputs, panel = panelOf(), panels = outputs / panel, rows = 16,
             blocks = inputs / rows;
  const long most = std::max(24L, kCachedByCore / (kPoints * (inputs + outputs))), pointStride = inputs * panel + kSkew,
             partStride = panels * kPoints * pointStride;
  const Layout leftLayout = {most * inputs + kSkew, inputs, 0},
               rightLayout = {most * outputs + kSkew, panel, most * panel};
  Scratch sums(parts * partStride);
  workers.forEach(parts, [&](long index) {
    const long begin = index * tiles.count() / parts, end = (index + 1) * tiles.count() / parts;
    Scratch scratch(kPoints * (leftLayout.pointStride + rightLayout.pointStride));
    float *left = scratch.data(), *right = left + kPoints * leftLayout.pointStride,
          *sum = sums.data() + index * partStride;
    for (long first = begin; first < end || first == begin; first += most) {
      const Range group = {first, std::min(most, end - first)};
      for (long place = 0; place < group.count; place++) {
        const Tile tile = tiles.at(first + place);
        kernels().patch(images, shape, tile, left + place * inputs, leftLayout);
        kernels().gradient(gradients, shape, tile, right + place * panel, rightLayout);
      }
      for (long column = 0; column < panels; column++)
        for (long point = 0; point < kPoints; point++) {
          const Range some = having(tiles, point, group);
          multiply({left + point * leftLayout.pointStride + (some.first - first) * inputs, 1, inputs,
                    right + point * rightLayout.pointStride + (column * most + some.first - first) * panel,
                    sum + (column * kPoints + point) * pointStride, panel, inputs, some.count, first > begin});
        }
    }
  });
  workers.forEach(panels * blocks, [&](long index) {
    const long column = index / blocks, row = index % blocks * rows;
    kernels().filterGradient(
        {sums.data() + column * kPoints * pointStride + row * panel, parts, partStride, pointStride}, rows,
        result + row * outputs + column * panel, inputs * outputs, outputs);
  });
}

/** The filter's gradient of many channels: each task multiplies a part of the filter's points for all tiles of a group.
 */
void filterGradientByGroups(const Shape& shape, const float* images, const float* gradients, float* result) {
  Workers& workers = Workers::shared();
  const Tiles tiles = tilesOf(shape);
  const long inputs = shape.inputs, outputs = shape.outputs, panel = panelOf(), panels = outputs / panel, rows = 32,
             blocks = inputs / rows, part = kPoints * rows * panel;
  const long most = std::min(tiles.count(), std::max(64L, kCached / (kPoints * (inputs + outputs)))), slice = 4;
  const Layout leftLayout = {most * inputs + kSkew, inputs, 0},
               rightLayout = {most * outputs + kSkew, panel, most * panel};
  Scratch scratch(kPoints * (leftLayout.pointStride + rightLayout.pointStride)), sums(panels * blocks * part);
  float *left = scratch.data(), *right = left + kPoints * leftLayout.pointStride;
  for (long first = 0; first < tiles.count(); first += most) {
    const Range group = {first, std::min(most, tiles.count() - first)};
    workers.forEach((group.count + slice - 1) / slice, [&](long index) {
      for (long place = index * slice; place < std::min(group.count, (index + 1) * slice); place++) {
        const Tile tile = tiles.at(first + place);
        kernels().patch(images, shape, tile, left + place * inputs, leftLayout);
        kernels().gradient(gradients, shape, tile, right + place * panel, rightLayout);
      }
    });
    workers.forEach(panels * blocks, [&](long index) {
      const long column = index / blocks, block = index % blocks;
      float* sum = sums.data() + index * part;
      for (long point = 0; point < kPoints; point++) {
        const Range some = having(tiles, point, group);
        multiply({left + point * leftLayout.pointStride + (some.first - first) * inputs + block * rows, 1, inputs,
                  right + point * rightLayout.pointStride + (column * most + some.first - first) * panel,
                  sum + point * rows * panel, panel, rows, some.count, first > 0});
      }
      if (first + most >= tiles.count())
        kernels().filterGradient({sum, 1, 0, rows * panel}, rows, result + block * rows * outputs + column * panel,
                                 inputs * outputs, outputs);
    });
  }
}

/** images [batch, height, width, inputs] and gradients of the result to the filter's gradient [3, 3, inputs, outputs];
 * the same bits on any number of threads. */
void filterGradient(const Shape& shape, const float* images, const float* gradients, float* result) {
  const long size = kPoints * shape.inputs * shape.outputs, parts = size * 16 <= kFilterCached  ? 16
                                                                    : size * 4 <= kFilterCached ? 4
                                                                                                : 1;
  if (parts > 1)
    filterGradientByParts(shape, parts, images, gradients, result);
  else
    filterGradientByGroups(shape, images, gradients, result);
}

}  // namespace native::winograd
