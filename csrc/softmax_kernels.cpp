// The loops behind softmax and its relatives: see softmax.h.
//
// The largest element is subtracted first, so that no exponential overflows. NaN in a row is not
// noticed by the comparison, but comes back by the sum.
#include "softmax.h"

#include "rows.h"
#include "vmath.h"

namespace tidu::TIDU_ISA {
namespace {

enum What { plain, logarithm, only_sum };

template <class T>
constexpr T lowest = -T(__builtin_inff());

template <class T>
T largest(const T* x, int64_t n) {
  constexpr int64_t step = lanes<T>;
  Vec<T> m0 = splat(lowest<T>), m1 = m0, m2 = m0, m3 = m0;
  int64_t i = 0;
  for (; i + 4 * step <= n; i += 4 * step) {
    m0 = larger<T>(load(x + i), m0);
    m1 = larger<T>(load(x + i + step), m1);
    m2 = larger<T>(load(x + i + 2 * step), m2);
    m3 = larger<T>(load(x + i + 3 * step), m3);
  }
  for (; i + step <= n; i += step) m0 = larger<T>(load(x + i), m0);
  if (i < n) m1 = larger<T>(load_part(x + i, int(n - i), lowest<T>), m1);
  return max_lanes<T>(larger<T>(larger<T>(m0, m1), larger<T>(m2, m3)));
}

// Lanes behind the end of a row hold -inf, whose exponential adds nothing.
template <class T>
void softmax(const T* x, T* out, int64_t rows, int64_t n) {
  for (int64_t row = 0; row < rows; row++, x += n, out += n) {
    const Vec<T> top = splat(largest(x, n));
    const T total = T(sum_blocks<T>(n, [&](int64_t i, int count) __attribute__((always_inline)) {
      Vec<T> e = Math<T>::exp_of_negative(load_up_to(x + i, count, lowest<T>) - top);
      store_up_to(out + i, e, count);
      return e;
    }));
    const Vec<T> sum = splat(total);
    each_vector<T>(n, [&](int64_t i, int count) __attribute__((always_inline)) {
      store_up_to(out + i, load_up_to(out + i, count, T(0)) / sum, count);
    });
  }
}

// exp(x) for what is not above 0, but for infinity if sums of infinity are asked for.
template <class T, What what>
TIDU_INLINE Vec<T> exponential(Vec<T> x) {
  return what == only_sum ? Math<T>::exp(x) : Math<T>::exp_of_negative(x);
}

template <class T, What what>
T exponentials(const T* x, int64_t n, T top) {
  const Vec<T> above = splat(top);
  return T(sum_blocks<T>(n, [&](int64_t i, int count) __attribute__((always_inline)) {
    return exponential<T, what>(load_up_to(x + i, count, lowest<T>) - above);
  }));
}

// As many rows as a vector has lanes share one call of the logarithm.
template <class T, What what>
void logarithms(const T* x, T* out, int64_t rows, int64_t n) {
  constexpr int group = lanes<T>;
  for (int64_t first = 0; first < rows; first += group) {
    const int here = rows - first < group ? int(rows - first) : group;
    Vec<T> tops = {}, sums = splat(T(1));
    for (int r = 0; r < here; r++) {
      const T* line = x + (first + r) * n;
      T top = largest(line, n);
      // What `logsumexp` gives for infinity is infinity, not NaN.
      if (what == only_sum && __builtin_isinf(top)) top = 0;
      tops[r] = top;
      sums[r] = exponentials<T, what>(line, n, top);
    }
    Vec<T> logs = Math<T>::log(sums);
    if (what == only_sum) {
      store_up_to(out + first, logs + tops, here);
      continue;
    }
    for (int r = 0; r < here; r++) {
      const T* line = x + (first + r) * n;
      T* target = out + (first + r) * n;
      const Vec<T> top = splat(tops[r]), log = splat(logs[r]);
      each_vector<T>(n, [&](int64_t i, int count) __attribute__((always_inline)) {
        store_up_to(target + i, (load_up_to(line + i, count, T(0)) - top) - log, count);
      });
    }
  }
}

template <class T>
void softmax_grad(const T* g, int64_t g_step, const T* y, T* out, int64_t rows, int64_t n) {
  for (int64_t row = 0; row < rows; row++, g += g_step, y += n, out += n) {
    const Vec<T> sum = splat(T(sum_blocks<T>(n, [&](int64_t i, int count) __attribute__((always_inline)) {
      return load_up_to(g + i, count, T(0)) * load_up_to(y + i, count, T(0));
    })));
    each_vector<T>(n, [&](int64_t i, int count) __attribute__((always_inline)) {
      Vec<T> slope = load_up_to(g + i, count, T(0)) - sum;
      store_up_to(out + i, load_up_to(y + i, count, T(0)) * slope, count);
    });
  }
}

template <class T>
void log_softmax_grad(const T* g, int64_t g_step, const T* y, T* out, int64_t rows, int64_t n) {
  for (int64_t row = 0; row < rows; row++, g += g_step, y += n, out += n) {
    const Vec<T> sum = splat(T(sum_blocks<T>(n, [&](int64_t i, int count) __attribute__((always_inline)) {
      return load_up_to(g + i, count, T(0));
    })));
    each_vector<T>(n, [&](int64_t i, int count) __attribute__((always_inline)) {
      Vec<T> e = Math<T>::exp_of_negative(load_up_to(y + i, count, T(0)));
      store_up_to(out + i, load_up_to(g + i, count, T(0)) - e * sum, count);
    });
  }
}

// All of a row at -inf gives -inf - -inf: no element of it counts.
template <class T>
TIDU_INLINE Vec<T> weight(Vec<T> x, Vec<T> y) {
  Vec<T> e = Math<T>::exp_of_negative(x - y);
  return e == e ? e : Vec<T>{};
}

template <class T>
void logsumexp_grad(const T* g, const T* x, const T* y, T* out, int64_t rows, int64_t n) {
  for (int64_t row = 0; row < rows; row++, x += n, out += n) {
    const Vec<T> factor = splat(g[row]), sum = splat(y[row]);
    each_vector<T>(n, [&](int64_t i, int count) __attribute__((always_inline)) {
      store_up_to(out + i, factor * weight<T>(load_up_to(x + i, count, T(0)), sum), count);
    });
  }
}

// Columns. Sums over many rows are added up in runs, lest their rounding errors grow.

constexpr int64_t run = 64;

template <class T>
struct Totals {
  T runs[columns_at_once], all[columns_at_once];

  Totals() {
    for (int64_t c = 0; c < columns_at_once; c++) runs[c] = all[c] = 0;
  }
  // To be called after each row.
  void row_done(int64_t row, int64_t columns) {
    if (row % run == run - 1) flush(columns);
  }
  void flush(int64_t columns) {
    for (int64_t c = 0; c < columns; c++) {
      all[c] += runs[c];
      runs[c] = 0;
    }
  }
};

// Adds values(row, c, count) of all rows to `totals`.
template <class T, class F>
TIDU_INLINE void add_rows(Totals<T>& totals, int64_t n, int64_t columns, F&& values) {
  for (int64_t row = 0; row < n; row++) {
    each_vector<T>(columns, [&](int64_t c, int count) __attribute__((always_inline)) {
      T* sum = totals.runs + c;
      store_up_to(sum, load_up_to(sum, count, T(0)) + values(row, c, count), count);
    });
    totals.row_done(row, columns);
  }
  totals.flush(columns);
}

template <class T, What what>
void columns(const T* x, T* out, int64_t n, int64_t step, int64_t columns) {
  T top[columns_at_once];
  for (int64_t c = 0; c < columns; c++) top[c] = lowest<T>;
  for (int64_t row = 0; row < n; row++) {
    const T* line = x + row * step;
    for (int64_t c = 0; c < columns; c++) top[c] = line[c] > top[c] ? line[c] : top[c];
  }
  if (what == only_sum)
    for (int64_t c = 0; c < columns; c++) top[c] = __builtin_isinf(top[c]) ? T(0) : top[c];
  Totals<T> totals;
  add_rows<T>(totals, n, columns, [&](int64_t row, int64_t c, int count) __attribute__((always_inline)) {
    Vec<T> e = exponential<T, what>(load_up_to(x + row * step + c, count, T(0)) - load_up_to(top + c, count, T(0)));
    if (what == plain) store_up_to(out + row * step + c, e, count);
    return e;
  });
  T* sums = totals.all;
  if (what != plain)
    each_vector<T>(columns, [&](int64_t c, int count) __attribute__((always_inline)) {
      store_up_to(sums + c, Math<T>::log(load_up_to(sums + c, count, T(1))), count);
    });
  if (what == only_sum) {
    for (int64_t c = 0; c < columns; c++) out[c] = sums[c] + top[c];
    return;
  }
  for (int64_t row = 0; row < n; row++) {
    T* target = out + row * step;
    const T* line = x + row * step;
#pragma GCC ivdep
    for (int64_t c = 0; c < columns; c++)
      target[c] = what == plain ? target[c] / sums[c] : (line[c] - top[c]) - sums[c];
  }
}

template <class T, What what>
void columns_grad(const T* g, const T* y, T* out, int64_t n, int64_t step, int64_t columns) {
  Totals<T> totals;
  add_rows<T>(totals, n, columns, [&](int64_t row, int64_t c, int count) __attribute__((always_inline)) {
    Vec<T> v = load_up_to(g + row * step + c, count, T(0));
    return what == plain ? v * load_up_to(y + row * step + c, count, T(0)) : v;
  });
  for (int64_t row = 0; row < n; row++) {
    each_vector<T>(columns, [&](int64_t c, int count) __attribute__((always_inline)) {
      const int64_t at = row * step + c;
      Vec<T> from = load_up_to(g + at, count, T(0)), result = load_up_to(y + at, count, T(0));
      Vec<T> sum = load_up_to(totals.all + c, count, T(0));
      store_up_to(out + at, what == plain ? result * (from - sum) : from - Math<T>::exp_of_negative(result) * sum, count);
    });
  }
}

template <class T>
void logsumexp_columns_grad(const T* g, const T* x, const T* y, T* out, int64_t n, int64_t step, int64_t columns) {
  for (int64_t row = 0; row < n; row++) {
    each_vector<T>(columns, [&](int64_t c, int count) __attribute__((always_inline)) {
      const int64_t at = row * step + c;
      Vec<T> w = weight<T>(load_up_to(x + at, count, T(0)), load_up_to(y + c, count, T(0)));
      store_up_to(out + at, load_up_to(g + c, count, T(0)) * w, count);
    });
  }
}

template <class T>
void fill_loops(SoftmaxLoops<T>& loops) {
  loops.softmax = softmax<T>;
  loops.log_softmax = logarithms<T, logarithm>;
  loops.logsumexp = logarithms<T, only_sum>;
  loops.softmax_grad = softmax_grad<T>;
  loops.log_softmax_grad = log_softmax_grad<T>;
  loops.logsumexp_grad = logsumexp_grad<T>;
  loops.softmax_columns = columns<T, plain>;
  loops.log_softmax_columns = columns<T, logarithm>;
  loops.logsumexp_columns = columns<T, only_sum>;
  loops.softmax_columns_grad = columns_grad<T, plain>;
  loops.log_softmax_columns_grad = columns_grad<T, logarithm>;
  loops.logsumexp_columns_grad = logsumexp_columns_grad<T>;
}

}  // namespace

void fill(SoftmaxTable& table) {
  fill_loops(table.float32);
  fill_loops(table.float64);
}

}  // namespace tidu::TIDU_ISA
