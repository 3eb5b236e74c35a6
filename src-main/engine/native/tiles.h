// What convolutions by points (arXiv 1509.09308) of filters 3x3 have in common: the tiles of their results, where
// points lie, and the filter on its way to points and back. Channel counts are multiples of 64.
#pragma once

#include <algorithm>
#include <cstring>
#include "products.h"
#include "vectors.h"

namespace native {

constexpr long kBlock = 64;  // channels of a filter that are taken to points at once: they stay in a core's cache
constexpr long kTapStride = kBlock * 64 + kSkew;
constexpr long kFilterCached =
    1 << 22;  // numbers of a filter's points that the last-level cache should hold while a convolution lasts
constexpr long kPointsHeld = 1 << 24;  // numbers that all tiles' points may take at once

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

struct Range {
  long first, count;
};
inline Range common(const Range& a, const Range& b) {
  const long first = std::max(a.first, b.first);
  return {first, std::max(0L, std::min(a.first + a.count, b.first + b.count) - first)};
}

/** A tile: its image, the row and column of its first result, and how many results it has, three or four each way. */
struct Tile {
  long image, row, column, height, width;
};

/** All tiles of a batch, those of a size together: 4x3, 4x4, 3x4, 3x3, so that those with 4 rows, and those with 4
 * columns, lie in one piece. */
class Tiles {
 public:
  Tiles(long batch, long height, long width) : down_(height), across_(width) {
    for (int size = 0; size < 4; size++)
      ends_[size + 1] = ends_[size] + batch * down_.count(high(size)) * across_.count(wide(size));
  }
  long count() const { return ends_[4]; }
  Tile at(long index) const {
    int size = 0;
    while (index >= ends_[size + 1])
      size++;
    index -= ends_[size];
    const long columns = across_.count(wide(size)), each = down_.count(high(size)) * columns;
    return {index / each, down_.start(high(size), index % each / columns), across_.start(wide(size), index % columns),
            high(size) ? 4 : 3, wide(size) ? 4 : 3};
  }
  /** Those of some tiles that have a point: a point may belong only to tiles with 4 rows, or with 4 columns. */
  Range having(bool fourDown, bool fourAcross, Range some) const {
    if (fourDown)
      some = common(some, {0, ends_[2]});
    if (fourAcross)
      some = common(some, {ends_[1], ends_[3] - ends_[1]});
    return some;
  }

 private:
  static bool high(int size) { return size < 2; }
  static bool wide(int size) { return size == 1 || size == 2; }
  const Axis down_, across_;
  long ends_[5] = {0};
};

/** Where a tile's points lie: those of one channel pointStride apart, channels side by side in blocks that are
 * blockStride apart. */
struct Layout {
  long pointStride, block, blockStride;
  long at(long channel) const { return channel / block * blockStride + channel % block; }
};

/** Sums of products at points that parts of the tiles have added up: parts[partStride], each points[pointStride], each
 * rows of one panel. */
struct Sums {
  const float* data;
  long parts, partStride, pointStride;
};

/** Sums of `count` inputs and one panel to gradients of filters [3, 3, inputs, outputs], by what takes an axis's six
 * points to its three taps. */
template <class Vector, long panel, void (&fromPoints)(const Vector*, Vector*)>
ALWAYS void pointsToFilter(const Sums& sums, long count, float* filter, long filterStride, long outputs) {
  for (long input = 0; input < count; input++) {
    for (long lane = 0; lane < panel; lane += kLanes<Vector>) {
      Vector half[3][6];
      UNROLL for (long j = 0; j < 6; j++) {
        Vector column[6], out[3];
        UNROLL for (long i = 0; i < 6; i++) {
          const float* from = sums.data + (i * 6 + j) * sums.pointStride + input * panel + lane;
          column[i] = load<Vector>(from);
          for (long part = 1; part < sums.parts; part++)
            column[i] += load<Vector>(from + part * sums.partStride);
        }
        fromPoints(column, out);
        UNROLL for (long a = 0; a < 3; a++) half[a][j] = out[a];
      }
      UNROLL for (long a = 0; a < 3; a++) {
        Vector out[3];
        fromPoints(half[a], out);
        UNROLL for (long b = 0; b < 3; b++) store(filter + (a * 3 + b) * filterStride + input * outputs + lane, out[b]);
      }
    }
  }
}

#define DECLARE_TURN(name, instructions, Vector)                \
  namespace name {                                              \
  void turn(const float* columns, long rowStride, float* rows); \
  }
FOR_EACH_PROCESSOR(DECLARE_TURN)

/** A filter [3, 3, inputs, outputs], or one [3, 3, outputs, inputs] that is to be turned by 180 degrees: with it, a
 * convolution gives the input's gradient. */
struct Filter {
  const float* data;
  bool turned;
  long inputs, outputs;
};

/** A block of inputs by one panel of outputs of a filter to taps[9][kTapStride]. */
inline void packTaps(const Filter& filter, long input, long output, float* taps) {
  const long panel = panelOf(), matrix = filter.inputs * filter.outputs;
  for (long tap = 0; tap < 9; tap++, taps += kTapStride) {
    if (filter.turned) {
      OF_THIS_PROCESSOR(turn)(filter.data + (8 - tap) * matrix + output * filter.inputs + input, filter.inputs, taps);
      continue;
    }
    const float* from = filter.data + tap * matrix + input * filter.outputs + output;
    for (long row = 0; row < kBlock; row++, from += filter.outputs) {
      if (tap < 8)
        for (long lane = 0; lane < panel; lane += 16)
          __builtin_prefetch(from + matrix + lane);
      std::memcpy(taps + row * panel, from, panel * sizeof(float));
    }
  }
}

}  // namespace native
