// The loops of attention between the matrix products: see attention.h.
#include "attention.h"

#include "rows.h"
#include "vmath.h"

namespace tidu::TIDU_ISA {
namespace {

template <class T>
constexpr T lowest = -T(__builtin_inff());

// How many columns a row looks at.
template <class T>
TIDU_INLINE int64_t visible(const Scores<T>& s, int64_t row) {
  const int64_t n = s.seen + row;
  return n < 0 ? 0 : n < s.columns ? n : s.columns;
}

// A row's scores scaled and masked.
template <class T>
void mask_row(const Scores<T>& s, int64_t row, int64_t n) {
  T* x = s.values + row * s.step;
  if (s.allowed) {
    const bool* allowed = s.allowed + row * s.mask_row;
    for (int64_t j = 0; j < n; j++) x[j] = allowed[j * s.mask_column] ? x[j] * s.scale : lowest<T>;
  } else if (s.added) {
    const T* added = s.added + row * s.mask_row;
    if (s.mask_column == 1)
      for (int64_t j = 0; j < n; j++) x[j] = x[j] * s.scale + added[j];
    else
      for (int64_t j = 0; j < n; j++) x[j] = x[j] * s.scale + added[j * s.mask_column];
  }
}

// Rows of scores are read and written in whole vectors: their room is a multiple of a vector. `other`
// stands for what is behind the n elements that count.
template <class T>
TIDU_INLINE Vec<T> first_lanes(Vec<T> v, int64_t n, T other) {
  Mask<T> index;
  for (int i = 0; i < lanes<T>; i++) index[i] = i;
  return index < Integer<T>(n) ? v : splat(other);
}

// exp(x * scale - above) in place, and 0 for what the row does not look at; returns the sum.
template <class T>
TIDU_INLINE T exponentials(T* x, int64_t n, int64_t columns, T scale, T above) {
  const Vec<T> less = splat(above), factor = splat(scale);
  Vec<T> sum = {};
  int64_t j = 0;
  for (; j + lanes<T> <= n; j += lanes<T>) {
    const Vec<T> e = Math<T>::exp_of_negative(load(x + j) * factor - less);
    store(x + j, e);
    sum += e;
  }
  if (j < n) {
    const Vec<T> e = first_lanes(Math<T>::exp_of_negative(load(x + j) * factor - less), n - j, T(0));
    store(x + j, e);
    sum += e;
    j += lanes<T>;
  }
  for (; j < columns; j += lanes<T>) store(x + j, Vec<T>{});
  return sum_lanes<T>(sum);
}

template <class T>
TIDU_INLINE T extreme(const T* x, int64_t n, T scale) {
  const Vec<T> factor = splat(scale);
  Vec<T> most = splat(lowest<T>);
  int64_t j = 0;
  for (; j + lanes<T> <= n; j += lanes<T>) most = larger<T>(load(x + j) * factor, most);  // leaves NaN out
  if (j < n) most = larger<T>(first_lanes(load(x + j) * factor, n - j, lowest<T>), most);
  return max_lanes<T>(most);
}

template <class T>
void weigh(const Scores<T>& s, T* top, T* sum, T* factor) {
  const bool masked = s.allowed || s.added;
  const T scale = masked ? T(1) : s.scale;
  for (int64_t row = 0; row < s.rows; row++) {
    T* x = s.values + row * s.step;
    const int64_t n = visible(s, row);
    if (masked) mask_row(s, row, n);
    T most = extreme(x, n, scale);
    most = top[row] > most ? top[row] : most;
    const T above = most == lowest<T> ? T(0) : most;  // nothing to look at: every exponential is 0
    factor[row] = sum[row] == 0 ? T(0) : Math<T>::exp(splat(top[row] - above))[0];
    top[row] = most;
    sum[row] = sum[row] * factor[row] + exponentials(x, n, s.columns, scale, above);
  }
}

template <class T>
void weigh_again(const Scores<T>& s, const T* logsumexp) {
  const bool masked = s.allowed || s.added;
  for (int64_t row = 0; row < s.rows; row++) {
    int64_t n = visible(s, row);
    if (logsumexp[row] == lowest<T>) n = 0;
    if (masked) mask_row(s, row, n);
    exponentials(s.values + row * s.step, n, s.columns, masked ? T(1) : s.scale, logsumexp[row]);
  }
}

template <class T>
void gradients(const Scores<T>& s, T* g, const T* mean) {
  const Vec<T> scale = splat(s.scale);
  for (int64_t row = 0; row < s.rows; row++) {
    const T* weight = s.values + row * s.step;
    T* out = g + row * s.step;
    const Vec<T> m = splat(mean[row]);
    // Where a row does not look, the weight is 0, whatever g is there.
    const int64_t n = visible(s, row);
    int64_t j = 0;
    for (; j < n; j += lanes<T>) {
      const Vec<T> w = load(weight + j);
      store(out + j, w * (load(out + j) - m) * scale);
    }
    for (; j < s.columns; j += lanes<T>) store(out + j, Vec<T>{});
  }
}

template <class T>
void scale_rows(T* out, int64_t step, int64_t rows, int64_t n, const T* factor) {
  for (int64_t row = 0; row < rows; row++, out += step) {
    const Vec<T> f = splat(factor[row]);
    each_vector<T>(n, [&](int64_t j, int count) __attribute__((always_inline)) {
      store_up_to(out + j, load_up_to(out + j, count, T(0)) * f, count);
    });
  }
}

template <class T>
void dot_rows(const T* x, int64_t x_row, int64_t x_column, const T* y, int64_t y_row, int64_t rows, int64_t n,
              T* out) {
  for (int64_t row = 0; row < rows; row++, x += x_row, y += y_row) {
    if (x_column == 1) {
      Vec<T> sum = {};
      each_vector<T>(n, [&](int64_t j, int count) __attribute__((always_inline)) {
        sum += load_up_to(x + j, count, T(0)) * load_up_to(y + j, count, T(0));
      });
      out[row] = sum_lanes<T>(sum);
    } else {
      T sum = 0;
      for (int64_t j = 0; j < n; j++) sum += x[j * x_column] * y[j];
      out[row] = sum;
    }
  }
}

template <class T>
void finish(int64_t rows, T* top, T* sum) {
  each_vector<T>(rows, [&](int64_t i, int count) __attribute__((always_inline)) {
    const Vec<T> total = load_up_to(sum + i, count, T(1)), most = load_up_to(top + i, count, T(0));
    store_up_to(top + i, total == T(0) ? splat(lowest<T>) : most + Math<T>::log(total), count);
    store_up_to(sum + i, total == T(0) ? Vec<T>{} : T(1) / total, count);
  });
}

template <class T>
AttentionLoops<T> loops() {
  return {weigh<T>, weigh_again<T>, gradients<T>, scale_rows<T>, dot_rows<T>, finish<T>};
}

}  // namespace

void fill(AttentionTable& table) { table = {loops<float>(), loops<double>()}; }

}  // namespace tidu::TIDU_ISA
