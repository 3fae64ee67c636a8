// The middle, the k-th and the most frequent element along a dimension (tidu/ops/selection.py), and
// distinct values (tidu/ops/sorting.py). As keys (order.h) elements are integers that are equal or
// not, and NaN is the largest.
#include "families.h"
#include "order.h"

namespace tidu {
namespace {

// The key that n keys have at that place in their order; `other` has room for as many. Quickselect
// (Hoare, Algorithm 65) without a branch in its loop, which the C++ library finishes.
template <class Key>
Key select(Key* keys, Key* other, int64_t n, int64_t rank) {
  for (int rounds = 0; n > 16 && rounds < 64; rounds++) {
    const Key a = keys[n / 4], b = keys[n / 2], c = keys[3 * n / 4];
    const Key pivot = std::max(std::min(a, b), std::min(std::max(a, b), c));
    int64_t below = 0, above = n;  // those below go to the front, those above to the end
    for (int64_t i = 0; i < n; i++) {
      const Key key = keys[i];
      other[below] = other[above - 1] = key;
      below += key < pivot;
      above -= key > pivot;
    }
    if (rank >= below && rank < above) return pivot;
    std::swap(keys, other);
    if (rank < below) {
      n = below;
    } else {
      keys += above, other += above, n -= above, rank -= above;
    }
  }
  std::nth_element(keys, keys + rank, keys + n);
  return keys[rank];
}

enum class Pick { median, nanmedian, kth, mode };

// The place of the element that is picked from a row: the first with its value, of `mode` the last.
template <class T>
int64_t pick(Pick what, const T* x, int64_t n, int64_t number) {
  typedef KeyOf<T> Key;
  constexpr Key nan = Key(-1);  // of floats
  Key* keys = scratch<Key>(scratch_own, 2 * n);
  int64_t numbers = n;
  for (int64_t i = 0; i < n; i++) {
    keys[i] = key_of(x[i]);
    numbers -= T(0.5) != 0 && keys[i] == nan;
  }
  if (what == Pick::mode) {
    if (!numbers) return 0;  // no NaN equals another
    const Key* sorted = sort_items(keys, keys + n, n);
    Key found = sorted[0];
    for (int64_t i = 1, most = 1; i < numbers; i++)
      if (sorted[i] == sorted[i - most]) found = sorted[i], most++;
    int64_t place = n - 1;
    while (key_of(x[place]) != found) place--;
    return place;
  }
  int64_t rank = number - 1;
  if (what == Pick::nanmedian) rank = std::max(numbers - 1, int64_t(0)) / 2;
  if (what == Pick::median) rank = numbers < n ? n - 1 : (n - 1) / 2;
  const Key found = select(keys, keys + n, n, rank);
  int64_t place = 0;
  while (key_of(x[place]) != found) place++;
  return place;
}

// <name>_dim(x, dim, keepdim); kth(x, number, dim, keepdim)
template <Pick what>
PyObject* pick_along(const Args& args) {
  constexpr int after = what == Pick::kth;
  PyArrayObject* x = args.array(0);
  int64_t dim, number = 1;
  bool keepdim;
  if (!x || !PyArray_SIZE(x) || !args.integer(1 + after, dim) || !args.flag(2 + after, keepdim) ||
      (after && !args.integer(1, number)))
    return nullptr;
  const int axis = axis_of(dim, PyArray_NDIM(x));
  if (axis < 0 || number < 1 || number > PyArray_DIM(x, axis)) return nullptr;
  const Lines lines(x, axis);
  npy_intp shape[NPY_MAXDIMS];
  int ndim = 0;
  for (int d = 0; d < PyArray_NDIM(x); d++)
    if (d != axis || keepdim) shape[ndim++] = d == axis ? 1 : PyArray_DIM(x, d);
  return by_number_type(x, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    Held from = in_rows(x), values(new_array(ndim, shape, type_number<T>()));
    Held places(new_array(ndim, shape, NPY_INT64));
    if (!from || !values || !places) return nullptr;
    unlocked(PyArray_SIZE(x) > 2 * sorting_work, [&] {
      lines.each(data<T>(from.get()), [&](const T* line, int64_t i) {
        const int64_t place = pick(what, line, lines.n, number);
        data<int64_t>(places.get())[i] = place;
        data<T>(values.get())[i] = line[place];
      });
    });
    return Py_BuildValue("NN", values.object(), places.object());
  });
}

// median_all(x), nanmedian_all(x)
template <Pick what>
PyObject* pick_of_all(const Args& args) {
  PyArrayObject* x = args.array(0);
  if (!x || !PyArray_SIZE(x)) return nullptr;
  return by_number_type(x, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    Held from = in_rows(x), out(new_array(0, nullptr, type_number<T>()));
    if (!from || !out) return nullptr;
    const T* elements = data<T>(from.get());
    unlocked(PyArray_SIZE(x) > 2 * sorting_work, [&] {
      *data<T>(out.get()) = elements[pick(what, elements, PyArray_SIZE(x), 0)];
    });
    return out.object();
  });
}

// Distinct values

constexpr int64_t few_values = 1 << 16;  // integers in such a range are counted, not sorted

void to_number(uint32_t key, float& x) {
  key ^= ~uint32_t(int32_t(key) >> 31) | uint32_t(1) << 31;
  std::memcpy(&x, &key, sizeof x);
}
void to_number(uint64_t key, double& x) {
  key ^= ~uint64_t(int64_t(key) >> 63) | uint64_t(1) << 63;
  std::memcpy(&x, &key, sizeof x);
}
void to_number(uint64_t key, int64_t& x) { x = int64_t(key ^ uint64_t(1) << 63); }

// (values, where each element of x went, how often each value occurs); what is not asked for is None.
template <class T>
struct Distinct {
  const T* x;
  int64_t n;
  PyArrayObject* shape;
  bool with_inverse, with_counts;
  Held values, inverse, counts;
  T* value = nullptr;
  int64_t* count = nullptr;

  Distinct(PyArrayObject* rows, bool with_inverse, bool with_counts)
      : x(data<T>(rows)), n(PyArray_SIZE(rows)), shape(rows), with_inverse(with_inverse), with_counts(with_counts) {}

  bool make(npy_intp number) {
    values = Held(new_array(1, &number, type_number<T>()));
    if (with_inverse && !inverse) inverse = Held(new_array(PyArray_NDIM(shape), PyArray_DIMS(shape), NPY_INT64));
    if (with_counts) counts = Held(new_array(1, &number, NPY_INT64));
    if (!values || (with_inverse && !inverse) || (with_counts && !counts)) return false;
    value = data<T>(values.get());
    if (with_counts) count = data<int64_t>(counts.get());
    return true;
  }
  PyObject* results() {
    auto or_none = [](Held& held) { return held ? held.object() : Py_NewRef(Py_None); };
    return Py_BuildValue("NNN", values.object(), or_none(inverse), or_none(counts));
  }

  // Of a sequence in which equal ones follow each other: `starts(i)`, for i > 0, says whether one
  // does not equal the one before, `at(i)` its value, `place(i)` where it is in x.
  template <class Starts, class At, class Place>
  PyObject* runs(Starts starts, At at, Place place) {
    T* first = scratch<T>(scratch_second, n);
    int64_t* begin = scratch<int64_t>(scratch_third, n + 1);
    if (with_inverse) inverse = Held(new_array(PyArray_NDIM(shape), PyArray_DIMS(shape), NPY_INT64));
    if (with_inverse && !inverse) return nullptr;
    int64_t* went = with_inverse ? data<int64_t>(inverse.get()) : nullptr;
    int64_t run = 0;
    unlocked(n > sorting_work, [&] {
      for (int64_t i = 0; i < n; i++) {
        if (!i || starts(i)) {
          first[run] = at(i);
          begin[run++] = i;
        }
        if (went) went[place(i)] = run - 1;
      }
    });
    begin[run] = n;
    if (!make(run)) return nullptr;
    std::copy(first, first + run, value);
    if (count)
      for (int64_t r = 0; r < run; r++) count[r] = begin[r + 1] - begin[r];
    return results();
  }

  template <class Item>
  PyObject* of_sorted(Item* items) {
    constexpr bool floats = T(0.5) != 0;
    unlocked(n > sorting_work, [&] { items = sort_items(items, items + n, n); });
    auto starts = [&](int64_t i) {
      const KeyOf<T> key = sort_key(items[i]);
      return key != sort_key(items[i - 1]) || (floats && key == KeyOf<T>(-1));
    };
    auto at = [&](int64_t i) {
      T number;
      to_number(sort_key(items[i]), number);
      return number;
    };
    PyObject* made = runs(starts, at, [&](int64_t i) { return place_of(items[i]); });
    if (!made || !floats) return made;
    // A zero's sign, which its key does not have, is that of the first one.
    T* end = value + PyArray_SIZE(reinterpret_cast<PyArrayObject*>(PyTuple_GET_ITEM(made, 0)));
    T* zero = std::lower_bound(value, end, T(0));
    if (zero != end && *zero == 0) *zero = *std::find(x, x + n, T(0));
    return made;
  }
  static int64_t place_of(KeyOf<T>) { return 0; }
  template <class Item>
  static int64_t place_of(const Item& item) { return item.place(); }

  PyObject* sorted() {
    if (with_inverse) {
      auto* items = scratch<decltype(item_of(KeyOf<T>(), 0))>(scratch_own, 2 * n);
      for (int64_t i = 0; i < n; i++) items[i] = item_of(key_of(x[i]), i);
      return of_sorted(items);
    }
    auto* keys = scratch<KeyOf<T>>(scratch_own, 2 * n);
    for (int64_t i = 0; i < n; i++) keys[i] = key_of(x[i]);
    return of_sorted(keys);
  }

  // Integers from `least` on, in a range of that length. Neighbours are counted apart: they may be equal.
  PyObject* counted(T least, int64_t range) {
    int64_t* number = scratch<int64_t>(scratch_own, 2 * range);
    std::fill(number, number + 2 * range, 0);
    for (int64_t i = 0; i < n; i++) number[2 * (x[i] - least) + (i & 1)]++;
    int64_t run = 0;
    for (int64_t v = 0; v < range; v++) run += number[2 * v] + number[2 * v + 1] > 0;
    if (!make(run)) return nullptr;
    for (int64_t v = run = 0; v < range; v++) {
      const int64_t times = number[2 * v] + number[2 * v + 1];
      if (!times) continue;
      value[run] = least + T(v);
      if (count) count[run] = times;
      number[2 * v] = run++;
    }
    if (with_inverse) {
      int64_t* went = data<int64_t>(inverse.get());
      for (int64_t i = 0; i < n; i++) went[i] = number[2 * (x[i] - least)];
    }
    return results();
  }
};

// Calls compute(Distinct<T>) for x, with_inverse, with_counts.
template <class F>
PyObject* distinct_of(const Args& args, F&& compute) {
  PyArrayObject* x = args.array(0);
  bool with_inverse, with_counts;
  if (!x || !PyArray_SIZE(x) || PyArray_SIZE(x) > INT32_MAX || !args.flag(1, with_inverse) ||
      !args.flag(2, with_counts))
    return nullptr;
  return by_number_type(x, [&](auto zero) -> PyObject* {
    Held from = in_rows(x);
    return from ? compute(Distinct<decltype(zero)>(from.get(), with_inverse, with_counts)) : nullptr;
  });
}

// distinct(x, with_inverse, with_counts)
PyObject* distinct(const Args& args) {
  return distinct_of(args, [](auto found) {
    if constexpr (std::is_same_v<decltype(*found.x), const int64_t&>) {
      int64_t least = found.x[0], most = least;
      for (int64_t i = 1; i < found.n; i++) {
        least = std::min(least, found.x[i]);
        most = std::max(most, found.x[i]);
      }
      const uint64_t range = uint64_t(most) - uint64_t(least);
      if (range < uint64_t(std::min(few_values, 4 * found.n))) return found.counted(least, int64_t(range + 1));
    }
    return found.sorted();
  });
}

// distinct_runs(x, with_inverse, with_counts)
PyObject* distinct_runs(const Args& args) {
  return distinct_of(args, [](auto found) {
    const auto* x = found.x;
    return found.runs([x](int64_t i) { return x[i] != x[i - 1]; }, [x](int64_t i) { return x[i]; },
                      [](int64_t i) { return i; });
  });
}

// The rows of a table of keys in order; `starts`: which ones do not equal the one before.
template <class Key>
void order_rows(const Key* keys, int64_t rows, int64_t columns, bool floats, int64_t* order, bool* starts) {
  LongItem* items = scratch<LongItem>(scratch_own, rows);
  for (int64_t i = 0; i < rows; i++) items[i] = {keys[i * columns], i};
  std::sort(items, items + rows, [=](const LongItem& a, const LongItem& b) {
    if (a.value != b.value) return a.value < b.value;
    const Key *p = keys + a.index * columns, *q = keys + b.index * columns;
    for (int64_t c = 1; c < columns; c++)
      if (p[c] != q[c]) return p[c] < q[c];
    return a.index < b.index;
  });
  for (int64_t i = 0; i < rows; i++) {
    order[i] = items[i].index;
    const Key *row = keys + order[i] * columns, *before = keys + order[i ? i - 1 : 0] * columns;
    int64_t c = i ? 0 : columns;
    while (c < columns && row[c] == before[c] && !(floats && row[c] == Key(-1))) c++;
    starts[i] = !i || c < columns;
  }
}

// row_order(rows): the indices in lexicographic order, and where a row differs from the one before
PyObject* row_order(const Args& args) {
  PyArrayObject* x = args.array(0);
  if (!x || PyArray_NDIM(x) != 2 || !PyArray_SIZE(x)) return nullptr;
  return by_number_type(x, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    using Key = KeyOf<T>;
    const npy_intp *shape = PyArray_DIMS(x), size = PyArray_SIZE(x);
    Held from = in_rows(x), order(new_array(1, shape, NPY_INT64)), starts(new_array(1, shape, NPY_BOOL));
    if (!from || !order || !starts) return nullptr;
    const auto* numbers = data<T>(from.get());
    Key* keys = scratch<Key>(scratch_second, size);
    unlocked(size > sorting_work, [&] {
      for (npy_intp i = 0; i < size; i++) keys[i] = key_of(numbers[i]);
      order_rows(keys, shape[0], shape[1], T(0.5) != 0, data<int64_t>(order.get()), data<bool>(starts.get()));
    });
    return Py_BuildValue("NN", order.object(), starts.object());
  });
}

}  // namespace

const Entry selection_kernels[] = {
    {"median_dim", pick_along<Pick::median>},
    {"nanmedian_dim", pick_along<Pick::nanmedian>},
    {"mode_dim", pick_along<Pick::mode>},
    {"kth", pick_along<Pick::kth>},
    {"median_all", pick_of_all<Pick::median>},
    {"nanmedian_all", pick_of_all<Pick::nanmedian>},
    {"distinct", distinct},
    {"distinct_runs", distinct_runs},
    {"row_order", row_order},
    {nullptr, nullptr},
};

}  // namespace tidu
