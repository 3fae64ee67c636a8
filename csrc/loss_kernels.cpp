// The loops behind elementwise losses: see loss.h, and tidu/ops/loss.py for the formulas.
#include "loss.h"

#include "rows.h"
#include "vmath.h"

namespace tidu::TIDU_ISA {
namespace {

template <class T>
TIDU_INLINE Vec<T> at_least(Vec<T> x, T low) {
  return x < low ? splat(low) : x;  // NaN stays
}

// The sign of d, 0 for 0 and NaN.
template <class T>
TIDU_INLINE Vec<T> sign(Vec<T> d) {
  return (d > T(0) ? splat(T(1)) : Vec<T>{}) - (d < T(0) ? splat(T(1)) : Vec<T>{});
}

template <class T>
TIDU_INLINE Vec<T> sigmoid(Vec<T> x) {
  return T(1) / (T(1) + Math<T>::exp(-x));
}

template <class T>
struct Squared {
  TIDU_INLINE Vec<T> value(Vec<T> x, Vec<T> y, T) { return (x - y) * (x - y); }
  TIDU_INLINE Vec<T> slope(Vec<T> x, Vec<T> y, T) { return T(2) * (x - y); }
};

template <class T>
struct SmoothL1 {
  TIDU_INLINE Vec<T> value(Vec<T> x, Vec<T> y, T beta) {
    Vec<T> d = Math<T>::abs(x - y);
    return d < beta ? T(0.5) * d * d / beta : d - T(0.5) * beta;
  }
  TIDU_INLINE Vec<T> slope(Vec<T> x, Vec<T> y, T beta) {
    Vec<T> d = x - y;
    return Math<T>::abs(d) < beta ? d / beta : sign<T>(d);
  }
};

template <class T>
struct Huber {
  TIDU_INLINE Vec<T> value(Vec<T> x, Vec<T> y, T delta) {
    Vec<T> d = Math<T>::abs(x - y);
    return d < delta ? T(0.5) * d * d : delta * (d - T(0.5) * delta);
  }
  TIDU_INLINE Vec<T> slope(Vec<T> x, Vec<T> y, T delta) {
    Vec<T> d = x - y;
    return Math<T>::abs(d) < delta ? d : sign<T>(d) * delta;
  }
};

template <class T>
struct SoftMargin {
  TIDU_INLINE Vec<T> value(Vec<T> x, Vec<T> y, T) { return Math<T>::log1p(Math<T>::exp(-y * x)); }
  TIDU_INLINE Vec<T> slope(Vec<T> x, Vec<T> y, T) { return -y * sigmoid<T>(-y * x); }
};

// Logarithms are bounded by -100 from below, as in PyTorch.
template <class T>
struct CrossEntropy {
  TIDU_INLINE Vec<T> value(Vec<T> x, Vec<T> y, T) {
    Vec<T> yes = at_least<T>(Math<T>::log(x), -100), no = at_least<T>(Math<T>::log1p(-x), -100);
    return (y - T(1)) * no - y * yes;
  }
  TIDU_INLINE Vec<T> slope(Vec<T> x, Vec<T> y, T) {
    return (x - y) / at_least<T>((T(1) - x) * x, T(1e-12));
  }
};

template <class T>
struct CrossEntropyOfLogits {
  TIDU_INLINE Vec<T> value(Vec<T> x, Vec<T> y, T) {
    Vec<T> positive = at_least<T>(-x, 0);
    Vec<T> softplus = Math<T>::log1p(Math<T>::exp(-Math<T>::abs(x))) + positive;
    return (T(1) - y) * x + softplus;
  }
  TIDU_INLINE Vec<T> slope(Vec<T> x, Vec<T> y, T) { return sigmoid<T>(x) - y; }
};

template <class T, class F>
void values(const T* x, const T* y, T* out, int64_t n, T parameter) {
  each_vector<T>(n, [&](int64_t i, int count) __attribute__((always_inline)) {
    Vec<T> v = F::value(load_up_to(x + i, count, T(0)), load_up_to(y + i, count, T(0)), parameter);
    store_up_to(out + i, v, count);
  });
}

template <class T, class F>
void grad(const T* g, bool each, const T* x, const T* y, T* out, int64_t n, T parameter) {
  const Vec<T> one = splat(*g);
  each_vector<T>(n, [&](int64_t i, int count) __attribute__((always_inline)) {
    Vec<T> slope = F::slope(load_up_to(x + i, count, T(0)), load_up_to(y + i, count, T(0)), parameter);
    store_up_to(out + i, (each ? load_up_to(g + i, count, T(0)) : one) * slope, count);
  });
}

template <class T>
bool between_0_and_1(const T* x, int64_t n) {
  Mask<T> outside = {};
  each_vector<T>(n, [&](int64_t i, int count) __attribute__((always_inline)) {
    Vec<T> v = load_up_to(x + i, count, T(0));
    outside |= ~((v >= T(0)) & (v <= T(1)));
  });
  return !any<T>(outside);
}

template <class T, bool multiplied, bool weighted>
void soft_rows(const T* x, const T* y, const T* w, T* out, int64_t n, T share, T even, T factor) {
  const Vec<T> a = splat(share), b = splat(even), c = splat(factor);
  each_vector<T>(n, [&](int64_t i, int count) __attribute__((always_inline)) {
    Vec<T> v = load_up_to(y + i, count, T(0)) * a + b;
    if (multiplied) v *= load_up_to(x + i, count, T(0));
    if (weighted) v *= load_up_to(w + i, count, T(0));
    store_up_to(out + i, v * c, count);
  });
}

template <class T>
void soft(const T* x, const T* y, const T* w, T* out, int64_t n, T share, T even, T factor) {
  auto go = x ? w ? soft_rows<T, true, true> : soft_rows<T, true, false>
              : w ? soft_rows<T, false, true> : soft_rows<T, false, false>;
  go(x, y, w, out, n, share, even, factor);
}

template <class T, class F>
void fill_loss(LossLoops<T>& loops, Loss loss) {
  loops.values[loss] = values<T, F>;
  loops.grad[loss] = grad<T, F>;
}

template <class T>
void fill_loops(LossLoops<T>& loops) {
  fill_loss<T, Squared<T>>(loops, loss_mse);
  fill_loss<T, SmoothL1<T>>(loops, loss_smooth_l1);
  fill_loss<T, Huber<T>>(loops, loss_huber);
  fill_loss<T, SoftMargin<T>>(loops, loss_soft_margin);
  fill_loss<T, CrossEntropy<T>>(loops, loss_bce);
  fill_loss<T, CrossEntropyOfLogits<T>>(loops, loss_bce_logits);
  loops.between_0_and_1 = between_0_and_1<T>;
  loops.soft = soft<T>;
}

}  // namespace

void fill(LossTable& table) {
  fill_loops(table.float32);
  fill_loops(table.float64);
}

}  // namespace tidu::TIDU_ISA
