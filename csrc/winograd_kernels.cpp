// The transforms of Winograd's algorithm; see winograd.h.
#include "winograd.h"
#include "winograd_matrices.h"

namespace tidu::TIDU_ISA {
namespace {

constexpr int step = lanes<float>;

// Applies `along`, from `from` to `to` vectors, to the columns of a square of vectors and then to its
// rows; `get(i, j)` reads, `put(i, j, v)` writes.
template <int from, int to, class Along, class Get, class Put>
TIDU_INLINE void both_dimensions(Along along, Get get, Put put) {
  Vec<float> half[to][from];
  for (int j = 0; j < from; j++) {
    Vec<float> x[from], y[to];
#pragma GCC unroll 8
    for (int i = 0; i < from; i++) x[i] = get(i, j);
    along(x, y);
#pragma GCC unroll 8
    for (int i = 0; i < to; i++) half[i][j] = y[i];
  }
  for (int i = 0; i < to; i++) {
    Vec<float> y[to];
    along(half[i], y);
#pragma GCC unroll 8
    for (int j = 0; j < to; j++) put(i, j, y[j]);
  }
}

template <int m, int r>
struct Transforms {
  static constexpr int n = m + r - 1;

  static void input(const float* pixels, int64_t row, float* tile, int64_t pitch) {
    both_dimensions<n, n>(
        [](const Vec<float>* x, Vec<float>* y) { multiply_rows(matrices<m, r>.b, x, y); },
        [&](int i, int j) { return load(pixels + i * row + j * step); },
        [&](int i, int j, Vec<float> v) { store(tile + (i * n + j) * pitch, v); });
  }

  static void weight(const float* weights, int64_t weight_step, float* tile, int64_t pitch) {
    both_dimensions<r, n>(
        [](const Vec<float>* x, Vec<float>* y) { multiply_rows(matrices<m, r>.g, x, y); },
        [&](int i, int j) { return load(weights + (i * r + j) * weight_step); },
        [&](int i, int j, Vec<float> v) { store(tile + (i * n + j) * pitch, v); });
  }

  static void output(const float* tile, int64_t pitch, const float* bias, int rows, int columns,
                     float* pixels, int64_t row) {
    const Vec<float> start = load(bias);
    both_dimensions<n, m>(
        [](const Vec<float>* x, Vec<float>* y) { multiply_columns(matrices<m, r>.a, x, y); },
        [&](int i, int j) { return load(tile + (i * n + j) * pitch); },
        [&](int i, int j, Vec<float> v) {
          if (i < rows && j < columns) store(pixels + i * row + j * step, v + start);
        });
  }

  template <int channels>
  static void output_of(const float* tile, int64_t pitch, const float* weights, int64_t weight_pitch,
                        int64_t weight_step, const float* bias, int rows, int columns, float* pixels, int64_t row) {
    const Vec<float> start = load(bias);
    both_dimensions<n, m>(
        [](const Vec<float>* x, Vec<float>* y) { multiply_columns(matrices<m, r>.a, x, y); },
        [&](int i, int j) {
          const float* x = tile + (i * n + j) * pitch;
          const float* w = weights + (i * n + j) * weight_pitch;
          Vec<float> sum = x[0] * load(w);
#pragma GCC unroll 4
          for (int c = 1; c < channels; c++) sum += x[c] * load(w + c * weight_step);
          return sum;
        },
        [&](int i, int j, Vec<float> v) {
          if (i < rows && j < columns) store(pixels + i * row + j * step, v + start);
        });
  }

  static void output_of_few(const float* tile, int64_t pitch, int channels, const float* weights,
                            int64_t weight_pitch, int64_t weight_step, const float* bias, int rows, int columns,
                            float* pixels, int64_t row) {
    static_assert(few_inputs == 4);
    auto function = channels == 1   ? output_of<1>
                    : channels == 2 ? output_of<2>
                    : channels == 3 ? output_of<3>
                                    : output_of<4>;
    function(tile, pitch, weights, weight_pitch, weight_step, bias, rows, columns, pixels, row);
  }

  static void output_gradient(const float* pixels, int64_t row, float* tile, int64_t pitch) {
    both_dimensions<m, n>(
        [](const Vec<float>* x, Vec<float>* y) { multiply_rows(matrices<m, r>.a, x, y); },
        [&](int i, int j) { return load(pixels + i * row + j * step); },
        [&](int i, int j, Vec<float> v) { store(tile + (i * n + j) * pitch, v); });
  }

  static void weight_gradient(const float* tile, int64_t pitch, float* weights) {
    both_dimensions<n, r>(
        [](const Vec<float>* x, Vec<float>* y) { multiply_columns(matrices<m, r>.g, x, y); },
        [&](int i, int j) { return load(tile + (i * n + j) * pitch); },
        [&](int i, int j, Vec<float> v) { store(weights + (i * r + j) * step, v); });
  }

  static constexpr WinogradKernels kernels() {
    return {m, r, n, input, weight, output, output_of_few, output_gradient, weight_gradient};
  }
};

}  // namespace

void fill(WinogradTable& table) {
  table = {Transforms<4, 3>::kernels(), Transforms<4, 5>::kernels()};
}

}  // namespace tidu::TIDU_ISA
