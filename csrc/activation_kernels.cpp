// x times the normal distribution's share below x, and its derivative.
#include "activation.h"

#include "rows.h"
#include "vmath.h"

namespace tidu::TIDU_ISA {
namespace {

template <class T>
void gelu(const T* x, T* out, int64_t n) {
  each_vector<T>(n, [&](int64_t i, int count) __attribute__((always_inline)) {
    const Vec<T> v = load_up_to(x + i, count, T(0));
    Vec<T> density;
    store_up_to(out + i, v * Math<T>::ndtr(v, density), count);
  });
}

template <class T>
void gelu_gradient(const T* g, const T* x, T* out, int64_t n) {
  each_vector<T>(n, [&](int64_t i, int count) __attribute__((always_inline)) {
    const Vec<T> v = load_up_to(x + i, count, T(0));
    Vec<T> density;
    const Vec<T> below = Math<T>::ndtr(v, density);
    const Vec<T> slope = below + v * density * T(0.398942280401432677940);  // 1 / sqrt(2 pi)
    store_up_to(out + i, load_up_to(g + i, count, T(0)) * slope, count);
  });
}

}  // namespace

void fill(ActivationTable& table) {
  table = {{gelu<float>, gelu_gradient<float>}, {gelu<double>, gelu_gradient<double>}};
}

}  // namespace tidu::TIDU_ISA
