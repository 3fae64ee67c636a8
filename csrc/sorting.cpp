// Sorting and the largest k along a dimension, stable, with NaN as the largest (tidu/ops/sorting.py),
// and the gradient of what picks elements (tidu/ops/selection.py).
//
// Elements become items that are integers: in the first place a key in whose order they are to come,
// then their index. No two are equal, so every way to sort is stable. Many are sorted by the digits of
// their keys, the last digit first (Knuth, The Art of Computer Programming 3, section 5.2.5).
#include <algorithm>

#include "families.h"
#include "places.h"

namespace tidu {
namespace {

constexpr int64_t columns_at_once = 16;  // of a table whose columns are sorted
constexpr int64_t thread_work = 1 << 12;  // elements that are worth a second thread

// Keys in the order of the numbers; all NaN have one, and so have 0 and -0.
uint32_t key_of(float x) {
  uint32_t bits;
  x += 0.0f;  // makes 0 of -0
  std::memcpy(&bits, &x, sizeof bits);
  if (x != x) return UINT32_MAX;
  return bits >> 31 ? ~bits : bits | uint32_t(1) << 31;
}
uint64_t key_of(double x) {
  uint64_t bits;
  x += 0.0;
  std::memcpy(&bits, &x, sizeof bits);
  if (x != x) return UINT64_MAX;
  return bits >> 63 ? ~bits : bits | uint64_t(1) << 63;
}
uint64_t key_of(int64_t x) { return uint64_t(x) ^ uint64_t(1) << 63; }

// Of float32, key and index in one number.
struct ShortItem {
  uint64_t value;
  static ShortItem of(float x, int64_t place, bool descending) {
    const uint32_t key = key_of(x);
    return {uint64_t(descending ? ~key : key) << 32 | uint64_t(place)};
  }
  int64_t place() const { return int64_t(value & UINT32_MAX); }
  bool operator<(const ShortItem& other) const { return value < other.value; }
  static constexpr int key_bits = 32;
  static constexpr int64_t many = 64;  // items from which on digits win
  template <int bits>
  int digit(int i) const { return int(value >> (32 + i * bits) & ((1 << bits) - 1)); }
};

struct LongItem {
  uint64_t key;
  int64_t index;
  template <class T>
  static LongItem of(T x, int64_t place, bool descending) {
    const uint64_t key = key_of(x);
    return {descending ? ~key : key, place};
  }
  int64_t place() const { return index; }
  bool operator<(const LongItem& other) const {
    return key < other.key || (key == other.key && index < other.index);
  }
  static constexpr int key_bits = 64;
  static constexpr int64_t many = 200;
  template <int bits>
  int digit(int i) const { return int(key >> (i * bits) & ((1 << bits) - 1)); }
};

template <class T>
struct ItemOf {
  typedef LongItem type;
};
template <>
struct ItemOf<float> {
  typedef ShortItem type;
};

// Sorts n items, which are in the order of their indices, by digits of so many bits; returns where
// they are then: in `items` or in `other`.
template <int bits, class Item>
Item* sort_by_digits(Item* items, Item* other, int64_t n) {
  constexpr int values = 1 << bits, digits = (Item::key_bits + bits - 1) / bits;
  uint32_t counts[digits][values] = {};
  for (int64_t i = 0; i < n; i++)
    for (int d = 0; d < digits; d++) counts[d][items[i].template digit<bits>(d)]++;
  for (int d = 0; d < digits; d++) {
    if (counts[d][items[0].template digit<bits>(d)] == n) continue;  // all have the same
    uint32_t at = 0;
    for (int v = 0; v < values; v++) {
      const uint32_t count = counts[d][v];
      counts[d][v] = at;
      at += count;
    }
    for (int64_t i = 0; i < n; i++) other[counts[d][items[i].template digit<bits>(d)]++] = items[i];
    std::swap(items, other);
  }
  return items;
}

template <class Item>
Item* sort_items(Item* items, Item* other, int64_t n) {
  if (n >= 4096) return sort_by_digits<11>(items, other, n);
  if (n >= Item::many) return sort_by_digits<8>(items, other, n);
  std::sort(items, items + n);
  return items;
}

// `kept` of a row's n elements, in order.
template <class T>
struct Sorting {
  typedef typename ItemOf<T>::type Item;
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
  const Item* all(const T* x, Item* items) const {
    for (int64_t i = 0; i < n; i++) items[i] = Item::of(x[i], i, descending);
    if (kept == n) return sort_items(items, items + n, n);
    if (kept) std::nth_element(items, items + kept - 1, items + n);
    std::sort(items, items + kept);
    return items;
  }
  // A few: the best so far are a heap, the last of them on top. Most elements need one comparison.
  const Item* best(const T* x, Item* heap) const {
    if (!kept) return heap;
    constexpr int64_t block = 16;
    for (int64_t i = 0; i < kept; i++) heap[i] = Item::of(x[i], i, descending);
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
        const Item item = Item::of(x[j], j, descending);
        if (!(item < *heap)) continue;
        std::pop_heap(heap, heap + kept);
        heap[kept - 1] = item;
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
    parallel::split(outer, thread_work / s.n + 1, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) s.row(x + i * s.n, values + i * s.kept, places + i * s.kept);
    });
    return;
  }
  // Columns are copied into rows, several at a time.
  const int64_t parts = (inner + columns_at_once - 1) / columns_at_once;
  parallel::split(outer * parts, thread_work / (s.n * columns_at_once) + 1, 1, [&](int64_t begin, int64_t end) {
    T* row = scratch<T>(scratch_second, columns_at_once * (s.n + s.kept));
    T* sorted = row + columns_at_once * s.n;
    int64_t* found = scratch<int64_t>(scratch_third, columns_at_once * s.kept);
    for (int64_t part = begin; part < end; part++) {
      const int64_t slab = part / parts, first = part % parts * columns_at_once;
      const int64_t columns = std::min(columns_at_once, inner - first);
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
    unlocked(PyArray_SIZE(x) > 2 * thread_work, [&] {
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
    unlocked(outer * n * inner > 8 * thread_work, [&] {
      parallel::split(outer, 4 * thread_work / (n * inner + 1) + 1, 1, [&](int64_t begin, int64_t end) {
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
