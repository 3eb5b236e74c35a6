// Products of matrices, which all convolutions come down to.

namespace native {

constexpr long kDepth = 128;  // of a product: so much of its right side stays in the first-level cache
constexpr long kSkew = 16;    // keeps rows of one operand out of one set of the cache
constexpr long kCached = 3 << 19,
               kCachedByCore = 1 << 17;  // numbers that a second-level cache of all cores, of one core, should hold

/** c[rows][panel] = sum over k of a(row, k) b[k][panel], or added to c; a(row, k) lies at row * aRow + k * aDepth. */
struct Product {
  const float* a;
  long aRow, aDepth;
  const float* b;
  float* c;
  long cRow, rows, depth;
  bool add;
};

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
  do {  // so much of b stays in the first cache
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

struct Products {
  long panel;  // columns of a product
  void (*multiply)(const Product&);
};

#define PRODUCTS(name, instructions, Vector, vectors)                     \
  namespace name {                                                        \
  __attribute__((target(instructions))) void multiply(const Product& p) { \
    multiplyPanel<Vector, vectors>(p);                                    \
  }                                                                       \
  const Products products = {vectors * kLanes<Vector>, multiply};         \
  }
PRODUCTS(avx512, AVX512, Vector16, 4)
PRODUCTS(avx2, AVX2, Vector8, 2)

inline long panelOf() {
  return hasAvx512() ? avx512::products.panel : avx2::products.panel;
}
inline void multiply(const Product& product) {
  (hasAvx512() ? avx512::multiply : avx2::multiply)(product);
}

}  // namespace native
