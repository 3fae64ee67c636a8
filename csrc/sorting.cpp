// Sorting and the largest k along a dimension, stable, with NaN as the largest (tidu/ops/sorting.py),
// and the gradient of what picks elements (tidu/ops/selection.py).
//
// Elements become items that are integers: in the first place a key in whose order they are to come,
// then their index (order.h). No two are equal, so every way to sort is stable.
#include "families.h"
#include "order.h"

namespace tidu {
namespace {

// `kept` of a row's n elements, in order.
template <class T>
struct Sorting {
  typedef decltype(item_of(KeyOf<T>(), 0)) Item;
  int64_t n, kept;
  bool descending;

  void row(const T* x, T* values, int64_t* places) const {
    Item* items = scratch<Item>(scratch_own, 2 * n);
    const Item* found = kept * 8 < n ? best(x, items) : all(x, items);
    for (int64_t i = 0; i < kept; i++) {
      places[i] = found[i].place();
      values[i] = x[places[i]];
    }
  }

 private:
  Item item(T x, int64_t place) const {
    const KeyOf<T> key = key_of(x);
    return item_of(descending ? ~key : key, place);
  }
  const Item* all(const T* x, Item* items) const {
    for (int64_t i = 0; i < n; i++) items[i] = item(x[i], i);
    if (kept == n) return sort_items(items, items + n, n);
    if (kept) std::nth_element(items, items + kept - 1, items + n);
    std::sort(items, items + kept);
    return items;
  }
  // A few: the best so far are a heap, the last of them on top. Most elements need one comparison.
  const Item* best(const T* x, Item* heap) const {
    if (!kept) return heap;
    constexpr int64_t block = 16;
    for (int64_t i = 0; i < kept; i++) heap[i] = item(x[i], i);
    std::make_heap(heap, heap + kept);
    T bound = x[heap->place()];
    for (int64_t i = kept; i < n; i += block) {
      const int64_t end = std::min(n, i + block);
      bool any = false;  // written so that NaN, on either side, is looked at below
      if (descending)
        for (int64_t j = i; j < end; j++) any |= !(x[j] <= bound);
      else
        for (int64_t j = i; j < end; j++) any |= !(x[j] >= bound);
      if (!any) continue;
      for (int64_t j = i; j < end; j++) {
        const Item other = item(x[j], j);
        if (!(other < *heap)) continue;
        std::pop_heap(heap, heap + kept);
        heap[kept - 1] = other;
        std::push_heap(heap, heap + kept);
        bound = x[heap->place()];
      }
    }
    std::sort_heap(heap, heap + kept);
    return heap;
  }
};

// Every row along the middle dimension of (outer, n, inner).
template <class T>
void sort_along(const Sorting<T>& s, const T* x, int64_t outer, int64_t inner, T* values, int64_t* places) {
  if (inner == 1) {
    parallel::split(outer, sorting_work / s.n + 1, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) s.row(x + i * s.n, values + i * s.kept, places + i * s.kept);
    });
    return;
  }
  // Columns are copied into rows, several at a time.
  const int64_t parts = (inner + line_group - 1) / line_group;
  parallel::split(outer * parts, sorting_work / (s.n * line_group) + 1, 1, [&](int64_t begin, int64_t end) {
    T* row = scratch<T>(scratch_second, line_group * (s.n + s.kept));
    T* sorted = row + line_group * s.n;
    int64_t* found = scratch<int64_t>(scratch_third, line_group * s.kept);
    for (int64_t part = begin; part < end; part++) {
      const int64_t slab = part / parts, first = part % parts * line_group;
      const int64_t columns = std::min(line_group, inner - first);
      const T* from = x + slab * s.n * inner + first;
      for (int64_t i = 0; i < s.n; i++)
        for (int64_t c = 0; c < columns; c++) row[c * s.n + i] = from[i * inner + c];
      for (int64_t c = 0; c < columns; c++) s.row(row + c * s.n, sorted + c * s.kept, found + c * s.kept);
      const int64_t to = slab * s.kept * inner + first;
      for (int64_t i = 0; i < s.kept; i++)
        for (int64_t c = 0; c < columns; c++) {
          values[to + i * inner + c] = sorted[c * s.kept + i];
          places[to + i * inner + c] = found[c * s.kept + i];
        }
    }
  });
}

// `kept` elements (null: all of them) of x along a dimension, and their places.
PyObject* sorted(PyArrayObject* x, int64_t dim, const int64_t* kept, bool descending) {
  const int ndim = PyArray_NDIM(x), axis = axis_of(dim, ndim);
  if (axis < 0 || !is_contiguous(x) || PyArray_SIZE(x) == 0) return nullptr;
  npy_intp shape[NPY_MAXDIMS];
  int64_t outer = 1, inner = 1;
  for (int d = 0; d < ndim; d++) {
    shape[d] = PyArray_DIM(x, d);
    if (d != axis) (d < axis ? outer : inner) *= shape[d];
  }
  const int64_t n = shape[axis];
  if (n > INT32_MAX || (kept && (*kept < 0 || *kept > n))) return nullptr;
  if (kept) shape[axis] = *kept;
  auto compute = [&](auto zero, int type) -> PyObject* {
    using T = decltype(zero);
    Held values(new_array(ndim, shape, type)), places(new_array(ndim, shape, NPY_INT64));
    if (!values || !places) return nullptr;
    const Sorting<T> s = {n, shape[axis], descending};
    unlocked(PyArray_SIZE(x) > 2 * sorting_work, [&] {
      sort_along(s, data<T>(x), outer, inner, data<T>(values.get()), data<int64_t>(places.get()));
    });
    return Py_BuildValue("NN", values.object(), places.object());
  };
  switch (PyArray_TYPE(x)) {
    case NPY_FLOAT32: return compute(float(), NPY_FLOAT32);
    case NPY_FLOAT64: return compute(double(), NPY_FLOAT64);
    case NPY_INT64: return compute(int64_t(), NPY_INT64);
    default: return nullptr;
  }
}

// x, dim, descending
PyObject* sort_both(const Args& args) {
  PyArrayObject* x = args.array(0);
  int64_t dim;
  bool descending;
  if (!x || !args.integer(1, dim) || !args.flag(2, descending)) return nullptr;
  return sorted(x, dim, nullptr, descending);
}

// x, number, dim, largest
PyObject* top(const Args& args) {
  PyArrayObject* x = args.array(0);
  int64_t number, dim;
  bool largest;
  if (!x || !args.integer(1, number) || !args.integer(2, dim) || !args.flag(3, largest)) return nullptr;
  return sorted(x, dim, &number, largest);
}

// g, indices, dim, shape, keepdim: zeros with g where the indices say, of which no two are the same.
PyObject* unpick(const Args& args) {
  PyArrayObject *given = args.array(0), *where = args.array(1, NPY_INT64);
  int64_t dim;
  npy_intp shape[NPY_MAXDIMS];
  const int ndim = given && where && args.integer(2, dim) ? read_shape(args, 3, shape) : -1;
  const int axis = ndim < 1 ? -1 : axis_of(dim, ndim);
  if (axis < 0 || PyArray_NDIM(where) != ndim || !is_contiguous(where) ||
      PyArray_SIZE(where) != PyArray_SIZE(given))
    return nullptr;
  int64_t outer = 1, inner = 1;
  for (int d = 0; d < ndim; d++) {
    if (d == axis) continue;
    if (PyArray_DIM(where, d) != shape[d]) return nullptr;
    (d < axis ? outer : inner) *= shape[d];
  }
  const int64_t n = shape[axis], kept = PyArray_DIM(where, axis);
  const int64_t* indices = data<int64_t>(where);
  for (int64_t i = 0; i < PyArray_SIZE(where); i++)
    if (uint64_t(indices[i]) >= uint64_t(n)) return nullptr;
  return by_type(given, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    Held g = in_rows(given), out(new_array(ndim, shape, type_number<T>()));
    if (!g || !out) return nullptr;
    const T* from = data<T>(g.get());
    T* to = data<T>(out.get());
    unlocked(outer * n * inner > 8 * sorting_work, [&] {
      parallel::split(outer, 4 * sorting_work / (n * inner + 1) + 1, 1, [&](int64_t begin, int64_t end) {
        std::memset(to + begin * n * inner, 0, (end - begin) * n * inner * sizeof(T));
        for (int64_t i = begin; i < end; i++)
          for (int64_t j = i * kept * inner; j < (i + 1) * kept * inner; j += inner)
            for (int64_t c = 0; c < inner; c++) to[(i * n + indices[j + c]) * inner + c] = from[j + c];
      });
    });
    return out.object();
  });
}

}  // namespace

const Entry sorting_kernels[] = {
    {"sort_both", sort_both},
    {"top", top},
    {"unpick", unpick},
    {nullptr, nullptr},
};

}  // namespace tidu
