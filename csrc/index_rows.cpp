// Indexing by whole rows: x[index], index_select, embedding, and their gradients, which add rows up;
// rows that are written, one_hot among them.
#include <algorithm>
#include <cmath>

#include "families.h"
#include "places.h"

namespace tidu {
namespace {

// Where rows begin, in elements, for `count` places that index arrays name together.
struct Places {
  int64_t* at;
  int64_t count;
};

// Index arrays for dimensions that follow each other: all of one shape.
struct IndexArrays {
  Held arrays[NPY_MAXDIMS];
  int n = 0;

  bool add(PyObject* object) {
    PyArrayObject* a = plain_array(object);
    if (!a || PyArray_TYPE(a) != NPY_INT64) return false;
    if (n) {
      PyArrayObject* first = arrays[0].get();
      if (PyArray_NDIM(a) != PyArray_NDIM(first) ||
          !PyArray_CompareLists(PyArray_DIMS(a), PyArray_DIMS(first), PyArray_NDIM(a)))
        return false;
    }
    arrays[n] = in_rows(a);
    return bool(arrays[n++]);
  }
  int ndim() const { return PyArray_NDIM(arrays[0].get()); }
  const npy_intp* shape() const { return PyArray_DIMS(arrays[0].get()); }
};

// False if an index is out of range; from the end (`wrap`) they count with a minus.
bool find_places(const IndexArrays& arrays, const npy_intp* sizes, const int64_t* strides, bool wrap,
                 Places& places) {
  places.count = PyArray_SIZE(arrays.arrays[0].get());
  places.at = scratch<int64_t>(scratch_shared, places.count + 1);
  bool good = true;
  for (int j = 0; j < arrays.n; j++) {
    const int64_t* index = data<int64_t>(arrays.arrays[j].get());
    const int64_t n = sizes[j], stride = strides[j], low = wrap ? -n : 0;
    for (int64_t i = 0; i < places.count; i++) {
      const int64_t k = index[i];
      good &= (k >= low) & (k < n);
      const int64_t at = (k < 0 ? k + n : k) * stride;
      places.at[i] = j ? places.at[i] + at : at;
    }
  }
  return good;
}

template <class T>
void copy_elements_at(const char* from, const Places& places, int64_t begin, int64_t end, char* to) {
  const T* elements = reinterpret_cast<const T*>(from);
  T* out = reinterpret_cast<T*>(to);
  const int64_t* at = places.at;
#pragma GCC unroll 4
  for (int64_t i = begin; i < end; i++) out[i] = elements[at[i]];
}

template <size_t bytes>
void copy_short_rows_at(const char* from, const Places& places, int64_t begin, int64_t end,
                        int64_t item, char* to) {
  for (int64_t i = begin; i < end; i++)
    std::memcpy(to + i * bytes, from + places.at[i] * item, bytes);
}

void copy_rows_at(const char* from, const Places& places, int64_t begin, int64_t end, int64_t bytes,
                  int64_t item, char* to) {
  if (bytes == item && item == 4) return copy_elements_at<uint32_t>(from, places, begin, end, to);
  if (bytes == item && item == 8) return copy_elements_at<uint64_t>(from, places, begin, end, to);
  switch (bytes) {
    case 1: return copy_short_rows_at<1>(from, places, begin, end, item, to);
    case 4: return copy_short_rows_at<4>(from, places, begin, end, item, to);
    case 8: return copy_short_rows_at<8>(from, places, begin, end, item, to);
    case 16: return copy_short_rows_at<16>(from, places, begin, end, item, to);
  }
  constexpr int64_t ahead = 4;  // rows
  for (int64_t i = begin; i < end; i++) {
    if (i + ahead < end) {
      const char* next = from + places.at[i + ahead] * item;
      for (int64_t b = 0; b < bytes && b < 512; b += 64) __builtin_prefetch(next + b);
    }
    std::memcpy(to + i * bytes, from + places.at[i] * item, bytes);
  }
}

// out[o, i, :] = x[o, places[i], :]
void take_rows(const char* x, const Rows& table, const Places& places, int64_t item, char* out) {
  const int64_t bytes = table.inner * item, total = places.count * bytes;
  if (table.outer > 1 && total < index_grain) {
    parallel::split(table.outer, index_grain / (total + 1) + 1, 1, [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; o++)
        copy_rows_at(x + o * table.outer_stride * item, places, 0, places.count, bytes, item, out + o * total);
    });
    return;
  }
  for (int64_t o = 0; o < table.outer; o++) {
    parallel::split(places.count, index_grain / (bytes + 1) + 1, 1, [&](int64_t begin, int64_t end) {
      copy_rows_at(x + o * table.outer_stride * item, places, begin, end, bytes, item, out + o * total);
    });
  }
}

template <class T>
void add_row(T* to, const T* from, int64_t n);
template <>
void add_row(float* to, const float* from, int64_t n) { index_loops.add_float32(to, from, n); }
template <>
void add_row(double* to, const double* from, int64_t n) { index_loops.add_float64(to, from, n); }
template <>
void add_row(int64_t* to, const int64_t* from, int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i] += from[i];
}

// to[o, places[i], :] += rows[o, i, :], in the order of i. Threads share the columns of wide rows,
// and the rows that are added to otherwise.
template <class T>
void add_rows_at(T* to, const Rows& table, const Places& places, const T* rows) {
  const int64_t n = table.inner, work = places.count * n, end = table.rows * table.row_stride;
  auto add = [&](int64_t o, int64_t low, int64_t high, int64_t first, int64_t last) {
    T* part = to + o * table.outer_stride;
    const T* from = rows + o * work;
    for (int64_t i = 0; i < places.count; i++) {
      const int64_t at = places.at[i];
      if (at >= low && at < high) add_row(part + at + first, from + i * n + first, last - first);
    }
  };
  auto add_elements = [&](int64_t o, int64_t low, int64_t high) {
    T* part = to + o * table.outer_stride;
    const T* from = rows + o * work;
    if (high - low == end)
      for (int64_t i = 0; i < places.count; i++) part[places.at[i]] += from[i];
    else
      for (int64_t i = 0; i < places.count; i++)
        if (places.at[i] >= low && places.at[i] < high) part[places.at[i]] += from[i];
  };
  if (table.outer >= 2 * parallel::threads() || work * table.outer < index_grain) {
    parallel::split(table.outer, index_grain / (work + 1) + 1, 1, [&](int64_t b, int64_t e) {
      for (int64_t o = b; o < e; o++) n == 1 ? add_elements(o, 0, end) : add(o, 0, end, 0, n);
    });
    return;
  }
  for (int64_t o = 0; o < table.outer; o++) {
    if (n >= 128)
      parallel::split(n, 64, 16, [&](int64_t b, int64_t e) { add(o, 0, end, b, e); });
    else
      parallel::split(table.rows, 1, 1, [&](int64_t b, int64_t e) {
        const int64_t low = b * table.row_stride, high = e * table.row_stride;
        n == 1 ? add_elements(o, low, high) : add(o, low, high, 0, n);
      });
  }
}

// A key of index arrays that follow each other, behind full slices.
struct Key {
  int lead = 0;
  IndexArrays arrays;

  bool read(PyObject* object, int ndim) {
    if (!PyTuple_CheckExact(object)) return false;
    const Py_ssize_t n = PyTuple_GET_SIZE(object);
    for (Py_ssize_t i = 0; i < n; i++) {
      PyObject* item = PyTuple_GET_ITEM(object, i);
      if (PySlice_Check(item) && !arrays.n) {
        PySliceObject* slice = reinterpret_cast<PySliceObject*>(item);
        if (slice->start != Py_None || slice->stop != Py_None || slice->step != Py_None) return false;
        lead++;
      } else if (!arrays.add(item)) {
        return false;
      }
    }
    return arrays.n && lead + arrays.n <= ndim;
  }
};

// The table that a key's rows are of, in an array in C order of that shape.
void describe(const npy_intp* shape, int ndim, int lead, int indexed, Rows& table, int64_t* strides) {
  for (int d = ndim - 1; d >= lead + indexed; d--) table.inner *= shape[d];
  int64_t stride = table.inner;
  for (int d = lead + indexed - 1; d >= lead; d--) {
    strides[d - lead] = stride;
    stride *= shape[d];
    table.rows *= shape[d];
  }
  table.row_stride = table.inner;
  table.outer_stride = stride;
  for (int d = 0; d < lead; d++) table.outer *= shape[d];
}

// Whether only the first dimension has gaps: x[:, :5] of a matrix, say.
bool has_whole_rows(PyArrayObject* x) {
  int64_t step = PyArray_ITEMSIZE(x);
  for (int d = PyArray_NDIM(x) - 1; d > 0; d--) {
    if (PyArray_DIM(x, d) > 1 && PyArray_STRIDE(x, d) != step) return false;
    step *= PyArray_DIM(x, d);
  }
  return PyArray_STRIDE(x, 0) >= step && PyArray_STRIDE(x, 0) % PyArray_ITEMSIZE(x) == 0;
}

// x with the dimensions from `lead` on, as many as there are index arrays, replaced by theirs.
PyObject* pick(PyArrayObject* x, int lead, const IndexArrays& arrays, bool wrap) {
  const int ndim = PyArray_NDIM(x);
  const int out_ndim = ndim - arrays.n + arrays.ndim();
  if (out_ndim > NPY_MAXDIMS || !PyArray_SIZE(x)) return nullptr;
  if (!is_contiguous(x) && (lead || arrays.n > 1 || !has_whole_rows(x))) return nullptr;
  Rows table;
  int64_t strides[NPY_MAXDIMS];
  describe(PyArray_DIMS(x), ndim, lead, arrays.n, table, strides);
  if (!is_contiguous(x)) strides[0] = PyArray_STRIDE(x, 0) / PyArray_ITEMSIZE(x);
  Places places;
  if (!find_places(arrays, PyArray_DIMS(x) + lead, strides, wrap, places)) return nullptr;
  npy_intp shape[NPY_MAXDIMS];
  int n = 0;
  for (int d = 0; d < lead; d++) shape[n++] = PyArray_DIM(x, d);
  for (int d = 0; d < arrays.ndim(); d++) shape[n++] = arrays.shape()[d];
  for (int d = lead + arrays.n; d < ndim; d++) shape[n++] = PyArray_DIM(x, d);
  PyArrayObject* out = new_array(n, shape, PyArray_TYPE(x));
  if (!out) return nullptr;
  unlocked(PyArray_NBYTES(out) > index_release, [&] {
    take_rows(data<char>(x), table, places, PyArray_ITEMSIZE(x), data<char>(out));
  });
  return reinterpret_cast<PyObject*>(out);
}

// `full`, fresh and in C order, with rows added; it is let go if the reference has to do it.
template <class T>
PyObject* add_to(Held& full, int lead, const IndexArrays& arrays, bool wrap, PyArrayObject* rows) {
  PyArrayObject* to = full.get();
  Rows table;
  int64_t strides[NPY_MAXDIMS];
  describe(PyArray_DIMS(to), PyArray_NDIM(to), lead, arrays.n, table, strides);
  Places places;
  if (!find_places(arrays, PyArray_DIMS(to) + lead, strides, wrap, places)) return nullptr;
  if (PyArray_SIZE(rows) != table.outer * places.count * table.inner) return nullptr;
  Held values = in_rows(rows);
  if (!values) return nullptr;
  unlocked(PyArray_NBYTES(rows) > index_release, [&] { add_rows_at(data<T>(to), table, places, data<T>(values.get())); });
  return full.object();
}

PyObject* add_to(Held& full, int lead, const IndexArrays& arrays, bool wrap, PyArrayObject* rows) {
  if (!full) return nullptr;
  switch (PyArray_TYPE(rows)) {
    case NPY_FLOAT32: return add_to<float>(full, lead, arrays, wrap, rows);
    case NPY_FLOAT64: return add_to<double>(full, lead, arrays, wrap, rows);
    case NPY_INT64: return add_to<int64_t>(full, lead, arrays, wrap, rows);
  }
  return nullptr;
}

bool adds(PyArrayObject* x) {
  const int type = PyArray_TYPE(x);
  return type == NPY_FLOAT32 || type == NPY_FLOAT64 || type == NPY_INT64;
}

// index(x, key) and index_sum(x, shape, key)

// The mask that is all of a key, or null.
PyArrayObject* only_mask(PyObject* key) {
  if (!PyTuple_CheckExact(key) || PyTuple_GET_SIZE(key) != 1) return nullptr;
  PyArrayObject* mask = plain_array(PyTuple_GET_ITEM(key, 0));
  return mask && PyArray_TYPE(mask) == NPY_BOOL ? mask : nullptr;
}

PyObject* index(const Args& args) {
  PyArrayObject* x = args.array(0);
  Key key;
  if (PyArrayObject* mask = x ? only_mask(args.object(1)) : nullptr) return pick_by_mask(x, mask);
  if (!x || !key.read(args.object(1), PyArray_NDIM(x))) return nullptr;
  return pick(x, key.lead, key.arrays, true);
}

PyObject* index_sum(const Args& args) {
  PyArrayObject* g = args.array(0);
  npy_intp shape[NPY_MAXDIMS];
  const int ndim = read_shape(args, 1, shape);
  Key key;
  if (PyArrayObject* mask = g && ndim > 0 ? only_mask(args.object(2)) : nullptr)
    return place_by_mask(g, shape, ndim, mask);
  if (!g || !adds(g) || ndim < 1 || !PyArray_SIZE(g) || !key.read(args.object(2), ndim)) return nullptr;
  Held full(new_zeros(ndim, shape, PyArray_TYPE(g)));
  return add_to(full, key.lead, key.arrays, true, g);
}

// put_at(x, values, key, accumulate), for adding
PyObject* put_at(const Args& args) {
  PyArrayObject *x = args.array(0), *values = args.array(1);
  bool accumulate = false;
  Key key;
  if (args.count() != 4 || !x || !values || !args.flag(3, accumulate) || !accumulate || !adds(x) ||
      PyArray_TYPE(values) != PyArray_TYPE(x) || !PyArray_SIZE(values) || !PyArray_NDIM(x) ||
      !key.read(args.object(2), PyArray_NDIM(x)))
    return nullptr;
  // The values' shape has to be that of what is picked: no broadcasting here.
  const int lead = key.lead, width = key.arrays.ndim(), n = key.arrays.n;
  if (PyArray_NDIM(values) != PyArray_NDIM(x) - n + width) return nullptr;
  for (int d = 0; d < PyArray_NDIM(values); d++) {
    const npy_intp wanted = d < lead           ? PyArray_DIM(x, d)
                            : d < lead + width ? key.arrays.shape()[d - lead]
                                               : PyArray_DIM(x, d - width + n);
    if (PyArray_DIM(values, d) != wanted) return nullptr;
  }
  Held full(new_copy(x));
  return add_to(full, lead, key.arrays, true, values);
}

// Slices along one dimension

PyObject* index_select(const Args& args) {
  PyArrayObject *x = args.array(0), *index = args.array(2);
  int64_t dim;
  int axis;
  IndexArrays arrays;
  if (!x || !index || PyArray_NDIM(index) != 1 || !args.integer(1, dim) || !PyArray_NDIM(x) ||
      (axis = axis_of(dim, PyArray_NDIM(x))) < 0 || !arrays.add(args.object(2)))
    return nullptr;
  return pick(x, axis, arrays, false);
}

PyObject* select_sum(const Args& args) {
  PyArrayObject *g = args.array(0), *index = args.array(3);
  npy_intp shape[NPY_MAXDIMS];
  const int ndim = read_shape(args, 1, shape);
  int64_t dim;
  int axis;
  IndexArrays arrays;
  if (!g || !adds(g) || !index || PyArray_NDIM(index) != 1 || ndim < 1 || !PyArray_SIZE(g) ||
      !args.integer(2, dim) || (axis = axis_of(dim, ndim)) < 0 || !arrays.add(args.object(3)))
    return nullptr;
  Held full(new_zeros(ndim, shape, PyArray_TYPE(g)));
  return add_to(full, axis, arrays, false, g);
}

// The elements times a number.
PyArrayObject* scaled(PyArrayObject* a, double number) {
  Held from = in_rows(a);
  if (!from) return nullptr;
  return reinterpret_cast<PyArrayObject*>(by_type(a, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    Held out(new_array(PyArray_NDIM(a), PyArray_DIMS(a), type_number<T>()));
    const T *x = data<T>(from.get()), factor = T(number);
    T* to = out ? data<T>(out.get()) : nullptr;
    for (int64_t i = 0, n = to ? PyArray_SIZE(a) : 0; i < n; i++) to[i] = x[i] * factor;
    return out.object();
  }));
}

// index_add(x, dim, index, source, alpha)
template <bool in_place>
PyObject* index_add(const Args& args) {
  PyArrayObject *x = args.array(0), *index = args.array(2), *source = args.array(3);
  int64_t dim;
  double alpha = 1;
  int axis;
  IndexArrays arrays;
  if (!x || !adds(x) || !index || PyArray_NDIM(index) != 1 || !source ||
      PyArray_TYPE(source) != PyArray_TYPE(x) || PyArray_NDIM(source) != PyArray_NDIM(x) ||
      !PyArray_NDIM(x) || !PyArray_SIZE(source) || !args.integer(1, dim) ||
      (axis = axis_of(dim, PyArray_NDIM(x))) < 0 || !arrays.add(args.object(2)) ||
      (args.count() > 4 && !args.number(4, alpha)))
    return nullptr;
  for (int d = 0; d < PyArray_NDIM(x); d++)
    if (PyArray_DIM(source, d) != (d == axis ? PyArray_SIZE(index) : PyArray_DIM(x, d))) return nullptr;
  Held factor(alpha == 1 ? nullptr : scaled(source, alpha));
  if (alpha != 1 && !factor) return nullptr;
  Held full(to_change(x, in_place));
  return add_to(full, axis, arrays, false, factor ? factor.get() : source);
}

// A copy of x (or x itself), and the slices of it that an index names.
struct Slices {
  Held full, index;
  int64_t outer = 1, n = 0, inner = 1;  // of (outer, n, inner) slices of the middle dimension
  int axis = -1;

  // False if the call is not for a kernel, or without memory. `from_end`: -1 is the last slice.
  bool take(const Args& args, bool from_end, bool in_place) {
    PyArrayObject *x = args.array(0), *given = args.array(2, NPY_INT64);
    int64_t dim;
    if (!x || !given || PyArray_NDIM(given) > 1 || !args.integer(1, dim) || !PyArray_SIZE(x) ||
        (axis = axis_of(dim, PyArray_NDIM(x))) < 0)
      return false;
    for (int d = 0; d < PyArray_NDIM(x); d++)
      if (d != axis) (d < axis ? outer : inner) *= PyArray_DIM(x, d);
    n = PyArray_DIM(x, axis);
    index = in_rows(given);
    if (!index) return false;
    for (int64_t i = 0; i < count(); i++)
      if (places()[i] >= n || places()[i] < (from_end ? -n : 0)) return false;
    full = Held(to_change(x, in_place));
    return bool(full);
  }
  int64_t count() const { return PyArray_SIZE(index.get()); }
  const int64_t* places() const { return data<int64_t>(index.get()); }
  // Calls write(where in the copy, number of the slice among all that are written), in elements.
  template <class F>
  void each(F&& write) const {
    const int64_t m = count();
    const int64_t* at = places();
    unlocked(outer * m * inner > index_release, [&] {
      parallel::split(outer, index_grain / (m * inner + 1) + 1, 1, [&](int64_t begin, int64_t end) {
        for (int64_t o = begin; o < end; o++)
          for (int64_t i = 0; i < m; i++) write((o * n + (at[i] < 0 ? at[i] + n : at[i])) * inner, o * m + i);
      });
    });
  }
};

// Slices of one element, none counted from the end.
template <class T>
void copy_elements(const Slices& s, const T* from, T* to) {
  const int64_t m = s.count(), *at = s.places();
  unlocked(s.outer * m > index_release, [&] {
    parallel::split(s.outer, index_grain / (m + 1) + 1, 1, [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; o++)
        for (int64_t i = 0; i < m; i++) to[o * s.n + at[i]] = from[o * m + i];
    });
  });
}

// index_copy(x, dim, index, source)
template <bool in_place>
PyObject* index_copy(const Args& args) {
  PyArrayObject *x = args.array(0), *source = args.array(3);
  Slices s;
  if (!x || !source || PyArray_TYPE(source) != PyArray_TYPE(x) || PyArray_NDIM(source) != PyArray_NDIM(x) ||
      !s.take(args, false, in_place))
    return nullptr;
  for (int d = 0; d < PyArray_NDIM(x); d++)
    if (PyArray_DIM(source, d) != (d == s.axis ? s.count() : PyArray_DIM(x, d))) return nullptr;
  Held rows = in_rows(source);
  if (!rows) return nullptr;
  const size_t item = PyArray_ITEMSIZE(x);
  const char* from = data<char>(rows.get());
  char* to = data<char>(s.full.get());
  if (s.inner == 1 && item == 4) copy_elements(s, data<uint32_t>(rows.get()), data<uint32_t>(s.full.get()));
  else if (s.inner == 1 && item == 8) copy_elements(s, data<uint64_t>(rows.get()), data<uint64_t>(s.full.get()));
  else
    s.each([&](int64_t place, int64_t i) {
      std::memcpy(to + place * item, from + i * s.inner * item, s.inner * item);
    });
  return s.full.object();
}

// fill_slices(x, dim, index, value)
template <bool in_place>
PyObject* fill_slices(const Args& args) {
  double value;
  if (!args.array(0) || !args.number(3, value)) return nullptr;
  return by_type(args.array(0), [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    Slices s;
    if (std::isinf(T(value)) != std::isinf(value) || !s.take(args, true, in_place)) return nullptr;
    T* to = data<T>(s.full.get());
    const T number = T(value);
    if (s.inner == 1)
      s.each([to, number](int64_t place, int64_t) { to[place] = number; });
    else
      s.each([&](int64_t place, int64_t) { std::fill(to + place, to + place + s.inner, number); });
    return s.full.object();
  });
}

// one_hot_of(classes, number), which may be -1: as many as there are
PyObject* one_hot(const Args& args) {
  PyArrayObject* given = args.array(0, NPY_INT64);
  int64_t number;
  if (!given || !args.integer(1, number) || !PyArray_SIZE(given) || PyArray_NDIM(given) >= NPY_MAXDIMS)
    return nullptr;
  Held held = in_rows(given);
  if (!held) return nullptr;
  const int64_t *classes = data<int64_t>(held.get()), count = PyArray_SIZE(given);
  int64_t least = classes[0], most = classes[0];
  for (int64_t i = 0; i < count; i++) {
    least = classes[i] < least ? classes[i] : least;
    most = classes[i] > most ? classes[i] : most;
  }
  if (number == -1) number = most + 1;
  if (least < 0 || most >= number) return nullptr;
  npy_intp shape[NPY_MAXDIMS];
  for (int d = 0; d < PyArray_NDIM(given); d++) shape[d] = PyArray_DIM(given, d);
  shape[PyArray_NDIM(given)] = number;
  Held out(new_array(PyArray_NDIM(given) + 1, shape, NPY_INT64));
  if (!out) return nullptr;
  int64_t* to = data<int64_t>(out.get());
  unlocked(count * number > index_release, [&] {
    parallel::split(count, index_grain / number + 1, 1, [&](int64_t begin, int64_t end) {
      std::memset(to + begin * number, 0, (end - begin) * number * sizeof(int64_t));
      for (int64_t i = begin; i < end; i++) to[i * number + classes[i]] = 1;
    });
  });
  return out.object();
}

// Embeddings

// embedding(weight, indices, padding_idx, scale_grad_by_freq, sparse)
PyObject* embedding(const Args& args) {
  PyArrayObject* weight = args.array(0);
  bool sparse = false;
  IndexArrays arrays;
  if (!weight || PyArray_NDIM(weight) != 2 || (args.count() > 4 && !args.flag(4, sparse)) || sparse ||
      !arrays.add(args.object(1)))
    return nullptr;
  return pick(weight, 0, arrays, false);
}

template <class T>
void add_embeddings(T* to, int64_t width, const int64_t* index, int64_t count, const T* g,
                    int64_t padding, const T* factors, int64_t low, int64_t high, int64_t first,
                    int64_t last) {
  T* row = scratch<T>(scratch_own, width);
  for (int64_t i = 0; i < count; i++) {
    const int64_t at = index[i];
    if (at < low || at >= high || at == padding) continue;
    const T* from = g + i * width;
    if (factors) {
      for (int64_t c = first; c < last; c++) row[c] = from[c] / factors[at];
      from = row;
    }
    add_row(to + at * width + first, from + first, last - first);
  }
}

template <class T>
PyObject* embedding_gradient(PyArrayObject* g, PyArrayObject* indices, int64_t rows, int64_t padding,
                             bool by_frequency) {
  const npy_intp shape[] = {rows, PyArray_DIM(g, PyArray_NDIM(g) - 1)};
  const int64_t width = shape[1], count = PyArray_SIZE(indices);
  const int64_t* index = data<int64_t>(indices);
  for (int64_t i = 0; i < count; i++)
    if (index[i] < 0 || index[i] >= rows) return nullptr;
  Held out(new_zeros(2, shape, type_number<T>()));
  if (!out) return nullptr;
  T* to = data<T>(out.get());
  const T* from = data<T>(g);
  unlocked(PyArray_NBYTES(g) > index_release, [&] {
    T* factors = nullptr;
    if (by_frequency) {
      factors = scratch<T>(scratch_shared, rows);
      for (int64_t r = 0; r < rows; r++) factors[r] = 0;
      for (int64_t i = 0; i < count; i++) factors[index[i]] += 1;
    }
    if (count * width < index_grain)
      add_embeddings(to, width, index, count, from, padding, factors, 0, rows, 0, width);
    else if (width >= 128)
      parallel::split(width, 64, 16, [&](int64_t b, int64_t e) {
        add_embeddings(to, width, index, count, from, padding, factors, 0, rows, b, e);
      });
    else
      parallel::split(rows, 1, 1, [&](int64_t b, int64_t e) {
        add_embeddings(to, width, index, count, from, padding, factors, b, e, 0, width);
      });
  });
  return out.object();
}

// embedding_backward(g, indices, rows, padding_idx, scale_grad_by_freq)
PyObject* embedding_backward(const Args& args) {
  PyArrayObject *g = args.array(0), *indices = args.array(1, NPY_INT64);
  int64_t rows, padding;
  bool by_frequency;
  if (args.count() != 5 || !g || !indices || !is_contiguous(indices) || !PyArray_SIZE(g) ||
      PyArray_NDIM(g) != PyArray_NDIM(indices) + 1 || !args.integer(2, rows) ||
      !args.integer(3, padding) || !args.flag(4, by_frequency))
    return nullptr;
  Held whole = in_rows(g);
  if (!whole) return nullptr;
  if (PyArray_TYPE(g) == NPY_FLOAT32)
    return embedding_gradient<float>(whole.get(), indices, rows, padding, by_frequency);
  if (PyArray_TYPE(g) == NPY_FLOAT64)
    return embedding_gradient<double>(whole.get(), indices, rows, padding, by_frequency);
  return nullptr;
}

}  // namespace

const Entry index_row_kernels[] = {
    {"index", index},
    {"index_sum", index_sum},
    {"put_at", put_at},
    {"index_select", index_select},
    {"select_sum", select_sum},
    {"index_add", index_add<false>},
    {"index_add_", index_add<true>},
    {"index_copy", index_copy<false>},
    {"index_copy_", index_copy<true>},
    {"fill_slices", fill_slices<false>},
    {"index_fill_", fill_slices<true>},
    {"one_hot_of", one_hot},
    {"embedding", embedding},
    {"embedding_backward", embedding_backward},
    {nullptr, nullptr},
};

}  // namespace tidu
