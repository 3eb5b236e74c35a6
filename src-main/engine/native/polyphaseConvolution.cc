#include "polyphaseConvolution.h"

#include <algorithm>
#include <functional>
#include "products.h"
#include "tiles.h"
#include "vectors.h"
#include "workers.h"

namespace native::polyphase {

constexpr long kFewestTiles =
    12;  // with fewer, a filter's gradient is found faster without points: it has four times as many of them as taps
constexpr long kPoints = 5;  // along an axis: 2, 0, 1, -1, infinity; a tile of 3 results does without the first, which
                             // is the last to be needed
constexpr long kData =
    9;  // what is known of the input along an axis: the odd phase at five points, the even phase at the first four
constexpr long kTaps =
    6;  // what is known of the filter along an axis: its outer taps at five points, its middle tap, the same at all
constexpr long kAllTaps = kTaps * kTaps;
/** The point that belongs to a row of the data. */
inline long pointOf(long data) {
  return data < kPoints ? data : data - kPoints;
}

// --- The transforms along one axis, for tiles of 3 or 4 results; each is applied to rows and then to columns.

/** `length` values of a phase, and one more that only infinity reads, to points. */
template <int length, class Vector>
ALWAYS void toPoints(const Vector x[5], Vector out[5]) {
  if (length == 4) {
    const Vector d = x[3] - x[1], half = 0.5f * (x[2] - x[3]);
    out[0] = (1.0f / 6) * d;
    out[1] = x[0] - x[2] + 0.5f * d;
    out[2] = x[1] + half;
    out[3] = (1.0f / 3) * (x[2] - x[1]) + (1.0f / 6) * (x[2] - x[3]);
    out[4] = x[4] - x[2] - 2.0f * d;
  } else {
    out[1] = x[0] - x[2];
    out[2] = 0.5f * (x[2] + x[1]);
    out[3] = 0.5f * (x[2] - x[1]);
    out[4] = x[3] - x[1];
  }
}

/** Points to `length` results. */
template <int length, class Vector>
ALWAYS void fromPoints(const Vector m[5], Vector out[4]) {
  const Vector s = m[2] + m[3], d = m[2] - m[3];
  if (length == 4) {
    out[0] = m[0] + m[1] + s;
    out[1] = d + 2.0f * m[0];
    out[2] = s + 4.0f * m[0];
    out[3] = d + 8.0f * m[0] + m[4];
  } else {
    out[0] = m[1] + s;
    out[1] = d;
    out[2] = s + m[4];
  }
}

/** Gradients of `length` results to points. */
template <int length, class Vector>
ALWAYS void resultToPoints(const Vector y[4], Vector out[5]) {
  const Vector even = y[0] + y[2];
  if (length == 4) {
    const Vector odd = y[1] + y[3];
    out[0] = (y[0] + 4.0f * y[2]) + (2.0f * y[1] + 8.0f * y[3]);
    out[2] = even + odd;
    out[3] = even - odd;
  } else {
    out[2] = even + y[1];
    out[3] = even - y[1];
  }
  out[1] = y[0];
  out[4] = y[length - 1];
}

/** Rows: the outer taps at 2, 0, 1, -1 and infinity, and the middle tap. */
constexpr float kFilter[kTaps][3] = {{1, 0, 2}, {1, 0, 0}, {1, 0, 1}, {1, 0, -1}, {0, 0, 1}, {0, 1, 0}};

template <class Vector>
ALWAYS void filterFromPoints(const Vector* u, Vector* out) {
  out[0] = u[0] + u[1] + (u[2] + u[3]);
  out[1] = u[5];
  out[2] = 2.0f * u[0] + (u[2] - u[3]) + u[4];
}

/** An image, or one phase of it: every second row and column. */
template <class Pixel>
struct View {
  Pixel* pixels;
  long rows, columns, rowStride, columnStride;
};

template <class Pixel>
View<Pixel> imageOf(Pixel* images, long image, long height, long width, long channels) {
  return {images + image * height * width * channels, height, width, width * channels, channels};
}

template <class Pixel>
View<Pixel> phaseOf(const View<Pixel>& image, bool oddRows, bool oddColumns) {
  return {image.pixels + oddRows * image.rowStride + oddColumns * image.columnStride, (image.rows + !oddRows) / 2,
          (image.columns + !oddColumns) / 2, 2 * image.rowStride, 2 * image.columnStride};
}

// --- Kernels: each is compiled for every kind of processor, and for every height and width of a tile, with infinity or
// without.

/** A patch of `view` from row and column on to points[points down][points across][channels]; what lies outside is zero.
 */
template <class Vector, int down, int across, bool infinityDown, bool infinityAcross>
ALWAYS void patchToPoints(const View<const float>& view, long row, long column, long channels, float* points,
                          long rowLength, const Layout& layout) {
  for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
    Vector half[5][5] = {};
    UNROLL for (long j = 0; j < across + infinityAcross; j++) {
      Vector values[5] = {}, out[5] = {};
      UNROLL for (long i = 0; i < down + infinityDown; i++) {
        const bool inside = row + i >= 0 && row + i < view.rows && column + j >= 0 && column + j < view.columns;
        values[i] =
            inside ? load<Vector>(view.pixels + (row + i) * view.rowStride + (column + j) * view.columnStride + channel)
                   : Vector{};
      }
      toPoints<down>(values, out);
      UNROLL for (long i = 4 - down; i < 4 + infinityDown; i++) half[i][j] = out[i];
    }
    float* to = points + layout.at(channel);
    UNROLL for (long i = 4 - down; i < 4 + infinityDown; i++) {
      Vector out[5] = {};
      toPoints<across>(half[i], out);
      UNROLL for (long j = 4 - across; j < 4 + infinityAcross; j++)
          store(to + (i * rowLength + j) * layout.pointStride, out[j]);
    }
  }
}

/** The way back: points to a patch, what lies outside left out. */
template <class Vector, int down, int across, bool infinityDown, bool infinityAcross>
ALWAYS void pointsToPatch(const float* points, long rowLength, const Layout& layout, long channels,
                          const View<float>& view, long row, long column) {
  const long rows = std::min<long>(down, view.rows - row), columns = std::min<long>(across, view.columns - column);
  for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
    Vector half[4][5] = {};
    const float* from = points + layout.at(channel);
    UNROLL for (long j = 4 - across; j < 4 + infinityAcross; j++) {
      Vector values[5] = {}, out[4];
      UNROLL for (long i = 4 - down; i < 4 + infinityDown; i++) values[i] =
          load<Vector>(from + (i * rowLength + j) * layout.pointStride);
      fromPoints<down>(values, out);
      UNROLL for (long i = 0; i < down; i++) half[i][j] = out[i];
    }
    UNROLL for (long i = 0; i < down; i++) {
      if (i >= rows)
        break;
      Vector out[4];
      fromPoints<across>(half[i], out);
      float* to = view.pixels + (row + i) * view.rowStride + column * view.columnStride + channel;
      UNROLL for (long j = 0; j < across; j++) if (j < columns) store(to + j * view.columnStride, out[j]);
    }
  }
}

/** Gradients of a tile's results to points. */
template <class Vector, int down, int across>
ALWAYS void resultPatchToPoints(const View<const float>& view, long row, long column, long channels, float* points,
                                const Layout& layout) {
  for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
    Vector half[5][4];
    UNROLL for (long j = 0; j < across; j++) {
      Vector values[4], out[5];
      UNROLL for (long i = 0; i < down; i++) {
        const bool inside = row + i < view.rows && column + j < view.columns;
        values[i] =
            inside ? load<Vector>(view.pixels + (row + i) * view.rowStride + (column + j) * view.columnStride + channel)
                   : Vector{};
      }
      resultToPoints<down>(values, out);
      UNROLL for (long i = 4 - down; i < 5; i++) half[i][j] = out[i];
    }
    float* to = points + layout.at(channel);
    UNROLL for (long i = 4 - down; i < 5; i++) {
      Vector out[5];
      resultToPoints<across>(half[i], out);
      UNROLL for (long j = 4 - across; j < 5; j++) store(to + (i * kPoints + j) * layout.pointStride, out[j]);
    }
  }
}

/** One point of taps[9][kTapStride], a block of the depth by a panel, to points[kBlock][panel]. */
template <class Vector, long panel>
ALWAYS void tapsToPoint(const float* taps, long row, long column, float* points) {
  constexpr long vectors = panel / kLanes<Vector>;
  const float* from[4];
  float factors[4];
  long count = 0;
  for (long a = 0; a < 3; a++)
    for (long b = 0; b < 3; b++)
      if (const float factor = kFilter[row][a] * kFilter[column][b])
        from[count] = taps + (a * 3 + b) * kTapStride, factors[count++] = factor;
  for (long place = 0; place < kBlock * panel; place += panel) {
    Vector sum[vectors] = {};
    for (long tap = 0; tap < count; tap++)
      UNROLL for (long v = 0; v < vectors; v++) sum[v] +=
          factors[tap] * load<Vector>(from[tap] + place + v * kLanes<Vector>);
    UNROLL for (long v = 0; v < vectors; v++) store(points + place + v * kLanes<Vector>, sum[v]);
  }
}

struct Kernels {  // by height and width of the tile, and by infinity down and across
  void (*patch[2][2][2][2])(const View<const float>&, long, long, long, float*, long, const Layout&);
  void (*output[2][2][2][2])(const float*, long, const Layout&, long, const View<float>&, long, long);
  void (*gradient[2][2])(const View<const float>&, long, long, long, float*, const Layout&);
  void (*filter)(const float*, long, long, float*);
  void (*filterGradient)(const Sums&, long, float*, long, long);
};

#define EVERY_INFINITY(kernel, down, across)                                   \
  {                                                                            \
    {kernel<down, across, false, false>, kernel<down, across, false, true>}, { \
      kernel<down, across, true, false>, kernel<down, across, true, true>      \
    }                                                                          \
  }
#define EVERY_TILE(kernel)                                          \
  {                                                                 \
    {EVERY_INFINITY(kernel, 3, 3), EVERY_INFINITY(kernel, 3, 4)}, { \
      EVERY_INFINITY(kernel, 4, 3), EVERY_INFINITY(kernel, 4, 4)    \
    }                                                               \
  }
#define POLYPHASE_KERNELS(name, instructions, Vector)                                                               \
  namespace name {                                                                                                  \
  template <int d, int a, bool e, bool b>                                                                           \
  instructions void patch(const View<const float>& v, long r, long c, long n, float* p, long s, const Layout& l) {  \
    patchToPoints<Vector, d, a, e, b>(v, r, c, n, p, s, l);                                                         \
  }                                                                                                                 \
  template <int d, int a, bool e, bool b>                                                                           \
  instructions void output(const float* p, long s, const Layout& l, long n, const View<float>& v, long r, long c) { \
    pointsToPatch<Vector, d, a, e, b>(p, s, l, n, v, r, c);                                                         \
  }                                                                                                                 \
  template <int d, int a>                                                                                           \
  instructions void gradient(const View<const float>& v, long r, long c, long n, float* p, const Layout& l) {       \
    resultPatchToPoints<Vector, d, a>(v, r, c, n, p, l);                                                            \
  }                                                                                                                 \
  instructions void filter(const float* t, long r, long c, float* p) {                                              \
    tapsToPoint<Vector, kPanel<Vector>>(t, r, c, p);                                                                \
  }                                                                                                                 \
  instructions void filterGradient(const Sums& p, long c, float* f, long s, long o) {                               \
    pointsToFilter<Vector, kPanel<Vector>, filterFromPoints<Vector>>(p, c, f, s, o);                                \
  }                                                                                                                 \
  const Kernels kernels = {EVERY_TILE(patch),                                                                       \
                           EVERY_TILE(output),                                                                      \
                           {{gradient<3, 3>, gradient<3, 4>}, {gradient<4, 3>, gradient<4, 4>}},                    \
                           filter,                                                                                  \
                           filterGradient};                                                                         \
  }
FOR_EACH_PROCESSOR(POLYPHASE_KERNELS)

inline const Kernels& kernels() {
  return OF_THIS_PROCESSOR(kernels);
}

// --- The three convolutions.

inline Tiles tilesOf(const Shape& shape) {
  return {shape.batch, shape.down(), shape.across()};
}

/** A tile's patches of the four phases of its image to points data[9][9]. */
void imageToData(const Shape& shape, const float* images, const Tile& tile, float* data, const Layout& layout) {
  const auto image = imageOf(images, tile.image, shape.height, shape.width, shape.inputs);
  for (int odd = 3; odd >= 0; odd--) {
    const bool down = odd & 2, across = odd & 1;  // the odd phase begins with the padding
    kernels().patch[tile.height - 3][tile.width - 3][down][across](
        phaseOf(image, down, across), tile.row - down, tile.column - across, shape.inputs,
        data + ((down ? 0 : kPoints) * kData + (across ? 0 : kPoints)) * layout.pointStride, kData, layout);
  }
}

/** Points data[9][9] of one tile to its pixels of all four phases. */
void dataToImage(const Shape& shape, const float* data, const Layout& layout, const Tile& tile, float* images) {
  const auto image = imageOf(images, tile.image, shape.height, shape.width, shape.inputs);
  for (int odd = 3; odd >= 0; odd--) {
    const bool down = odd & 2, across = odd & 1;
    kernels().output[tile.height - 3][tile.width - 3][down][across](
        data + ((down ? 0 : kPoints) * kData + (across ? 0 : kPoints)) * layout.pointStride, kData, layout,
        shape.inputs, phaseOf(image, down, across), tile.row, tile.column);
  }
}

/** Calls use(row of the data, column of the data) for each that one point of the filter is multiplied with. */
template <class Use>
void forData(long tap, Use use) {
  const long down = tap / kTaps, across = tap % kTaps;
  for (long row = down; row < (down < kPoints ? down + 1 : kData); row++)
    for (long column = across; column < (across < kPoints ? across + 1 : kData); column++)
      use(row, column);
}

/** What a convolution takes from one side to the other: forward from data to results, backward from gradients of the
 * results to data. */
struct Direction {
  bool forward;
  long depth, columns;  // channels of the one side and of the other
  std::function<void(const Tile&, float*, const Layout&)> toPoints;
  std::function<void(const float*, const Layout&, const Tile&)> fromPoints;
};

/** Takes all tiles from one side to the other. */
void convolveTowards(const Direction& direction, const Shape& shape, const float* filter) {
  Workers& workers = Workers::shared();
  const Tiles tiles = tilesOf(shape);
  const Filter taken = {filter, !direction.forward, direction.depth, direction.columns};
  const long panel = panelOf(), depth = direction.depth, columns = direction.columns, panels = columns / panel,
             blocks = depth / kBlock, part = kBlock * panel;
  const long known = direction.forward ? kData * kData : kPoints * kPoints,
             wanted = direction.forward ? kPoints * kPoints : kData * kData;
  // As in winogradConvolution.cc: many tiles go a few at a time through all stages in a core's cache, few tiles go all
  // together.
  const long perTask = std::max(6L, kCachedByCore / (known * depth + wanted * columns) / 6 * 6);
  const bool many = tiles.count() >= 4 * perTask * workers.threads() && kAllTaps * depth * columns <= kFilterCached;
  const long group =
      many ? perTask : std::min(tiles.count(), std::max(64L, kPointsHeld / (known * depth + wanted * columns)));
  // Few tiles lie in dense blocks: rows of all channels, a power of two apart, would fall into a few sets of the
  // caches.
  const Layout left =
      many ? Layout{group * depth + kSkew, depth, 0} : Layout{group * kBlock, kBlock, known * group * kBlock + kSkew};
  const Layout right =
      many ? Layout{group * columns + kSkew, columns, 0} : Layout{group * panel, panel, wanted * group * panel + kSkew};
  const long leftSize = many ? known * left.pointStride : blocks * left.blockStride,
             rightSize = many ? wanted * right.pointStride : panels * right.blockStride;
  // Some tiles, a block of channels from `first` on, at one point of the data, by a block of the filter's points: in
  // the same order for many tiles and for few, so that the bits are the same.
  const auto multiplyBlock = [&](const Range& some, const float* from, long first, const float* points, long row,
                                 long column, float* to) {
    const long down = pointOf(row), across = pointOf(column), data = row * kData + column,
               result = down * kPoints + across;
    const Range having = tiles.having(down == 0, across == 0, some);
    const long place = having.first - some.first;
    const bool add =
        first > 0 ||
        (direction.forward && (row >= kPoints || column >= kPoints));  // at a result's points the odd phases come first
    multiply({from + left.at(first) + (direction.forward ? data : result) * left.pointStride + place * left.block,
              left.block, 1, points, to + (direction.forward ? result : data) * right.pointStride + place * right.block,
              right.block, having.count, kBlock, add});
  };
  if (many) {
    Scratch points(panels * kAllTaps * blocks * part);
    workers.forEach(panels * blocks, [&](long index) {
      const long column = index / blocks, block = index % blocks;
      Scratch taps(9 * kTapStride);
      packTaps(taken, block * kBlock, column * panel, taps.data());
      for (long tap = 0; tap < kAllTaps; tap++)
        kernels().filter(taps.data(), tap / kTaps, tap % kTaps, points.data() + (index * kAllTaps + tap) * part);
    });
    workers.forEach((tiles.count() + group - 1) / group, [&](long index) {
      Scratch scratch(leftSize + rightSize);
      float *from = scratch.data(), *to = from + leftSize;
      const Range some = {index * group, std::min(group, tiles.count() - index * group)};
      for (long tile = 0; tile < some.count; tile++)
        direction.toPoints(tiles.at(some.first + tile), from + tile * left.block, left);
      for (long block = 0; block < panels * blocks; block++)
        for (long tap = 0; tap < kAllTaps; tap++)
          forData(tap, [&](long row, long column) {
            multiplyBlock(some, from, block % blocks * kBlock, points.data() + (block * kAllTaps + tap) * part, row,
                          column, to + right.at(block / blocks * panel));
          });
      for (long tile = 0; tile < some.count; tile++)
        direction.fromPoints(to + tile * right.block, right, tiles.at(some.first + tile));
    });
  } else {
    Scratch scratch(leftSize + rightSize);
    float *from = scratch.data(), *to = from + leftSize;
    const long parts =
        panels % workers.threads() == 0 ? 1 : kPoints;  // where panels do not share out evenly, a task takes one row of
                                                        // points, and reads the filter again
    for (long start = 0; start < tiles.count(); start += group) {
      const Range some = {start, std::min(group, tiles.count() - start)};
      const long slice = 4, slices = (some.count + slice - 1) / slice;
      const auto forTiles = [&](const std::function<void(long)>& body) {
        workers.forEach(slices, [&](long index) {
          for (long tile = index * slice; tile < std::min(some.count, (index + 1) * slice); tile++)
            body(tile);
        });
      };
      forTiles([&](long tile) { direction.toPoints(tiles.at(start + tile), from + tile * left.block, left); });
      workers.forEach(panels * parts, [&](long index) {
        const long panelIndex = index / parts, only = index % parts;
        Scratch block(9 * kTapStride + part);
        float *taps = block.data(), *points = taps + 9 * kTapStride;
        for (long first = 0; first < depth; first += kBlock) {
          packTaps(taken, first, panelIndex * panel, taps);
          for (long tap = 0; tap < kAllTaps; tap++) {
            const long down = tap / kTaps;
            if (parts > 1 && down != only && (down < kPoints || only == kPoints - 1))
              continue;  // the even phase has no infinity
            kernels().filter(taps, down, tap % kTaps, points);
            forData(tap, [&](long row, long column) {
              if (parts == 1 || pointOf(row) == only)
                multiplyBlock(some, from, first, points, row, column, to + right.at(panelIndex * panel));
            });
          }
        }
      });
      forTiles([&](long tile) { direction.fromPoints(to + tile * right.block, right, tiles.at(start + tile)); });
    }
  }
}

/** images [batch, height, width, inputs] by filter [3, 3, inputs, outputs]. */
void convolve(const Shape& shape, const float* images, const float* filter, float* result) {
  convolveTowards(
      {true, shape.inputs, shape.outputs,
       [&](const Tile& tile, float* points, const Layout& layout) { imageToData(shape, images, tile, points, layout); },
       [&](const float* points, const Layout& layout, const Tile& tile) {
         kernels().output[tile.height - 3][tile.width - 3][true][true](
             points, kPoints, layout, shape.outputs,
             imageOf(result, tile.image, shape.down(), shape.across(), shape.outputs), tile.row, tile.column);
       }},
      shape, filter);
}

/** gradients of the result by filter to the images' gradient: its odd phase has two taps, its even phase one. */
void inputGradient(const Shape& shape, const float* gradients, const float* filter, float* result) {
  convolveTowards({false, shape.outputs, shape.inputs,
                   [&](const Tile& tile, float* points, const Layout& layout) {
                     kernels().patch[tile.height - 3][tile.width - 3][true][true](
                         imageOf(gradients, tile.image, shape.down(), shape.across(), shape.outputs), tile.row,
                         tile.column, shape.outputs, points, kPoints, layout);
                   },
                   [&](const float* points, const Layout& layout, const Tile& tile) {
                     dataToImage(shape, points, layout, tile, result);
                   }},
                  shape, filter);
}

/** images and gradients of the result to the filter's gradient; the same bits on any number of threads. */
void filterGradient(const Shape& shape, const float* images, const float* gradients, float* result) {
  Workers& workers = Workers::shared();
  const Tiles tiles = tilesOf(shape);
  if (tiles.count() < kFewestTiles)
    return strided::filterGradient(shape, images, gradients, result);
  const long inputs = shape.inputs, outputs = shape.outputs, panel = panelOf(), panels = outputs / panel, rows = 32,
             blocks = inputs / rows, part = kTaps * kTaps * rows * panel;
  const long group = std::min(tiles.count(),
                              std::max(64L, kCached / (kData * kData * inputs + kPoints * kPoints * outputs))),
             slice = 4;
  const Layout left = {group * rows, rows, kData * kData * group * rows + kSkew},
               right = {group * panel, panel, kPoints * kPoints * group * panel + kSkew};
  Scratch scratch(blocks * left.blockStride + panels * right.blockStride), sums(panels * blocks * part);
  float *data = scratch.data(), *results = data + blocks * left.blockStride;
  for (long first = 0; first < tiles.count(); first += group) {
    const Range some = {first, std::min(group, tiles.count() - first)};
    workers.forEach((some.count + slice - 1) / slice, [&](long index) {
      for (long place = index * slice; place < std::min(some.count, (index + 1) * slice); place++) {
        const Tile tile = tiles.at(first + place);
        imageToData(shape, images, tile, data + place * rows, left);
        kernels().gradient[tile.height - 3][tile.width - 3](
            imageOf(gradients, tile.image, shape.down(), shape.across(), outputs), tile.row, tile.column, outputs,
            results + place * panel, right);
      }
    });
    workers.forEach(panels * blocks, [&](long index) {
      const long panelIndex = index / blocks, block = index % blocks;
      float* sum = sums.data() + index * part;
      for (long tap = 0; tap < kTaps * kTaps; tap++) {
        bool add = first > 0;
        forData(tap, [&](long row, long column) {
          const long down = pointOf(row), across = pointOf(column);
          const Range having = tiles.having(down == 0, across == 0, some);
          const long from = having.first - first;
          multiply(
              {data + block * left.blockStride + (row * kData + column) * left.pointStride + from * rows, 1, rows,
               results + panelIndex * right.blockStride + (down * kPoints + across) * right.pointStride + from * panel,
               sum + tap * rows * panel, panel, rows, having.count, add});
          add = true;
        });
      }
      if (first + group >= tiles.count())
        kernels().filterGradient({sum, 1, 0, rows * panel}, rows, result + block * rows * outputs + panelIndex * panel,
                                 inputs * outputs, outputs);
    });
  }
}

}  // namespace native::polyphase
