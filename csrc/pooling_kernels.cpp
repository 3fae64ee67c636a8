// The inner loops of pooling.
//
// A row of windows is computed as vectors over the windows. For that, each row of the input is
// copied once, with its padding, into as many parts as the stride is: part i has the elements i,
// i + stride, i + 2 stride, ... So what a window has at one place lies, for all windows of a row,
// without gaps in one part.
#include "pooling.h"
#include "scratch.h"
#include "shuffle.h"

namespace tidu::TIDU_ISA {
namespace {

int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
int64_t ceil_div(int64_t a, int64_t b) { return a <= 0 ? -(-a / b) : (a + b - 1) / b; }

// Of the places in windows along one axis, those inside the input are first, ..., last.
struct Range {
  int64_t first, last;
};
Range inside(const Windows& w, int axis, int64_t window) {
  const int64_t start = window * w.stride[axis] - w.padding[axis], step = w.dilation[axis];
  return {larger(0, ceil_div(-start, step)),
          smaller(w.kernel[axis] - 1, (w.size[axis] - 1 - start) / step)};
}

bool small_places(const Windows& w) { return w.kernel[0] * w.kernel[1] * w.kernel[2] < 256; }

// Whether the windows are 2 x 2 squares side by side, in each plane of a volume, all inside.
bool squares(const Windows& w) {
  return w.kernel[0] == 1 && w.kernel[1] == 2 && w.kernel[2] == 2 && w.stride[0] == 1 &&
         w.stride[1] == 2 && w.stride[2] == 2 && w.padding[0] == 0 && w.padding[1] == 0 &&
         w.padding[2] == 0 && w.dilation[1] == 1 && w.dilation[2] == 1 &&
         2 * w.out[1] <= w.size[1] && 2 * w.out[2] <= w.size[2];
}

typedef uint8_t Bytes2 __attribute__((vector_size(2)));
typedef uint8_t Bytes4 __attribute__((vector_size(4)));
typedef uint8_t Bytes8 __attribute__((vector_size(8)));
typedef uint8_t Bytes16 __attribute__((vector_size(16)));
template <int n>
struct BytesOf;
template <>
struct BytesOf<2> { typedef Bytes2 type; };
template <>
struct BytesOf<4> { typedef Bytes4 type; };
template <>
struct BytesOf<8> { typedef Bytes8 type; };
template <>
struct BytesOf<16> { typedef Bytes16 type; };

// The lowest byte of each lane, of so many lanes of so many bytes. (GCC 12 makes a conversion of a
// vector to bytes one element at a time.)
typedef uint8_t AllBytes __attribute__((vector_size(TIDU_VECTOR_BYTES)));
template <int lanes, int size>
struct LowBytes;
#define TIDU_LOW_BYTES(lanes, size, ...)                                   \
  template <>                                                              \
  struct LowBytes<lanes, size> {                                           \
    TIDU_INLINE BytesOf<lanes>::type of(AllBytes v) {                      \
      return __builtin_shufflevector(v, v, __VA_ARGS__);                   \
    }                                                                      \
  };
#if TIDU_VECTOR_BYTES == 16
TIDU_LOW_BYTES(4, 4, 0, 4, 8, 12)
TIDU_LOW_BYTES(2, 8, 0, 8)
#elif TIDU_VECTOR_BYTES == 32
TIDU_LOW_BYTES(8, 4, 0, 4, 8, 12, 16, 20, 24, 28)
TIDU_LOW_BYTES(4, 8, 0, 8, 16, 24)
#else
TIDU_LOW_BYTES(16, 4, 0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60)
TIDU_LOW_BYTES(8, 8, 0, 8, 16, 24, 32, 40, 48, 56)
#endif
#undef TIDU_LOW_BYTES

// The numbers of places, one for each lane, in memory.
template <class T>
TIDU_INLINE void store_places(uint8_t* p, Mask<T> places) {
  const auto bytes = LowBytes<lanes<T>, sizeof(T)>::of((AllBytes)places);
  __builtin_memcpy(p, &bytes, sizeof bytes);
}
template <class T>
TIDU_INLINE void store_places(int32_t* p, Mask<T> places) {
  for (int i = 0; i < lanes<T>; i++) p[i] = static_cast<int32_t>(places[i]);
}
template <class T>
TIDU_INLINE Mask<T> load_places(const uint8_t* p) {
  typename BytesOf<lanes<T>>::type bytes;
  __builtin_memcpy(&bytes, p, sizeof bytes);
  return __builtin_convertvector(bytes, Mask<T>);
}

// Larger, or the first NaN.
template <class T>
TIDU_INLINE bool beats(T x, T best) { return !(x <= best) & (best == best); }  // without a branch
template <class T>
TIDU_INLINE Mask<T> beats(Vec<T> x, Vec<T> best) { return ~(x <= best) & (best == best); }

// Maxima

// A vector may go beyond its row, as long as it stays within the planes: what it writes there is
// written again with the rows that follow.
template <class T>
void max_squares(const Windows& w, int64_t count, const T* x, T* out, uint8_t* place) {
  constexpr int n = lanes<T>;
  const int64_t width = w.size[2], columns = w.out[2];
  count *= w.size[0];
  const T *x_end = x + count * w.size[1] * width, *out_end = out + count * w.out[1] * columns;
  for (int64_t plane = 0; plane < count; plane++, x += w.size[1] * width)
    for (int64_t row = 0; row < w.out[1]; row++, out += columns, place += columns) {
      const T *top = x + 2 * row * width, *bottom = top + width;
      int64_t i = 0;
      for (; i < columns; i += n) {
        if (i + n > columns && (out_end - out < i + n || x_end - bottom < 2 * (i + n))) break;
        const Vec<T> a = load(top + 2 * i), b = load(top + 2 * i + n);
        const Vec<T> c = load(bottom + 2 * i), d = load(bottom + 2 * i + n);
        const Vec<T> rest[3] = {Shuffle<n>::odd(a, b), Shuffle<n>::even(c, d), Shuffle<n>::odd(c, d)};
        Vec<T> best = Shuffle<n>::even(a, b);
        Mask<T> where{};
#pragma GCC unroll 3
        for (int j = 0; j < 3; j++) {
          const Mask<T> better = beats<T>(rest[j], best);
          best = better ? rest[j] : best;
          where = better ? (Mask<T>{} + (j + 1)) : where;
        }
        store(out + i, best);
        store_places<T>(place + i, where);
      }
      for (; i < columns; i++) {
        T best = top[2 * i];
        uint8_t where = 0;
        const T rest[3] = {top[2 * i + 1], bottom[2 * i], bottom[2 * i + 1]};
        for (int j = 0; j < 3; j++) {
          const bool better = beats(rest[j], best);
          best = better ? rest[j] : best;
          where = better ? static_cast<uint8_t>(j + 1) : where;
        }
        out[i] = best, place[i] = where;
      }
    }
}

template <class T, class Place>
void max_one_by_one(const Windows& w, int64_t count, const T* x, T* out, Place* place) {
  const int64_t width = w.size[2], plane = w.size[1] * width;
  for (int64_t p = 0; p < count; p++, x += w.size[0] * plane)
    for (int64_t i = 0; i < w.out[0]; i++)
      for (int64_t j = 0; j < w.out[1]; j++)
        for (int64_t k = 0; k < w.out[2]; k++) {
          const Range a = inside(w, 0, i), b = inside(w, 1, j), c = inside(w, 2, k);
          const T* start = x + (i * w.stride[0] - w.padding[0]) * plane +
                           (j * w.stride[1] - w.padding[1]) * width + k * w.stride[2] - w.padding[2];
          T best = -__builtin_inf();
          int64_t where = (a.first * w.kernel[1] + b.first) * w.kernel[2] + c.first;
          for (int64_t d = a.first; d <= a.last; d++)
            for (int64_t e = b.first; e <= b.last; e++)
              for (int64_t f = c.first; f <= c.last; f++) {
                const T here = start[d * w.dilation[0] * plane + e * w.dilation[1] * width + f * w.dilation[2]];
                const bool better = beats(here, best);
                best = better ? here : best;
                where = better ? (d * w.kernel[1] + e) * w.kernel[2] + f : where;
              }
          *out++ = best;
          *place++ = static_cast<Place>(where);
        }
}

// The input's rows in parts, as described above.
struct Parts {
  int64_t columns;  // windows in a row, rounded up to whole vectors
  int64_t length;   // elements in a part
  int64_t row;      // elements of all parts
  int64_t stride, step;

  Parts(const Windows& w, int lanes)
      : columns((w.out[2] + lanes - 1) / lanes * lanes),
        length(columns + (w.kernel[2] - 1) * w.dilation[2] / w.stride[2] + 1),
        row(length * w.stride[2]), stride(w.stride[2]), step(w.dilation[2]) {}

  // Where the elements at place `k` of the windows begin.
  int64_t at(int64_t k) const { return k * step % stride * length + k * step / stride; }
};

// For a stride of 2, as far as whole vectors go: elements [first, end) of both parts.
template <class T>
Range split_in_two(const Windows& w, const Parts& parts, const T* x, T* out) {
  constexpr int n = lanes<T>;
  const int64_t p = w.padding[2], first = (p + 1) / 2, odd = p % 2;
  int64_t i = first;
  for (const T* from = x + odd; from + 2 * n <= x + w.size[2] && i + n <= parts.length; from += 2 * n, i += n) {
    const Vec<T> a = load(from), b = load(from + n);
    store(out + i, Shuffle<n>::even(a, b));
    store(out + parts.length + i, Shuffle<n>::odd(a, b));
  }
  return {first, i};
}

template <class T>
void split_row(const Windows& w, const Parts& parts, const T* x, T padding, T* out) {
  const int64_t s = parts.stride, p = w.padding[2];
  const Range done = s == 2 ? split_in_two(w, parts, x, out) : Range{0, 0};
  for (int64_t part = 0; part < s; part++, out += parts.length) {
    const int64_t first = smaller(parts.length, larger(0, ceil_div(p - part, s)));
    const int64_t end = larger(first, smaller(parts.length, ceil_div(w.size[2] + p - part, s)));
    for (int64_t i = 0; i < first; i++) out[i] = padding;
    const T* from = x + part - p;
    if (s == 1) {
      __builtin_memcpy(out + first, from + first, (end - first) * sizeof(T));
    } else if (s == 2) {
      for (int64_t i = first; i < smaller(end, done.first); i++) out[i] = from[2 * i];
      for (int64_t i = larger(first, done.last); i < end; i++) out[i] = from[2 * i];
    } else {
      for (int64_t i = first; i < end; i++) out[i] = from[i * s];
    }
    for (int64_t i = end; i < parts.length; i++) out[i] = padding;
  }
}

// Stores a vector of which `n` elements exist.
template <class T>
TIDU_INLINE void store_some(T* out, Vec<T> v, int64_t n) {
  if (n >= lanes<T>) {
    store(out, v);
    return;
  }
  T buffer[lanes<T>];
  store(buffer, v);
  for (int i = 0; i < n; i++) out[i] = buffer[i];
}
template <class T, class Place>
TIDU_INLINE void store_some_places(Place* out, Mask<T> v, int64_t n) {
  if (n >= lanes<T>) {
    store_places<T>(out, v);
    return;
  }
  Place buffer[lanes<T>];
  store_places<T>(buffer, v);
  for (int i = 0; i < n; i++) out[i] = buffer[i];
}

// Maxima along rows first, then of those: the first of equal ones stays the first.
template <class T>
class RowMaxima {
 public:
  RowMaxima(const Windows& w, int64_t rows)
      : w_(w), parts_(w, lanes<T>), best_bytes_(round(rows * parts_.columns * sizeof(T))) {
    char* own = static_cast<char*>(scratch_bytes(
        scratch_own, 2 * best_bytes_ + round(parts_.row * sizeof(T)) + round(parts_.columns * sizeof(T))));
    best_ = reinterpret_cast<T*>(own);
    place_ = reinterpret_cast<Integer<T>*>(own + best_bytes_);
    split_ = reinterpret_cast<T*>(own + 2 * best_bytes_);
    first_ = reinterpret_cast<Integer<T>*>(own + 2 * best_bytes_ + round(parts_.row * sizeof(T)));
    for (int64_t i = 0; i < parts_.columns; i++)
      first_[i] = static_cast<Integer<T>>(larger(0, ceil_div(w.padding[2] - i * w.stride[2], w.dilation[2])));
  }

  int64_t columns() const { return parts_.columns; }
  const T* best(int64_t row) const { return best_ + row * parts_.columns; }
  const Integer<T>* place(int64_t row) const { return place_ + row * parts_.columns; }

  void compute(const T* x, int64_t row) {
    split_row<T>(w_, parts_, x, -__builtin_inf(), split_);
    for (int64_t i = 0; i < parts_.columns; i += lanes<T>) {
      Vec<T> best;
      Mask<T> where;
      along(i, best, where);
      store(best_ + row * parts_.columns + i, best);
      store(place_ + row * parts_.columns + i, where);
    }
  }

  // For windows of one row: these are the maxima.
  template <class Place>
  void compute(const T* x, T* out, Place* place) {
    split_row<T>(w_, parts_, x, -__builtin_inf(), split_);
    for (int64_t i = 0; i < w_.out[2]; i += lanes<T>) {
      Vec<T> best;
      Mask<T> where;
      along(i, best, where);
      store_some<T>(out + i, best, w_.out[2] - i);
      store_some_places<T>(place + i, where, w_.out[2] - i);
    }
  }

 private:
  // The maxima, within the row, of a vector of windows.
  inline __attribute__((always_inline)) void along(int64_t i, Vec<T>& best, Mask<T>& where) const {
    best = splat<T>(-__builtin_inf());
    where = load(first_ + i);
    const int64_t kernel = w_.kernel[2], step = parts_.step, stride = parts_.stride;
    int64_t part = 0, shift = 0;  // of place k: without divisions
    for (int64_t k = 0; k < kernel; k++) {
      const Vec<T> here = load(split_ + part * parts_.length + shift + i);
      const Mask<T> better = beats<T>(here, best);
      best = better ? here : best;
      where = better ? (Mask<T>{} + static_cast<Integer<T>>(k)) : where;
      for (part += step; part >= stride; part -= stride) shift++;
    }
  }

  static int64_t round(int64_t bytes) { return (bytes + 63) / 64 * 64; }

  const Windows& w_;
  const Parts parts_;
  const int64_t best_bytes_;
  T *best_, *split_;
  Integer<T> *place_, *first_;
};

template <class T, class Place>
void max_by_rows(const Windows& w, int64_t count, const T* x, T* out, Place* place) {
  const int64_t rows = w.size[0] * w.size[1];
  RowMaxima<T> maxima(w, rows);
  for (int64_t p = 0; p < count; p++, x += rows * w.size[2]) {
    int64_t ready = 0;
    for (int64_t i = 0; i < w.out[0]; i++)
      for (int64_t j = 0; j < w.out[1]; j++, out += w.out[2], place += w.out[2]) {
        const Range a = inside(w, 0, i), b = inside(w, 1, j);
        const int64_t depth = i * w.stride[0] - w.padding[0], height = j * w.stride[1] - w.padding[1];
        if (w.kernel[0] * w.kernel[1] == 1) {
          maxima.compute(x + (depth * w.size[1] + height) * w.size[2], out, place);
          continue;
        }
        auto row_at = [&](int64_t d, int64_t e) {
          return (depth + d * w.dilation[0]) * w.size[1] + height + e * w.dilation[1];
        };
        const int64_t needed = w.size[0] == 1 ? row_at(a.last, b.last) : rows - 1;
        for (; ready <= needed; ready++) maxima.compute(x + ready * w.size[2], ready);
        for (int64_t c = 0; c < w.out[2]; c += lanes<T>) {
          Vec<T> best = splat<T>(-__builtin_inf());
          Mask<T> where{};
          bool first = true;
          for (int64_t d = a.first; d <= a.last; d++)
            for (int64_t e = b.first; e <= b.last; e++) {
              const int64_t row = row_at(d, e);
              const Vec<T> here = load(maxima.best(row) + c);
              const Mask<T> there = load(maxima.place(row) + c) +
                                    static_cast<Integer<T>>((d * w.kernel[1] + e) * w.kernel[2]);
              const Mask<T> better = first ? ~Mask<T>{} : beats<T>(here, best);
              best = better ? here : best;
              where = better ? there : where;
              first = false;
            }
          store_some<T>(out + c, best, w.out[2] - c);
          store_some_places<T>(place + c, where, w.out[2] - c);
        }
      }
  }
}

template <class T>
void max_forward(const Windows& w, int64_t count, const T* x, T* out, void* place) {
  if (squares(w)) {
    max_squares(w, count, x, out, static_cast<uint8_t*>(place));
  } else if (2 * w.out[2] <= lanes<T>) {
    if (small_places(w)) max_one_by_one(w, count, x, out, static_cast<uint8_t*>(place));
    else max_one_by_one(w, count, x, out, static_cast<int32_t*>(place));
  } else {
    if (small_places(w)) max_by_rows(w, count, x, out, static_cast<uint8_t*>(place));
    else max_by_rows(w, count, x, out, static_cast<int32_t*>(place));
  }
}

// How far from its window's start, which may lie in the padding, each place is in the plane.
int64_t* offsets_of(const Windows& w) {
  const int64_t size = w.kernel[0] * w.kernel[1] * w.kernel[2];
  int64_t* offsets = static_cast<int64_t*>(scratch_bytes(scratch_own, size * sizeof(int64_t)));
  int64_t i = 0;
  for (int64_t d = 0; d < w.kernel[0]; d++)
    for (int64_t e = 0; e < w.kernel[1]; e++)
      for (int64_t f = 0; f < w.kernel[2]; f++)
        offsets[i++] = (d * w.dilation[0] * w.size[1] + e * w.dilation[1]) * w.size[2] + f * w.dilation[2];
  return offsets;
}

// Calls element(window, where its maximum lies) for each window, in order.
template <class Place, class F>
TIDU_INLINE void each_maximum(const Windows& w, int64_t count, const Place* place, F element) {
  const int64_t* offsets = offsets_of(w);
  const int64_t size = w.size[0] * w.size[1] * w.size[2];
  int64_t window = 0;
  for (int64_t p = 0; p < count; p++)
    for (int64_t i = 0; i < w.out[0]; i++)
      for (int64_t j = 0; j < w.out[1]; j++) {
        int64_t start = p * size + ((i * w.stride[0] - w.padding[0]) * w.size[1] + j * w.stride[1] -
                                    w.padding[1]) * w.size[2] - w.padding[2];
        for (int64_t k = 0; k < w.out[2]; k++, start += w.stride[2], window++)
          element(window, start + offsets[place[window]]);
      }
}

// Vectors go beyond their rows as in max_squares.
template <class T>
void max_back_squares(const Windows& w, int64_t count, const T* g, const uint8_t* place, T* out) {
  constexpr int n = lanes<T>;
  const int64_t width = w.size[2], columns = w.out[2];
  count *= w.size[0];
  const T *g_end = g + count * w.out[1] * columns, *out_end = out + count * w.size[1] * width;
  for (int64_t plane = 0; plane < count; plane++, out += w.size[1] * width) {
    for (int64_t row = 0; row < w.out[1]; row++, g += columns, place += columns) {
      T *top = out + 2 * row * width, *bottom = top + width;
      auto vector_at = [=](int64_t i) __attribute__((always_inline)) {
        const Mask<T> values = (Mask<T>)load(g + i), where = load_places<T>(place + i);
        Vec<T> each[4];
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) each[j] = (Vec<T>)((where == j) & values);
        store(top + 2 * i, Shuffle<n>::low(each[0], each[1]));
        store(top + 2 * i + n, Shuffle<n>::high(each[0], each[1]));
        store(bottom + 2 * i, Shuffle<n>::low(each[2], each[3]));
        store(bottom + 2 * i + n, Shuffle<n>::high(each[2], each[3]));
      };
      // The last vector first: it goes beyond `top` into `bottom`.
      const int64_t last = columns / n * n;
      if (last < columns && g_end - g >= last + n && out_end - bottom >= 2 * (last + n)) {
        vector_at(last);
      } else {
        for (int64_t i = last; i < columns; i++) {
          top[2 * i] = place[i] == 0 ? g[i] : 0, top[2 * i + 1] = place[i] == 1 ? g[i] : 0;
          bottom[2 * i] = place[i] == 2 ? g[i] : 0, bottom[2 * i + 1] = place[i] == 3 ? g[i] : 0;
        }
      }
      for (int64_t i = 0; i < last; i += n) vector_at(i);
      for (int64_t c = 2 * columns; c < width; c++) top[c] = bottom[c] = 0;
    }
    const int64_t done = 2 * w.out[1] * width;
    __builtin_memset(out + done, 0, (w.size[1] * width - done) * sizeof(T));
  }
}

template <class T>
void max_back(const Windows& w, int64_t count, const T* g, const void* place, T* out) {
  if (squares(w)) {
    max_back_squares(w, count, g, static_cast<const uint8_t*>(place), out);
    return;
  }
  const int64_t size = w.size[0] * w.size[1] * w.size[2], windows = w.out[0] * w.out[1] * w.out[2];
  for (int64_t p = 0; p < count; p++, out += size, g += windows) {  // while a plane is in the cache
    __builtin_memset(out, 0, size * sizeof(T));
    auto add = [=](int64_t window, int64_t at) { out[at] += g[window]; };
    if (small_places(w)) each_maximum(w, 1, static_cast<const uint8_t*>(place) + p * windows, add);
    else each_maximum(w, 1, static_cast<const int32_t*>(place) + p * windows, add);
  }
}

template <class T>
void max_pick(const Windows& w, int64_t count, const T* x, const void* place, T* out) {
  auto pick = [=](int64_t window, int64_t at) { out[window] = x[at]; };
  if (small_places(w)) each_maximum(w, count, static_cast<const uint8_t*>(place), pick);
  else each_maximum(w, count, static_cast<const int32_t*>(place), pick);
}

// Means

template <class T>
void mean_squares(const Windows& w, int64_t count, const T* x, const T* divisors, T* out) {
  constexpr int n = lanes<T>;
  const int64_t width = w.size[2], columns = w.out[2];
  for (int64_t plane = 0; plane < count * w.size[0]; plane++, x += w.size[1] * width) {
    const T* by = divisors + plane % w.size[0] * w.out[1] * columns;
    for (int64_t row = 0; row < w.out[1]; row++, out += columns, by += columns) {
      const T *top = x + 2 * row * width, *bottom = top + width;
      int64_t i = 0;
      for (; i + n <= columns; i += n) {
        const Vec<T> a = load(top + 2 * i), b = load(top + 2 * i + n);
        const Vec<T> c = load(bottom + 2 * i), d = load(bottom + 2 * i + n);
        store(out + i, (Shuffle<n>::even(a, b) + Shuffle<n>::odd(a, b) + Shuffle<n>::even(c, d) +
                        Shuffle<n>::odd(c, d)) / load(by + i));
      }
      for (; i < columns; i++)
        out[i] = (top[2 * i] + top[2 * i + 1] + bottom[2 * i] + bottom[2 * i + 1]) / by[i];
    }
  }
}

template <class T>
void mean_one_by_one(const Windows& w, int64_t count, const T* x, const T* divisors, T* out) {
  const int64_t width = w.size[2], plane = w.size[1] * width;
  for (int64_t p = 0; p < count; p++, x += w.size[0] * plane) {
    const T* by = divisors;
    for (int64_t i = 0; i < w.out[0]; i++)
      for (int64_t j = 0; j < w.out[1]; j++)
        for (int64_t k = 0; k < w.out[2]; k++) {
          const Range a = inside(w, 0, i), b = inside(w, 1, j), c = inside(w, 2, k);
          const T* start = x + (i * w.stride[0] - w.padding[0]) * plane +
                           (j * w.stride[1] - w.padding[1]) * width + k * w.stride[2] - w.padding[2];
          T sum = 0;
          for (int64_t d = a.first; d <= a.last; d++)
            for (int64_t e = b.first; e <= b.last; e++)
              for (int64_t f = c.first; f <= c.last; f++) sum += start[d * plane + e * width + f];
          *out++ = sum / *by++;
        }
  }
}

template <class T>
void mean_by_rows(const Windows& w, int64_t count, const T* x, const T* divisors, T* out) {
  const Parts parts(w, lanes<T>);
  const int64_t rows = w.size[0] * w.size[1];
  T* split = static_cast<T*>(scratch_bytes(scratch_own, rows * parts.row * sizeof(T)));
  for (int64_t p = 0; p < count; p++, x += rows * w.size[2]) {
    for (int64_t r = 0; r < rows; r++) split_row<T>(w, parts, x + r * w.size[2], 0, split + r * parts.row);
    const T* by = divisors;
    for (int64_t i = 0; i < w.out[0]; i++)
      for (int64_t j = 0; j < w.out[1]; j++, out += w.out[2], by += w.out[2]) {
        const Range a = inside(w, 0, i), b = inside(w, 1, j);
        const int64_t depth = i * w.stride[0] - w.padding[0], height = j * w.stride[1] - w.padding[1];
        for (int64_t c = 0; c < w.out[2]; c += lanes<T>) {
          Vec<T> sum{};
          for (int64_t d = a.first; d <= a.last; d++)
            for (int64_t e = b.first; e <= b.last; e++) {
              const T* row = split + ((depth + d) * w.size[1] + height + e) * parts.row + c;
              for (int64_t f = 0; f < w.kernel[2]; f++) sum += load(row + parts.at(f));
            }
          const int64_t n = w.out[2] - c;
          if (n >= lanes<T>) {
            store(out + c, sum / load(by + c));
          } else {
            for (int64_t l = 0; l < n; l++) out[c + l] = sum[l] / by[c + l];
          }
        }
      }
  }
}

template <class T>
void mean_forward(const Windows& w, int64_t count, const T* x, const T* divisors, T* out) {
  if (squares(w)) mean_squares(w, count, x, divisors, out);
  else if (2 * w.out[2] <= lanes<T>) mean_one_by_one(w, count, x, divisors, out);
  else mean_by_rows(w, count, x, divisors, out);
}

template <class T>
void add_shares(const T* __restrict shares, int64_t n, T* __restrict out, int64_t stride) {
  if (stride == 1) {
    for (int64_t i = 0; i < n; i++) out[i] += shares[i];
  } else if (stride == 2) {
    for (int64_t i = 0; i < n; i++) out[2 * i] += shares[i];
  } else {
    for (int64_t i = 0; i < n; i++) out[i * stride] += shares[i];
  }
}

template <class T>
void mean_back_squares(const Windows& w, int64_t count, const T* g, const T* divisors, T* out) {
  constexpr int n = lanes<T>;
  const int64_t width = w.size[2], columns = w.out[2];
  for (int64_t plane = 0; plane < count * w.size[0]; plane++, out += w.size[1] * width) {
    const T* by = divisors + plane % w.size[0] * w.out[1] * columns;
    for (int64_t row = 0; row < w.out[1]; row++, g += columns, by += columns) {
      T *top = out + 2 * row * width, *bottom = top + width;
      int64_t i = 0;
      for (; i + n <= columns; i += n) {
        const Vec<T> share = load(g + i) / load(by + i);
        const Vec<T> low = Shuffle<n>::low(share, share), high = Shuffle<n>::high(share, share);
        store(top + 2 * i, low), store(top + 2 * i + n, high);
        store(bottom + 2 * i, low), store(bottom + 2 * i + n, high);
      }
      for (; i < columns; i++)
        top[2 * i] = top[2 * i + 1] = bottom[2 * i] = bottom[2 * i + 1] = g[i] / by[i];
      for (int64_t c = 2 * columns; c < width; c++) top[c] = bottom[c] = 0;
    }
    const int64_t done = 2 * w.out[1] * width;
    __builtin_memset(out + done, 0, (w.size[1] * width - done) * sizeof(T));
  }
}

template <class T>
void mean_back(const Windows& w, int64_t count, const T* g, const T* divisors, T* out) {
  if (squares(w)) {
    mean_back_squares(w, count, g, divisors, out);
    return;
  }
  const int64_t size = w.size[0] * w.size[1] * w.size[2], windows = w.out[0] * w.out[1] * w.out[2];
  T* shares = static_cast<T*>(scratch_bytes(scratch_own, windows * sizeof(T)));
  for (int64_t p = 0; p < count; p++, out += size, g += windows) {
    for (int64_t i = 0; i < windows; i++) shares[i] = g[i] / divisors[i];
    __builtin_memset(out, 0, size * sizeof(T));
    for (int64_t d = 0; d < w.kernel[0]; d++)
      for (int64_t e = 0; e < w.kernel[1]; e++)
        for (int64_t f = 0; f < w.kernel[2]; f++) {
          const int64_t first = larger(0, ceil_div(w.padding[2] - f, w.stride[2]));
          const int64_t end = smaller(w.out[2], ceil_div(w.size[2] + w.padding[2] - f, w.stride[2]));
          for (int64_t i = 0; i < w.out[0]; i++) {
            const int64_t depth = i * w.stride[0] - w.padding[0] + d;
            if (depth < 0 || depth >= w.size[0]) continue;
            for (int64_t j = 0; j < w.out[1]; j++) {
              const int64_t height = j * w.stride[1] - w.padding[1] + e;
              if (height < 0 || height >= w.size[1]) continue;
              add_shares(shares + (i * w.out[1] + j) * w.out[2] + first, end - first,
                         out + (depth * w.size[1] + height) * w.size[2] + first * w.stride[2] -
                             w.padding[2] + f,
                         w.stride[2]);
            }
          }
        }
  }
}

template <class T>
PoolKernels<T> kernels() {
  return {max_forward<T>, max_back<T>, max_pick<T>, mean_forward<T>, mean_back<T>};
}

}  // namespace

void fill(PoolTable& table) {
  table.float32 = kernels<float>();
  table.float64 = kernels<double>();
}

}  // namespace tidu::TIDU_ISA
