// Vectors of the instruction set that a file is compiled for.
//
// Every kernel source is compiled once per instruction set (see CMakeLists.txt), with TIDU_ISA, the
// namespace of its symbols, and TIDU_VECTOR_BYTES, the width of a register. A width beyond the
// instruction set's own would be right but very slow: such vectors pass through memory.
//
// Templates of the C++ library must not be instantiated in kernel sources: the linker merges equal
// instances, and could give the baseline one that was compiled for a newer processor.
#pragma once

#include <stddef.h>
#include <stdint.h>

#if !defined(TIDU_ISA) || !defined(TIDU_VECTOR_BYTES)
#error "kernel sources are compiled once per instruction set: see CMakeLists.txt"
#endif

#define TIDU_INLINE static inline __attribute__((always_inline))

namespace tidu::TIDU_ISA {

template <class T>
struct VectorOf;

#define TIDU_VECTOR_OF(T)                                            \
  template <>                                                        \
  struct VectorOf<T> {                                               \
    typedef T type __attribute__((vector_size(TIDU_VECTOR_BYTES)));  \
    typedef T twice __attribute__((vector_size(2 * TIDU_VECTOR_BYTES))); \
  };
TIDU_VECTOR_OF(float)
TIDU_VECTOR_OF(double)
TIDU_VECTOR_OF(int32_t)
TIDU_VECTOR_OF(int64_t)
#undef TIDU_VECTOR_OF

template <class T>
using Vec = typename VectorOf<T>::type;

template <class T>
constexpr int lanes = TIDU_VECTOR_BYTES / sizeof(T);

// The integer of the same size; comparisons of Vec<T> give vectors of it, 0 or -1 a lane.
template <class T>
struct IntegerOf;
template <>
struct IntegerOf<float> {
  typedef int32_t type;
};
template <>
struct IntegerOf<double> {
  typedef int64_t type;
};
template <class T>
using Integer = typename IntegerOf<T>::type;
template <class T>
using Mask = Vec<Integer<T>>;

template <class T>
TIDU_INLINE Vec<T> load(const T* p) {
  Vec<T> v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

template <class T>
TIDU_INLINE void store(T* p, Vec<T> v) {
  __builtin_memcpy(p, &v, sizeof v);
}

template <class T>
TIDU_INLINE Vec<T> splat(T x) {
  return x - Vec<T>{};
}

// x, but `low` where x is less; NaN stays. One instruction: GCC 12 finds it where no side of the
// comparison is a constant that it knows.
template <class V, class T>
TIDU_INLINE V at_least(V x, T low) {
  V bound = splat(low);
#if defined(__x86_64__)
  __asm__("" : "+v"(bound));
#endif
  return bound > x ? bound : x;
}

template <class T>
TIDU_INLINE bool any(Mask<T> m) {
  for (int i = 0; i < lanes<T>; i++)
    if (m[i]) return true;
  return false;
}

}  // namespace tidu::TIDU_ISA
