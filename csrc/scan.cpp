// Running sums and products along a dimension, float32 by way of float64, as PyTorch computes them; and
// running extremes with their places.
#include "families.h"
#include "places.h"

namespace tidu {
namespace {

constexpr int side_by_side = 8;  // rows

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

// Calls rows(begin, end) for parts of the outer dimension of (outer, n, inner) if these are rows, else
// columns(one of the outer, begin, end) for columns of its table.
template <class R, class C>
void scan_parts(int64_t outer, int64_t n, int64_t inner, R&& rows, C&& columns) {
  const int64_t grain = index_grain / (4 * n * inner) + 1;
  if (inner == 1) {
    parallel::split(outer, grain, side_by_side, rows);
  } else if (outer >= 2 * parallel::threads()) {
    parallel::split(outer, grain, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) columns(i, 0, inner);
    });
  } else {
    for (int64_t i = 0; i < outer; i++)
      parallel::split(inner, index_grain / (4 * n) + 16, 16,
                      [&](int64_t begin, int64_t end) { columns(i, begin, end); });
  }
}

template <class S, class T>
void scan(const T* x, int64_t outer, int64_t n, int64_t inner, T* out) {
  auto rows = [&](int64_t i, int64_t end) {
    for (; i + side_by_side <= end; i += side_by_side) scan_rows<S, side_by_side>(x + i * n, n, out + i * n);
    for (; i < end; i++) scan_rows<S, 1>(x + i * n, n, out + i * n);
  };
  scan_parts(outer, n, inner, rows, [&](int64_t i, int64_t begin, int64_t end) {
    scan_columns<S>(x + i * n * inner, n, inner, begin, end, out + i * n * inner);
  });
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
  const bool small = PyArray_ISBOOL(x) || (PyArray_ISINTEGER(x) && PyArray_ITEMSIZE(x) < 8);
  const int type = small ? int(NPY_INT64) : PyArray_TYPE(x);
  if (type != NPY_FLOAT32 && type != NPY_FLOAT64 && type != NPY_INT64) return nullptr;
  int64_t outer = 1, inner = 1;
  for (int d = 0; d < axis; d++) outer *= PyArray_DIM(x, d);
  for (int d = axis + 1; d < PyArray_NDIM(x); d++) inner *= PyArray_DIM(x, d);
  const int64_t n = PyArray_DIM(x, axis);
  Held from(reinterpret_cast<PyArrayObject*>(PyArray_FROMANY(  // x itself if it is one like that
      reinterpret_cast<PyObject*>(x), type, 0, 0, NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED)));
  Held out(new_array(PyArray_NDIM(x), PyArray_DIMS(x), type));
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

// Running extremes: of equal ones the last, and the last NaN from the first one on.
struct Largest {
  template <class T>
  static bool replaces(T x, T before) { return x >= before || x != x; }
};
struct Smallest {
  template <class T>
  static bool replaces(T x, T before) { return x <= before || x != x; }
};

// Most blocks of a row have nothing that replaces the best so far.
template <class S, class T>
void extreme_row(const T* x, int64_t n, T* out, int64_t* places) {
  constexpr int64_t block = 16;
  T best = x[0];
  int64_t place = 0;
  for (int64_t begin = 0; begin < n; begin += block) {
    const int64_t end = n - begin < block ? n : begin + block;
    int any = 0;
    for (int64_t i = begin; i < end; i++) any |= S::replaces(x[i], best);
    for (int64_t i = begin; any && i < end; i++) {
      const bool found = S::replaces(x[i], best);
      best = out[i] = found ? x[i] : best;
      place = places[i] = found ? i : place;
    }
    for (int64_t i = begin; !any && i < end; i++) out[i] = best, places[i] = place;
  }
}

// <name>_both(x, dim)
template <class S>
PyObject* running_extreme(const Args& args) {
  PyArrayObject* x = args.array(0);
  int64_t dim;
  int axis;
  if (!x || !PyArray_SIZE(x) || !args.integer(1, dim) || (axis = axis_of(dim, PyArray_NDIM(x))) < 0)
    return nullptr;
  int64_t outer = 1, inner = 1;
  for (int d = 0; d < axis; d++) outer *= PyArray_DIM(x, d);
  for (int d = axis + 1; d < PyArray_NDIM(x); d++) inner *= PyArray_DIM(x, d);
  const int64_t n = PyArray_DIM(x, axis);
  auto compute = [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    Held from = in_rows(x), values(new_array(PyArray_NDIM(x), PyArray_DIMS(x), type_number<T>()));
    Held places(new_array(PyArray_NDIM(x), PyArray_DIMS(x), NPY_INT64));
    if (!from || !values || !places) return nullptr;
    const T* in = data<T>(from.get());
    T* out = data<T>(values.get());
    int64_t* at = data<int64_t>(places.get());
    auto rows = [&](int64_t i, int64_t end) {
      for (; i < end; i++) extreme_row<S>(in + i * n, n, out + i * n, at + i * n);
    };
    auto columns = [&](int64_t o, int64_t begin, int64_t end) {
      for (int64_t c = o * n * inner + begin; c < o * n * inner + end; c++) out[c] = in[c], at[c] = 0;
      for (int64_t i = 1; i < n; i++)
        for (int64_t c = (o * n + i) * inner + begin; c < (o * n + i) * inner + end; c++) {
          const bool found = S::replaces(in[c], out[c - inner]);
          out[c] = found ? in[c] : out[c - inner];
          at[c] = found ? i : at[c - inner];
        }
    };
    unlocked(PyArray_NBYTES(x) > index_release, [&] { scan_parts(outer, n, inner, rows, columns); });
    return Py_BuildValue("NN", values.object(), places.object());
  };
  return by_number_type(x, compute);
}

}  // namespace

const Entry scan_kernels[] = {
    {"cumsum", running<Add>},
    {"cumprod", running<Multiply>},
    {"cummax_both", running_extreme<Largest>},
    {"cummin_both", running_extreme<Smallest>},
    {nullptr, nullptr},
};

}  // namespace tidu
