// Stores past the caches, for results that none of them could hold until they are read: a plain store would first fetch each
// line that it fills from main memory, half as much traffic again.
#include <cstdint>

namespace winograd {

constexpr long kStreamed = 1 << 22;  // numbers, 16 MiB, from which results that are read at once are stored so

inline bool isStreamed(const float *result, long count, long least = kStreamed) { return count >= least && reinterpret_cast<uintptr_t>(result) % 64 == 0; }

/** Stores one register, aligned to its size, past the caches where asked. */
template <class Vector> ALWAYS void store(float *to, const Vector &value, bool streamed) {
  if (streamed) asm volatile("vmovntps %1, %0" : "=m"(*reinterpret_cast<Vector *>(to)) : "v"(value));
  else store(to, value);
}

/** Ends a task that stored so: other threads see its results. */
inline void settle(bool streamed) {
  if (streamed) asm volatile("sfence" ::: "memory");
}

}  // namespace winograd
