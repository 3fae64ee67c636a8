// Indexing with an index for each element: gather, scatter and their kin, take and its gradient.
#include <cstdlib>

#include "families.h"
#include "places.h"

namespace tidu {
namespace {

// A loop over all elements of `index`; along `axis` the index says where to go in the table, along
// the other dimensions both go on side by side. Operands: the index, the table, and what is read
// into or written from.
struct Elements {
  Walk walk;        // all dimensions but the last
  int64_t n = 1;    // the last one
  int64_t step[3];  // of the operands along it; the table's is 0 if it is the axis
  int64_t size, stride;  // of the table along the axis
  int axis, ndim;
  bool along_rows;  // the last dimension is the axis, and all lie without gaps along it
};

bool whole_strides(PyArrayObject* a) {
  for (int d = 0; d < PyArray_NDIM(a); d++)
    if (PyArray_STRIDE(a, d) % PyArray_ITEMSIZE(a)) return false;
  return true;
}

// False if the arrays do not fit each other. `other` may be null: then it has the index's shape and
// C order. Without `within` it need not be as large as the index.
bool describe(PyArrayObject* table, int64_t dim, PyArrayObject* index, PyArrayObject* other, Elements& e) {
  const int ndim = e.ndim = PyArray_NDIM(table);
  if (!ndim || PyArray_NDIM(index) != ndim || (other && PyArray_NDIM(other) != ndim) ||
      (e.axis = axis_of(dim, ndim)) < 0 || PyArray_TYPE(index) != NPY_INT64 || !PyArray_SIZE(index) ||
      !whole_strides(table) || !whole_strides(index) || (other && !whole_strides(other)))
    return false;
  int64_t step = 1;
  for (int d = ndim - 1; d >= 0; d--) {
    const npy_intp size = PyArray_DIM(index, d);
    if ((d != e.axis && size > PyArray_DIM(table, d)) || (other && size > PyArray_DIM(other, d)))
      return false;
    const int64_t strides[3] = {
        PyArray_STRIDE(index, d) / 8,
        d == e.axis ? 0 : PyArray_STRIDE(table, d) / PyArray_ITEMSIZE(table),
        other ? PyArray_STRIDE(other, d) / PyArray_ITEMSIZE(other) : step,
    };
    step *= size;
    if (d == ndim - 1) {
      e.n = size;
      for (int k = 0; k < 3; k++) e.step[k] = strides[k];
    } else {
      e.walk.sizes[d] = size;
      for (int k = 0; k < 3; k++) e.walk.strides[k][d] = strides[k];
    }
  }
  e.walk.ndim = ndim - 1;
  e.size = PyArray_DIM(table, e.axis);
  e.stride = PyArray_STRIDE(table, e.axis) / PyArray_ITEMSIZE(table);
  e.along_rows = e.axis == ndim - 1 && e.stride == 1 && e.step[0] == 1 && e.step[2] == 1;
  return e.size > 0;
}

// Calls line(operands' offsets, first, last) for all lines along the last dimension, or parts of
// them. `writes`: places in the table are written, so that threads must have different ones.
template <class F>
void run_lines(const Elements& e, bool writes, F&& line) {
  const int64_t outer = e.walk.count(), cost = 4 * e.n;
  auto lines = [&](int64_t begin, int64_t end, int64_t first, int64_t last) {
    int64_t at[3];
    for (int64_t o = begin; o < end; o++) {
      e.walk.offsets(o, at, 3);
      line(at, first, last);
    }
  };
  int64_t unit = 1;  // outer indices that may write to the same places
  if (writes)
    for (int d = e.axis; d < e.ndim - 1; d++) unit *= e.walk.sizes[d];
  if (outer / unit >= parallel::threads() || (writes && e.axis == e.ndim - 1)) {
    const int64_t grain = index_grain / (cost * unit) + 1;
    parallel::split(outer / unit, grain, 1, [&](int64_t begin, int64_t end) {
      lines(begin * unit, end * unit, 0, e.n);
    });
  } else {
    parallel::split(e.n, index_grain / (4 * outer) + 16, 16, [&](int64_t begin, int64_t end) {
      lines(0, outer, begin, end);
    });
  }
}

// False if an index is out of range.
template <class T>
bool gather_elements(const Elements& e, const int64_t* index, const T* table, T* out) {
  bool good = true;
  run_lines(e, false, [&](const int64_t* at, int64_t first, int64_t last) {
    const int64_t* i = index + at[0];
    const T* from = table + at[1];
    T* to = out + at[2];
    bool fine = true;
    if (e.along_rows) {
      for (int64_t j = first; j < last; j++) {
        int64_t k = i[j];
        if (static_cast<uint64_t>(k) >= static_cast<uint64_t>(e.size)) fine = false, k = 0;
        to[j] = from[k];
      }
    } else {
      for (int64_t j = first; j < last; j++) {
        int64_t k = i[j * e.step[0]];
        if (static_cast<uint64_t>(k) >= static_cast<uint64_t>(e.size)) fine = false, k = 0;
        to[j * e.step[2]] = from[k * e.stride + j * e.step[1]];
      }
    }
    if (!fine) __atomic_store_n(&good, false, __ATOMIC_RELAXED);
  });
  return good;
}

struct Write {
  template <class T>
  static void step(T& to, T value) { to = value; }
};
struct Add {
  template <class T>
  static void step(T& to, T value) { to += value; }
};
struct Multiply {
  template <class T>
  static void step(T& to, T value) { to *= value; }
};
struct Largest {  // a NaN stays
  template <class T>
  static void step(T& to, T value) { to = value > to || value != value ? value : to; }
};
struct Smallest {
  template <class T>
  static void step(T& to, T value) { to = value < to || value != value ? value : to; }
};
enum class Way { write, add, multiply, largest, smallest };

// `one`: the same number for all.
template <class S, class T>
bool scatter_elements(const Elements& e, const int64_t* index, T* table, const T* values, bool one) {
  bool good = true;
  run_lines(e, true, [&](const int64_t* at, int64_t first, int64_t last) {
    const int64_t* i = index + at[0];
    T* to = table + at[1];
    const T* from = one ? values : values + at[2];
    const int64_t step = one ? 0 : e.step[2];
    bool fine = true;
    if (e.along_rows && !one) {
      for (int64_t j = first; j < last; j++) {
        const int64_t k = i[j];
        if (static_cast<uint64_t>(k) < static_cast<uint64_t>(e.size))
          S::step(to[k], from[j]);
        else
          fine = false;
      }
      if (!fine) __atomic_store_n(&good, false, __ATOMIC_RELAXED);
      return;
    }
    for (int64_t j = first; j < last; j++) {
      const int64_t k = i[j * e.step[0]];
      if (static_cast<uint64_t>(k) < static_cast<uint64_t>(e.size))
        S::step(to[k * e.stride + j * e.step[1]], from[j * step]);
      else
        fine = false;
    }
    if (!fine) __atomic_store_n(&good, false, __ATOMIC_RELAXED);
  });
  return good;
}

PyObject* gather(const Args& args) {
  PyArrayObject *x = args.array(0), *index = args.array(2);
  int64_t dim;
  Elements e;
  if (!x || !index || !args.integer(1, dim) || !describe(x, dim, index, nullptr, e)) return nullptr;
  const int item = PyArray_ITEMSIZE(x);
  if (item != 1 && item != 4 && item != 8) return nullptr;
  Held out(new_array(PyArray_NDIM(index), PyArray_DIMS(index), PyArray_TYPE(x)));
  if (!out) return nullptr;
  bool good = false;
  unlocked(PyArray_NBYTES(index) > index_release, [&] {
    const int64_t* i = data<int64_t>(index);
    if (item == 1) good = gather_elements(e, i, data<uint8_t>(x), data<uint8_t>(out.get()));
    if (item == 4) good = gather_elements(e, i, data<uint32_t>(x), data<uint32_t>(out.get()));
    if (item == 8) good = gather_elements(e, i, data<uint64_t>(x), data<uint64_t>(out.get()));
  });
  return good ? out.object() : nullptr;
}

template <class T>
bool scatter_with(Way way, const Elements& e, const int64_t* index, T* table, const T* values, bool one) {
  switch (way) {
    case Way::write: return scatter_elements<Write>(e, index, table, values, one);
    case Way::add: return scatter_elements<Add>(e, index, table, values, one);
    case Way::multiply: return scatter_elements<Multiply>(e, index, table, values, one);
    case Way::largest: return scatter_elements<Largest>(e, index, table, values, one);
    case Way::smallest: return scatter_elements<Smallest>(e, index, table, values, one);
  }
  return false;
}

// `full`, in C order, with values written, added and so on.
PyObject* scatter_to(Held& full, const Elements& e, PyArrayObject* index, PyArrayObject* values, Way way) {
  if (!full) return nullptr;
  bool good = false;
  unlocked(PyArray_NBYTES(index) > index_release, [&] {
    const int64_t* i = data<int64_t>(index);
    PyArrayObject* to = full.get();
    const bool one = !PyArray_NDIM(values);
    const int type = PyArray_TYPE(to);
    if (type == NPY_FLOAT32) good = scatter_with(way, e, i, data<float>(to), data<float>(values), one);
    if (type == NPY_FLOAT64) good = scatter_with(way, e, i, data<double>(to), data<double>(values), one);
    if (type == NPY_INT64) good = scatter_with(way, e, i, data<int64_t>(to), data<int64_t>(values), one);
  });
  return good ? full.object() : nullptr;
}

bool scatters(PyArrayObject* x) {
  const int type = PyArray_TYPE(x);
  return type == NPY_FLOAT32 || type == NPY_FLOAT64 || type == NPY_INT64;
}

// scatter_sum(g, shape, dim, index): zeros with g added
PyObject* scatter_sum(const Args& args) {
  PyArrayObject *g = args.array(0), *index = args.array(3);
  npy_intp shape[NPY_MAXDIMS];
  const int ndim = read_shape(args, 1, shape);
  int64_t dim;
  if (!g || !scatters(g) || !index || ndim < 1 || !args.integer(2, dim) ||
      PyArray_NDIM(index) != PyArray_NDIM(g) ||
      !PyArray_CompareLists(PyArray_DIMS(g), PyArray_DIMS(index), PyArray_NDIM(g)))
    return nullptr;
  Held full(new_zeros(ndim, shape, PyArray_TYPE(g)));
  Elements e;
  if (!full || !describe(full.get(), dim, index, g, e)) return nullptr;
  return scatter_to(full, e, index, g, Way::add);
}

// scatter_add(x, dim, index, src), scatter_src(x, dim, index, src)
PyObject* scatter(const Args& args, Way way, bool in_place) {
  PyArrayObject *x = args.array(0), *index = args.array(2), *src = args.array(3);
  int64_t dim;
  Elements e;
  if (!x || !scatters(x) || !index || !src || PyArray_TYPE(src) != PyArray_TYPE(x) ||
      !PyArray_NDIM(src) || !args.integer(1, dim) || !describe(x, dim, index, src, e))
    return nullptr;
  Held full(to_change(x, in_place));
  if (!full || !describe(full.get(), dim, index, src, e)) return nullptr;
  return scatter_to(full, e, index, src, way);
}

template <Way way, bool in_place>
PyObject* scatter(const Args& args) { return scatter(args, way, in_place); }

// scatter_reduce(x, dim, index, src, reduce, include_self), where what was there before takes part
PyObject* scatter_reduce(const Args& args) {
  bool include_self;
  if (args.count() < 6 || !PyUnicode_Check(args.object(4)) || !args.flag(5, include_self) || !include_self)
    return nullptr;
  const struct { const char* name; Way way; } ways[] = {
      {"sum", Way::add}, {"prod", Way::multiply}, {"amax", Way::largest}, {"amin", Way::smallest}};
  for (const auto& each : ways)
    if (!PyUnicode_CompareWithASCIIString(args.object(4), each.name)) return scatter(args, each.way, false);
  return nullptr;
}

// scatter_value(x, dim, index, number)
PyObject* scatter_value(const Args& args) {
  PyArrayObject *x = args.array(0), *index = args.array(2);
  int64_t dim;
  double number;
  Elements e;
  if (!x || (PyArray_TYPE(x) != NPY_FLOAT32 && PyArray_TYPE(x) != NPY_FLOAT64) || !index ||
      !args.integer(1, dim) || !args.number(3, number) || !(number > -1e30 && number < 1e30) ||
      !describe(x, dim, index, nullptr, e))
    return nullptr;
  Held full(new_copy(x)), value(new_array(0, nullptr, PyArray_TYPE(x)));
  if (!full || !value || !describe(full.get(), dim, index, nullptr, e)) return nullptr;
  if (PyArray_TYPE(x) == NPY_FLOAT32)
    *data<float>(value.get()) = static_cast<float>(number);
  else
    *data<double>(value.get()) = number;
  return scatter_to(full, e, index, value.get(), Way::write);
}

// take(x, index): positions in the flat array, which may count from the end

template <class T>
bool take_elements(const T* x, int64_t size, const int64_t* index, int64_t n, T* out) {
  bool good = true;
  parallel::split(n, index_grain / 4, 1, [&](int64_t begin, int64_t end) {
    bool fine = true;
    for (int64_t i = begin; i < end; i++) {
      int64_t k = index[i];
      k = k < 0 ? k + size : k;
      if (static_cast<uint64_t>(k) >= static_cast<uint64_t>(size)) fine = false, k = 0;
      out[i] = x[k];
    }
    if (!fine) __atomic_store_n(&good, false, __ATOMIC_RELAXED);
  });
  return good;
}

PyObject* take(const Args& args) {
  PyArrayObject *x = args.array(0), *index = args.array(1, NPY_INT64);
  if (!x || !index || !is_contiguous(x) || !is_contiguous(index) || !PyArray_SIZE(x)) return nullptr;
  const int item = PyArray_ITEMSIZE(x);
  if (item != 4 && item != 8) return nullptr;
  Held out(new_array(PyArray_NDIM(index), PyArray_DIMS(index), PyArray_TYPE(x)));
  if (!out) return nullptr;
  const int64_t n = PyArray_SIZE(index), size = PyArray_SIZE(x);
  bool good = false;
  unlocked(PyArray_NBYTES(index) > index_release, [&] {
    good = item == 4 ? take_elements(data<uint32_t>(x), size, data<int64_t>(index), n, data<uint32_t>(out.get()))
                     : take_elements(data<uint64_t>(x), size, data<int64_t>(index), n, data<uint64_t>(out.get()));
  });
  return good ? out.object() : nullptr;
}

template <class T>
bool add_taken(T* to, int64_t size, const int64_t* index, int64_t n, const T* g) {
  for (int64_t i = 0; i < n; i++) {
    const int64_t k = index[i] < 0 ? index[i] + size : index[i];
    if (static_cast<uint64_t>(k) >= static_cast<uint64_t>(size)) return false;
    to[k] += g[i];
  }
  return true;
}

// take_sum(g, shape, index)
PyObject* take_sum(const Args& args) {
  PyArrayObject *g = args.array(0), *index = args.array(2, NPY_INT64);
  npy_intp shape[NPY_MAXDIMS];
  const int ndim = read_shape(args, 1, shape);
  if (!g || !index || !is_contiguous(index) || ndim < 0 || PyArray_SIZE(g) != PyArray_SIZE(index) ||
      (PyArray_TYPE(g) != NPY_FLOAT32 && PyArray_TYPE(g) != NPY_FLOAT64))
    return nullptr;
  Held full(new_zeros(ndim, shape, PyArray_TYPE(g))), values = in_rows(g);
  if (!full || !values) return nullptr;
  const int64_t n = PyArray_SIZE(index), size = PyArray_SIZE(full.get());
  bool good = false;
  unlocked(PyArray_NBYTES(index) > index_release, [&] {
    good = PyArray_TYPE(g) == NPY_FLOAT32
               ? add_taken(data<float>(full.get()), size, data<int64_t>(index), n, data<float>(values.get()))
               : add_taken(data<double>(full.get()), size, data<int64_t>(index), n, data<double>(values.get()));
  });
  return good ? full.object() : nullptr;
}

// put_(x, index, source, accumulate): x itself is changed
template <class T>
void put_elements(T* to, int64_t size, const int64_t* index, int64_t n, const T* from, bool accumulate) {
  for (int64_t i = 0; i < n; i++) {
    T& place = to[index[i] < 0 ? index[i] + size : index[i]];
    place = accumulate ? place + from[i] : from[i];
  }
}

PyObject* put(const Args& args) {
  PyArrayObject *x = args.array(0), *index = args.array(1, NPY_INT64), *source = args.array(2);
  bool accumulate;
  if (!x || !index || !source || !args.flag(3, accumulate) || PyArray_TYPE(source) != PyArray_TYPE(x) ||
      PyArray_SIZE(index) != PyArray_SIZE(source))
    return nullptr;
  Held places = in_rows(index), values = in_rows(source), full(to_change(x, true));
  if (!places || !values || !full) return nullptr;
  const int64_t n = PyArray_SIZE(index), size = PyArray_SIZE(x), *at = data<int64_t>(places.get());
  for (int64_t i = 0; i < n; i++)
    if (at[i] < -size || at[i] >= size) return nullptr;
  auto write = [&](auto zero) {
    using T = decltype(zero);
    put_elements(data<T>(x), size, at, n, data<T>(values.get()), accumulate);
    return full.object();
  };
  return PyArray_TYPE(x) == NPY_INT64 ? write(int64_t()) : by_type(x, write);
}

// tril_(x, diagonal), triu_(x, diagonal): zeros above or below the diagonal of the matrices x itself has
template <bool upper>
PyObject* clear_triangle(const Args& args) {
  PyArrayObject* x = args.array(0);
  int64_t diagonal;
  const int ndim = x ? PyArray_NDIM(x) : 0;
  if (ndim < 2 || !args.integer(1, diagonal) || std::abs(diagonal) > INT32_MAX) return nullptr;
  Held full(to_change(x, true));
  if (!full) return nullptr;
  const int64_t rows = PyArray_DIM(x, ndim - 2), columns = PyArray_DIM(x, ndim - 1);
  const int64_t item = PyArray_ITEMSIZE(x), count = columns ? PyArray_SIZE(x) / columns : 0;
  char* to = data<char>(x);
  unlocked(PyArray_NBYTES(x) > index_release, [&] {
    parallel::split(count, 2 * index_grain / (columns * item + 1) + 1, 1, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; r++) {
        const int64_t edge = r % rows + diagonal + !upper;  // the first column above, or on, the diagonal
        const int64_t at = edge < 0 ? 0 : edge < columns ? edge : columns;
        std::memset(to + (r * columns + (upper ? 0 : at)) * item, 0, (upper ? at : columns - at) * item);
      }
    });
  });
  return full.object();
}

}  // namespace

const Entry index_element_kernels[] = {
    {"gather", gather},
    {"scatter_sum", scatter_sum},
    {"scatter_add", scatter<Way::add, false>},
    {"scatter_add_", scatter<Way::add, true>},
    {"scatter_src", scatter<Way::write, false>},
    {"scatter_value", scatter_value},
    {"scatter_reduce", scatter_reduce},
    {"take", take},
    {"take_sum", take_sum},
    {"put_", put},
    {"tril_", clear_triangle<false>},
    {"triu_", clear_triangle<true>},
    {nullptr, nullptr},
};

}  // namespace tidu
