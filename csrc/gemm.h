// Matrix products: C = A B, or C += A B, for strided A and B.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace tidu {

constexpr int max_stack = 8;  // dimensions

// One product of an m x k with a k x n matrix. Strides count elements; C's rows are contiguous.
template <class T>
struct Product {
  const T *a, *b;
  T* c;
  int64_t m, n, k;
  int64_t a_row, a_column, b_row, b_column, c_row;
  bool accumulate;  // add to C
  const T* bias;    // n numbers, added to each row; or null
};

// What the kernels of an instruction set do. Large products are computed from copies of A in panels
// of `rows` rows and of B in panels of `columns` columns, each panel k after k; zeros fill the last.
template <class T>
struct GemmKernels {
  int rows, columns;
  // Panels [first, last) of columns [column, column + width) of B, k rows from `row` on.
  void (*pack_b)(const Product<T>&, int64_t row, int64_t k, int64_t column, int64_t width,
                 int64_t first, int64_t last, T* packed);
  // Rows [row, row + height) of C, from the packed part of B. A is packed too if there is room.
  void (*block)(const Product<T>&, int64_t row, int64_t height, int64_t column, int64_t width,
                int64_t k_first, int64_t k, const T* packed_b, T* packed_a);
  // Columns [column, column + width) of C without copies, except for what of B is not in rows
  // of a whole panel; `room` has space for one panel.
  void (*direct)(const Product<T>&, int64_t column, int64_t width, T* room);
  // The same as sums of rows of B, which are contiguous: for one row, or small k.
  void (*sum_rows)(const Product<T>&, int64_t column, int64_t width);
  // The same as dot products of rows of A with columns of B, which are contiguous: for few rows.
  void (*dot_products)(const Product<T>&, int64_t column, int64_t width);
};

struct GemmTable {
  GemmKernels<float> float32;
  GemmKernels<double> float64;
};

// Where the matrices of a stack of products start: at a + the sum of index * a_strides, and so on.
// C's follow each other.
struct Stack {
  int ndim = 0;
  int64_t shape[max_stack], a_strides[max_stack], b_strides[max_stack];

  int64_t count() const {
    int64_t n = 1;
    for (int d = 0; d < ndim; d++) n *= shape[d];
    return n;
  }
};

// Computes a stack of products on the threads of the pool; `first` is the first of them.
template <class T>
void multiply(const Product<T>& first, const Stack& stack = {});

// One product in the calling thread.
template <class T>
void multiply_here(const Product<T>& product);

}  // namespace tidu
