// Softmax, log_softmax, logsumexp and their gradients, over any dimensions that lie together.
#include "softmax.h"

#include "dispatch.h"
#include "families.h"
#include "held.h"
#include "parallel.h"
#include "scratch.h"
#include "unlocked.h"

namespace tidu {
namespace {

constexpr int64_t thread_work = 1 << 13;  // exponentials that are worth a second thread

template <class T>
const SoftmaxLoops<T>& loops_of();
template <>
const SoftmaxLoops<float>& loops_of() { return softmax_loops.float32; }
template <>
const SoftmaxLoops<double>& loops_of() { return softmax_loops.float64; }

// An array seen as (outer, n, inner), to be reduced over n.
struct View {
  int64_t outer = 1, n = 1, inner = 1;

  int64_t size() const { return outer * n * inner; }

  // False if the axes do not follow one another, or if there is nothing to reduce.
  bool over(PyArrayObject* a, int first, int last) {
    for (int d = 0; d < PyArray_NDIM(a); d++)
      (d < first ? outer : d <= last ? n : inner) *= PyArray_DIM(a, d);
    return size() > 0;
  }
};

bool one_axis(PyArrayObject* a, const Args& args, int i, View& view) {
  int64_t dim;
  if (!args.integer(i, dim)) return false;
  const int axis = axis_of(dim, PyArray_NDIM(a));
  return axis >= 0 && view.over(a, axis, axis);
}

bool several_axes(PyArrayObject* a, const Args& args, int i, View& view) {
  int64_t dims[NPY_MAXDIMS];
  const int ndim = PyArray_NDIM(a), count = args.integers(i, dims, NPY_MAXDIMS);
  if (count < 1) return false;
  bool chosen[NPY_MAXDIMS] = {};
  int first = ndim, last = -1;
  for (int j = 0; j < count; j++) {
    const int axis = axis_of(dims[j], ndim);
    if (axis < 0 || chosen[axis]) return false;
    chosen[axis] = true;
    first = axis < first ? axis : first;
    last = axis > last ? axis : last;
  }
  return last - first + 1 == count && view.over(a, first, last);
}

// Runs rows(first, count) over the rows if the reduced dimensions are the last ones, else
// columns(slab, column, count) over the columns of every slab.
template <class R, class C>
void run(const View& v, R&& rows, C&& columns) {
  if (v.inner == 1) {
    parallel::split(v.outer, thread_work / v.n + 1, 1, [&](int64_t begin, int64_t end) {
      rows(begin, end - begin);
    });
    return;
  }
  const int64_t parts = (v.inner + columns_at_once - 1) / columns_at_once;
  const int64_t width = v.inner < columns_at_once ? v.inner : columns_at_once;
  parallel::split(v.outer * parts, thread_work / (v.n * width) + 1, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t column = i % parts * columns_at_once;
      const int64_t left = v.inner - column;
      columns(i / parts, column, left < columns_at_once ? left : columns_at_once);
    }
  });
}

template <class R, class C>
void run_released(const View& v, R&& rows, C&& columns) {
  unlocked(v.size() >= 2 * thread_work, [&] { run(v, rows, columns); });
}

enum Kind { plain, logarithm };

template <Kind kind>
PyObject* softmax(const Args& args) {
  View v;
  PyArrayObject* given = args.array(0);
  if (!given || !args.is_none(2)) return nullptr;
  return by_type(given, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    if (!one_axis(given, args, 1, v)) return nullptr;
    Held x = in_rows(given);
    if (!x) return nullptr;
    Held out(new_array(PyArray_NDIM(given), PyArray_DIMS(given), type_number<T>()));
    if (!out) return nullptr;
    const SoftmaxLoops<T>& loops = loops_of<T>();
    const T* from = data<T>(x.get());
    T* to = data<T>(out.get());
    auto rows = kind == plain ? loops.softmax : loops.log_softmax;
    auto columns = kind == plain ? loops.softmax_columns : loops.log_softmax_columns;
    run_released(v, [&](int64_t first, int64_t count) { rows(from + first * v.n, to + first * v.n, count, v.n); },
        [&](int64_t slab, int64_t column, int64_t count) {
          const int64_t at = slab * v.n * v.inner + column;
          columns(from + at, to + at, v.n, v.inner, count);
        });
    return out.object();
  });
}

PyObject* logsumexp(const Args& args) {
  View v;
  PyArrayObject* given = args.array(0);
  bool keep;
  if (!given || !args.flag(2, keep)) return nullptr;
  return by_type(given, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    if (!several_axes(given, args, 1, v)) return nullptr;
    npy_intp shape[NPY_MAXDIMS];
    int64_t dims[NPY_MAXDIMS];
    const int ndim = PyArray_NDIM(given), count = args.integers(1, dims, NPY_MAXDIMS);
    bool reduced[NPY_MAXDIMS] = {};
    for (int j = 0; j < count; j++) reduced[axis_of(dims[j], ndim)] = true;
    int kept = 0;
    for (int d = 0; d < ndim; d++)
      if (!reduced[d] || keep) shape[kept++] = reduced[d] ? 1 : PyArray_DIM(given, d);
    Held x = in_rows(given);
    if (!x) return nullptr;
    Held out(new_array(kept, shape, type_number<T>()));
    if (!out) return nullptr;
    const SoftmaxLoops<T>& loops = loops_of<T>();
    const T* from = data<T>(x.get());
    T* to = data<T>(out.get());
    run_released(v, [&](int64_t first, int64_t n) { loops.logsumexp(from + first * v.n, to + first, n, v.n); },
        [&](int64_t slab, int64_t column, int64_t n) {
          loops.logsumexp_columns(from + slab * v.n * v.inner + column, to + slab * v.inner + column, v.n, v.inner, n);
        });
    return out.object();
  });
}

// g, out, dim
template <Kind kind>
PyObject* softmax_grad(const Args& args) {
  View v;
  PyArrayObject *given = args.array(0), *y = args.array(1);
  if (!given || !y || PyArray_TYPE(y) != PyArray_TYPE(given) || !PyArray_SAMESHAPE(given, y) || !is_contiguous(y))
    return nullptr;
  return by_type(given, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    GradientRows<T> g;
    if (!one_axis(y, args, 2, v) || !g.take(given, v.n * v.inner)) return nullptr;
    Held out(new_array(PyArray_NDIM(y), PyArray_DIMS(y), type_number<T>()));
    if (!out) return nullptr;
    const SoftmaxLoops<T>& loops = loops_of<T>();
    const T* result = data<T>(y);
    T* to = data<T>(out.get());
    auto rows = kind == plain ? loops.softmax_grad : loops.log_softmax_grad;
    auto columns = kind == plain ? loops.softmax_columns_grad : loops.log_softmax_columns_grad;
    run_released(v, [&](int64_t first, int64_t count) {
          rows(g.at(first), g.step, result + first * v.n, to + first * v.n, count, v.n);
        },
        [&](int64_t slab, int64_t column, int64_t count) {
          const int64_t at = slab * v.n * v.inner + column;
          columns(g.at(slab) + column, result + at, to + at, v.n, v.inner, count);
        });
    return out.object();
  });
}

// g, x, out, dim, keepdim
PyObject* logsumexp_grad(const Args& args) {
  View v;
  PyArrayObject *given = args.array(0), *input = args.array(1), *y = args.array(2);
  if (!given || !input || !y || PyArray_TYPE(y) != PyArray_TYPE(given) || PyArray_TYPE(input) != PyArray_TYPE(given) ||
      !PyArray_SAMESHAPE(given, y) || !is_contiguous(y))
    return nullptr;
  return by_type(given, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    if (!several_axes(input, args, 3, v) || PyArray_SIZE(y) != v.outer * v.inner) return nullptr;
    Held x = in_rows(input), g = in_rows(given);
    if (!x || !g) return nullptr;
    Held out(new_array(PyArray_NDIM(input), PyArray_DIMS(input), type_number<T>()));
    if (!out) return nullptr;
    const SoftmaxLoops<T>& loops = loops_of<T>();
    const T *from = data<T>(g.get()), *values = data<T>(x.get()), *sums = data<T>(y);
    T* to = data<T>(out.get());
    run_released(v, [&](int64_t first, int64_t n) {
          loops.logsumexp_grad(from + first, values + first * v.n, sums + first, to + first * v.n, n, v.n);
        },
        [&](int64_t slab, int64_t column, int64_t n) {
          const int64_t at = slab * v.n * v.inner + column, reduced = slab * v.inner + column;
          loops.logsumexp_columns_grad(from + reduced, values + at, sums + reduced, to + at, v.n, v.inner, n);
        });
    return out.object();
  });
}

}  // namespace

const Entry softmax_kernels[] = {
    {"softmax", softmax<plain>},
    {"log_softmax", softmax<logarithm>},
    {"logsumexp", logsumexp},
    {"softmax.x", softmax_grad<plain>},
    {"log_softmax.x", softmax_grad<logarithm>},
    {"logsumexp.x", logsumexp_grad},
    {nullptr, nullptr},
};

}  // namespace tidu
