// Reductions: sums, products, extremes and counts.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace tidu {

// Reduces f(x) over n elements that lie side by side (rows), or over n rows for each of their
// columns. Strides count elements. `center` is for `squares` only: a number for each result, or null
// for 0.
template <class In, class Out>
struct Reduction {
  // `count` rows; the center of the next row is `center_step` further on.
  void (*rows)(const In* x, int64_t row_stride, int64_t count, int64_t n, const Out* center,
               int64_t center_step, Out* out);
  void (*columns)(const In* x, int64_t stride, int64_t n, int64_t columns, const Out* center,
                  Out* out);
};

// The largest or smallest element and its place: that of the first, if several are equal, or of
// the first NaN.
template <class T>
struct Extreme {
  void (*rows)(const T* x, int64_t row_stride, int64_t count, int64_t n, T* values,
               int64_t* places);
  void (*columns)(const T* x, int64_t stride, int64_t n, int64_t columns, T* values,
                  int64_t* places);
};

template <class T>
struct Reductions {
  Reduction<T, T> sum;
  Reduction<T, T> sum_of_sums;  // what was summed in parts
  Reduction<T, T> squares;  // (x - center)^2
  Reduction<T, T> product, largest, smallest;
  Reduction<T, int64_t> nonzero;  // how many are not zero
  Extreme<T> first_largest, first_smallest;
};

struct SumTable {
  Reductions<float> float32;
  Reductions<double> float64;
  Reductions<int64_t> int64;  // without what only floating-point numbers have
  Reduction<uint8_t, int64_t> count;  // of bools: how many are true
  Reduction<uint8_t, uint8_t> any, all;
};

}  // namespace tidu
