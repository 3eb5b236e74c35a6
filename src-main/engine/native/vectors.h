// What all kernels are written in: registers of numbers.
#pragma once

#include "processor.h"

#pragma GCC diagnostic ignored "-Wpsabi"  // vectors are passed only to inlined functions

namespace native {

template <class Vector>
constexpr long kLanes = sizeof(Vector) / sizeof(float);
#define ALWAYS inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 8")

template <class Vector>
ALWAYS Vector load(const float* from) {
  Vector value;
  __builtin_memcpy(&value, from, sizeof(Vector));
  return value;
}

template <class Vector>
ALWAYS void store(float* to, const Vector& value) {
  __builtin_memcpy(to, &value, sizeof(Vector));
}

/** Stores to one of many rows, each too far from the others for the processor to foresee that its next line is wanted.
 */
template <class Vector>
ALWAYS void storeAmong(float* to, const Vector& value) {
  store(to, value);
  FETCH_TO_WRITE(to + 16);
}

// --- Stores past the caches, for results that none of them could hold until they are read: a plain store would first
// fetch each line that it fills from main memory, half as much traffic again.

constexpr long kStreamed = 1 << 22;  // numbers, 16 MiB, from which results that are read at once are stored so

inline bool isStreamed(const float* result, long count, long least = kStreamed) {
  return count >= least && reinterpret_cast<uintptr_t>(result) % 64 == 0;
}

/** Stores one register, aligned to its size, past the caches where asked. */
template <class Vector>
ALWAYS void store(float* to, const Vector& value, bool streamed) {
  if (streamed)
    storePast(to, value);
  else
    store(to, value);
}

/** Ends a task that stored so: other threads see its results. */
inline void settle(bool streamed) {
  if (streamed)
    settlePast();
}

}  // namespace native
