// The parts of attention that are not matrix products; see attention.cpp.
#pragma once

#include <stdint.h>

namespace tidu {

// A block of the products of queries (rows) with keys (columns), and what is done to it before the
// exponential: it is scaled, numbers are added, and some keys are left out.
template <class T>
struct Scores {
  T* values;
  int64_t step, rows, columns;  // `step` from row to row
  T scale;
  const T* added;  // null if there are none; an element of row r, column c at r * mask_row + c * mask_column
  const bool* allowed;  // the same
  int64_t mask_row, mask_column;
  int64_t seen;  // row r looks at columns below `seen` + r only
};

template <class T>
struct AttentionLoops {
  // Exponentials of scores less the largest of a row, in place. `top` and `sum` hold the largest score
  // and the sum of exponentials of the rows' blocks so far; `factor` gets what those have to be
  // multiplied by.
  void (*weigh)(const Scores<T>&, T* top, T* sum, T* factor);
  // The same weights once more, from the logarithm of the sum of all exponentials.
  void (*weigh_again)(const Scores<T>&, const T* logsumexp);
  // weights * (g - mean[row]) * scale, in place of g
  void (*gradients)(const Scores<T>& weights, T* g, const T* mean);
  void (*scale_rows)(T* out, int64_t step, int64_t rows, int64_t n, const T* factor);
  // Sums of products of the rows of two matrices.
  void (*dot_rows)(const T* x, int64_t x_row, int64_t x_column, const T* y, int64_t y_row, int64_t rows,
                   int64_t n, T* out);
  // sum[i] becomes its reciprocal (0 of 0), top[i] the logarithm of the sum of exponentials
  void (*finish)(int64_t rows, T* top, T* sum);
};

struct AttentionTable {
  AttentionLoops<float> float32;
  AttentionLoops<double> float64;
};

}  // namespace tidu
