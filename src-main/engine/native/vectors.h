// What all kernels are written in: registers of numbers, and which instructions this processor takes. Each kernel is
// compiled for AVX-512 and for AVX2, in namespaces of these names.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#pragma GCC diagnostic ignored "-Wpsabi"  // vectors are passed only to inlined functions

namespace native {

/** One register of numbers: 16 with AVX-512, 8 with AVX2. */
typedef float Vector16 __attribute__((vector_size(64)));
typedef float Vector8 __attribute__((vector_size(32)));
template <class Vector>
constexpr long kLanes = sizeof(Vector) / sizeof(float);
#define ALWAYS inline __attribute__((always_inline))
#define FETCH_TO_WRITE(address) asm volatile("prefetchw %0" ::"m"(*(address)))
#define UNROLL _Pragma("GCC unroll 8")
#define AVX512 "avx512f,avx512dq,fma"
#define AVX2 "avx2,fma"

/** Whether oneDNN may use these instructions here, where its own variable limits it: what runs beside it keeps to the
 * same. */
inline bool isWithinLimit(const char* instructions) {
  const char* limit = std::getenv("ONEDNN_MAX_CPU_ISA");
  const auto is = [&](const char* start) { return limit && std::strncmp(limit, start, std::strlen(start)) == 0; };
  return !limit || is(instructions) || !(is("SSE") || is("AVX2") || std::strcmp(limit, "AVX") == 0);
}
inline bool hasAvx512() {
  static const bool has =
      isWithinLimit("AVX512") && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq");
  return has;
}

/** Whether this processor takes any of the kernels. */
inline bool hasKernels() {
  return hasAvx512() || (isWithinLimit("AVX2") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"));
}

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
    asm volatile("vmovntps %1, %0" : "=m"(*reinterpret_cast<Vector*>(to)) : "v"(value));
  else
    store(to, value);
}

/** Ends a task that stored so: other threads see its results. */
inline void settle(bool streamed) {
  if (streamed)
    asm volatile("sfence" ::: "memory");
}

}  // namespace native
