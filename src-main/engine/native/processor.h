// What the kernels know of the processor: the kinds of it that they are compiled for, and the few instructions that are
// asked for by name.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace native {

/** Registers of 16, 8 and 4 numbers. */
typedef float Vector16 __attribute__((vector_size(64)));
typedef float Vector8 __attribute__((vector_size(32)));
typedef float Vector4 __attribute__((vector_size(16)));

// FOR_EACH_PROCESSOR(kernels) calls kernels(namespace, instructions, register) for each kind of processor: a kernel is
// compiled once for each, in a namespace of its name. OF_THIS_PROCESSOR(name) is what stands in the namespace of the
// processor that the program runs on. LEAST_INSTRUCTIONS are those that every such processor has.

#if defined(__x86_64__)

#define AVX512 __attribute__((target("avx512f,avx512dq,fma")))
#define AVX2 __attribute__((target("avx2,fma")))
#define LEAST_INSTRUCTIONS AVX2
#define FOR_EACH_PROCESSOR(kernels) kernels(avx512, AVX512, Vector16) kernels(avx2, AVX2, Vector8)
#define OF_THIS_PROCESSOR(name) (hasAvx512() ? avx512::name : avx2::name)

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

#define FETCH_TO_WRITE(address) asm volatile("prefetchw %0" ::"m"(*(address)))

/** Stores one register, aligned to its size, past the caches. */
template <class Vector>
inline __attribute__((always_inline)) void storePast(float* to, const Vector& value) {
  asm volatile("vmovntps %1, %0" : "=m"(*reinterpret_cast<Vector*>(to)) : "v"(value));
}
/** Ends such stores: other threads see their results. */
inline void settlePast() {
  asm volatile("sfence" ::: "memory");
}

/** Tells the processor that its thread waits, awake. */
inline void rest() {
  __builtin_ia32_pause();
}

#elif defined(__aarch64__)

// NEON and fused multiply-add are part of every such processor: there is nothing to ask for and nothing to choose. Left
// to itself, GCC would load the factors of six rows before their first product, and run out of registers for the sums.
#if defined(__clang__)
#define NEON
#else
#define NEON __attribute__((optimize("no-schedule-insns")))
#endif
#define LEAST_INSTRUCTIONS NEON
#define FOR_EACH_PROCESSOR(kernels) kernels(neon, NEON, Vector4)
#define OF_THIS_PROCESSOR(name) (neon::name)

inline bool hasKernels() {
  return true;
}

#define FETCH_TO_WRITE(address) __builtin_prefetch(address, 1)

/** A plain store: these processors see by themselves that whole lines are written, and do not fetch them first. */
template <class Vector>
inline __attribute__((always_inline)) void storePast(float* to, const Vector& value) {
  __builtin_memcpy(to, &value, sizeof(Vector));
}
inline void settlePast() {}

inline void rest() {
  asm volatile("yield");
}

#else
#error "ArcBench's kernels are for x86-64 and aarch64."
#endif

}  // namespace native
