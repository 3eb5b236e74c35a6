#include "products.h"

namespace native {

template <class Vector, int Rows, int Vectors>
ALWAYS void multiplyRows(const Product& p, long row) {
  Vector sum[Rows][Vectors];
  UNROLL for (int r = 0; r < Rows; r++) UNROLL for (int v = 0; v < Vectors; v++) sum[r][v] =
      p.add ? load<Vector>(p.c + (row + r) * p.cRow + v * kLanes<Vector>) : Vector{};
  const float *a = p.a + row * p.aRow, *b = p.b;
  for (long k = 0; k < p.depth; k++, a += p.aDepth, b += Vectors * kLanes<Vector>) {
    Vector right[Vectors];
    UNROLL for (int v = 0; v < Vectors; v++) right[v] = load<Vector>(b + v * kLanes<Vector>);
    UNROLL for (int r = 0; r < Rows; r++) {
      const float left = a[r * p.aRow];
      UNROLL for (int v = 0; v < Vectors; v++) sum[r][v] += left * right[v];
    }
  }
  UNROLL for (int r = 0; r < Rows; r++) UNROLL for (int v = 0; v < Vectors; v++)
      store(p.c + (row + r) * p.cRow + v * kLanes<Vector>, sum[r][v]);
}

template <class Vector, int Vectors>
ALWAYS void multiplyPanel(const Product& whole) {
  long k = 0;
  do {  // in slices of b that stay in the first cache
    const Product p = {whole.a + k * whole.aDepth,
                       whole.aRow,
                       whole.aDepth,
                       whole.b + k * Vectors * kLanes<Vector>,
                       whole.c,
                       whole.cRow,
                       whole.rows,
                       std::min(kDepth, whole.depth - k),
                       whole.add || k > 0};
    long row = 0;
    for (; row + 6 <= p.rows; row += 6)
      multiplyRows<Vector, 6, Vectors>(p, row);
    switch (p.rows - row) {
      case 5:
        multiplyRows<Vector, 5, Vectors>(p, row);
        break;
      case 4:
        multiplyRows<Vector, 4, Vectors>(p, row);
        break;
      case 3:
        multiplyRows<Vector, 3, Vectors>(p, row);
        break;
      case 2:
        multiplyRows<Vector, 2, Vectors>(p, row);
        break;
      case 1:
        multiplyRows<Vector, 1, Vectors>(p, row);
        break;
    }
    k += kDepth;
  } while (k < whole.depth);
}

template <class Vector>
ALWAYS void multiplyRegisters(const Product& p, long registers) {
  if constexpr (kPanelVectors<Vector> == 4) {
    if (registers == 4)
      return multiplyPanel<Vector, 4>(p);
    if (registers == 3)
      return multiplyPanel<Vector, 3>(p);
  }
  registers == 2 ? multiplyPanel<Vector, 2>(p) : multiplyPanel<Vector, 1>(p);
}

#define PRODUCTS(name, instructions, Vector)                           \
  namespace name {                                                     \
  instructions void multiply(const Product& p) {                       \
    multiplyPanel<Vector, kPanelVectors<Vector>>(p);                   \
  }                                                                    \
  instructions void multiplyNarrow(const Product& p, long registers) { \
    multiplyRegisters<Vector>(p, registers);                           \
  }                                                                    \
  }
FOR_EACH_PROCESSOR(PRODUCTS)

}  // namespace native
