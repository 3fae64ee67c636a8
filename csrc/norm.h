// Normalization: statistics of runs of elements, and what is made with them.
//
// A run is a piece of memory whose elements share a channel's weight and bias; with `columns` every
// column of a matrix is a channel's (several may be the same one's).
#pragma once

#include <stdint.h>

namespace tidu {

template <class T>
struct NormLoops {
  double (*sum)(const T* x, int64_t n);
  double (*squares)(const T* x, int64_t n, T mean);  // the sum of (x - mean)^2
  // (x - mean) * scale + bias
  void (*affine)(const T* x, T* out, int64_t n, T mean, T scale, T bias);
  // Adds the sums of g and of g * (x - mean).
  void (*grad_sums)(const T* g, const T* x, int64_t n, T mean, double* sum, double* product);
  // p * g - q - (x - mean) * r
  void (*grad)(const T* g, const T* x, T* out, int64_t n, T p, T q, T mean, T r);

  // Groups of `together` runs of n elements, one after the other. The first run is of that channel,
  // the next one of the next. Weight and bias, one for each of the `channels`, may be null.
  void (*group)(const T* x, const T* weight, const T* bias, int64_t channels, int64_t channel, T* out,
                int64_t groups, int64_t together, int64_t n, T eps, T* mean, T* variance);

  // Layer normalization of rows; weight and bias, of n elements, may be null. RMS normalization
  // where `mean` is null: it counts as 0, and `variance` is the mean square.
  void (*layer)(const T* x, const T* weight, const T* bias, T* out, int64_t rows, int64_t n, T eps,
                T* mean, T* variance);
  // Adds to the gradients of weight and bias (null: not wanted). Rows of g are g_step apart.
  void (*layer_grad)(const T* g, int64_t g_step, const T* x, const T* weight, const T* mean,
                     const T* variance, T* out, T* weight_grad, T* bias_grad, int64_t rows,
                     int64_t n, T eps);

  // The same as above for the columns of a matrix; sums are written over what was there.
  void (*column_sums)(const T* x, int64_t rows, int64_t columns, T* sums);
  void (*column_squares)(const T* x, int64_t rows, int64_t columns, const T* mean, T* sums);
  void (*column_affine)(const T* x, T* out, int64_t rows, int64_t columns, const T* mean,
                        const T* scale, const T* bias);
  void (*column_grad_sums)(const T* g, int64_t g_step, const T* x, int64_t rows, int64_t columns,
                           const T* mean, T* sums, T* products);
  void (*column_grad)(const T* g, int64_t g_step, const T* x, T* out, int64_t rows, int64_t columns,
                      const T* p, const T* q, const T* mean, const T* r);
};

struct NormTable {
  NormLoops<float> float32;
  NormLoops<double> float64;
};

}  // namespace tidu
