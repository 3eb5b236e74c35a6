#include "tiles.h"

namespace native {

/** The numbers of two registers at these places, counted through both. */
template <class Vector, class Places>
ALWAYS Vector chosenFrom(const Vector& first, const Vector& second, const Places& places) {
#if defined(__clang__)  // it has no such function, but makes one instruction of this
  Vector chosen;
  _Pragma("GCC unroll 16") for (long lane = 0; lane < kLanes<Vector>; lane++) chosen[lane] =
      places[lane] < kLanes<Vector> ? first[places[lane]] : second[places[lane] - kLanes<Vector>];
  return chosen;
#else
  return __builtin_shuffle(first, second, places);
#endif
}

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
    rows[row] = chosenFrom(above, below, upper);
    rows[row + step] = chosenFrom(above, below, lower);
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

#define TURN(name, instructions, Vector)                                      \
  namespace name {                                                            \
  instructions void turn(const float* columns, long rowStride, float* rows) { \
    native::turn<Vector, kPanel<Vector>>(columns, rowStride, rows);           \
  }                                                                           \
  }
FOR_EACH_PROCESSOR(TURN)

}  // namespace native
