// The inner parts of convolutions; see convolution.h.
#include "convolution.h"
#include "simd.h"
#include "transpose.h"

namespace tidu::TIDU_ISA {
namespace {

// Sums in registers: as many rows as leave room for one row of vectors and a broadcast, and not more
// than there are registers for their addresses.
template <int vectors>
constexpr int tile_rows() {
  if (TIDU_VECTOR_BYTES == 64) return 8;
  return vectors == 1 ? 8 : vectors == 2 ? 6 : 4;
}

// `count` rows of out, at most tile_rows.
template <class T, int vectors>
__attribute__((noinline)) void tile(const T* in, const int32_t* rows, int count, const int32_t* columns,
                                    int64_t n_columns, const T* __restrict packed,
                                    const T* start, T* out) {
  constexpr int n_rows = tile_rows<vectors>(), step = lanes<T>, width = vectors * step;
  const T* at[n_rows];
  Vec<T> sum[n_rows][vectors];
#pragma GCC unroll 16
  for (int i = 0; i < n_rows; i++) {
    const int row = i < count ? i : count - 1;  // a partial tile computes its last row repeatedly
    at[i] = in + rows[row];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) sum[i][v] = load((start ? start : out + row * width) + v * step);
  }
  for (int64_t j = 0; j < n_columns; j++) {
    const ptrdiff_t place = columns[j];
    Vec<T> row[vectors];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) row[v] = load(packed + j * width + v * step);
#pragma GCC unroll 16
    for (int i = 0; i < n_rows; i++) {
      Vec<T> x = splat(at[i][place]);
#pragma GCC unroll 4
      for (int v = 0; v < vectors; v++) sum[i][v] += x * row[v];
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < n_rows; i++) {
    if (i >= count) break;
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) store(out + i * width + v * step, sum[i][v]);
  }
}

template <class T, int vectors>
void accumulate_with(const T* in, const int32_t* rows, int64_t n_rows, const int32_t* columns,
                     int64_t n_columns, const T* packed, const T* start, T* out) {
  constexpr int most = tile_rows<vectors>();
  for (int64_t i = 0; i < n_rows; i += most) {
    const int count = n_rows - i < most ? int(n_rows - i) : most;
    tile<T, vectors>(in, rows + i, count, columns, n_columns, packed, start,
                     out + i * vectors * lanes<T>);
  }
}

template <class T>
void accumulate(const T* in, const int32_t* rows, int64_t n_rows, const int32_t* columns,
                int64_t n_columns, const T* packed, int vectors, const T* start, T* out) {
  static_assert(max_channel_vectors == 3);
  auto function = vectors == 1   ? accumulate_with<T, 1>
                  : vectors == 2 ? accumulate_with<T, 2>
                                 : accumulate_with<T, 3>;
  function(in, rows, n_rows, columns, n_columns, packed, start, out);
}

template <class T>
ConvolutionKernels<T> kernels() {
  return {lanes<T>, accumulate<T>, transpose<T>};
}

}  // namespace

void fill(ConvolutionTable& table) { table = {kernels<float>(), kernels<double>()}; }

}  // namespace tidu::TIDU_ISA
