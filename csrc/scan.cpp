// Running sums and products along a dimension: float32 by way of float64, as PyTorch computes them.
#include "families.h"
#include "places.h"

namespace tidu {
namespace {

struct Add {
  template <class T>
  static T step(T a, T x) { return a + x; }
};
struct Multiply {
  template <class T>
  static T step(T a, T x) { return a * x; }
};

template <class T>
struct Wide {
  typedef T type;
};
template <>
struct Wide<float> {
  typedef double type;
};

// R rows side by side: one addition after another, but R of them at a time.
template <class S, int R, class T>
void scan_rows(const T* x, int64_t n, T* out) {
  typename Wide<T>::type total[R];
  for (int r = 0; r < R; r++) {
    total[r] = x[r * n];
    out[r * n] = x[r * n];
  }
  for (int64_t i = 1; i < n; i++) {
    for (int r = 0; r < R; r++) {
      total[r] = S::step(total[r], static_cast<typename Wide<T>::type>(x[r * n + i]));
      out[r * n + i] = static_cast<T>(total[r]);
    }
  }
}

// Columns [first, last) of a table of n rows.
template <class S, class T>
void scan_columns(const T* x, int64_t n, int64_t columns, int64_t first, int64_t last, T* out) {
  typedef typename Wide<T>::type W;
  constexpr int64_t tile = 512;
  W total[tile];
  for (int64_t begin = first; begin < last; begin += tile) {
    const int64_t m = last - begin < tile ? last - begin : tile;
    for (int64_t c = 0; c < m; c++) {
      total[c] = x[begin + c];
      out[begin + c] = x[begin + c];
    }
    for (int64_t i = 1; i < n; i++) {
      const T* from = x + i * columns + begin;
      T* to = out + i * columns + begin;
      for (int64_t c = 0; c < m; c++) {
        total[c] = S::step(total[c], static_cast<W>(from[c]));
        to[c] = static_cast<T>(total[c]);
      }
    }
  }
}

template <class S, class T>
void scan(const T* x, int64_t outer, int64_t n, int64_t inner, T* out) {
  const int64_t grain = index_grain / (4 * n * inner) + 1;
  if (inner == 1) {
    constexpr int R = 8;
    parallel::split(outer, grain, R, [&](int64_t begin, int64_t end) {
      int64_t i = begin;
      for (; i + R <= end; i += R) scan_rows<S, R>(x + i * n, n, out + i * n);
      for (; i < end; i++) scan_rows<S, 1>(x + i * n, n, out + i * n);
    });
  } else if (outer >= 2 * parallel::threads()) {
    parallel::split(outer, grain, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++)
        scan_columns<S>(x + i * n * inner, n, inner, 0, inner, out + i * n * inner);
    });
  } else {
    for (int64_t i = 0; i < outer; i++) {
      parallel::split(inner, index_grain / (4 * n) + 16, 16, [&](int64_t begin, int64_t end) {
        scan_columns<S>(x + i * n * inner, n, inner, begin, end, out + i * n * inner);
      });
    }
  }
}

// cumsum(x, dim, dtype), cumprod(x, dim, dtype)
template <class S>
PyObject* running(const Args& args) {
  PyArrayObject* x = args.count() > 1 ? args.array(0) : nullptr;
  int64_t dim;
  int axis;
  if (!x || !PyArray_SIZE(x) || !args.integer(1, dim) || (axis = axis_of(dim, PyArray_NDIM(x))) < 0 ||
      (args.count() > 2 && !args.is_none(2)))
    return nullptr;
  const int type = PyArray_TYPE(x);
  if (type != NPY_FLOAT32 && type != NPY_FLOAT64 && type != NPY_INT64) return nullptr;
  int64_t outer = 1, inner = 1;
  for (int d = 0; d < axis; d++) outer *= PyArray_DIM(x, d);
  for (int d = axis + 1; d < PyArray_NDIM(x); d++) inner *= PyArray_DIM(x, d);
  const int64_t n = PyArray_DIM(x, axis);
  Held from = in_rows(x), out(new_array(PyArray_NDIM(x), PyArray_DIMS(x), type));
  if (!from || !out) return nullptr;
  unlocked(PyArray_NBYTES(x) > index_release, [&] {
    if (type == NPY_FLOAT32)
      scan<S>(data<float>(from.get()), outer, n, inner, data<float>(out.get()));
    else if (type == NPY_FLOAT64)
      scan<S>(data<double>(from.get()), outer, n, inner, data<double>(out.get()));
    else
      scan<S>(data<int64_t>(from.get()), outer, n, inner, data<int64_t>(out.get()));
  });
  return out.object();
}

}  // namespace

const Entry scan_kernels[] = {
    {"cumsum", running<Add>},
    {"cumprod", running<Multiply>},
    {nullptr, nullptr},
};

}  // namespace tidu
