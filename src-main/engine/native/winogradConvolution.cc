// Winograd convolution F(4x4, 3x3) (arXiv 1509.09308) for TensorFlow's CPU device: 3x3, stride 1, padding SAME, float32,
// NHWC by HWIO, channel counts that are multiples of 64. A 6x6 patch of the input and a 3x3 filter go to 36 points each,
// where the convolution is one product of matrices a point: 36 multiplications for 16 outputs instead of 144. Where 4x4
// outputs would stick out of the image, tiles have three rows or columns and need but five points there.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#pragma GCC diagnostic ignored "-Wpsabi"  // vectors are passed to inlined functions alone

namespace winograd {

constexpr long kTile = 4, kPoints = 36;
constexpr long kBlock = 64;  // channels that are worked on at once; all channel counts are multiples of it
constexpr long kDepth = 128;  // of a product: so much of its right side stays in the first-level cache
constexpr long kGroup = 12;  // tiles that a core takes through a convolution at once: their points stay in its cache
constexpr long kSkew = 16;  // keeps the points of a tile, and the taps of a filter, out of one set of the cache
constexpr long kTapStride = kBlock * 64 + kSkew;
constexpr long kCached = 3 << 19, kCachedByCore = 1 << 17;  // numbers that a second-level cache of all cores, of one core, should hold
constexpr long kFilterCached = 1 << 22;  // numbers of a filter's points that the last-level cache should hold while a convolution lasts
/** One register of numbers: 16 with AVX-512, 8 with AVX2. */
typedef float Vector16 __attribute__((vector_size(64)));
typedef float Vector8 __attribute__((vector_size(32)));
template <class Vector> constexpr long kLanes = sizeof(Vector) / sizeof(float);
#define ALWAYS inline __attribute__((always_inline))
#define PAUSE __builtin_ia32_pause()
#define FETCH_TO_WRITE(address) asm volatile("prefetchw %0" ::"m"(*(address)))
#define UNROLL _Pragma("GCC unroll 8")

template <class Vector> ALWAYS Vector load(const float *from) { Vector value; __builtin_memcpy(&value, from, sizeof(Vector)); return value; }
template <class Vector> ALWAYS void store(float *to, const Vector &value) { __builtin_memcpy(to, &value, sizeof(Vector)); }
/** Stores to one of many rows, each too far from the others for the processor to foresee that its next line is wanted. */
template <class Vector> ALWAYS void storeAmong(float *to, const Vector &value) { store(to, value); FETCH_TO_WRITE(to + 16); }

// --- The transforms along one axis; each is applied to rows and then to columns. The points are 0, infinity, 1, -1, 2, -2. Where
// tiles of four outputs would stick out, some have three: F(3x3, 3x3) has all of these points but the last. The filter's points serve
// both, as the input's points of the smaller tile are scaled by p + 2.

template <long outputs, class Vector> ALWAYS void toPoints(const Vector *x, Vector *out) {  // B^T x, outputs + 2 inputs to as many points
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

template <long outputs, class Vector> ALWAYS void fromPoints(const Vector *m, Vector *out) {  // A^T m, points to outputs
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

template <long outputs, class Vector> ALWAYS void outputToPoints(const Vector *y, Vector *out) {  // A y
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

template <class Vector> ALWAYS void filterToPoints(const Vector w[3], Vector out[6]) {  // G w
  const Vector outer = (-1.0f / 6) * (w[0] + w[2]), middle = (-1.0f / 6) * w[1];
  const Vector outer2 = (1.0f / 24) * w[0] + (1.0f / 6) * w[2], middle2 = (1.0f / 12) * w[1];
  out[0] = 0.25f * w[0];
  out[1] = w[2];
  out[2] = outer + middle;
  out[3] = outer - middle;
  out[4] = outer2 + middle2;
  out[5] = outer2 - middle2;
}

template <class Vector> ALWAYS void filterFromPoints(const Vector u[6], Vector out[3]) {  // G^T u
  const Vector s = u[2] + u[3], d = u[3] - u[2], t = u[4] + u[5], e = u[4] - u[5];
  out[0] = 0.25f * u[0] - (1.0f / 6) * s + (1.0f / 24) * t;
  out[1] = (1.0f / 6) * d + (1.0f / 12) * e;
  out[2] = (1.0f / 6) * (t - s) + u[1];
}

// --- Kernels: each is compiled for AVX-512 and for AVX2.

/** How an axis is cut: tiles of four outputs, then tiles of three. */
struct Cut {
  long large, small;
  explicit Cut(long length) {
    const long tiles = (length + kTile - 1) / kTile;
    small = std::min(tiles, tiles * kTile - length);
    large = tiles - small;
  }
};

/** A tile: its image's number, the row and column of its first output, and how many outputs it has, three or four each way. */
struct Place { long image, row, column, height, width; };

/** Tiles are ordered by their size: 4x3, 4x4, 3x4, 3x3, so that those that have a point lie side by side. */
struct Shape {
  long batch, height, width, inputs, outputs;
  long tiles() const { return batch * (down().large + down().small) * (across().large + across().small); }

  Place placeOf(long tile) const {
    const Cut rows = down(), columns = across();
    for (const long size : {1, 0, 2, 3}) {
      const bool low = size & 2, narrow = size & 1;
      const long each = (low ? rows.small : rows.large) * (narrow ? columns.small : columns.large);
      if (tile < batch * each || size == 3) {
        const long wide = narrow ? columns.small : columns.large, row = tile % each / wide, column = tile % each % wide;
        return {tile / each, low ? rows.large * kTile + row * 3 : row * kTile, narrow ? columns.large * kTile + column * 3 : column * kTile, low ? 3 : 4, narrow ? 3 : 4};
      }
      tile -= batch * each;
    }
    __builtin_unreachable();
  }

  /** Which of the tiles [first, end) have a point: they lie side by side. */
  std::pair<long, long> having(long point, long first, long end) const {
    const long narrow = batch * down().large * across().small, high = narrow + batch * down().large * across().large, wide = high + batch * down().small * across().large;
    if (point / 6 == 5) end = std::min(end, high);
    if (point % 6 == 5) first = std::max(first, narrow), end = std::min(end, wide);
    return {first, std::max(first, end)};
  }

 private:
  Cut down() const { return Cut(height); }
  Cut across() const { return Cut(width); }
};

/** Calls function<Vector, height, width> for the size of a tile, which the compiler then knows. */
#define FOR_SIZE(place, function, ...) \
  (place).height == 4 ? (place).width == 4 ? function<Vector, 4, 4>(__VA_ARGS__) : function<Vector, 4, 3>(__VA_ARGS__) \
                      : (place).width == 4 ? function<Vector, 3, 4>(__VA_ARGS__) : function<Vector, 3, 3>(__VA_ARGS__)

/** Where a tile's points lie: those of one channel pointStride apart, channels side by side in blocks that are blockStride apart. */
struct Layout {
  long pointStride, block, blockStride;
  float *at(float *points, long channel) const { return points + channel / block * blockStride + channel % block; }
  const float *at(const float *points, long channel) const { return points + channel / block * blockStride + channel % block; }
};

/** The patch of an image that a tile sees to points. */
template <class Vector, long height, long width> ALWAYS void patchToPointsOf(const float *images, const Shape &shape, const Place &place, float *points, const Layout &layout) {
  const long channels = shape.inputs;
  const float *image = images + place.image * shape.height * shape.width * channels;
  for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
    Vector patch[height + 2][width + 2];
    UNROLL for (long j = 0; j < width + 2; j++) {
      Vector column[height + 2], out[height + 2];
      const long x = place.column + j - 1;
      UNROLL for (long i = 0; i < height + 2; i++) {
        const long y = place.row + i - 1;
        const bool inside = y >= 0 && y < shape.height && x >= 0 && x < shape.width;
        column[i] = inside ? load<Vector>(image + (y * shape.width + x) * channels + channel) : Vector{};
      }
      toPoints<height>(column, out);
      UNROLL for (long i = 0; i < height + 2; i++) patch[i][j] = out[i];
    }
    float *to = layout.at(points, channel);
    UNROLL for (long i = 0; i < height + 2; i++) {
      Vector out[width + 2];
      toPoints<width>(patch[i], out);
      UNROLL for (long j = 0; j < width + 2; j++) storeAmong(to + (i * 6 + j) * layout.pointStride, out[j]);
    }
  }
}
template <class Vector> ALWAYS void patchToPoints(const float *images, const Shape &shape, const Place &place, float *points, const Layout &layout) {
  FOR_SIZE(place, patchToPointsOf, images, shape, place, points, layout);
}

/** Points of one tile to its outputs, what lies outside left out. */
template <class Vector, long height, long width> ALWAYS void pointsToOutputOf(const float *points, const Layout &layout, const Shape &shape, const Place &place, float *images) {
  const long channels = shape.outputs, rows = std::min(height, shape.height - place.row), columns = std::min(width, shape.width - place.column);
  float *image = images + place.image * shape.height * shape.width * channels;
  for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
    const float *from = layout.at(points, channel);
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
      float *row = image + ((place.row + i) * shape.width + place.column) * channels + channel;
      for (long j = 0; j < columns; j++) store(row + j * channels, out[j]);
    }
  }
}
template <class Vector> ALWAYS void pointsToOutput(const float *points, const Layout &layout, const Shape &shape, const Place &place, float *images) {
  FOR_SIZE(place, pointsToOutputOf, points, layout, shape, place, images);
}

/** Gradients of a tile's outputs to points. */
template <class Vector, long height, long width> ALWAYS void outputGradientToPointsOf(const float *images, const Shape &shape, const Place &place, float *points, const Layout &layout) {
  const long channels = shape.outputs;
  const float *image = images + place.image * shape.height * shape.width * channels;
  for (long channel = 0; channel < channels; channel += kLanes<Vector>) {
    Vector half[height + 2][width];
    UNROLL for (long j = 0; j < width; j++) {
      Vector column[height], out[height + 2];
      UNROLL for (long i = 0; i < height; i++) {
        const bool inside = place.row + i < shape.height && place.column + j < shape.width;
        column[i] = inside ? load<Vector>(image + ((place.row + i) * shape.width + place.column + j) * channels + channel) : Vector{};
      }
      outputToPoints<height>(column, out);
      UNROLL for (long i = 0; i < height + 2; i++) half[i][j] = out[i];
    }
    float *to = layout.at(points, channel);
    UNROLL for (long i = 0; i < height + 2; i++) {
      Vector out[width + 2];
      outputToPoints<width>(half[i], out);
      UNROLL for (long j = 0; j < width + 2; j++) storeAmong(to + (i * 6 + j) * layout.pointStride, out[j]);
    }
  }
}
template <class Vector> ALWAYS void outputGradientToPoints(const float *images, const Shape &shape, const Place &place, float *points, const Layout &layout) {
  FOR_SIZE(place, outputGradientToPointsOf, images, shape, place, points, layout);
}

/** A filter's taps[9][kTapStride], each kBlock rows of one panel, to the points of two rows, that of `pair`: points[12][pointStride], each kBlock rows too. */
template <class Vector, long panel> ALWAYS void tapsToPoints(const float *taps, long pair, float *points, long pointStride) {
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

/** Sums of products at points that parts of the tiles have added up: parts[partStride], each points[pointStride], each rows of one panel. */
struct Sums { const float *data; long parts, partStride, pointStride; };

/** Sums of `count` inputs and one panel to gradients of filters [3, 3, inputs, outputs]. */
template <class Vector, long panel> ALWAYS void pointsToFilter(const Sums &sums, long count, float *filter, long filterStride, long outputs) {
  for (long input = 0; input < count; input++) {
    for (long lane = 0; lane < panel; lane += kLanes<Vector>) {
      Vector half[3][6];
      UNROLL for (long j = 0; j < 6; j++) {
        Vector column[6], out[3];
        UNROLL for (long i = 0; i < 6; i++) {
          const float *from = sums.data + (i * 6 + j) * sums.pointStride + input * panel + lane;
          column[i] = load<Vector>(from);
          for (long part = 1; part < sums.parts; part++) column[i] += load<Vector>(from + part * sums.partStride);
        }
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

/** c[rows][panel] = sum over k of a(row, k) b[k][panel], or added to c; a(row, k) lies at row * aRow + k * aDepth. */
struct Product { const float *a; long aRow, aDepth; const float *b; float *c; long cRow, rows, depth; bool add; };

template <class Vector, int Rows, int Vectors> ALWAYS void multiplyRows(const Product &p, long row) {
  Vector sum[Rows][Vectors];
  UNROLL for (int r = 0; r < Rows; r++)
    UNROLL for (int v = 0; v < Vectors; v++) sum[r][v] = p.add ? load<Vector>(p.c + (row + r) * p.cRow + v * kLanes<Vector>) : Vector{};
  const float *a = p.a + row * p.aRow, *b = p.b;
  for (long k = 0; k < p.depth; k++, a += p.aDepth, b += Vectors * kLanes<Vector>) {
    Vector right[Vectors];
    UNROLL for (int v = 0; v < Vectors; v++) right[v] = load<Vector>(b + v * kLanes<Vector>);
    UNROLL for (int r = 0; r < Rows; r++) {
      const float left = a[r * p.aRow];
      UNROLL for (int v = 0; v < Vectors; v++) sum[r][v] += left * right[v];
    }
  }
  UNROLL for (int r = 0; r < Rows; r++)
    UNROLL for (int v = 0; v < Vectors; v++) store(p.c + (row + r) * p.cRow + v * kLanes<Vector>, sum[r][v]);
}

template <class Vector, int Vectors> ALWAYS void multiplyPanel(const Product &whole) {
  long k = 0;
  do {  // so much of b stays in the first cache
    const Product p = {whole.a + k * whole.aDepth, whole.aRow, whole.aDepth, whole.b + k * Vectors * kLanes<Vector>, whole.c, whole.cRow, whole.rows, std::min(kDepth, whole.depth - k), whole.add || k > 0};
    long row = 0;
    for (; row + 6 <= p.rows; row += 6) multiplyRows<Vector, 6, Vectors>(p, row);
    switch (p.rows - row) {
      case 5: multiplyRows<Vector, 5, Vectors>(p, row); break;
      case 4: multiplyRows<Vector, 4, Vectors>(p, row); break;
      case 3: multiplyRows<Vector, 3, Vectors>(p, row); break;
      case 2: multiplyRows<Vector, 2, Vectors>(p, row); break;
      case 1: multiplyRows<Vector, 1, Vectors>(p, row); break;
    }
    k += kDepth;
  } while (k < whole.depth);
}

struct Kernels {
  long panel;  // columns of a product
  void (*patch)(const float *, const Shape &, const Place &, float *, const Layout &);
  void (*output)(const float *, const Layout &, const Shape &, const Place &, float *);
  void (*gradient)(const float *, const Shape &, const Place &, float *, const Layout &);
  void (*filter)(const float *, long, float *, long);
  void (*filterGradient)(const Sums &, long, float *, long, long);
  void (*multiply)(const Product &);
};

#define KERNELS(name, instructions, Vector, vectors) \
  namespace name { \
  __attribute__((target(instructions))) void patch(const float *i, const Shape &s, const Place &t, float *p, const Layout &l) { patchToPoints<Vector>(i, s, t, p, l); } \
  __attribute__((target(instructions))) void output(const float *p, const Layout &l, const Shape &s, const Place &t, float *i) { pointsToOutput<Vector>(p, l, s, t, i); } \
  __attribute__((target(instructions))) void gradient(const float *i, const Shape &s, const Place &t, float *p, const Layout &l) { outputGradientToPoints<Vector>(i, s, t, p, l); } \
  __attribute__((target(instructions))) void filter(const float *t, long r, float *p, long d) { tapsToPoints<Vector, vectors * kLanes<Vector>>(t, r, p, d); } \
  __attribute__((target(instructions))) void filterGradient(const Sums &p, long c, float *f, long s, long o) { pointsToFilter<Vector, vectors * kLanes<Vector>>(p, c, f, s, o); } \
  __attribute__((target(instructions))) void multiply(const Product &p) { multiplyPanel<Vector, vectors>(p); } \
  const Kernels kernels = {vectors * kLanes<Vector>, patch, output, gradient, filter, filterGradient, multiply}; \
  }
KERNELS(avx512, "avx512f,avx512dq,fma", Vector16, 4)
KERNELS(avx2, "avx2,fma", Vector8, 2)

const Kernels *kernels() {
  static const Kernels *chosen = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") ? &avx512::kernels
      : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &avx2::kernels : nullptr;
  return chosen;
}

// --- Threads: a caller works on its own tasks, and idle workers help whoever has some.

/** Waits for a moment, awake, until `ready`: to sleep and be woken takes longer than most of these waits. Whoever else needs the core gets it. */
template <class Ready> void awaitAwake(const Ready &ready) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(50);
  do {
    for (int turn = 0; turn < 16; turn++) {
      if (ready()) return;
      PAUSE;
    }
    std::this_thread::yield();
  } while (std::chrono::steady_clock::now() < end);
}

class Workers {
 public:
  static Workers &shared() {
    static Workers *workers = new Workers();  // never destroyed: its threads may outlive static destruction
    return *workers;
  }
  long threads() const { return workers_ + 1; }

  /** Runs body(0) to body(count - 1), each once, on as many threads as are free. */
  void forEach(long count, const std::function<void(long)> &body) {
    Job job{count, body};
    working_++;
    if (count > 1) {
      std::lock_guard<std::mutex> lock(mutex_);
      jobs_.push_back(&job);
      open_++;
      if (helpWanted()) awake_.notify_all();
    }
    while (work(job)) {}
    working_--;
    if (count <= 1) return;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      jobs_.erase(std::find(jobs_.begin(), jobs_.end(), &job));
      if (helpWanted()) awake_.notify_all();
    }
    awaitAwake([&] { return job.helpers == 0; });
    std::unique_lock<std::mutex> lock(mutex_);
    finished_.wait(lock, [&] { return job.helpers == 0; });
  }

 private:
  struct Job {
    const long count;
    const std::function<void(long)> &body;
    std::atomic<long> next{0}, helpers{0};
    Job(long count, const std::function<void(long)> &body) : count(count), body(body) {}
  };

  Workers() {
    const char *chosen = std::getenv("TF_NUM_INTRAOP_THREADS");
    const long wanted = chosen ? std::atol(chosen) : 0;
    workers_ = (wanted > 0 ? wanted : std::max(1u, std::thread::hardware_concurrency())) - 1;
    for (long index = 0; index < workers_; index++) std::thread([this] { serve(); }).detach();
  }

  /** Does one task of a job; false when none is left. */
  bool work(Job &job) {
    const long index = job.next.fetch_add(1);
    if (index >= job.count) return false;
    if (index == job.count - 1 && index > 0) open_--;
    job.body(index);
    return true;
  }

  /** Several callers at once take a core each: a helper beside them would only take turns with them and empty their caches. */
  bool helpWanted() const { return open_ > 0 && working_ < threads(); }

  void serve() {
    for (;;) {
      awaitAwake([&] { return helpWanted(); });
      Job *job = nullptr;
      std::unique_lock<std::mutex> lock(mutex_);
      awake_.wait(lock, [&] {
        if (helpWanted())
          for (Job *each : jobs_) if (each->next < each->count) { job = each; return true; }
        return false;
      });
      job->helpers++;
      working_++;
      lock.unlock();
      while (working_ <= threads() && work(*job)) {}
      working_--;
      lock.lock();
      if (--job->helpers == 0) finished_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable awake_, finished_;
  std::vector<Job *> jobs_;
  std::atomic<long> open_{0}, working_{0};  // jobs with tasks that nobody has taken; threads that work on tasks
  long workers_;
};

/** Memory that is kept between steps: fresh pages would have to be cleared each time. */
class Scratch {
 public:
  explicit Scratch(long floats) {
    std::lock_guard<std::mutex> lock(mutex());
    auto &kept = pool();
    auto best = kept.end();
    for (auto it = kept.begin(); it != kept.end(); ++it)
      if (it->floats >= floats && (best == kept.end() || it->floats < best->floats)) best = it;
    if (best != kept.end()) {
      block_ = *best;
      kept.erase(best);
    } else {
      if (!kept.empty()) {  // grow one that is too small instead of adding another
        std::free(kept.back().data);
        kept.pop_back();
      }
      block_ = {static_cast<float *>(std::aligned_alloc(64, (floats * sizeof(float) + 63) / 64 * 64)), floats};
    }
  }
  ~Scratch() {
    std::lock_guard<std::mutex> lock(mutex());
    pool().push_back(block_);
  }
  Scratch(const Scratch &) = delete;
  float *data() const { return block_.data; }

 private:
  struct Block { float *data; long floats; };
  static std::mutex &mutex() { static auto *it = new std::mutex(); return *it; }
  static std::vector<Block> &pool() { static auto *it = new std::vector<Block>(); return *it; }
  Block block_;
};

// --- The three convolutions.

/** A filter [3, 3, inputs, outputs], or one [3, 3, outputs, inputs] that is to be turned by 180 degrees: with it, a convolution gives the input's gradient. */
struct Filter { const float *data; bool turned; };

/** A block of inputs by one panel of outputs of a filter to taps[9][kTapStride]. */
void packTaps(const Shape &shape, const Filter &filter, long input, long output, float *taps) {
  const long panel = kernels()->panel, inputs = shape.inputs, outputs = shape.outputs, matrix = inputs * outputs;
  for (long tap = 0; tap < 9; tap++, taps += kTapStride) {
    if (!filter.turned) {
      const float *from = filter.data + tap * matrix + input * outputs + output;
      for (long row = 0; row < kBlock; row++, from += outputs) {
        if (tap < 8) for (long lane = 0; lane < panel; lane += 16) __builtin_prefetch(from + matrix + lane);
        std::memcpy(taps + row * panel, from, panel * sizeof(float));
      }
      continue;
    }
    const float *from = filter.data + (8 - tap) * matrix + output * inputs + input;
    for (long first = 0; first < panel; first += 16)
      for (long row = 0; row < kBlock; row++) {
        if (tap < 8 && row % 16 == 0) for (long lane = first; lane < first + 16; lane++) __builtin_prefetch(from - matrix + lane * inputs + row);
        for (long lane = first; lane < first + 16; lane++) taps[row * panel + lane] = from[lane * inputs + row];
      }
  }
}

/** Asks the memory for one of `parts` equal parts of the rows that some tiles will write: they come while a core computes. */
void fetchOutputs(const Shape &shape, float *result, const std::vector<Place> &tiles, long part, long parts) {
  const long rows = tiles.size() * kTile;
  for (long row = part * rows / parts; row < (part + 1) * rows / parts; row++) {
    const Place &tile = tiles[row / kTile];
    const long y = tile.row + row % kTile;
    if (row % kTile >= tile.height || y >= shape.height) continue;
    const float *to = result + ((tile.image * shape.height + y) * shape.width + tile.column) * shape.outputs, *end = to + std::min(tile.width, shape.width - tile.column) * shape.outputs;
    for (; to < end; to += 16) FETCH_TO_WRITE(to);
  }
}

/** A convolution of many tiles: each task takes a few of them through all three stages within its core's cache. */
void convolveMany(const Shape &shape, const float *images, const Filter &filter, float *result) {
  const Kernels &kernel = *kernels();
  Workers &workers = Workers::shared();
  const long inputs = shape.inputs, outputs = shape.outputs, tiles = shape.tiles(), panel = kernel.panel, panels = outputs / panel, filterStride = inputs * panel + kSkew, blocks = inputs / kBlock;
  const Layout left = {kGroup * inputs + kSkew, inputs, 0}, product = {kGroup * outputs + kSkew, outputs, 0};
  Scratch points(panels * kPoints * filterStride);
  workers.forEach(panels * blocks, [&](long index) {
    const long column = index / blocks, block = index % blocks;
    Scratch taps(9 * kTapStride);
    packTaps(shape, filter, block * kBlock, column * panel, taps.data());
    for (long pair = 0; pair < 3; pair++) kernel.filter(taps.data(), pair, points.data() + (column * kPoints + pair * 12) * filterStride + block * kBlock * panel, filterStride);
  });
  workers.forEach((tiles + kGroup - 1) / kGroup, [&](long index) {
    Scratch scratch(kPoints * (left.pointStride + product.pointStride));
    float *from = scratch.data(), *to = from + kPoints * left.pointStride;
    const long first = index * kGroup, count = std::min(kGroup, tiles - first);
    std::vector<Place> places;
    for (long tile = 0; tile < count; tile++) places.push_back(shape.placeOf(first + tile));
    for (long tile = 0; tile < count; tile++) kernel.patch(images, shape, places[tile], from + tile * inputs, left);
    for (long column = 0; column < panels; column++)
      for (long point = 0; point < kPoints; point++) {
        fetchOutputs(shape, result, places, column * kPoints + point, panels * kPoints);
        const auto [begin, end] = shape.having(point, first, first + count);
        kernel.multiply({from + point * left.pointStride + (begin - first) * inputs, inputs, 1, points.data() + (column * kPoints + point) * filterStride,
          to + point * product.pointStride + (begin - first) * outputs + column * panel, outputs, end - begin, inputs, false});
      }
    for (long tile = 0; tile < count; tile++) kernel.output(to + tile * outputs, product, shape, places[tile], result);
  });
}

/** A convolution of few tiles, but many channels: each task transforms a part of the filter, a block of inputs at a time, and multiplies all tiles by it, so that the filter's points never reach main memory. */
void convolveFew(const Shape &shape, const float *images, const Filter &filter, float *result) {
  const Kernels &kernel = *kernels();
  Workers &workers = Workers::shared();
  const long tiles = shape.tiles(), panel = kernel.panel, panels = shape.outputs / panel, slice = 4, slices = (tiles + slice - 1) / slice, filterStride = kBlock * panel + kSkew;
  const long parts = panels % workers.threads() == 0 ? 1 : 3;  // of a panel's points: where there are fewer panels than threads, each part reads the filter anew
  // Blocks are dense: rows of all channels, a power of two apart, would fall into a few sets of the caches.
  const Layout left = {tiles * kBlock + kSkew, kBlock, kPoints * (tiles * kBlock + kSkew)}, product = {tiles * panel + kSkew, panel, kPoints * (tiles * panel + kSkew)};
  Scratch scratch(shape.inputs / kBlock * left.blockStride + panels * product.blockStride);
  float *from = scratch.data(), *to = from + shape.inputs / kBlock * left.blockStride;
  workers.forEach(slices, [&](long index) {
    for (long tile = index * slice; tile < std::min(tiles, (index + 1) * slice); tile++) kernel.patch(images, shape, shape.placeOf(tile), from + tile * kBlock, left);
  });
  workers.forEach(panels * parts, [&](long index) {
    const long column = index / parts, firstPair = index % parts, pairs = 3 / parts;
    Scratch scratch(9 * kTapStride + 12 * filterStride);
    float *taps = scratch.data(), *points = taps + 9 * kTapStride;
    for (long block = 0; block < shape.inputs / kBlock; block++) {
      packTaps(shape, filter, block * kBlock, column * panel, taps);
      for (long pair = firstPair; pair < firstPair + pairs; pair++) {
        kernel.filter(taps, pair, points, filterStride);
        for (long point = pair * 12; point < (pair + 1) * 12; point++) {
          const auto [begin, end] = shape.having(point, 0, tiles);
          kernel.multiply({from + block * left.blockStride + point * left.pointStride + begin * kBlock, kBlock, 1, points + point % 12 * filterStride,
            to + column * product.blockStride + point * product.pointStride + begin * panel, panel, end - begin, kBlock, block > 0});
        }
      }
    }
  });
  workers.forEach(slices, [&](long index) {
    for (long tile = index * slice; tile < std::min(tiles, (index + 1) * slice); tile++) kernel.output(to + tile * panel, product, shape, shape.placeOf(tile), result);
  });
}

void convolveBy(const Filter &filter, const Shape &shape, const float *images, float *result) {
  const bool many = shape.tiles() >= 4 * kGroup * Workers::shared().threads() && kPoints * shape.inputs * shape.outputs <= kFilterCached;
  if (many) convolveMany(shape, images, filter, result);
  else convolveFew(shape, images, filter, result);
}

/** images [batch, height, width, inputs] by filter [3, 3, inputs, outputs] to [batch, height, width, outputs]. */
void convolve(const Shape &shape, const float *images, const float *filter, float *result) { convolveBy({filter, false}, shape, images, result); }

/** gradients of the result [batch, height, width, inputs] by filter [3, 3, outputs, inputs] to the images' gradient [batch, height, width, outputs]. */
void inputGradient(const Shape &shape, const float *gradients, const float *filter, float *result) { convolveBy({filter, true}, shape, gradients, result); }

/** The filter's gradient of few channels: each part of the tiles is transformed and multiplied within a core's cache, a group at a time, and the parts' sums added at the end. */
void filterGradientByParts(const Shape &shape, long parts, const float *images, const float *gradients, float *result) {
  const Kernels &kernel = *kernels();
  Workers &workers = Workers::shared();
  const long inputs = shape.inputs, outputs = shape.outputs, tiles = shape.tiles(), panel = kernel.panel, panels = outputs / panel, rows = 16, blocks = inputs / rows;
  const long group = std::max(24L, kCachedByCore / (kPoints * (inputs + outputs))), pointStride = inputs * panel + kSkew, partStride = panels * kPoints * pointStride;
  const Layout leftLayout = {group * inputs + kSkew, inputs, 0}, rightLayout = {group * outputs + kSkew, panel, group * panel};
  Scratch sums(parts * partStride);
  workers.forEach(parts, [&](long index) {
    const long begin = index * tiles / parts, end = (index + 1) * tiles / parts;
    Scratch scratch(kPoints * (leftLayout.pointStride + rightLayout.pointStride));
    float *left = scratch.data(), *right = left + kPoints * leftLayout.pointStride, *sum = sums.data() + index * partStride;
    for (long first = begin; first < end || first == begin; first += group) {
      const long count = std::min(group, end - first);
      for (long tile = 0; tile < count; tile++) {
        const Place place = shape.placeOf(first + tile);
        kernel.patch(images, shape, place, left + tile * inputs, leftLayout);
        kernel.gradient(gradients, shape, place, right + tile * panel, rightLayout);
      }
      for (long column = 0; column < panels; column++)
        for (long point = 0; point < kPoints; point++) {
          const auto [from, to] = shape.having(point, first, first + count);
          kernel.multiply({left + point * leftLayout.pointStride + (from - first) * inputs, 1, inputs, right + point * rightLayout.pointStride + (column * group + from - first) * panel,
            sum + (column * kPoints + point) * pointStride, panel, inputs, to - from, first > begin});
        }
    }
  });
  workers.forEach(panels * blocks, [&](long index) {
    const long column = index / blocks, row = index % blocks * rows;
    kernel.filterGradient({sums.data() + column * kPoints * pointStride + row * panel, parts, partStride, pointStride}, rows, result + row * outputs + column * panel, inputs * outputs, outputs);
  });
}

/** The filter's gradient of many channels: each task multiplies a part of the filter's points for all tiles of a group. */
void filterGradientByGroups(const Shape &shape, const float *images, const float *gradients, float *result) {
  const Kernels &kernel = *kernels();
  Workers &workers = Workers::shared();
  const long inputs = shape.inputs, outputs = shape.outputs, tiles = shape.tiles(), panel = kernel.panel, panels = outputs / panel, rows = 32, blocks = inputs / rows, part = kPoints * rows * panel;
  const long group = std::min(tiles, std::max(64L, kCached / (kPoints * (inputs + outputs)))), slice = 4;
  const Layout leftLayout = {group * inputs + kSkew, inputs, 0}, rightLayout = {group * outputs + kSkew, panel, group * panel};
  Scratch scratch(kPoints * (leftLayout.pointStride + rightLayout.pointStride)), sums(panels * blocks * part);
  float *left = scratch.data(), *right = left + kPoints * leftLayout.pointStride;
  for (long first = 0; first < tiles; first += group) {
    const long count = std::min(group, tiles - first);
    workers.forEach((count + slice - 1) / slice, [&](long index) {
      for (long tile = index * slice; tile < std::min(count, (index + 1) * slice); tile++) {
        const Place place = shape.placeOf(first + tile);
        kernel.patch(images, shape, place, left + tile * inputs, leftLayout);
        kernel.gradient(gradients, shape, place, right + tile * panel, rightLayout);
      }
    });
    workers.forEach(panels * blocks, [&](long index) {
      const long column = index / blocks, block = index % blocks;
      float *sum = sums.data() + index * part;
      for (long point = 0; point < kPoints; point++) {
        const auto [from, to] = shape.having(point, first, first + count);
        kernel.multiply({left + point * leftLayout.pointStride + (from - first) * inputs + block * rows, 1, inputs, right + point * rightLayout.pointStride + (column * group + from - first) * panel,
          sum + point * rows * panel, panel, rows, to - from, first > 0});
      }
      if (first + group >= tiles) kernel.filterGradient({sum, 1, 0, rows * panel}, rows, result + block * rows * outputs + column * panel, inputs * outputs, outputs);
    });
  }
}

/** images [batch, height, width, inputs] and gradients of the result to the filter's gradient [3, 3, inputs, outputs]; the same bits on any number of threads. */
void filterGradient(const Shape &shape, const float *images, const float *gradients, float *result) {
  const long size = kPoints * shape.inputs * shape.outputs, parts = size * 16 <= kFilterCached ? 16 : size * 4 <= kFilterCached ? 4 : 1;
  if (parts > 1) filterGradientByParts(shape, parts, images, gradients, result);
  else filterGradientByGroups(shape, images, gradients, result);
}

}  // namespace winograd
