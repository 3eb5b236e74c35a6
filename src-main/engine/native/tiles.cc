#include "tiles.h"

namespace native {

/** Exchanges numbers until rows are columns: at each step those of two rows and two columns that lie `step` apart. */
template <class Vector, long step = kLanes<Vector> / 2>
ALWAYS void transpose(Vector* rows) {
  typedef decltype(Vector{} < Vector{}) Places;  // integers of the same number
  constexpr long lanes = kLanes<Vector>;
  Places upper, lower;
  _Pragma("GCC unroll 16") for (long lane = 0; lane < lanes; lane++)
      upper[lane] = lane & step ? lanes + lane - step : lane,
      lower[lane] = lane & step ? lanes + lane : lane + step;
  _Pragma("GCC unroll 16") for (long row = 0; row < lanes; row++) {
    if (row & step)
      continue;
    const Vector above = rows[row], below = rows[row + step];
    rows[row] = __builtin_shuffle(above, below, upper);
    rows[row + step] = __builtin_shuffle(above, below, lower);
  }
  if constexpr (step > 1)
    transpose<Vector, step / 2>(rows);
}

/** columns[panel][rowStride], of which the first kBlock of each row, to rows[kBlock][panel]. */
template <class Vector, long panel>
ALWAYS void turn(const float* columns, long rowStride, float* rows) {
  constexpr long lanes = kLanes<Vector>;
  for (long k = 0; k < kBlock; k += lanes)
    for (long column = 0; column < panel; column += lanes) {
      Vector block[lanes];
      _Pragma("GCC unroll 16") for (long lane = 0; lane < lanes; lane++) block[lane] =
          load<Vector>(columns + (column + lane) * rowStride + k);
      transpose(block);
      _Pragma("GCC unroll 16") for (long lane = 0; lane < lanes; lane++)
          store(rows + (k + lane) * panel + column, block[lane]);
    }
}

#define TURN(name, instructions, Vector, panel)                                                        \
  namespace name {                                                                                     \
  __attribute__((target(instructions))) void turn(const float* columns, long rowStride, float* rows) { \
    native::turn<Vector, panel>(columns, rowStride, rows);                                             \
  }                                                                                                    \
  }
TURN(avx512, AVX512, Vector16, 64)
TURN(avx2, AVX2, Vector8, 16)

}  // namespace native
