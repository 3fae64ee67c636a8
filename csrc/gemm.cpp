#include "gemm.h"

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

// Bytes of a block of A (for the second cache) and of a packed part of B (for the last).
constexpr int64_t depth = 256;
constexpr int64_t block_of_a = 192 << 10, part_of_b = 4 << 20;
constexpr double thread_work = 1 << 19;  // multiplications that are worth a second thread

int64_t round_up(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }
int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

template <class T>
bool without_packing(const Product<T>& p) {
  return p.m < 4 && (p.b_column == 1 || (p.b_row == 1 && p.a_column == 1));
}

template <class T>
void multiply_one(const Product<T>& p, bool threaded) {
  const GemmKernels<T>& use = kernels<T>();
  const double work = double(p.m) * p.n * p.k;
  const int threads = threaded && work >= 2 * thread_work ? parallel::threads() : 1;
  if (without_packing(p)) {
    if (threads == 1) use.few_rows(p, 0, p.n);
    else parallel::split(p.n, int64_t(thread_work / (p.m * p.k)) + 64, 64, [&](int64_t begin, int64_t end) {
      use.few_rows(p, begin, end - begin);
    });
    return;
  }
  const int64_t k_step = p.k <= depth + depth / 2 ? p.k : depth;
  const int64_t most_columns = part_of_b / int64_t(sizeof(T)) / k_step / use.columns * use.columns;
  const int64_t most_rows = round_up(block_of_a / int64_t(sizeof(T)) / k_step, use.rows);
  int64_t blocks = (p.m + most_rows - 1) / most_rows;
  blocks = (blocks + threads - 1) / threads * threads;  // the same work for each thread
  const int64_t row_step = round_up((p.m + blocks - 1) / blocks, use.rows);
  blocks = (p.m + row_step - 1) / row_step;
  for (int64_t column = 0; column < p.n; column += most_columns) {
    const int64_t width = smaller(p.n - column, most_columns);
    const int64_t panels = (width + use.columns - 1) / use.columns;
    for (int64_t first = 0; first < p.k; first += k_step) {
      const int64_t k = smaller(p.k - first, k_step);
      T* packed_b = scratch<T>(scratch_shared, panels * use.columns * k);
      auto pack = [&](int64_t begin, int64_t end) {
        use.pack_b(p, first, k, column, width, begin, end, packed_b);
      };
      if (threads == 1) pack(0, panels);
      else parallel::split(panels, 4, 1, pack);
      // Few rows: threads share the columns instead.
      const int64_t cuts = threads > 1 && blocks < threads ? smaller(panels, threads) : 1;
      auto task = [&](int64_t i) {
        const int64_t row = i / cuts * row_step, cut = i % cuts;
        const int64_t begin = panels * cut / cuts * use.columns;
        const int64_t end = smaller(panels * (cut + 1) / cuts * use.columns, width);
        T* packed_a = scratch<T>(scratch_own, row_step * k);
        use.block(p, row, smaller(p.m - row, row_step), column + begin, end - begin, first, k,
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

}  // namespace

template <class T>
void multiply(const Product<T>* products, int64_t count) {
  if (count == 0 || products->m == 0 || products->n == 0) return;
  auto one = [](const Product<T>& p, bool threaded) { p.k ? multiply_one(p, threaded) : clear(p); };
  const double work = double(products->m) * products->n * products->k;
  if (count == 1 || work > 64 * thread_work) {
    for (int64_t i = 0; i < count; i++) one(products[i], true);
    return;
  }
  parallel::split(count, int64_t(thread_work / (work + 1)) + 1, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) one(products[i], false);
  });
}

template void multiply(const Product<float>*, int64_t);
template void multiply(const Product<double>*, int64_t);

}  // namespace tidu
