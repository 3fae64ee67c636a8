// Padding and its gradient (tidu/ops/padding.py), and resizing along one axis (tidu/ops/resize.py).
#include <cmath>
#include <cstring>
#include <vector>

#include "families.h"
#include "held.h"
#include "parallel.h"
#include "places.h"
#include "unlocked.h"

namespace tidu {
namespace {

constexpr int64_t thread_work = 1 << 15;  // elements that are worth a second thread

// Padding. An array is seen as `slabs` of up to three padded dimensions; each result's row comes from
// one row of the array, and of its columns the middle ones lie as they do there.

enum Mode { reflect, replicate, circular };

bool read_mode(PyObject* object, Mode& mode) {
  if (!PyUnicode_Check(object)) return false;
  static const char* const names[] = {"reflect", "replicate", "circular"};
  for (int i = 0; i < 3; i++)
    if (PyUnicode_CompareWithASCIIString(object, names[i]) == 0) {
      mode = Mode(i);
      return true;
    }
  return false;
}

// One dimension: where each of its places in the result comes from, or -1.
struct Side {
  int64_t size = 1, out = 1, first = 0, end = 1;  // [first, end): those that lie side by side
  std::vector<int32_t> source;

  // False where the reference raises an error.
  bool from_self(int64_t n, int64_t before, int64_t after, Mode mode) {
    size = n, out = n + before + after;
    if (n < 1 || out < 1 || n > (1 << 30) || out > (1 << 30)) return false;
    first = before > 0 ? before : 0, end = out - (after > 0 ? after : 0);
    if (end <= first) return false;
    source.resize(out);
    const int64_t start = before < 0 ? -before : 0, kept = end - first;
    for (int64_t i = 0; i < out; i++) {
      int64_t place = i - before;
      if (mode == reflect) {
        place = place < 0 ? -place : place;
        const int64_t back = n - 1 - place;
        place = n - 1 - (back < 0 ? -back : back);
      } else if (mode == replicate) {
        place = place < 0 ? 0 : place >= n ? n - 1 : place;
      } else {
        place = start + (place - start + 2 * kept) % kept;
      }
      if (place < 0 || place >= n) return false;
      source[i] = int32_t(place);
    }
    return true;
  }
  bool with_constant(int64_t n, int64_t before, int64_t after) {
    size = n, out = n + before + after;
    if (n < 1 || out < 1 || n > (1 << 30) || out > (1 << 30)) return false;
    first = before > 0 ? before : 0, end = out - (after > 0 ? after : 0);
    if (end <= first) return false;
    source.resize(out);
    for (int64_t i = 0; i < out; i++) source[i] = int32_t(i < first || i >= end ? -1 : i - before);
    return true;
  }
  int64_t middle() const { return source[first]; }
};

struct Padding {
  int64_t slabs = 1;
  int first;  // of the sides that are padded
  Side sides[3];

  // The amounts from the last dimension to the first; `make` fills a side.
  template <class F>
  bool read(const Args& args, int i, int ndim, const npy_intp* shape, F&& make) {
    int64_t amounts[6];
    const int count = args.integers(i, amounts, 6), padded = count / 2;
    if (count < 2 || count % 2 || padded > ndim) return false;
    first = 3 - padded;
    for (int d = 0; d < 3; d++) {
      const int axis = ndim - 3 + d, pair = 2 - d;
      if (pair < padded) {
        if (!make(sides[d], shape[axis], amounts[2 * pair], amounts[2 * pair + 1])) return false;
      } else {
        sides[d].source = {0};
      }
    }
    for (int d = 0; d < ndim - padded; d++) slabs *= shape[d];
    return slabs > 0;
  }
  int64_t in_slab() const { return sides[0].size * sides[1].size * sides[2].size; }
  int64_t out_slab() const { return sides[0].out * sides[1].out * sides[2].out; }

  // Calls row(place in the array, or -1; place in the result) for the rows of slabs [begin, end).
  template <class F>
  void rows(int64_t begin, int64_t end, F&& row) const {
    const Side &a = sides[0], &b = sides[1], &c = sides[2];
    for (int64_t slab = begin; slab < end; slab++) {
      int64_t to = slab * out_slab();
      for (int64_t i = 0; i < a.out; i++)
        for (int64_t j = 0; j < b.out; j++, to += c.out)
          row(a.source[i] < 0 || b.source[j] < 0
                  ? -1
                  : slab * in_slab() + (a.source[i] * b.size + b.source[j]) * c.size,
              to);
    }
  }
};

// A row of a few dozen elements is copied faster than `memcpy` is called.
template <class T>
inline void copy_run(const T* from, T* to, int64_t n) {
  constexpr int64_t step = 32 / sizeof(T);
  if (n > 1024 || n < step) {
    if (n > 1024) std::memcpy(to, from, n * sizeof(T));
    else
      for (int64_t i = 0; i < n; i++) to[i] = from[i];
    return;
  }
  for (int64_t i = 0; i + step <= n; i += step) std::memcpy(to + i, from + i, 32);
  std::memcpy(to + n - step, from + n - step, 32);
}

const npy_intp* padded_shape(const Padding& p, PyArrayObject* x, npy_intp* shape) {
  const int ndim = PyArray_NDIM(x);
  for (int d = 0; d < ndim; d++) {
    const int side = d - (ndim - 3);
    shape[d] = side >= p.first ? p.sides[side].out : PyArray_DIM(x, d);
  }
  return shape;
}

// x, pad, mode
PyObject* pad_from_self(const Args& args) {
  PyArrayObject* given = args.array(0);
  Mode mode;
  Padding p;
  if (!given || !read_mode(args.object(2), mode) ||
      !p.read(args, 1, PyArray_NDIM(given), PyArray_DIMS(given),
              [&](Side& side, int64_t n, int64_t before, int64_t after) {
                return side.from_self(n, before, after, mode);
              }))
    return nullptr;
  return by_type(given, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    npy_intp shape[NPY_MAXDIMS];
    Held x = in_rows(given), out(new_array(PyArray_NDIM(given), padded_shape(p, given, shape), type_number<T>()));
    if (!x || !out) return nullptr;
    const Side& side = p.sides[2];
    const T* from = data<T>(x.get());
    T* to = data<T>(out.get());
    unlocked(p.slabs * p.out_slab() > 2 * thread_work, [&] {
      parallel::split(p.slabs, thread_work / p.out_slab() + 1, 1, [&](int64_t begin, int64_t end) {
        p.rows(begin, end, [&](int64_t source, int64_t target) {
          const T* in = from + source;
          T* row = to + target;
          for (int64_t i = 0; i < side.first; i++) row[i] = in[side.source[i]];
          copy_run(in + side.middle(), row + side.first, side.end - side.first);
          for (int64_t i = side.end; i < side.out; i++) row[i] = in[side.source[i]];
        });
      });
    });
    return out.object();
  });
}

// g, shape, pad, mode
PyObject* unpad(const Args& args) {
  PyArrayObject* given = args.array(0);
  Mode mode;
  Padding p;
  npy_intp shape[NPY_MAXDIMS];
  const int ndim = given ? read_shape(args, 1, shape) : -1;
  if (ndim < 1 || ndim != PyArray_NDIM(given) || !read_mode(args.object(3), mode) ||
      !p.read(args, 2, ndim, shape, [&](Side& side, int64_t n, int64_t before, int64_t after) {
        return side.from_self(n, before, after, mode);
      }))
    return nullptr;
  if (PyArray_SIZE(given) != p.slabs * p.out_slab()) return nullptr;
  return by_type(given, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    Held g = in_rows(given), out(new_array(ndim, shape, type_number<T>()));
    if (!g || !out) return nullptr;
    const Side& side = p.sides[2];
    const T* from = data<T>(g.get());
    T* to = data<T>(out.get());
    unlocked(p.slabs * p.out_slab() > 2 * thread_work, [&] {
      parallel::split(p.slabs, thread_work / p.out_slab() + 1, 1, [&](int64_t begin, int64_t end) {
        std::memset(to + begin * p.in_slab(), 0, (end - begin) * p.in_slab() * sizeof(T));
        p.rows(begin, end, [&](int64_t source, int64_t target) {
          T* row = to + source;
          const T* in = from + target;
          for (int64_t i = 0; i < side.first; i++) row[side.source[i]] += in[i];
          T* middle = row + side.middle();
          for (int64_t i = side.first; i < side.end; i++) middle[i - side.first] += in[i];
          for (int64_t i = side.end; i < side.out; i++) row[side.source[i]] += in[i];
        });
      });
    });
    return out.object();
  });
}

// x, pad, value
PyObject* pad_constant(const Args& args) {
  PyArrayObject* given = args.array(0);
  Padding p;
  double value = 0;
  if (!given || !args.number(2, value) ||
      !p.read(args, 1, PyArray_NDIM(given), PyArray_DIMS(given),
              [](Side& side, int64_t n, int64_t before, int64_t after) {
                return side.with_constant(n, before, after);
              }))
    return nullptr;
  return by_type(given, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    if (std::isinf(T(value)) != std::isinf(value)) return nullptr;  // an error: it overflows
    npy_intp shape[NPY_MAXDIMS];
    Held x = in_rows(given), out(new_array(PyArray_NDIM(given), padded_shape(p, given, shape), type_number<T>()));
    if (!x || !out) return nullptr;
    const Side& side = p.sides[2];
    const T *from = data<T>(x.get()), filler = T(value);
    T* to = data<T>(out.get());
    unlocked(p.slabs * p.out_slab() > 2 * thread_work, [&] {
      parallel::split(p.slabs, thread_work / p.out_slab() + 1, 1, [&](int64_t begin, int64_t end) {
        p.rows(begin, end, [&](int64_t source, int64_t target) {
          T* row = to + target;
          const int64_t first = source < 0 ? side.out : side.first, last = source < 0 ? side.out : side.end;
          for (int64_t i = 0; i < first; i++) row[i] = filler;
          if (source >= 0) copy_run(from + source + side.middle(), row + first, last - first);
          for (int64_t i = last; i < side.out; i++) row[i] = filler;
        });
      });
    });
    return out.object();
  });
}

// Resizing

// One axis of (outer, n, inner) replaced by sums over `taps` places each, with weights or without.
template <class T>
struct Resampling {
  const T *x, *weights;
  const int64_t* places;
  int64_t n, inner, results, taps;
  T* out;

  // Results [begin, end) of outer * results, each of `inner` elements.
  void planes(int64_t begin, int64_t end) const {
    for (int64_t i = begin; i < end; i++) {
      const T* from = x + i / results * n * inner;
      const int64_t* place = places + i % results * taps;
      const T* weight = weights + i % results * taps;
      T* to = out + i * inner;
      if (!weights) {
        std::memcpy(to, from + *place * inner, inner * sizeof(T));
        continue;
      }
      const T *first = from + place[0] * inner, w = weight[0];
      if (taps == 1) {
        for (int64_t c = 0; c < inner; c++) to[c] = first[c] * w;
        continue;
      }
      const T *second = from + place[1] * inner, v = weight[1];
      for (int64_t c = 0; c < inner; c++) to[c] = first[c] * w + second[c] * v;
      for (int64_t t = 2; t < taps; t++) {
        const T *row = from + place[t] * inner, u = weight[t];
        if (u == 0) continue;
        for (int64_t c = 0; c < inner; c++) to[c] += row[c] * u;
      }
    }
  }
  // Rows [begin, end) of outer, where the axis is the last.
  template <int fixed>
  void rows(int64_t begin, int64_t end) const {
    const int64_t count = fixed ? fixed : taps;
    for (int64_t i = begin; i < end; i++) {
      const T* from = x + i * n;
      T* to = out + i * results;
      for (int64_t j = 0; j < results; j++) {
        const int64_t* place = places + j * count;
        if (!weights) {
          to[j] = from[*place];
          continue;
        }
        T sum = from[place[0]] * weights[j * count];
        for (int64_t t = 1; t < count; t++) sum += from[place[t]] * weights[j * count + t];
        to[j] = sum;
      }
    }
  }
};

// x, axis, places, weights
PyObject* resample(const Args& args) {
  PyArrayObject *given = args.array(0), *places = args.array(2, NPY_INT64);
  int64_t dim;
  if (!given || !places || !args.integer(1, dim) || PyArray_NDIM(places) != 2 || !is_contiguous(places))
    return nullptr;
  const int ndim = PyArray_NDIM(given), axis = axis_of(dim, ndim);
  if (axis < 0 || PyArray_SIZE(given) == 0 || PyArray_SIZE(places) == 0) return nullptr;
  return by_type(given, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    PyArrayObject* weights = args.is_none(3) ? nullptr : args.array(3, type_number<T>());
    if (!args.is_none(3) && (!weights || !is_contiguous(weights) || !PyArray_SAMESHAPE(weights, places)))
      return nullptr;
    npy_intp shape[NPY_MAXDIMS];
    int64_t outer = 1, inner = 1;
    for (int d = 0; d < ndim; d++) {
      shape[d] = PyArray_DIM(given, d);
      if (d != axis) (d < axis ? outer : inner) *= shape[d];
    }
    const int64_t n = shape[axis], results = shape[axis] = PyArray_DIM(places, 0);
    Held x = in_rows(given), out(new_array(ndim, shape, type_number<T>()));
    if (!x || !out) return nullptr;
    const Resampling<T> r = {data<T>(x.get()), weights ? data<T>(weights) : nullptr, data<int64_t>(places),
                             n, inner, results, PyArray_DIM(places, 1), data<T>(out.get())};
    unlocked(outer * results * inner > 2 * thread_work, [&] {
      if (inner > 1)
        parallel::split(outer * results, thread_work / inner + 1, 1,
                        [&](int64_t begin, int64_t end) { r.planes(begin, end); });
      else
        parallel::split(outer, thread_work / results + 1, 1, [&](int64_t begin, int64_t end) {
          if (r.taps == 2) r.template rows<2>(begin, end);
          else if (r.taps == 4) r.template rows<4>(begin, end);
          else r.template rows<0>(begin, end);
        });
    });
    return out.object();
  });
}

}  // namespace

const Entry padding_kernels[] = {
    {"pad_from_self", pad_from_self},
    {"pad_constant", pad_constant},
    {"unpad", unpad},
    {"resample", resample},
    {nullptr, nullptr},
};

}  // namespace tidu
