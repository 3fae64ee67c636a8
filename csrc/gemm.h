// Matrix products: C = A B, or C += A B, for strided A and B.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace tidu {

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

// Sizes of the blocks that the kernel of an instruction set works on, and its two steps. A is
// packed in panels of `rows` rows, B in panels of `columns` columns, each panel k after k.
template <class T>
struct GemmKernels {
  int rows, columns;
  // Packs panels [first, last) of B, k rows from `row` on; zeros fill the last panel.
  void (*pack_b)(const Product<T>&, int64_t row, int64_t k, int64_t column, int64_t width,
                 int64_t first, int64_t last, T* packed);
  // Rows [row, row + height) of C: packs A's block and multiplies it with the packed part of B.
  void (*block)(const Product<T>&, int64_t row, int64_t height, int64_t column, int64_t width,
                int64_t k_first, int64_t k, const T* packed_b, T* packed_a);
  // C for few rows, without packing; for B whose rows, or whose columns, are contiguous.
  void (*few_rows)(const Product<T>&, int64_t column, int64_t width);
};

struct GemmTable {
  GemmKernels<float> float32;
  GemmKernels<double> float64;
};

// Computes `count` products that differ in where their matrices start, on the threads of the pool.
template <class T>
void multiply(const Product<T>* products, int64_t count);

}  // namespace tidu
