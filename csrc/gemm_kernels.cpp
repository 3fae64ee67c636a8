// The inner parts of matrix products, after Goto and van de Geijn, "Anatomy of high-performance
// matrix multiplication" (2008): a block of A in the second cache, a panel of B in the first, and
// a tile of C in registers.
#include "gemm.h"
#include "simd.h"

namespace tidu::TIDU_ISA {
namespace {

// A tile has as many rows as registers allow beside one row of B (`vectors` wide) and one
// broadcast: 12 x 2 of 32 registers in AVX-512, 6 x 2 of 16 below.
constexpr int tile_rows = TIDU_VECTOR_BYTES == 64 ? 12 : 6;
constexpr int vectors = 2;
template <class T>
constexpr int tile_columns = vectors * lanes<T>;

template <class T, int rows>
TIDU_INLINE void tile(int64_t k, const T* __restrict a, const T* __restrict b, Vec<T> (&sum)[rows][vectors]) {
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
    for (int v = 0; v < vectors; v++) sum[i][v] = Vec<T>{};
  for (int64_t p = 0; p < k; p++) {
    Vec<T> row[vectors];
#pragma GCC unroll 2
    for (int v = 0; v < vectors; v++) row[v] = load(b + p * tile_columns<T> + v * lanes<T>);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
      Vec<T> x = splat(a[p * tile_rows + i]);
#pragma GCC unroll 2
      for (int v = 0; v < vectors; v++) sum[i][v] += x * row[v];
    }
  }
}

// One tile of C, of which `height` x `width` elements exist.
template <class T>
__attribute__((noinline)) void compute_tile(const Product<T>& p, int64_t row, int height, int64_t column,
                                            int width, bool add, const T* bias, int64_t k, const T* a,
                                            const T* b) {
  Vec<T> sum[tile_rows][vectors];
  tile<T, tile_rows>(k, a, b, sum);
  T* c = p.c + row * p.c_row + column;
  if (width == tile_columns<T>) {
#pragma GCC unroll 16
    for (int i = 0; i < tile_rows; i++) {
      if (i >= height) break;
#pragma GCC unroll 2
      for (int v = 0; v < vectors; v++) {
        T* at = c + i * p.c_row + v * lanes<T>;
        Vec<T> value = sum[i][v];
        if (add) value += load(at);
        if (bias) value += load(bias + v * lanes<T>);
        store(at, value);
      }
    }
    return;
  }
  for (int i = 0; i < height; i++) {
    T values[tile_columns<T>];
#pragma GCC unroll 2
    for (int v = 0; v < vectors; v++) store(values + v * lanes<T>, sum[i][v]);
    for (int j = 0; j < width; j++)
      c[i * p.c_row + j] = values[j] + (add ? c[i * p.c_row + j] : 0) + (bias ? bias[j] : 0);
  }
}

template <class T>
void pack_b(const Product<T>& p, int64_t row, int64_t k, int64_t column, int64_t width, int64_t first,
            int64_t last, T* packed) {
  constexpr int step = tile_columns<T>;
  for (int64_t panel = first; panel < last; panel++) {
    T* out = packed + panel * k * step;
    int64_t start = column + panel * step;
    int64_t n = column + width - start < step ? column + width - start : step;
    const T* in = p.b + row * p.b_row + start * p.b_column;
    if (n == step && p.b_column == 1) {
      for (int64_t i = 0; i < k; i++)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++)
          store(out + i * step + v * lanes<T>, load(in + i * p.b_row + v * lanes<T>));
    } else {
      for (int64_t j = 0; j < step; j++)
        for (int64_t i = 0; i < k; i++)
          out[i * step + j] = j < n ? in[i * p.b_row + j * p.b_column] : T(0);
    }
  }
}

template <class T>
void pack_a(const Product<T>& p, int64_t row, int64_t height, int64_t k_first, int64_t k, T* packed) {
  for (int64_t panel = 0; panel < height; panel += tile_rows) {
    int64_t n = height - panel < tile_rows ? height - panel : tile_rows;
    const T* in = p.a + (row + panel) * p.a_row + k_first * p.a_column;
    T* out = packed + panel * k;
    if (p.a_column == 1) {
      for (int64_t i = 0; i < tile_rows; i++)
        for (int64_t q = 0; q < k; q++) out[q * tile_rows + i] = i < n ? in[i * p.a_row + q] : T(0);
    } else {
      for (int64_t q = 0; q < k; q++)
        for (int64_t i = 0; i < tile_rows; i++)
          out[q * tile_rows + i] = i < n ? in[i * p.a_row + q * p.a_column] : T(0);
    }
  }
}

template <class T>
void block(const Product<T>& p, int64_t row, int64_t height, int64_t column, int64_t width, int64_t k_first,
           int64_t k, const T* packed_b, T* packed_a) {
  constexpr int step = tile_columns<T>;
  pack_a(p, row, height, k_first, k, packed_a);
  const bool add = p.accumulate || k_first > 0;
  const bool with_bias = p.bias && k_first + k == p.k;
  for (int64_t j = 0; j < width; j += step)
    for (int64_t i = 0; i < height; i += tile_rows)
      compute_tile(p, row + i, int(height - i < tile_rows ? height - i : tile_rows), column + j,
                   int(width - j < step ? width - j : step), add,
                   with_bias ? p.bias + column + j : nullptr, k, packed_a + i * k, packed_b + j * k);
}

template <class T>
void few_rows(const Product<T>& p, int64_t column, int64_t width) {
  constexpr int step = lanes<T>;
  for (int64_t i = 0; i < p.m; i++) {
    const T* a = p.a + i * p.a_row;
    T* c = p.c + i * p.c_row;
    if (p.b_column == 1) {  // sums of rows of B
      int64_t j = column;
      for (; j + 4 * step <= column + width; j += 4 * step) {
        Vec<T> sum[4] = {};
        for (int64_t q = 0; q < p.k; q++) {
          Vec<T> x = splat(a[q * p.a_column]);
#pragma GCC unroll 4
          for (int v = 0; v < 4; v++) sum[v] += x * load(p.b + q * p.b_row + j + v * step);
        }
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) {
          T* at = c + j + v * step;
          Vec<T> value = sum[v];
          if (p.accumulate) value += load(at);
          if (p.bias) value += load(p.bias + j + v * step);
          store(at, value);
        }
      }
      for (; j < column + width; j++) {
        T sum = 0;
        for (int64_t q = 0; q < p.k; q++) sum += a[q * p.a_column] * p.b[q * p.b_row + j];
        c[j] = sum + (p.accumulate ? c[j] : 0) + (p.bias ? p.bias[j] : 0);
      }
    } else {  // A's row times columns of B, both contiguous
      for (int64_t j = column; j < column + width; j++) {
        const T* b = p.b + j * p.b_column;
        Vec<T> sum[4] = {};
        int64_t q = 0;
        for (; q + 4 * step <= p.k; q += 4 * step)
#pragma GCC unroll 4
          for (int v = 0; v < 4; v++) sum[v] += load(a + q + v * step) * load(b + q + v * step);
        Vec<T> total = (sum[0] + sum[1]) + (sum[2] + sum[3]);
        T value = 0;
        for (int v = 0; v < step; v++) value += total[v];
        for (; q < p.k; q++) value += a[q] * b[q];
        c[j] = value + (p.accumulate ? c[j] : 0) + (p.bias ? p.bias[j] : 0);
      }
    }
  }
}

template <class T>
GemmKernels<T> kernels() {
  return {tile_rows, tile_columns<T>, pack_b<T>, block<T>, few_rows<T>};
}

}  // namespace

void fill(GemmTable& table) { table = {kernels<float>(), kernels<double>()}; }

}  // namespace tidu::TIDU_ISA
