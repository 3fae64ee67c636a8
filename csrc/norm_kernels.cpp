// The loops behind normalization: see norm.h.
//
// Variances are sums of squared differences to the mean, in a second pass: by one pass, as the mean
// of squares less the square of the mean, digits would cancel.
#include "norm.h"

#include "rows.h"

namespace tidu::TIDU_ISA {
namespace {

#define TIDU_LAMBDA __attribute__((always_inline))

template <class T>
double sum(const T* x, int64_t n) {
  return sum_blocks<T>(n, [&](int64_t i, int count) TIDU_LAMBDA { return load_up_to(x + i, count, T(0)); });
}

template <class T>
double squares(const T* x, int64_t n, T mean) {
  const Vec<T> middle = splat(mean);
  return sum_blocks<T>(n, [&](int64_t i, int count) TIDU_LAMBDA {
    Vec<T> d = load_up_to(x + i, count, mean) - middle;
    return d * d;
  });
}

template <class T>
void affine(const T* x, T* out, int64_t n, T mean, T scale, T bias) {
  const Vec<T> middle = splat(mean), factor = splat(scale), shift = splat(bias);
  each_vector<T>(n, [&](int64_t i, int count) TIDU_LAMBDA {
    store_up_to(out + i, (load_up_to(x + i, count, T(0)) - middle) * factor + shift, count);
  });
}

// Both sums in one pass; vectors in blocks as in `sum_blocks`.
template <class T, class F>
TIDU_INLINE void two_sums(int64_t n, double* first, double* second, F&& values) {
  constexpr int64_t step = lanes<T>, block = 128 * step;
  for (int64_t begin = 0; begin < n; begin += block) {
    const int64_t end = n - begin < block ? n : begin + block;
    Vec<T> a0 = {}, a1 = {}, b0 = {}, b1 = {}, a, b;
    int64_t i = begin;
    for (; i + 2 * step <= end; i += 2 * step) {
      values(i, int(step), a, b);
      a0 += a, b0 += b;
      values(i + step, int(step), a, b);
      a1 += a, b1 += b;
    }
    for (; i + step <= end; i += step) {
      values(i, int(step), a, b);
      a0 += a, b0 += b;
    }
    if (i < end) {
      values(i, int(end - i), a, b);
      a1 += a, b1 += b;
    }
    *first += sum_lanes<T>(a0 + a1);
    *second += sum_lanes<T>(b0 + b1);
  }
}

template <class T>
void grad_sums(const T* g, const T* x, int64_t n, T mean, double* total, double* product) {
  const Vec<T> middle = splat(mean);
  two_sums<T>(n, total, product, [&](int64_t i, int count, Vec<T>& a, Vec<T>& b) TIDU_LAMBDA {
    a = load_up_to(g + i, count, T(0));
    b = a * (load_up_to(x + i, count, T(0)) - middle);
  });
}

template <class T>
void grad(const T* g, const T* x, T* out, int64_t n, T p, T q, T mean, T r) {
  const Vec<T> a = splat(p), b = splat(q), middle = splat(mean), c = splat(r);
  each_vector<T>(n, [&](int64_t i, int count) TIDU_LAMBDA {
    Vec<T> d = load_up_to(x + i, count, T(0)) - middle;
    store_up_to(out + i, (load_up_to(g + i, count, T(0)) * a - b) - d * c, count);
  });
}

// Layer normalization of rows; not `centred`, the mean counts as 0 and is not stored: RMS
// normalization, whose "variance" is the mean square.
template <class T, bool centred, bool weighted, bool biased>
void layer_rows(const T* x, const T* weight, const T* bias, T* out, int64_t rows, int64_t n, T eps,
                T* mean, T* variance) {
  for (int64_t row = 0; row < rows; row++, x += n, out += n) {
    const T m = centred ? T(sum(x, n) / n) : T(0);
    const T v = T(squares(x, n, m) / n);
    if (centred) mean[row] = m;
    variance[row] = v;
    const Vec<T> middle = splat(m), scale = splat(T(1) / T(__builtin_sqrt(v + eps)));
    each_vector<T>(n, [&](int64_t i, int count) TIDU_LAMBDA {
      Vec<T> y = load_up_to(x + i, count, T(0));
      if (centred) y -= middle;
      y *= scale;
      if (weighted) y *= load_up_to(weight + i, count, T(0));
      if (biased) y += load_up_to(bias + i, count, T(0));
      store_up_to(out + i, y, count);
    });
  }
}

template <class T>
void group(const T* x, const T* weight, const T* bias, int64_t channels, int64_t channel, T* out,
           int64_t groups, int64_t together, int64_t n, T eps, T* mean, T* variance) {
  const int64_t length = together * n;
  for (int64_t i = 0; i < groups; i++, x += length, out += length) {
    const T m = T(sum(x, length) / length);
    const T v = T(squares(x, length, m) / length);
    const T scale = T(1) / T(__builtin_sqrt(v + eps));
    mean[i] = m;
    variance[i] = v;
    for (int64_t j = 0; j < together; j++) {
      affine(x + j * n, out + j * n, n, m, weight ? scale * weight[channel] : scale,
             bias ? bias[channel] : T(0));
      if (++channel == channels) channel = 0;
    }
  }
}

template <class T>
void layer(const T* x, const T* weight, const T* bias, T* out, int64_t rows, int64_t n, T eps,
           T* mean, T* variance) {
  auto go = !mean  ? weight ? layer_rows<T, false, true, false> : layer_rows<T, false, false, false>
            : weight ? bias ? layer_rows<T, true, true, true> : layer_rows<T, true, true, false>
                     : bias ? layer_rows<T, true, false, true> : layer_rows<T, true, false, false>;
  go(x, weight, bias, out, rows, n, eps, mean, variance);
}

template <class T, bool centred, bool weighted, bool for_bias>
void layer_grad_rows(const T* g, int64_t g_step, const T* x, const T* weight, const T* mean,
                     const T* variance, T* out, T* weight_grad, T* bias_grad, int64_t rows,
                     int64_t n, T eps) {
  for (int64_t row = 0; row < rows; row++, g += g_step, x += n, out += n) {
    const T scale = T(1) / T(__builtin_sqrt(variance[row] + eps)), m = centred ? mean[row] : T(0);
    const Vec<T> middle = splat(m), factor = splat(scale);
    double total = 0, product = 0;
    two_sums<T>(n, &total, &product, [&](int64_t i, int count, Vec<T>& a, Vec<T>& b) TIDU_LAMBDA {
      Vec<T> from = load_up_to(g + i, count, T(0));
      Vec<T> y = (load_up_to(x + i, count, m) - middle) * factor;
      if (weighted)
        store_up_to(weight_grad + i, load_up_to(weight_grad + i, count, T(0)) + from * y, count);
      if (for_bias)
        store_up_to(bias_grad + i, load_up_to(bias_grad + i, count, T(0)) + from, count);
      a = weighted ? from * load_up_to(weight + i, count, T(0)) : from;
      b = a * y;
    });
    const Vec<T> shift = splat(centred ? T(total / n) : T(0)), slope = splat(T(product / n));
    each_vector<T>(n, [&](int64_t i, int count) TIDU_LAMBDA {
      Vec<T> a = load_up_to(g + i, count, T(0));
      if (weighted) a *= load_up_to(weight + i, count, T(0));
      Vec<T> y = (load_up_to(x + i, count, T(0)) - middle) * factor;
      store_up_to(out + i, (a - shift - y * slope) * factor, count);
    });
  }
}

template <class T>
void layer_grad(const T* g, int64_t g_step, const T* x, const T* weight, const T* mean,
                const T* variance, T* out, T* weight_grad, T* bias_grad, int64_t rows, int64_t n,
                T eps) {
  // A weight without a gradient of its own does not occur, nor a bias without a weight.
  auto go = !mean ? weight ? layer_grad_rows<T, false, true, false> : layer_grad_rows<T, false, false, false>
            : !weight   ? layer_grad_rows<T, true, false, false>
            : bias_grad ? layer_grad_rows<T, true, true, true>
                        : layer_grad_rows<T, true, true, false>;
  go(g, g_step, x, weight, mean, variance, out, weight_grad, bias_grad, rows, n, eps);
}

// Columns

template <class T>
void column_sums(const T* __restrict x, int64_t rows, int64_t columns, T* __restrict sums) {
  for (int64_t c = 0; c < columns; c++) sums[c] = 0;
  for (int64_t row = 0; row < rows; row++, x += columns)
    for (int64_t c = 0; c < columns; c++) sums[c] += x[c];
}

template <class T>
void column_squares(const T* __restrict x, int64_t rows, int64_t columns, const T* __restrict mean,
                    T* __restrict sums) {
  for (int64_t c = 0; c < columns; c++) sums[c] = 0;
  for (int64_t row = 0; row < rows; row++, x += columns)
    for (int64_t c = 0; c < columns; c++) sums[c] += (x[c] - mean[c]) * (x[c] - mean[c]);
}

template <class T>
void column_affine(const T* __restrict x, T* __restrict out, int64_t rows, int64_t columns,
                   const T* __restrict mean, const T* __restrict scale, const T* __restrict bias) {
  for (int64_t row = 0; row < rows; row++, x += columns, out += columns)
    for (int64_t c = 0; c < columns; c++) out[c] = (x[c] - mean[c]) * scale[c] + bias[c];
}

template <class T>
void column_grad_sums(const T* __restrict g, int64_t g_step, const T* __restrict x, int64_t rows,
                      int64_t columns, const T* __restrict mean, T* __restrict sums,
                      T* __restrict products) {
  for (int64_t c = 0; c < columns; c++) sums[c] = products[c] = 0;
  for (int64_t row = 0; row < rows; row++, g += g_step, x += columns) {
    for (int64_t c = 0; c < columns; c++) {
      sums[c] += g[c];
      products[c] += g[c] * (x[c] - mean[c]);
    }
  }
}

template <class T>
void column_grad(const T* __restrict g, int64_t g_step, const T* __restrict x, T* __restrict out,
                 int64_t rows, int64_t columns, const T* __restrict p, const T* __restrict q,
                 const T* __restrict mean, const T* __restrict r) {
  for (int64_t row = 0; row < rows; row++, g += g_step, x += columns, out += columns)
    for (int64_t c = 0; c < columns; c++) out[c] = (g[c] * p[c] - q[c]) - (x[c] - mean[c]) * r[c];
}

template <class T>
void fill_loops(NormLoops<T>& loops) {
  loops.sum = sum<T>;
  loops.squares = squares<T>;
  loops.affine = affine<T>;
  loops.grad_sums = grad_sums<T>;
  loops.grad = grad<T>;
  loops.group = group<T>;
  loops.layer = layer<T>;
  loops.layer_grad = layer_grad<T>;
  loops.column_sums = column_sums<T>;
  loops.column_squares = column_squares<T>;
  loops.column_affine = column_affine<T>;
  loops.column_grad_sums = column_grad_sums<T>;
  loops.column_grad = column_grad<T>;
}

}  // namespace

void fill(NormTable& table) {
  fill_loops(table.float32);
  fill_loops(table.float64);
}

}  // namespace tidu::TIDU_ISA
