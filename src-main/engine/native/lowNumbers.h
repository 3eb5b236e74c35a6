// bfloat16 numbers, the upper half of a float32's bits, as kernels read and write them: all arithmetic is float32.
#pragma once

#include "vectors.h"

namespace native {

struct BFloat16 {
  uint16_t bits;
};

/** Integers of as many lanes as a register of floats has: their bits, and the upper halves of those. */
template <class Vector>
struct BitsOf;
template <>
struct BitsOf<Vector16> {
  typedef uint32_t Whole __attribute__((vector_size(64)));
  typedef uint16_t Half __attribute__((vector_size(32)));
};
template <>
struct BitsOf<Vector8> {
  typedef uint32_t Whole __attribute__((vector_size(32)));
  typedef uint16_t Half __attribute__((vector_size(16)));
};
template <>
struct BitsOf<Vector4> {
  typedef uint32_t Whole __attribute__((vector_size(16)));
  typedef uint16_t Half __attribute__((vector_size(8)));
};

template <class Vector>
ALWAYS Vector load(const BFloat16* from) {
  typename BitsOf<Vector>::Half half;
  __builtin_memcpy(&half, from, sizeof(half));
  return (Vector)(__builtin_convertvector(half, typename BitsOf<Vector>::Whole) << 16);
}

/** Rounds to the nearest, ties to even; what is no number stays so. */
template <class Vector>
ALWAYS void store(BFloat16* to, const Vector& value) {
  typedef typename BitsOf<Vector>::Whole Whole;
  const Whole bits = (Whole)value, rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16, none = (bits >> 16) | 0x40;
  const auto half = __builtin_convertvector(value == value ? rounded : none, typename BitsOf<Vector>::Half);
  __builtin_memcpy(to, &half, sizeof(half));
}

inline float asFloat(float number) {
  return number;
}
inline float asFloat(BFloat16 number) {
  const uint32_t bits = uint32_t(number.bits) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

}  // namespace native
