// Products of matrices, which all convolutions come down to.
#pragma once

#include "vectors.h"

namespace native {

constexpr long kDepth = 128;  // of a slice of a product's right side, which stays in the first-level cache
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

/** Registers that a panel is wide. Six rows of it are summed up at once: with AVX2, which has 16 registers, 12 sums,
 * and with AVX-512 and NEON, which have 32, 24 sums. */
template <class Vector>
constexpr long kPanelVectors = kLanes<Vector> == 8 ? 2 : 4;
template <class Vector>
constexpr long kPanel = kLanes<Vector> * kPanelVectors<Vector>;

#define DECLARE_PRODUCTS(name, instructions, Vector)           \
  namespace name {                                             \
  constexpr long kColumns = kPanel<Vector>;                    \
  constexpr long kRegister = kLanes<Vector>;                   \
  void multiply(const Product& product);                       \
  void multiplyNarrow(const Product& product, long registers); \
  }
FOR_EACH_PROCESSOR(DECLARE_PRODUCTS)

/** Columns of a product on this processor. */
inline long panelOf() {
  return OF_THIS_PROCESSOR(kColumns);
}
inline void multiply(const Product& product) {
  OF_THIS_PROCESSOR(multiply)(product);
}
/** With a right side so many registers wide, as wide as a panel at most. */
inline void multiplyNarrow(const Product& product, long registers) {
  OF_THIS_PROCESSOR(multiplyNarrow)(product, registers);
}

}  // namespace native
