// x times the normal distribution's share below x, and its derivative.
#include "activation.h"

#include "vmath.h"

namespace tidu::TIDU_ISA {
namespace {

// Calls step(from, count) for vectors of `n` elements; the last one's count may be less than lanes<T>.
template <class T, class F>
TIDU_INLINE void vectors(int64_t n, F&& step) {
  constexpr int l = lanes<T>;
  int64_t i = 0;
  for (; i + l <= n; i += l) step(i, l);
  if (i < n) step(i, int(n - i));
}

template <class T>
TIDU_INLINE Vec<T> load_some(const T* x, int count) {
  if (count == lanes<T>) return load(x);
  T some[lanes<T>] = {};
  for (int i = 0; i < count; i++) some[i] = x[i];
  return load(some);
}

template <class T>
TIDU_INLINE void store_some(T* out, Vec<T> value, int count) {
  if (count == lanes<T>) return store(out, value);
  T some[lanes<T>];
  store(some, value);
  for (int i = 0; i < count; i++) out[i] = some[i];
}

template <class T>
void gelu(const T* x, T* out, int64_t n) {
  vectors<T>(n, [&](int64_t i, int count) __attribute__((always_inline)) {
    const Vec<T> v = load_some(x + i, count);
    Vec<T> density;
    store_some(out + i, v * Math<T>::ndtr(v, density), count);
  });
}

template <class T>
void gelu_gradient(const T* g, const T* x, T* out, int64_t n) {
  vectors<T>(n, [&](int64_t i, int count) __attribute__((always_inline)) {
    const Vec<T> v = load_some(x + i, count);
    Vec<T> density;
    const Vec<T> below = Math<T>::ndtr(v, density);
    const Vec<T> slope = below + v * density * T(0.398942280401432677940);  // 1 / sqrt(2 pi)
    store_some(out + i, load_some(g + i, count) * slope, count);
  });
}

}  // namespace

void fill(ActivationTable& table) {
  table = {{gelu<float>, gelu_gradient<float>}, {gelu<double>, gelu_gradient<double>}};
}

}  // namespace tidu::TIDU_ISA
