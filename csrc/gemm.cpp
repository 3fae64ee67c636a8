#include "gemm.h"

#include <algorithm>

#include "dispatch.h"
#include "parallel.h"
#include "scratch.h"

namespace tidu {
namespace {

template <class T>
const GemmKernels<T>& kernels();
template <>
const GemmKernels<float>& kernels<float>() { return gemm_kernels.float32; }
template <>
const GemmKernels<double>& kernels<double>() { return gemm_kernels.float64; }

// k for one pass, and bytes of a block of A (for the second cache) and of a packed part of B (for
// the last).
constexpr int64_t depth = 384;
constexpr int64_t block_of_a = 256 << 10, part_of_b = 4 << 20;
// Bytes of a B that need not be copied: what of it is read at a time stays in the first cache.
constexpr int64_t small_b = 64 << 10;
constexpr double thread_work = 1 << 19;  // multiplications that are worth a second thread

int64_t round_up(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

template <class T>
Product<T> some_rows(Product<T> p, int64_t begin, int64_t end) {
  p.a += begin * p.a_row, p.c += begin * p.c_row, p.m = end - begin;
  return p;
}

template <class T>
int64_t bytes(int64_t rows, int64_t columns) { return rows * columns * int64_t(sizeof(T)); }

// For few rows: the threads share the columns.
template <class T, class F>
void multiply_in_columns(const Product<T>& p, int threads, F&& columns) {
  if (threads == 1) columns(0, p.n);
  else parallel::split(p.n, int64_t(thread_work / (p.m * p.k)) + 64, 64, [&](int64_t begin, int64_t end) {
    columns(begin, end - begin);
  });
}

template <class T, class F>
void multiply_in_rows(const Product<T>& p, int64_t unit, int threads, F&& rows) {
  if (threads == 1) rows(0, p.m);
  else parallel::split(p.m, int64_t(thread_work / (p.n * p.k)) + unit, unit, rows);
}

// For a small B: some rows of A at a time, which stay in the second cache.
template <class T>
void multiply_directly(const Product<T>& p, const GemmKernels<T>& use, int threads) {
  const int64_t step = round_up(block_of_a / 2 / bytes<T>(1, p.k), use.rows);
  multiply_in_rows(p, use.rows, threads, [&](int64_t begin, int64_t end) {
    T* room = scratch<T>(scratch_own, use.columns * p.k);
    for (int64_t i = begin; i < end; i += step)
      use.direct(some_rows(p, i, std::min<int64_t>(i + step, end)), 0, p.n, room);
  });
}

template <class T>
void multiply_packed(const Product<T>& p, const GemmKernels<T>& use, int threads) {
  const int64_t passes = (p.k + depth / 2 - 1) / depth > 0 ? (p.k + depth / 2 - 1) / depth : 1;
  const int64_t k_step = round_up((p.k + passes - 1) / passes, 8);
  const int64_t most_columns = part_of_b / bytes<T>(1, k_step) / use.columns * use.columns;
  const int64_t most_rows = round_up(block_of_a / bytes<T>(1, k_step), use.rows);
  int64_t blocks = (p.m + most_rows - 1) / most_rows;
  blocks = (blocks + threads - 1) / threads * threads;  // the same work for each thread
  const int64_t row_step = round_up((p.m + blocks - 1) / blocks, use.rows);
  blocks = (p.m + row_step - 1) / row_step;
  // A whose rows are contiguous is read in place, unless parts of long rows are read many times.
  const bool copy_a = p.a_column != 1 || (passes > 1 && p.n > 32 * use.columns);
  for (int64_t column = 0; column < p.n; column += most_columns) {
    const int64_t width = std::min<int64_t>(p.n - column, most_columns);
    const int64_t panels = (width + use.columns - 1) / use.columns;
    for (int64_t first = 0; first < p.k; first += k_step) {
      const int64_t k = std::min<int64_t>(p.k - first, k_step);
      T* packed_b = scratch<T>(scratch_shared, panels * use.columns * k);
      auto pack = [&](int64_t begin, int64_t end) {
        use.pack_b(p, first, k, column, width, begin, end, packed_b);
      };
      if (threads == 1) pack(0, panels);
      else parallel::split(panels, 4, 1, pack);
      // Few rows: threads share the columns instead.
      const int64_t cuts = threads > 1 && blocks < threads ? std::min<int64_t>(panels, threads) : 1;
      auto task = [&](int64_t i) {
        const int64_t row = i / cuts * row_step, cut = i % cuts;
        const int64_t begin = panels * cut / cuts * use.columns;
        const int64_t end = std::min<int64_t>(panels * (cut + 1) / cuts * use.columns, width);
        T* packed_a = copy_a ? scratch<T>(scratch_own, row_step * k) : nullptr;
        use.block(p, row, std::min<int64_t>(p.m - row, row_step), column + begin, end - begin, first, k,
                  packed_b + begin * k, packed_a);
      };
      if (threads == 1)
        for (int64_t i = 0; i < blocks; i++) task(i);
      else parallel::run(blocks * cuts, task);
    }
  }
}

template <class T>
void clear(const Product<T>& p) {  // the empty sum
  for (int64_t i = 0; i < p.m; i++)
    for (int64_t j = 0; j < p.n; j++) {
      T& c = p.c[i * p.c_row + j];
      c = (p.accumulate ? c : 0) + (p.bias ? p.bias[j] : 0);
    }
}

template <class T>
void multiply_one(const Product<T>& p, bool threaded) {
  const GemmKernels<T>& use = kernels<T>();
  if (p.k == 0) return clear(p);
  if (p.n == 1 && p.m > 1 && p.c_row == 1 && !p.bias) {  // a column: the same as its transposed row
    return multiply_one(Product<T>{p.b, p.a, p.c, 1, p.m, p.k, 1, p.b_row, p.a_column, p.a_row, p.m,
                                   p.accumulate, nullptr}, threaded);
  }
  const double work = double(p.m) * p.n * p.k;
  const int threads = threaded && work >= 2 * thread_work ? parallel::threads() : 1;
  if (p.b_column == 1 && p.k <= 4 && p.n >= use.columns)
    multiply_in_rows(p, 1, threads, [&](int64_t begin, int64_t end) {
      use.sum_rows(some_rows(p, begin, end), 0, p.n);
    });
  else if (p.m <= 3 && p.b_row == 1 && p.a_column == 1)
    multiply_in_columns(p, threads, [&](int64_t column, int64_t width) { use.dot_products(p, column, width); });
  else if (p.m == 1 && p.b_column == 1)
    multiply_in_columns(p, threads, [&](int64_t column, int64_t width) { use.sum_rows(p, column, width); });
  else if (p.m <= 2 * use.rows)
    multiply_in_columns(p, threads, [&](int64_t column, int64_t width) {
      use.direct(p, column, width, scratch<T>(scratch_own, use.columns * p.k));
    });
  else if (bytes<T>(p.k, p.n) <= small_b) multiply_directly(p, use, threads);
  else multiply_packed(p, use, threads);
}

}  // namespace

template <class T>
void multiply_here(const Product<T>& p) {
  if (p.m && p.n) multiply_one(p, false);
}

template <class T>
void multiply(const Product<T>& first, const Stack& stack) {
  const int64_t count = stack.count();
  if (count == 0 || first.m == 0 || first.n == 0) return;
  const double work = double(first.m) * first.n * first.k;
  auto some = [&](int64_t begin, int64_t end, bool threaded) {
    for (int64_t i = begin; i < end; i++) {
      Product<T> p = first;
      int64_t rest = i;
      for (int d = stack.ndim - 1; d >= 0; d--) {
        const int64_t index = d > 0 ? rest % stack.shape[d] : rest;
        p.a += index * stack.a_strides[d], p.b += index * stack.b_strides[d];
        if (d > 0) rest /= stack.shape[d];
      }
      p.c += i * p.m * p.c_row;
      multiply_one(p, threaded);
    }
  };
  if (count == 1 || work > 64 * thread_work) some(0, count, true);
  else
    parallel::split(count, int64_t(thread_work / (work + 1)) + 1, 1,
                    [&](int64_t begin, int64_t end) { some(begin, end, false); });
}

template void multiply(const Product<float>&, const Stack&);
template void multiply(const Product<double>&, const Stack&);
template void multiply_here(const Product<float>&);
template void multiply_here(const Product<double>&);

}  // namespace tidu
