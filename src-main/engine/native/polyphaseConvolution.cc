// Convolution 3x3 with stride 2 and padding 1, by phases: along an axis, result[i] is the first and last tap of the filter over two
// neighbours in the input's odd phase plus the middle tap over the even phase: filters of two taps and of one, stride 1. Winograd's
// algorithm F(4, 2) takes the odd phase at the points 2, 0, 1, -1 and infinity; the even phase, of one tap, is zero at infinity and
// needs the other four alone. So both phases are summed at the points themselves, and an axis takes 9 products for 4 results instead
// of 12: 81 multiplications instead of 144 for 4x4 results. Float32, NHWC by HWIO, channel counts that are multiples of 64.
#include <cstring>

namespace polyphase {

using strided::Shape;
using winograd::kLanes;
using winograd::load;
using winograd::Product;
using winograd::Scratch;
using winograd::store;
using winograd::Vector16;
using winograd::Vector8;
using winograd::Workers;

/** Whether a convolution is of this kind. */
inline bool takes(const Shape &shape) { return shape.kernel == 3 && shape.stride == 2 && shape.padding == 1 && shape.inputs % 64 == 0 && shape.outputs % 64 == 0; }

constexpr long kSkew = 16, kCached = 3 << 19, kCachedByCore = 1 << 17;  // as in winogradConvolution.cc
constexpr long kPoints = 5;  // along an axis: 2, 0, 1, -1, infinity; a tile of 3 results does without the first, which is the last to be needed
constexpr long kData = 9;  // what is known of the input along an axis: the odd phase at five points, the even phase at the first four
constexpr long kTaps = 6;  // what is known of the filter along an axis: its outer taps at five points, its middle tap, the same at all
/** The point and the row of the filter that belong to a row of the data. */
inline long pointOf(long data) { return data < kPoints ? data : data - kPoints; }
inline long tapOf(long data) { return std::min(data, kPoints); }

// --- The transforms along one axis, for tiles of 3 or 4 results; each is applied to rows and then to columns.

/** `length` values of a phase, and one more that infinity alone sees, to points. */
template <int length, class Vector> ALWAYS void toPoints(const Vector x[5], Vector out[5]) {
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
template <int length, class Vector> ALWAYS void fromPoints(const Vector m[5], Vector out[4]) {
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
template <int length, class Vector> ALWAYS void resultToPoints(const Vector y[4], Vector out[5]) {
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

template <class Vector> ALWAYS void filterFromPoints(const Vector u[6], Vector out[3]) {
  out[0] = u[0] + u[1] + (u[2] + u[3]);
  out[1] = u[5];
  out[2] = 2.0f * u[0] + (u[2] - u[3]) + u[4];
}

// --- Where the tiles lie.

/** An axis of the result: tiles of 4, then tiles of 3, as few as will do; the last may stick out. */
struct Axis {
  long fours, threes;
  explicit Axis(long length) {
    const long tiles = (length + 3) / 4;
    fours = std::max(0L, length - 3 * tiles);
    threes = tiles - fours;
  }
  long count(bool four) const { return four ? fours : threes; }
  long start(bool four, long index) const { return four ? 4 * index : 4 * fours + 3 * index; }
};

struct Range { long first, count; };
inline Range common(const Range &a, const Range &b) {
  const long first = std::max(a.first, b.first);
  return {first, std::max(0L, std::min(a.first + a.count, b.first + b.count) - first)};
}

struct Tile { long image, row, column; bool four, wide; };

/** All tiles of a batch, those of a height and width together: 3x4, 4x4, 4x3, 3x3, so that those with 4 rows, and those with 4 columns, lie in one piece. */
class Tiles {
 public:
  explicit Tiles(const Shape &shape) : down_(shape.down()), across_(shape.across()), batch_(shape.batch) {
    for (int kind = 0; kind < 4; kind++) ends_[kind + 1] = ends_[kind] + batch_ * down_.count(four(kind)) * across_.count(wide(kind));
  }
  long count() const { return ends_[4]; }
  Tile at(long index) const {
    int kind = 0;
    while (index >= ends_[kind + 1]) kind++;
    index -= ends_[kind];
    const long columns = across_.count(wide(kind)), each = down_.count(four(kind)) * columns;
    return {index / each, down_.start(four(kind), index % each / columns), across_.start(wide(kind), index % columns), four(kind), wide(kind)};
  }
  /** Those of some tiles that have the points `down` and `across`: the first point is for tiles of 4 alone. */
  Range having(long down, long across, Range some) const {
    if (down == 0) some = common(some, {ends_[1], ends_[3] - ends_[1]});
    if (across == 0) some = common(some, {0, ends_[2]});
    return some;
  }

 private:
  static bool four(int kind) { return kind == 1 || kind == 2; }
  static bool wide(int kind) { return kind < 2; }
  const Axis down_, across_;
  const long batch_;
  long ends_[5] = {0};
};

/** An image, or one phase of it: every second row and column. */
template <class Pixel> struct View { Pixel *pixels; long rows, columns, rowStride, columnStride; };
template <class Pixel> View<Pixel> imageOf(Pixel *images, long image, long height, long width, long channels) {
  return {images + image * height * width * channels, height, width, width * channels, channels};
}
template <class Pixel> View<Pixel> phaseOf(const View<Pixel> &image, bool oddRows, bool oddColumns) {
  return {image.pixels + oddRows * image.rowStride + oddColumns * image.columnStride, (image.rows + !oddRows) / 2, (image.columns + !oddColumns) / 2, 2 * image.rowStride, 2 * image.columnStride};
}

// --- Kernels: each is compiled for AVX-512 and for AVX2, and for every height and width of a tile, with infinity or without.

/** A patch of `view` from row and column on to points[points down][points across][channels]; what lies outside is zero. */
template <class Vector, int down, int across, bool infinityDown, bool infinityAcross>
ALWAYS void patchToPoints(const View<const float> &view, long row, long column, long channels, float *points, long rowStride, long pointStride) {
  for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
    Vector half[5][5] = {};
    UNROLL for (long j = 0; j < across + infinityAcross; j++) {
      Vector values[5] = {}, out[5] = {};
      UNROLL for (long i = 0; i < down + infinityDown; i++) {
        const bool inside = row + i >= 0 && row + i < view.rows && column + j >= 0 && column + j < view.columns;
        values[i] = inside ? load<Vector>(view.pixels + (row + i) * view.rowStride + (column + j) * view.columnStride + channel) : Vector{};
      }
      toPoints<down>(values, out);
      UNROLL for (long i = 4 - down; i < 4 + infinityDown; i++) half[i][j] = out[i];
    }
    UNROLL for (long i = 4 - down; i < 4 + infinityDown; i++) {
      Vector out[5] = {};
      toPoints<across>(half[i], out);
      UNROLL for (long j = 4 - across; j < 4 + infinityAcross; j++) store(points + i * rowStride + j * pointStride + channel, out[j]);
    }
  }
}

/** The way back: points to a patch, what lies outside left out. */
template <class Vector, int down, int across, bool infinityDown, bool infinityAcross>
ALWAYS void pointsToPatch(const float *points, long rowStride, long pointStride, long channels, const View<float> &view, long row, long column) {
  const long rows = std::min<long>(down, view.rows - row), columns = std::min<long>(across, view.columns - column);
  for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
    Vector half[4][5] = {};
    UNROLL for (long j = 4 - across; j < 4 + infinityAcross; j++) {
      Vector values[5] = {}, out[4];
      UNROLL for (long i = 4 - down; i < 4 + infinityDown; i++) values[i] = load<Vector>(points + i * rowStride + j * pointStride + channel);
      fromPoints<down>(values, out);
      UNROLL for (long i = 0; i < down; i++) half[i][j] = out[i];
    }
    UNROLL for (long i = 0; i < down; i++) {
      if (i >= rows) break;
      Vector out[4];
      fromPoints<across>(half[i], out);
      float *to = view.pixels + (row + i) * view.rowStride + column * view.columnStride + channel;
      UNROLL for (long j = 0; j < across; j++) if (j < columns) store(to + j * view.columnStride, out[j]);
    }
  }
}

/** Gradients of a tile's results to points, in panels of channels that lie panelStride apart. */
template <class Vector, long panel, int down, int across>
ALWAYS void resultPatchToPoints(const View<const float> &view, long row, long column, long channels, float *points, long pointStride, long panelStride) {
  for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
    Vector half[5][4];
    UNROLL for (long j = 0; j < across; j++) {
      Vector values[4], out[5];
      UNROLL for (long i = 0; i < down; i++) {
        const bool inside = row + i < view.rows && column + j < view.columns;
        values[i] = inside ? load<Vector>(view.pixels + (row + i) * view.rowStride + (column + j) * view.columnStride + channel) : Vector{};
      }
      resultToPoints<down>(values, out);
      UNROLL for (long i = 4 - down; i < 5; i++) half[i][j] = out[i];
    }
    float *to = points + channel / panel * panelStride + channel % panel;
    UNROLL for (long i = 4 - down; i < 5; i++) {
      Vector out[5];
      resultToPoints<across>(half[i], out);
      UNROLL for (long j = 4 - across; j < 5; j++) store(to + (i * kPoints + j) * pointStride, out[j]);
    }
  }
}

/** One point of one panel of filters [3, 3, inputs, outputs] to points[inputs][panel]. */
template <class Vector, long panel> ALWAYS void filterToPoint(const float *filter, long inputs, long outputs, long row, long column, float *points) {
  constexpr long vectors = panel / kLanes<Vector>;
  const float *taps[4];
  float factors[4];
  long count = 0;
  for (long a = 0; a < 3; a++)
    for (long b = 0; b < 3; b++)
      if (const float factor = kFilter[row][a] * kFilter[column][b]) taps[count] = filter + (a * 3 + b) * inputs * outputs, factors[count++] = factor;
  for (long input = 0; input < inputs; input++) {
    Vector sum[vectors] = {};
    for (long tap = 0; tap < count; tap++)
      UNROLL for (long v = 0; v < vectors; v++) sum[v] += factors[tap] * load<Vector>(taps[tap] + input * outputs + v * kLanes<Vector>);
    UNROLL for (long v = 0; v < vectors; v++) store(points + input * panel + v * kLanes<Vector>, sum[v]);
  }
}

/** Points[36][count][panel] of `count` inputs and one panel to gradients of filters [3, 3, inputs, outputs]. */
template <class Vector, long panel> ALWAYS void pointsToFilter(const float *points, long count, float *filter, long filterStride, long outputs) {
  for (long input = 0; input < count; input++) {
    for (long lane = 0; lane < panel; lane += kLanes<Vector>) {
      Vector half[3][6];
      UNROLL for (long j = 0; j < 6; j++) {
        Vector column[6], out[3];
        UNROLL for (long i = 0; i < 6; i++) column[i] = load<Vector>(points + ((i * 6 + j) * count + input) * panel + lane);
        filterFromPoints(column, out);
        UNROLL for (long a = 0; a < 3; a++) half[a][j] = out[a];
      }
      UNROLL for (long a = 0; a < 3; a++) {
        Vector out[3];
        filterFromPoints(half[a], out);
        UNROLL for (long b = 0; b < 3; b++) store(filter + (a * 3 + b) * filterStride + input * outputs + lane, out[b]);
      }
    }
  }
}

struct Kernels {  // by height and width of the tile, and by infinity down and across
  void (*patch[2][2][2][2])(const View<const float> &, long, long, long, float *, long, long);
  void (*output[2][2][2][2])(const float *, long, long, long, const View<float> &, long, long);
  void (*gradient[2][2])(const View<const float> &, long, long, long, float *, long, long);
  void (*filter)(const float *, long, long, long, long, float *);
  void (*filterGradient)(const float *, long, float *, long, long);
};

#define EVERY_INFINITY(kernel, down, across) {{kernel<down, across, false, false>, kernel<down, across, false, true>}, {kernel<down, across, true, false>, kernel<down, across, true, true>}}
#define EVERY_TILE(kernel) {{EVERY_INFINITY(kernel, 3, 3), EVERY_INFINITY(kernel, 3, 4)}, {EVERY_INFINITY(kernel, 4, 3), EVERY_INFINITY(kernel, 4, 4)}}
#define POLYPHASE_KERNELS(name, instructions, Vector, panel) \
  namespace name { \
  template <int d, int a, bool e, bool b> __attribute__((target(instructions))) void patch(const View<const float> &v, long r, long c, long n, float *p, long s, long t) { patchToPoints<Vector, d, a, e, b>(v, r, c, n, p, s, t); } \
  template <int d, int a, bool e, bool b> __attribute__((target(instructions))) void output(const float *p, long s, long t, long n, const View<float> &v, long r, long c) { pointsToPatch<Vector, d, a, e, b>(p, s, t, n, v, r, c); } \
  template <int d, int a> __attribute__((target(instructions))) void gradient(const View<const float> &v, long r, long c, long n, float *p, long s, long t) { resultPatchToPoints<Vector, panel, d, a>(v, r, c, n, p, s, t); } \
  __attribute__((target(instructions))) void filter(const float *f, long i, long o, long r, long c, float *p) { filterToPoint<Vector, panel>(f, i, o, r, c, p); } \
  __attribute__((target(instructions))) void filterGradient(const float *p, long c, float *f, long s, long o) { pointsToFilter<Vector, panel>(p, c, f, s, o); } \
  const Kernels kernels = {EVERY_TILE(patch), EVERY_TILE(output), {{gradient<3, 3>, gradient<3, 4>}, {gradient<4, 3>, gradient<4, 4>}}, filter, filterGradient}; \
  }
POLYPHASE_KERNELS(avx512, "avx512f,avx512dq,fma", Vector16, 64)
POLYPHASE_KERNELS(avx2, "avx2,fma", Vector8, 16)

inline const Kernels &kernels() { return winograd::kernels() == &winograd::avx512::kernels ? avx512::kernels : avx2::kernels; }

// --- The three convolutions.

/** A tile's patches of the four phases of its image to data[9][9][pointStride]. */
void imageToData(const Shape &shape, const float *images, const Tile &tile, float *data, long pointStride) {
  const auto image = imageOf(images, tile.image, shape.height, shape.width, shape.inputs);
  for (int odd = 3; odd >= 0; odd--) {
    const bool down = odd & 2, across = odd & 1;  // the odd phase begins with the padding
    kernels().patch[tile.four][tile.wide][down][across](phaseOf(image, down, across), tile.row - down, tile.column - across, shape.inputs,
        data + ((down ? 0 : kPoints) * kData + (across ? 0 : kPoints)) * pointStride, kData * pointStride, pointStride);
  }
}

/** Data[9][9][pointStride] of one tile to its pixels of all four phases. */
void dataToImage(const Shape &shape, const float *data, long pointStride, const Tile &tile, float *images) {
  const auto image = imageOf(images, tile.image, shape.height, shape.width, shape.inputs);
  for (int odd = 3; odd >= 0; odd--) {
    const bool down = odd & 2, across = odd & 1;
    kernels().output[tile.four][tile.wide][down][across](data + ((down ? 0 : kPoints) * kData + (across ? 0 : kPoints)) * pointStride, kData * pointStride, pointStride, shape.inputs, phaseOf(image, down, across), tile.row, tile.column);
  }
}

/** Calls use(row of the data, column of the data) for each that one point of the filter is multiplied with. */
template <class Use> void forData(long tapDown, long tapAcross, Use use) {
  for (long row = tapDown; row < (tapDown < kPoints ? tapDown + 1 : kData); row++)
    for (long column = tapAcross; column < (tapAcross < kPoints ? tapAcross + 1 : kData); column++) use(row, column);
}

/** Which of two sides of a convolution is known; the other is what is wanted. */
struct Sides {
  long depth, columns;  // channels of the one and of the other
  long known, wanted;  // points a tile
  std::function<void(const Tile &, float *, long)> toPoints;
  std::function<void(const float *, long, const Tile &)> fromPoints;
  bool forward;
};

/** Points of the known side times the points of filters [3, 3, depth, columns]. */
void multiplyPoints(const Shape &shape, const Sides &sides, const float *filter) {
  Workers &workers = Workers::shared();
  const Tiles tiles(shape);
  const long panel = winograd::kernels()->panel, depth = sides.depth, columns = sides.columns, panels = columns / panel, part = depth * panel;
  // As in winogradConvolution.cc: many tiles go a few at a time through all stages, few tiles go all together.
  const long perTask = std::max(6L, kCachedByCore / (sides.known * depth + sides.wanted * columns) / 6 * 6);
  const bool many = tiles.count() >= 4 * perTask * workers.threads();
  const long group = many ? perTask : tiles.count(), fromStride = group * depth + kSkew, toStride = group * columns + kSkew, scratchSize = sides.known * fromStride + sides.wanted * toStride;
  const auto multiply = [&](const float *points, long tapDown, long tapAcross, long row, long column, const Range &some, const float *from, float *to, long panelIndex) {
    const long down = pointOf(row), across = pointOf(column), data = row * kData + column, result = down * kPoints + across;
    const Range having = tiles.having(down, across, some);
    const long first = having.first - some.first;
    winograd::kernels()->multiply({from + (sides.forward ? data : result) * fromStride + first * depth, depth, 1, points, to + (sides.forward ? result : data) * toStride + first * columns + panelIndex * panel, columns, having.count, depth,
        sides.forward && (tapDown == kPoints || tapAcross == kPoints)});
  };
  if (many) {
    Scratch filterPoints(kTaps * kTaps * columns * depth);
    workers.forEach(kTaps * kTaps * panels, [&](long index) {
      const long tap = index % (kTaps * kTaps);
      kernels().filter(filter + index / (kTaps * kTaps) * panel, depth, columns, tap / kTaps, tap % kTaps, filterPoints.data() + index * part);
    });
    workers.forEach((tiles.count() + group - 1) / group, [&](long index) {
      Scratch scratch(scratchSize);
      float *from = scratch.data(), *to = from + sides.known * fromStride;
      const Range some = {index * group, std::min(group, tiles.count() - index * group)};
      for (long tile = 0; tile < some.count; tile++) sides.toPoints(tiles.at(some.first + tile), from + tile * depth, fromStride);
      for (long part36 = 0; part36 < kTaps * kTaps * panels; part36++) {
        const long tap = part36 % (kTaps * kTaps);
        forData(tap / kTaps, tap % kTaps, [&](long row, long column) { multiply(filterPoints.data() + part36 * part, tap / kTaps, tap % kTaps, row, column, some, from, to, part36 / (kTaps * kTaps)); });
      }
      for (long tile = 0; tile < some.count; tile++) sides.fromPoints(to + tile * columns, toStride, tiles.at(some.first + tile));
    });
  } else {
    Scratch scratch(scratchSize);
    float *from = scratch.data(), *to = from + sides.known * fromStride;
    const Range all = {0, tiles.count()};
    const long slice = 4, slices = (tiles.count() + slice - 1) / slice;
    const auto forSlices = [&](const std::function<void(long)> &body) {
      workers.forEach(slices, [&](long index) { for (long tile = index * slice; tile < std::min(tiles.count(), (index + 1) * slice); tile++) body(tile); });
    };
    forSlices([&](long tile) { sides.toPoints(tiles.at(tile), from + tile * depth, fromStride); });
    workers.forEach(kPoints * panels, [&](long index) {  // a row of points and a panel of columns
      const long down = index % kPoints;
      Scratch points(part);
      for (long tapDown : {down, kPoints})
        for (long tapAcross = 0; tapAcross < kTaps; tapAcross++) {
          if (tapDown == kPoints && down == kPoints - 1) continue;  // the even phase has no infinity
          kernels().filter(filter + index / kPoints * panel, depth, columns, tapDown, tapAcross, points.data());
          forData(tapDown, tapAcross, [&](long row, long column) {
            if (pointOf(row) == down) multiply(points.data(), tapDown, tapAcross, row, column, all, from, to, index / kPoints);
          });
        }
    });
    forSlices([&](long tile) { sides.fromPoints(to + tile * columns, toStride, tiles.at(tile)); });
  }
}

/** images [batch, height, width, inputs] by filter [3, 3, inputs, outputs]. */
void convolve(const Shape &shape, const float *images, const float *filter, float *result) {
  multiplyPoints(shape, {shape.inputs, shape.outputs, kData * kData, kPoints * kPoints,
    [&](const Tile &tile, float *points, long pointStride) { imageToData(shape, images, tile, points, pointStride); },
    [&](const float *points, long pointStride, const Tile &tile) {
      kernels().output[tile.four][tile.wide][true][true](points, kPoints * pointStride, pointStride, shape.outputs, imageOf(result, tile.image, shape.down(), shape.across(), shape.outputs), tile.row, tile.column);
    }, true}, filter);
}

/** gradients of the result by filter to the images' gradient: its odd phase has two taps, its even phase one. */
void inputGradient(const Shape &shape, const float *gradients, const float *filter, float *result) {
  Scratch turned(9 * shape.inputs * shape.outputs);
  winograd::turnFilter(filter, shape.inputs, shape.outputs, turned.data());
  multiplyPoints(shape, {shape.outputs, shape.inputs, kPoints * kPoints, kData * kData,
    [&](const Tile &tile, float *points, long pointStride) {
      kernels().patch[tile.four][tile.wide][true][true](imageOf(gradients, tile.image, shape.down(), shape.across(), shape.outputs), tile.row, tile.column, shape.outputs, points, kPoints * pointStride, pointStride);
    },
    [&](const float *points, long pointStride, const Tile &tile) { dataToImage(shape, points, pointStride, tile, result); }, false}, turned.data());
}

/** images and gradients of the result to the filter's gradient; the same bits on any number of threads. */
void filterGradient(const Shape &shape, const float *images, const float *gradients, float *result) {
  Workers &workers = Workers::shared();
  const Tiles tiles(shape);
  const long inputs = shape.inputs, outputs = shape.outputs, panel = winograd::kernels()->panel, panels = outputs / panel, rows = 32, blocks = inputs / rows, part = kTaps * kTaps * rows * panel;
  const long group = std::min(tiles.count(), std::max(64L, kCached / (kData * kData * inputs + kPoints * kPoints * outputs))), slice = 4;
  const long inputStride = group * inputs + kSkew, outputStride = group * outputs + kSkew;
  Scratch scratch(kData * kData * inputStride + kPoints * kPoints * outputStride), sums(panels * blocks * part);
  float *left = scratch.data(), *right = left + kData * kData * inputStride;
  for (long first = 0; first < tiles.count(); first += group) {
    const Range some = {first, std::min(group, tiles.count() - first)};
    workers.forEach((some.count + slice - 1) / slice, [&](long index) {
      for (long place = index * slice; place < std::min(some.count, (index + 1) * slice); place++) {
        const Tile tile = tiles.at(first + place);
        imageToData(shape, images, tile, left + place * inputs, inputStride);
        kernels().gradient[tile.four][tile.wide](imageOf(gradients, tile.image, shape.down(), shape.across(), outputs), tile.row, tile.column, outputs, right + place * panel, outputStride, group * panel);
      }
    });
    workers.forEach(panels * blocks, [&](long index) {
      const long panelIndex = index / blocks, block = index % blocks;
      float *sum = sums.data() + index * part;
      if (first == 0) std::memset(sum, 0, part * sizeof(float));
      for (long tap = 0; tap < kTaps * kTaps; tap++)
        forData(tap / kTaps, tap % kTaps, [&](long row, long column) {
          const long down = pointOf(row), across = pointOf(column);
          const Range having = tiles.having(down, across, some);
          const long from = having.first - first;
          winograd::kernels()->multiply({left + (row * kData + column) * inputStride + from * inputs + block * rows, 1, inputs, right + (down * kPoints + across) * outputStride + (panelIndex * group + from) * panel, sum + tap * rows * panel, panel, rows, having.count, true});
        });
      if (first + group >= tiles.count()) kernels().filterGradient(sum, rows, result + block * rows * outputs + panelIndex * panel, inputs * outputs, outputs);
    });
  }
}

}  // namespace polyphase
