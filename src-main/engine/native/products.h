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

namespace avx512 {
constexpr long kPanel = 64;
void multiply(const Product& product);
}  // namespace avx512
namespace avx2 {
constexpr long kPanel = 16;
void multiply(const Product& product);
}  // namespace avx2

/** Columns of a product on this processor. */
inline long panelOf() {
  return hasAvx512() ? avx512::kPanel : avx2::kPanel;
}
inline void multiply(const Product& product) {
  (hasAvx512() ? avx512::multiply : avx2::multiply)(product);
}

}  // namespace native
