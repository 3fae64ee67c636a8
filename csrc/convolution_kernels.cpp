// The inner parts of convolutions; see convolution.h.
#include "convolution.h"
#include "shuffle.h"
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

// `count` rows of out, at most n_rows.
template <class T, int vectors, int n_rows>
__attribute__((noinline)) void tile(const T* in, const int32_t* rows, int count, const int32_t* columns,
                                    int64_t n_columns, const T* __restrict packed,
                                    const T* start, T* out) {
  constexpr int step = lanes<T>, width = vectors * step;
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
    auto function = count > most / 2 ? tile<T, vectors, most> : tile<T, vectors, most / 2>;
    function(in, rows + i, count, columns, n_columns, packed, start, out + i * vectors * lanes<T>);
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

// How many vectors of places a tile of `planes`, and how many columns a tile of `dots` has.
template <int outputs>
constexpr int tile_width() {
  constexpr int width = outputs == 1 ? 8 : outputs == 4 ? 3 : 4;
  return TIDU_VECTOR_BYTES == 64 ? 2 * width : width;
}

template <class T, int outputs, int vectors>
TIDU_INLINE void planes_tile(const T* in, const int32_t* columns, int64_t n_columns, const T* weights,
                             const T* start, T* out, int64_t out_pitch) {
  Vec<T> sum[outputs][vectors];
#pragma GCC unroll 4
  for (int r = 0; r < outputs; r++)
#pragma GCC unroll 16
    for (int v = 0; v < vectors; v++) sum[r][v] = splat(start[r]);
  for (int64_t j = 0; j < n_columns; j++) {
    const T* from = in + columns[j];
    Vec<T> weight[outputs];
#pragma GCC unroll 4
    for (int r = 0; r < outputs; r++) weight[r] = splat(weights[j * outputs + r]);
#pragma GCC unroll 16
    for (int v = 0; v < vectors; v++) {
      Vec<T> x = load(from + v * lanes<T>);
#pragma GCC unroll 4
      for (int r = 0; r < outputs; r++) sum[r][v] += weight[r] * x;
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < outputs; r++)
#pragma GCC unroll 16
    for (int v = 0; v < vectors; v++) store(out + r * out_pitch + v * lanes<T>, sum[r][v]);
}

template <class T, int outputs>
void planes_of(const T* in, int64_t vectors, const int32_t* columns, int64_t n_columns, const T* weights,
               const T* start, T* out, int64_t out_pitch) {
  constexpr int most = tile_width<outputs>();
  constexpr int64_t step = lanes<T>;
  int64_t v = 0;
  for (; v + most <= vectors; v += most)
    planes_tile<T, outputs, most>(in + v * step, columns, n_columns, weights, start, out + v * step, out_pitch);
  for (; v + most / 2 <= vectors; v += most / 2)
    planes_tile<T, outputs, most / 2>(in + v * step, columns, n_columns, weights, start, out + v * step, out_pitch);
  for (; v < vectors; v++)
    planes_tile<T, outputs, 1>(in + v * step, columns, n_columns, weights, start, out + v * step, out_pitch);
}

template <class T>
void planes(const T* in, int64_t vectors, const int32_t* columns, int64_t n_columns, const T* weights,
            int outputs, const T* start, T* out, int64_t out_pitch) {
  static_assert(max_plane_outputs == 4);
  auto function = outputs == 1   ? planes_of<T, 1>
                  : outputs == 2 ? planes_of<T, 2>
                  : outputs == 3 ? planes_of<T, 3>
                                 : planes_of<T, 4>;
  function(in, vectors, columns, n_columns, weights, start, out, out_pitch);
}

template <class T, int count>
TIDU_INLINE void channels_tile(const T* in, int64_t step, const int32_t* columns, int64_t n_columns,
                               const T* weights, const T* start, T* out, int64_t out_step) {
  constexpr int n = lanes<T>;
  Vec<T> sum[count];
#pragma GCC unroll 16
  for (int i = 0; i < count; i++) sum[i] = load(start);
  for (int64_t j = 0; j < n_columns; j++) {
    const T* from = in + columns[j] * n;
    const Vec<T> weight = load(weights + j * n);
#pragma GCC unroll 16
    for (int i = 0; i < count; i++) sum[i] += weight * load(from + i * step * n);
  }
#pragma GCC unroll 16
  for (int i = 0; i < count; i++) store(out + i * out_step * n, sum[i]);
}

template <class T>
void channels(const T* in, int64_t step, const int32_t* columns, int64_t n_columns, const T* weights,
              const T* start, T* out, int64_t out_step, int64_t count) {
  constexpr int n = lanes<T>;
  auto tile = [&](auto function, int64_t& i, int64_t places) __attribute__((always_inline)) {
    function(in + i * step * n, step, columns, n_columns, weights, start, out + i * out_step * n, out_step);
    i += places;
  };
  int64_t i = 0;
  while (count - i >= 8) tile(channels_tile<T, 8>, i, 8);
  switch (count - i) {
    case 7: tile(channels_tile<T, 7>, i, 7); break;
    case 6: tile(channels_tile<T, 6>, i, 6); break;
    case 5: tile(channels_tile<T, 5>, i, 5); break;
    case 4: tile(channels_tile<T, 4>, i, 4); break;
    case 3: tile(channels_tile<T, 3>, i, 3); break;
    case 2: tile(channels_tile<T, 2>, i, 2); break;
    case 1: tile(channels_tile<T, 1>, i, 1); break;
  }
}

template <class T, int outputs, int count>
TIDU_INLINE void dots_tile(const T* in, int64_t vectors, const int32_t* columns, int64_t n_columns, const T* g,
                           int64_t g_pitch, T* out) {
  const T* at[count];
  Vec<T> sum[outputs][count] = {};
#pragma GCC unroll 16
  for (int j = 0; j < count; j++) at[j] = in + columns[j];
  for (int64_t q = 0; q < vectors * lanes<T>; q += lanes<T>) {
    Vec<T> factor[outputs];
#pragma GCC unroll 4
    for (int r = 0; r < outputs; r++) factor[r] = load(g + r * g_pitch + q);
#pragma GCC unroll 16
    for (int j = 0; j < count; j++) {
      Vec<T> x = load(at[j] + q);
#pragma GCC unroll 4
      for (int r = 0; r < outputs; r++) sum[r][j] += factor[r] * x;
    }
  }
  for (int r = 0; r < outputs; r++)
    for (int j = 0; j < count; j++) {
      T part[lanes<T>];
      store(part, sum[r][j]);
#pragma GCC unroll 4
      for (int half = lanes<T> / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++) part[l] += part[l + half];
      out[r * n_columns + j] += part[0];
    }
}

// A tile of `count` columns, at most `most`.
template <class T, int outputs, int most>
TIDU_INLINE void dots_some(int64_t count, const T* in, int64_t vectors, const int32_t* columns, int64_t n_columns,
                           const T* g, int64_t g_pitch, T* out) {
  if (count == most) dots_tile<T, outputs, most>(in, vectors, columns, n_columns, g, g_pitch, out);
  else if constexpr (most > 1)
    dots_some<T, outputs, most - 1>(count, in, vectors, columns, n_columns, g, g_pitch, out);
}

template <class T, int outputs>
void dots_of(const T* in, int64_t vectors, const int32_t* columns, int64_t n_columns, const T* g, int64_t g_pitch,
             T* out) {
  constexpr int most = outputs == 1 ? 9 : tile_width<outputs>() < 6 ? tile_width<outputs>() : 6;
  const int64_t tiles = (n_columns + most - 1) / most;  // of nearly the same width
  for (int64_t i = 0; i < tiles; i++) {
    const int64_t j = n_columns * i / tiles, count = n_columns * (i + 1) / tiles - j;
    dots_some<T, outputs, most>(count, in, vectors, columns + j, n_columns, g, g_pitch, out + j);
  }
}

template <class T>
void dots(const T* in, int64_t vectors, const int32_t* columns, int64_t n_columns, const T* g, int64_t g_pitch,
          int outputs, T* out) {
  static_assert(max_plane_outputs == 4);
  auto function = outputs == 1   ? dots_of<T, 1>
                  : outputs == 2 ? dots_of<T, 2>
                  : outputs == 3 ? dots_of<T, 3>
                                 : dots_of<T, 4>;
  function(in, vectors, columns, n_columns, g, g_pitch, out);
}

// The last vector of a row reaches back over what is already there.
template <class T>
TIDU_INLINE void copy_row(const T* in, int64_t step, int64_t count, T* out) {
  constexpr int64_t width = lanes<T>;
  if (count < width || step > 1) {
    for (int64_t j = 0; j < count; j++) out[j] = in[j * step];
  } else {
    for (int64_t j = 0; j + width <= count; j += width) store(out + j, load(in + j));
    store(out + count - width, load(in + count - width));
  }
}

// The few zeros beside a row; the compiler would make a call of `memset` out of a plain loop, which
// takes longer than they do.
template <class T>
TIDU_INLINE void clear(T* out, int64_t count) {
  for (int64_t j = 0; j < count; j++) {
    out[j] = 0;
    asm volatile("" ::: "memory");
  }
}

template <class T>
void copy_rows(const T* in, int64_t in_pitch, int64_t step, int64_t rows, int64_t left, int64_t right,
               int64_t width, T* out, int64_t out_pitch) {
  for (int64_t i = 0; i < rows; i++, in += in_pitch, out += out_pitch) {
    clear(out, left);
    copy_row(in + left * step, step, right - left, out + left);
    clear(out + right, width - right);
  }
}

template <class T>
void split_rows(const T* in, int64_t in_pitch, int64_t first, int64_t end, SplitColumns even,
                SplitColumns odd, int64_t width, T* out, int64_t part, int64_t step, int64_t block,
                int64_t out_pitch) {
  constexpr int64_t n = lanes<T>;
  const int64_t left = even.left > odd.left ? even.left : odd.left;
  const int64_t right = even.right < odd.right ? even.right : odd.right;
  for (int64_t row = first; row < end; row++, in += in_pitch) {
    T* to = out + row % step * block + row / step * out_pitch;
    T* other = to + part;
    clear(to, even.left);
    clear(other, odd.left);
    int64_t j = left;
    if (even.left < left && even.left < even.right) to[even.left] = in[2 * even.left];
    if (odd.left < left && odd.left < odd.right) other[odd.left] = in[2 * odd.left + 1];
    auto pairs = [&](int64_t i) __attribute__((always_inline)) {
      const Vec<T> a = load(in + 2 * i), b = load(in + 2 * i + n);
      store(to + i, Shuffle<n>::even(a, b));
      store(other + i, Shuffle<n>::odd(a, b));
    };
    if (right - left >= n) {
      for (; j + n <= right; j += n) pairs(j);
      pairs(right - n);  // over what is already there
      j = right;
    }
    for (; j < right; j++) to[j] = in[2 * j], other[j] = in[2 * j + 1];
    if (right < even.right) to[right] = in[2 * right];
    if (right < odd.right) other[right] = in[2 * right + 1];
    clear(to + even.right, width - even.right);
    clear(other + odd.right, width - odd.right);
  }
}

template <class T>
ConvolutionKernels<T> kernels() {
  return {lanes<T>, accumulate<T>, planes<T>, channels<T>, dots<T>, copy_rows<T>, split_rows<T>, transpose<T>};
}

}  // namespace

void fill(ConvolutionTable& table) { table = {kernels<float>(), kernels<double>()}; }

}  // namespace tidu::TIDU_ISA
