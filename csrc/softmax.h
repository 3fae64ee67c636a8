// Softmax, its logarithm, and the logarithm of the sum of exponentials.
#pragma once

#include <stdint.h>

namespace tidu {

template <class T>
struct SoftmaxLoops {
  // `rows` rows of n elements, one after the other.
  void (*softmax)(const T* x, T* out, int64_t rows, int64_t n);
  void (*log_softmax)(const T* x, T* out, int64_t rows, int64_t n);
  void (*logsumexp)(const T* x, T* out, int64_t rows, int64_t n);
  // From the gradient of the result, whose rows are g_step apart, and the result y.
  void (*softmax_grad)(const T* g, int64_t g_step, const T* y, T* out, int64_t rows, int64_t n);
  void (*log_softmax_grad)(const T* g, int64_t g_step, const T* y, T* out, int64_t rows, int64_t n);
  // g[row] * exp(x - y[row])
  void (*logsumexp_grad)(const T* g, const T* x, const T* y, T* out, int64_t rows, int64_t n);

  // Over the first axis of a matrix whose rows are `step` apart, for `columns` of its columns (at
  // most `columns_at_once`).
  void (*softmax_columns)(const T* x, T* out, int64_t n, int64_t step, int64_t columns);
  void (*log_softmax_columns)(const T* x, T* out, int64_t n, int64_t step, int64_t columns);
  void (*logsumexp_columns)(const T* x, T* out, int64_t n, int64_t step, int64_t columns);
  void (*softmax_columns_grad)(const T* g, const T* y, T* out, int64_t n, int64_t step, int64_t columns);
  void (*log_softmax_columns_grad)(const T* g, const T* y, T* out, int64_t n, int64_t step, int64_t columns);
  void (*logsumexp_columns_grad)(const T* g, const T* x, const T* y, T* out, int64_t n, int64_t step, int64_t columns);
};

struct SoftmaxTable {
  SoftmaxLoops<float> float32;
  SoftmaxLoops<double> float64;
};

constexpr int64_t columns_at_once = 128;

}  // namespace tidu
