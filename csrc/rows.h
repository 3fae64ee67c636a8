// Rows of numbers as kernels go through them: whole vectors, and the partial one at the end.
#pragma once

#include "simd.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace tidu::TIDU_ISA {

// The first n < lanes<T> elements; the other lanes are `rest`. Nothing beyond them is read.
template <class T>
TIDU_INLINE Vec<T> load_part(const T* p, int n, T rest) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4)
    return (Vec<T>)_mm512_mask_loadu_ps((__m512)splat(rest), __mmask16((1u << n) - 1), (const float*)p);
  else
    return (Vec<T>)_mm512_mask_loadu_pd((__m512d)splat(rest), __mmask8((1u << n) - 1), (const double*)p);
#elif defined(__AVX2__)
  Mask<T> index, inside;
  for (int i = 0; i < lanes<T>; i++) index[i] = i;
  inside = index < n;
  Vec<T> v;
  if constexpr (sizeof(T) == 4) v = (Vec<T>)_mm256_maskload_ps((const float*)p, (__m256i)inside);
  else v = (Vec<T>)_mm256_maskload_pd((const double*)p, (__m256i)inside);
  return inside ? v : splat(rest);
#else
  Vec<T> v = splat(rest);
  for (int i = 0; i < lanes<T> - 1; i++)
    if (i < n) v[i] = p[i];
  return v;
#endif
}

template <class T>
TIDU_INLINE void store_part(T* p, Vec<T> v, int n) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) _mm512_mask_storeu_ps((float*)p, __mmask16((1u << n) - 1), (__m512)v);
  else _mm512_mask_storeu_pd((double*)p, __mmask8((1u << n) - 1), (__m512d)v);
#elif defined(__AVX2__)
  Mask<T> index, inside;
  for (int i = 0; i < lanes<T>; i++) index[i] = i;
  inside = index < n;
  if constexpr (sizeof(T) == 4) _mm256_maskstore_ps((float*)p, (__m256i)inside, (__m256)v);
  else _mm256_maskstore_pd((double*)p, (__m256i)inside, (__m256d)v);
#else
  for (int i = 0; i < lanes<T> - 1; i++)
    if (i < n) p[i] = v[i];
#endif
}

// Lanes are joined by halves: so do sums round the least.
template <class T>
TIDU_INLINE T sum_lanes(Vec<T> v) {
  T a[lanes<T>];
  store(a, v);
#pragma GCC unroll 4
  for (int half = lanes<T> / 2; half; half /= 2)
#pragma GCC unroll 8
    for (int i = 0; i < half; i++) a[i] += a[i + half];
  return a[0];
}

template <class T>
TIDU_INLINE T max_lanes(Vec<T> v) {
  T a[lanes<T>];
  store(a, v);
#pragma GCC unroll 4
  for (int half = lanes<T> / 2; half; half /= 2)
#pragma GCC unroll 8
    for (int i = 0; i < half; i++) a[i] = a[i] > a[i + half] ? a[i] : a[i + half];
  return a[0];
}

template <class T>
TIDU_INLINE Vec<T> larger(Vec<T> x, Vec<T> y) {
  return x > y ? x : y;
}

// The sum of values(i, n), a vector for the elements from i on of which n count (the others have
// to be 0), for i below `count`: vectors in blocks, the sums of the blocks in double precision, so
// that the error does not grow with the length.
template <class T, class F>
TIDU_INLINE double sum_blocks(int64_t count, F&& values) {
  constexpr int64_t step = lanes<T>, block = 128 * step;
  double total = 0;
  for (int64_t begin = 0; begin < count; begin += block) {
    const int64_t end = count - begin < block ? count : begin + block;
    Vec<T> s0 = {}, s1 = {}, s2 = {}, s3 = {};
    int64_t i = begin;
    for (; i + 4 * step <= end; i += 4 * step) {
      s0 += values(i, int(step));
      s1 += values(i + step, int(step));
      s2 += values(i + 2 * step, int(step));
      s3 += values(i + 3 * step, int(step));
    }
    for (; i + step <= end; i += step) s0 += values(i, int(step));
    if (i < end) s1 += values(i, int(end - i));
    total += sum_lanes<T>((s0 + s1) + (s2 + s3));
  }
  return total;
}

// n elements, n <= lanes<T>.
template <class T>
TIDU_INLINE Vec<T> load_up_to(const T* p, int n, T rest) {
  return n == lanes<T> ? load(p) : load_part(p, n, rest);
}

// Calls f(i, n) for the vectors of a row: n elements from i on.
template <class T, class F>
TIDU_INLINE void each_vector(int64_t count, F&& f) {
  constexpr int64_t step = lanes<T>;
  int64_t i = 0;
  for (; i + step <= count; i += step) f(i, int(step));
  if (i < count) f(i, int(count - i));
}

template <class T>
TIDU_INLINE void store_up_to(T* p, Vec<T> v, int n) {
  if (n == lanes<T>) store(p, v);
  else store_part(p, v, n);
}

}  // namespace tidu::TIDU_ISA
