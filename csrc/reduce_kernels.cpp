// Inner loops of reductions; see reduce.h.
#include "reduce.h"

#include "reduce_sums.h"

namespace tidu::TIDU_ISA {

namespace {

// Products, and the extremes' values: a step that takes one more element, on vectors or numbers.
// NaN, once met, stays.
struct Multiply {
  template <class V>
  TIDU_INLINE V step(V a, V x) { return a * x; }
};
struct Larger {
  template <class V>
  TIDU_INLINE V step(V a, V x) { return (x > a) | (x != x) ? x : a; }
};
struct Smaller {
  template <class V>
  TIDU_INLINE V step(V a, V x) { return (x < a) | (x != x) ? x : a; }
};

// R rows of at least four vectors, some part of each in turn (see `cascade` in reduce_sums.h), to R
// places `step` apart.
template <class S, int R, class T>
TIDU_INLINE void fold_long_rows(const T* x, int64_t row_stride, int64_t n, T* out, int64_t step) {
  constexpr int L = lanes<T>, N = 4;
  constexpr int64_t part = 2048 / sizeof(T);
  Vec<T> found[R][N];
  for (int r = 0; r < R; r++)
    for (int k = 0; k < N; k++) found[r][k] = load(x + r * row_stride + k * L);
  const int64_t whole = n / (N * L) * (N * L);
  for (int64_t first = N * L; first < whole; first += part) {
    const int64_t end = first + part < whole ? first + part : whole;
    for (int r = 0; r < R; r++) {
      Vec<T> v[N];
      for (int k = 0; k < N; k++) v[k] = found[r][k];
      for (const T *p = x + r * row_stride + first, *last = x + r * row_stride + end; p < last; p += N * L) {
#pragma GCC unroll 4
        for (int k = 0; k < N; k++) v[k] = S::step(v[k], load(p + k * L));
      }
      for (int k = 0; k < N; k++) found[r][k] = v[k];
    }
  }
  for (int r = 0; r < R; r++, x += row_stride) {
    Vec<T> v = S::step(S::step(found[r][0], found[r][1]), S::step(found[r][2], found[r][3]));
    int64_t j = whole;
    for (; j + L <= n; j += L) v = S::step(v, load(x + j));
    T total = v[0];
    for (int k = 1; k < L; k++) total = S::step(total, T(v[k]));
    for (; j < n; j++) total = S::step(total, x[j]);
    out[r * step] = total;
  }
}

template <class S, class T>
void fold_rows(const T* x, int64_t row_stride, int64_t count, int64_t n, const T*, int64_t,
               T* out) {
  constexpr int64_t few = 4 * lanes<T>;
  int64_t i = 0;
  if (n >= 16 * few) {
    const int64_t part = count / 4;
    for (; i < part; i++)
      fold_long_rows<S, 4>(x + i * row_stride, part * row_stride, n, out + i, part);
    i = part * 4;
  }
  for (; i < count; i++) {
    const T* row = x + i * row_stride;
    if (n >= few) {
      fold_long_rows<S, 1>(row, row_stride, n, out + i, 1);
      continue;
    }
    T total = row[0];
    for (int64_t j = 1; j < n; j++) total = S::step(total, row[j]);
    out[i] = total;
  }
}

// Whether x comes before what was found so far: NaN comes first.
template <bool Max, class V>
TIDU_INLINE auto before(V x, V found) {
  return (Max ? x > found : x < found) | ((x != x) & (found == found));
}

// Integers as wide as T count places in vectors.
template <class T>
struct PlaceOf {
  typedef int64_t type;
};
template <>
struct PlaceOf<float> {
  typedef int32_t type;
};

template <class M>
TIDU_INLINE bool any_lane(M mask) {
  Vec<int64_t> words;
  __builtin_memcpy(&words, &mask, sizeof words);
  int64_t all = 0;
  for (int i = 0; i < lanes<int64_t>; i++) all |= words[i];
  return all != 0;
}

// The place of the first element equal to `value`, which is in x, or of the first NaN if it is one.
template <class T>
TIDU_INLINE int64_t find(const T* x, int64_t n, T value) {
  constexpr int L = lanes<T>, N = 8;
  const bool nan = value != value;
  const Vec<T> wanted = splat(value);
  int64_t i = 0;
  for (; i + N * L <= n; i += N * L) {
    auto hit = load(x + i) == wanted;
    if (nan) {
      for (int k = 0; k < N; k++) hit |= load(x + i + k * L) != load(x + i + k * L);
    } else {
      for (int k = 1; k < N; k++) hit |= load(x + i + k * L) == wanted;
    }
    if (any_lane(hit)) break;
  }
  for (; i < n; i++)
    if (nan ? x[i] != x[i] : x[i] == value) return i;
  return 0;
}

template <class S, class T>
void find_rows(const T* x, int64_t row_stride, int64_t count, int64_t n, T* values,
               int64_t* places) {
  if (n == 1 && row_stride == 1) {
    __builtin_memcpy(values, x, count * sizeof(T));
    __builtin_memset(places, 0, count * sizeof(int64_t));
    return;
  }
  for (int64_t i = 0; i < count; i++) {
    fold_rows<S, T>(x + i * row_stride, row_stride, 1, n, nullptr, 0, values + i);
    places[i] = find(x + i * row_stride, n, values[i]);
  }
}

// Results stay in registers for `run` rows, while these rows are read side by side.
constexpr int64_t run = 16;

template <class S, class T>
void fold_columns(const T* x, int64_t stride, int64_t n, int64_t columns, const T*, T* out) {
  constexpr int L = lanes<T>, N = 4;
  for (int64_t c = 0; c < columns; c++) out[c] = x[c];
  for (int64_t first = 1; first < n; first += run) {
    const int64_t rows = n - first < run ? n - first : run;
    const T* part = x + first * stride;
    int64_t c = 0;
    for (; c + N * L <= columns; c += N * L) {
      Vec<T> v[N];
      for (int k = 0; k < N; k++) v[k] = load(out + c + k * L);
      for (int64_t i = 0; i < rows; i++) {
#pragma GCC unroll 4
        for (int k = 0; k < N; k++) v[k] = S::step(v[k], load(part + i * stride + c + k * L));
      }
      for (int k = 0; k < N; k++) store(out + c + k * L, v[k]);
    }
    for (; c < columns; c++) {
      T v = out[c];
      for (int64_t i = 0; i < rows; i++) v = S::step(v, part[i * stride + c]);
      out[c] = v;
    }
  }
}

template <bool Max, class T>
void find_columns(const T* x, int64_t stride, int64_t n, int64_t columns, T* values,
                  int64_t* places) {
  typedef typename PlaceOf<T>::type Place;
  constexpr int L = lanes<T>, N = 2;
  constexpr int64_t tile = 512;
  Place at[tile];
  for (int64_t begin = 0; begin < columns; begin += tile) {
    const int64_t m = columns - begin < tile ? columns - begin : tile;
    T* found = values + begin;
    for (int64_t c = 0; c < m; c++) found[c] = x[begin + c], at[c] = 0;
    for (int64_t first = 1; first < n; first += run) {
      const int64_t rows = n - first < run ? n - first : run;
      const T* part = x + first * stride + begin;
      int64_t c = 0;
      for (; c + N * L <= m; c += N * L) {
        Vec<T> v[N];
        Vec<Place> p[N];
        for (int k = 0; k < N; k++) v[k] = load(found + c + k * L), p[k] = load(at + c + k * L);
        for (int64_t i = 0; i < rows; i++) {
          const Vec<Place> place = splat(Place(first + i));
#pragma GCC unroll 2
          for (int k = 0; k < N; k++) {
            const Vec<T> element = load(part + i * stride + c + k * L);
            const auto take = before<Max>(element, v[k]);
            v[k] = take ? element : v[k];
            p[k] = take ? place : p[k];
          }
        }
        for (int k = 0; k < N; k++) store(found + c + k * L, v[k]), store(at + c + k * L, p[k]);
      }
      for (; c < m; c++) {
        for (int64_t i = 0; i < rows; i++) {
          if (!before<Max>(part[i * stride + c], found[c])) continue;
          found[c] = part[i * stride + c];
          at[c] = Place(first + i);
        }
      }
    }
    for (int64_t c = 0; c < m; c++) places[begin + c] = at[c];
  }
}

template <class In>
void add_rows_whole(const In* x, int64_t row_stride, int64_t count, int64_t n, const int64_t*,
                    int64_t, int64_t* out) {
  for (int64_t i = 0; i < count; i++, x += row_stride) {
    int64_t total = 0;
    for (int64_t j = 0; j < n; j++) total += x[j];
    out[i] = total;
  }
}

template <class In>
void add_columns_whole(const In* x, int64_t stride, int64_t n, int64_t columns, const int64_t*,
                       int64_t* out) {
  for (int64_t c = 0; c < columns; c++) out[c] = 0;
  for (int64_t i = 0; i < n; i++, x += stride)
    for (int64_t c = 0; c < columns; c++) out[c] += x[c];
}

// Bools: sums of bytes that cannot overflow, some rows or elements at a time.
void count_rows(const uint8_t* x, int64_t row_stride, int64_t count, int64_t n, const int64_t*,
                int64_t, int64_t* out) {
  constexpr int64_t part = 1 << 16;
  for (int64_t i = 0; i < count; i++, x += row_stride) {
    int64_t total = 0;
    for (int64_t first = 0; first < n; first += part) {
      const int64_t m = n - first < part ? n - first : part;
      uint32_t some = 0;
      for (int64_t j = 0; j < m; j++) some += x[first + j] != 0;
      total += some;
    }
    out[i] = total;
  }
}

void count_columns(const uint8_t* x, int64_t stride, int64_t n, int64_t columns, const int64_t*,
                   int64_t* out) {
  constexpr int64_t tile = 1024;
  uint8_t some[tile];
  for (int64_t first = 0; first < columns; first += tile) {
    const int64_t m = columns - first < tile ? columns - first : tile;
    for (int64_t c = 0; c < m; c++) out[first + c] = 0;
    for (int64_t i = 0; i < n; i += 255) {
      const int64_t rows = n - i < 255 ? n - i : 255;
      for (int64_t c = 0; c < m; c++) some[c] = 0;
      for (int64_t r = 0; r < rows; r++) {
        const uint8_t* row = x + (i + r) * stride + first;
        for (int64_t c = 0; c < m; c++) some[c] += row[c] != 0;
      }
      for (int64_t c = 0; c < m; c++) out[first + c] += some[c];
    }
  }
}

template <class T>
void nonzero_rows(const T* x, int64_t row_stride, int64_t count, int64_t n, const int64_t*,
                  int64_t, int64_t* out) {
  for (int64_t i = 0; i < count; i++, x += row_stride) {
    int64_t total = 0;
    for (int64_t j = 0; j < n; j++) total += x[j] != 0;
    out[i] = total;
  }
}

template <class T>
void nonzero_columns(const T* x, int64_t stride, int64_t n, int64_t columns, const int64_t*,
                     int64_t* out) {
  for (int64_t c = 0; c < columns; c++) out[c] = 0;
  for (int64_t i = 0; i < n; i++, x += stride)
    for (int64_t c = 0; c < columns; c++) out[c] += x[c] != 0;
}

template <bool Any>
void logic_rows(const uint8_t* x, int64_t row_stride, int64_t count, int64_t n, const uint8_t*,
                int64_t, uint8_t* out) {
  for (int64_t i = 0; i < count; i++, x += row_stride)
    out[i] = (__builtin_memchr(x, Any ? 1 : 0, n) != nullptr) == Any;
}

template <bool Any>
void logic_columns(const uint8_t* x, int64_t stride, int64_t n, int64_t columns, const uint8_t*,
                   uint8_t* out) {
  for (int64_t c = 0; c < columns; c++) out[c] = !Any;
  for (int64_t i = 0; i < n; i++, x += stride) {
    if (Any)
      for (int64_t c = 0; c < columns; c++) out[c] |= x[c];
    else
      for (int64_t c = 0; c < columns; c++) out[c] &= x[c];
  }
}

template <class T>
void fill_floats(Reductions<T>& r) {
  r.sum = {sum_rows<as_is, T>, sum_columns<as_is, T>};
  r.sum_of_sums = {sum_rows<as_is, T>, sum_few_columns<T>};
  r.squares = {sum_rows<squared, T>, sum_columns<squared, T>};
}

template <class T>
void fill_common(Reductions<T>& r) {
  r.product = {fold_rows<Multiply, T>, fold_columns<Multiply, T>};
  r.largest = {fold_rows<Larger, T>, fold_columns<Larger, T>};
  r.smallest = {fold_rows<Smaller, T>, fold_columns<Smaller, T>};
  r.nonzero = {nonzero_rows<T>, nonzero_columns<T>};
  r.first_largest = {find_rows<Larger, T>, find_columns<true, T>};
  r.first_smallest = {find_rows<Smaller, T>, find_columns<false, T>};
}

}  // namespace

void fill(SumTable& table) {
  fill_floats(table.float32);
  fill_floats(table.float64);
  fill_common(table.float32);
  fill_common(table.float64);
  fill_common(table.int64);
  table.int64.sum = table.int64.sum_of_sums = {add_rows_whole<int64_t>, add_columns_whole<int64_t>};
  table.count = {count_rows, count_columns};
  table.any = {logic_rows<true>, logic_columns<true>};
  table.all = {logic_rows<false>, logic_columns<false>};
}

}  // namespace tidu::TIDU_ISA
