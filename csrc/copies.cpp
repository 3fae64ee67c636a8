// Operations that only move elements: copies, casts, joining, repeating, flipping, padding.
#include <cstring>

#include "assign.h"
#include "copy.h"
#include "families.h"
#include "held.h"
#include "parallel.h"
#include "unlocked.h"

namespace tidu {
namespace {

PyObject* object_of(PyArrayObject* a) { return reinterpret_cast<PyObject*>(a); }

// The result, or null (the reference is asked then) if `done` is false.
PyObject* finish(PyArrayObject* out, bool done) {
  if (done) return object_of(out);
  Py_XDECREF(out);
  return nullptr;
}

void set_strides(int ndim, const npy_intp* shape, const int* order, npy_intp itemsize, npy_intp* strides) {
  for (int d = ndim - 1; d >= 0; d--) {
    strides[order[d]] = itemsize;
    itemsize *= shape[order[d]];
  }
}

// A new array of x's shape whose elements lie in the order of x's, as NumPy's order "K" has it; in
// C order if elements of x share memory.
PyArrayObject* new_like(PyArrayObject* x, int type) {
  const int ndim = PyArray_NDIM(x);
  const npy_intp *shape = PyArray_DIMS(x), *given = PyArray_STRIDES(x);
  if (is_contiguous(x)) return new_array(ndim, shape, type);
  int order[NPY_MAXDIMS];
  bool in_order = true;
  for (int d = 0; d < ndim; d++) {
    if (given[d] == 0) return new_array(ndim, shape, type);
    auto length = [&](int axis) { return given[axis] < 0 ? -given[axis] : given[axis]; };
    int at = d;
    for (; at > 0 && length(order[at - 1]) < length(d); at--) order[at] = order[at - 1];
    order[at] = d;
  }
  if (PyArray_IS_F_CONTIGUOUS(x))
    for (int d = 0; d < ndim; d++) order[d] = ndim - 1 - d;
  for (int d = 0; d < ndim; d++) in_order = in_order && order[d] == d;
  PyArray_Descr* dtype = PyArray_DescrFromType(type);
  npy_intp strides[NPY_MAXDIMS];
  set_strides(ndim, shape, order, PyDataType_ELSIZE(dtype), strides);
  Py_DECREF(dtype);
  return new_array(ndim, shape, type, in_order ? nullptr : strides);
}

PyArrayObject* some(const Args& args, int i) {
  PyArrayObject* a = args.count() > i ? args.array(i) : nullptr;
  return a && PyArray_SIZE(a) > 0 && PyArray_NDIM(a) > 0 && PyArray_NDIM(a) <= max_copy_dims / 2 ? a : nullptr;
}

bool converts(int from, int to) {
  auto known = [](int type) {
    return type == NPY_BOOL || type == NPY_UINT8 || type == NPY_INT8 || type == NPY_INT16 ||
           type == NPY_INT32 || type == NPY_INT64 || type == NPY_FLOAT32 || type == NPY_FLOAT64;
  };
  return known(from) && known(to);
}

bool is_number(PyArrayObject* a) { return converts(PyArray_TYPE(a), NPY_BOOL); }

// x
PyObject* clone(const Args& args) {
  PyArrayObject* x = some(args, 0);
  if (!x || !is_number(x)) return nullptr;
  PyArrayObject* out = new_like(x, PyArray_TYPE(x));
  return finish(out, out && assign(out, x));
}

// The name of a memory format; 0 if it is none.
enum Format { no_format, in_rows, channels_last, channels_last_3d, preserved };
Format format_of(PyObject* object) {
  if (object == Py_None) return preserved;
  PyObject* name = PyObject_GetAttrString(object, "name");
  if (!name) {
    PyErr_Clear();
    return no_format;
  }
  Format found = no_format;
  if (PyUnicode_Check(name)) {
    auto is = [&](const char* text) { return PyUnicode_CompareWithASCIIString(name, text) == 0; };
    found = is("contiguous_format") ? in_rows : is("channels_last") ? channels_last
          : is("channels_last_3d") ? channels_last_3d : is("preserve_format") ? preserved : no_format;
  }
  Py_DECREF(name);
  return found;
}

PyArrayObject* new_in_format(PyArrayObject* x, int type, Format format) {
  const int ndim = PyArray_NDIM(x);
  if (format == in_rows) return new_array(ndim, PyArray_DIMS(x), type);
  if (format == preserved) return new_like(x, type);
  if (format == no_format || ndim != (format == channels_last ? 4 : 5)) return nullptr;
  int order[5] = {0, 2, 3, 4, 1};
  order[ndim - 1] = 1;
  npy_intp strides[5];
  PyArray_Descr* dtype = PyArray_DescrFromType(type);
  set_strides(ndim, PyArray_DIMS(x), order, PyDataType_ELSIZE(dtype), strides);
  Py_DECREF(dtype);
  return new_array(ndim, PyArray_DIMS(x), type, strides);
}

// x, memory_format
PyObject* clone_as(const Args& args) {
  PyArrayObject* x = some(args, 0);
  if (!x || args.count() != 2 || !is_number(x) || args.is_none(1)) return nullptr;
  const Format format = format_of(args.object(1));
  if (format == preserved) return nullptr;
  PyArrayObject* out = new_in_format(x, PyArray_TYPE(x), format);
  return finish(out, out && assign(out, x));
}

// x, dtype (tidu's), memory_format
PyObject* to_dtype(const Args& args) {
  PyArrayObject* x = some(args, 0);
  if (!x || args.count() != 3) return nullptr;
  PyObject* dtype = PyObject_GetAttrString(args.object(1), "numpy");
  if (!dtype) {
    PyErr_Clear();
    return nullptr;
  }
  const int type = PyArray_DescrCheck(dtype) ? reinterpret_cast<PyArray_Descr*>(dtype)->type_num : NPY_VOID;
  Py_DECREF(dtype);
  const Format format = format_of(args.object(2));
  if (!converts(PyArray_TYPE(x), type) || format == no_format) return nullptr;
  PyArrayObject* out = new_in_format(x, type, format);
  return finish(out, out && assign(out, x));
}

// From the first byte to the end of what an array's elements span.
void extent(PyArrayObject* a, const char*& first, const char*& end) {
  first = data<char>(a), end = first + PyArray_ITEMSIZE(a);
  for (int d = 0; d < PyArray_NDIM(a); d++) {
    const npy_intp span = (PyArray_DIM(a, d) - 1) * PyArray_STRIDE(a, d);
    (span < 0 ? first : end) += span;
  }
}

template <class T>
bool put(T value, bool fits, void* element) {
  std::memcpy(element, &value, sizeof value);
  return fits;
}

// A number of Python as an element of an array of this type; false if it is none, or does not fit.
bool element_of(PyObject* number, int type, void* element) {
  double value;
  int64_t whole = 0;
  const Args args(&number, 1);
  const bool integer = args.integer(0, whole);
  if (!integer && !args.number(0, value)) return false;
  if (integer) value = static_cast<double>(whole);
  switch (type) {
    case NPY_FLOAT32: return put(static_cast<float>(value), !integer || whole == int64_t(value), element);
    case NPY_FLOAT64: return put(value, !integer || whole == int64_t(value), element);
    case NPY_BOOL: return put(value != 0, true, element);
    case NPY_INT64: return put(whole, integer, element);
    case NPY_INT32: return put(int32_t(whole), integer && int32_t(whole) == whole, element);
    case NPY_INT16: return put(int16_t(whole), integer && int16_t(whole) == whole, element);
    case NPY_INT8: return put(int8_t(whole), integer && int8_t(whole) == whole, element);
    case NPY_UINT8: return put(uint8_t(whole), integer && uint8_t(whole) == whole, element);
  }
  return false;
}

// target, values: target[...] = values
PyObject* write(const Args& args) {
  PyArrayObject *target = args.count() == 2 ? args.array(0) : nullptr;
  if (!target || !PyArray_ISWRITEABLE(target) || PyArray_SIZE(target) == 0 || !is_number(target) ||
      PyArray_NDIM(target) > max_copy_dims)
    return nullptr;
  PyArrayObject* values = args.array(1);
  if (!values) {
    char element[8];
    const npy_intp strides[max_copy_dims] = {};
    const int type = PyArray_TYPE(target);
    if (!element_of(args.object(1), type, element) ||
        !assign(PyArray_NDIM(target), PyArray_DIMS(target), data<char>(target), PyArray_STRIDES(target),
                type, element, strides, type))
      return nullptr;
    return Py_NewRef(Py_None);
  }
  if (PyArray_SIZE(values) == 0 || !is_number(values)) return nullptr;
  const char *a, *a_end, *b, *b_end;
  extent(target, a, a_end), extent(values, b, b_end);
  if (a < b_end && b < a_end) return nullptr;
  if (!assign(target, values)) return nullptr;
  return Py_NewRef(Py_None);
}

// New arrays

// shape, dtype; null for small or strange arrays, which NumPy makes.
PyArrayObject* new_large(const Args& args) {
  if (args.count() != 2 || !PyTuple_Check(args.object(0)) || !PyArray_DescrCheck(args.object(1))) return nullptr;
  int64_t given[max_copy_dims];
  const int ndim = args.integers(0, given, max_copy_dims);
  const int type = reinterpret_cast<PyArray_Descr*>(args.object(1))->type_num;
  if (ndim < 1 || !converts(type, type)) return nullptr;
  npy_intp shape[max_copy_dims];
  double size = 1;
  for (int d = 0; d < ndim; d++) {
    if (given[d] < 0) return nullptr;
    size *= static_cast<double>(shape[d] = given[d]);
  }
  if (size < 1024 || size > 1e11) return nullptr;
  return new_array(ndim, shape, type);
}

PyObject* empty(const Args& args) { return object_of(new_large(args)); }

PyObject* zeros(const Args& args) {
  PyArrayObject* out = new_large(args);
  if (!out) return nullptr;
  char* to = data<char>(out);
  const npy_intp bytes = PyArray_NBYTES(out);
  auto clear = [=](int64_t begin, int64_t end) { std::memset(to + begin, 0, end - begin); };
  unlocked(bytes >= long_copy, [&] { parallel::split(bytes, 2 * long_copy, 4096, clear); });
  return object_of(out);
}

// An array like x, on the same memory, whose base is no array: it keeps x in a tuple.
PyObject* root(const Args& args) {
  PyArrayObject* x = args.count() == 1 ? args.array(0) : nullptr;
  if (!x || !PyArray_ISWRITEABLE(x)) return nullptr;
  PyArray_Descr* dtype = PyArray_DESCR(x);
  Py_INCREF(dtype);
  Held out(reinterpret_cast<PyArrayObject*>(
      PyArray_NewFromDescr(&PyArray_Type, dtype, PyArray_NDIM(x), PyArray_DIMS(x), PyArray_STRIDES(x),
                           PyArray_DATA(x), NPY_ARRAY_WRITEABLE, nullptr)));
  if (!out) return nullptr;
  PyObject* holder = PyTuple_Pack(1, args.object(0));
  if (!holder || PyArray_SetBaseObject(out.get(), holder) < 0) return nullptr;  // takes the reference
  return out.object();
}

// Joining

// Whether larger strides come before smaller ones, as in arrays in C order and parts of them.
bool in_row_order(PyArrayObject* a) {
  for (int d = 1; d < PyArray_NDIM(a); d++)
    if (PyArray_STRIDE(a, d) > PyArray_STRIDE(a, d - 1) || PyArray_STRIDE(a, d) < 0) return false;
  return PyArray_NDIM(a) == 0 || PyArray_STRIDE(a, 0) >= 0;
}

// The axis that an argument names; -1 if it is none.
int axis_at(const Args& args, int i, int ndim) {
  int64_t dim;
  if (!args.integer(i, dim) || dim < -ndim || dim >= ndim) return -1;
  return static_cast<int>(dim < 0 ? dim + ndim : dim);
}

// A list of arrays of one dtype; false if it is something else.
bool parts_at(const Args& args, int i, PyObject* const*& items, Py_ssize_t& count) {
  PyObject* list = args.object(i);
  if (!PyList_Check(list) && !PyTuple_Check(list)) return false;
  items = PySequence_Fast_ITEMS(list), count = PySequence_Fast_GET_SIZE(list);
  if (count == 0) return false;
  for (Py_ssize_t j = 0; j < count; j++) {
    PyArrayObject* a = plain_array(items[j]);
    if (!a || !is_number(a)) return false;
    if (PyArray_TYPE(a) != PyArray_TYPE(reinterpret_cast<PyArrayObject*>(items[0]))) return false;
  }
  return true;
}

// tensors, dim
PyObject* cat(const Args& args) {
  PyObject* const* items;
  Py_ssize_t count;
  if (args.count() != 2 || !parts_at(args, 0, items, count)) return nullptr;
  auto part = [&](Py_ssize_t i) { return reinterpret_cast<PyArrayObject*>(items[i]); };
  const int ndim = PyArray_NDIM(part(0)), axis = ndim ? axis_at(args, 1, ndim) : -1;
  if (axis < 0 || ndim > max_copy_dims) return nullptr;
  npy_intp shape[max_copy_dims];
  std::memcpy(shape, PyArray_DIMS(part(0)), ndim * sizeof *shape);
  shape[axis] = 0;
  for (Py_ssize_t i = 0; i < count; i++) {
    PyArrayObject* a = part(i);
    if (PyArray_NDIM(a) != ndim || PyArray_SIZE(a) == 0) return nullptr;
    if ((ndim == 4 || ndim == 5) && !in_row_order(a)) return nullptr;
    for (int d = 0; d < ndim; d++)
      if (d != axis && PyArray_DIM(a, d) != shape[d]) return nullptr;
    shape[axis] += PyArray_DIM(a, axis);
  }
  PyArrayObject* out = new_array(ndim, shape, PyArray_TYPE(part(0)));
  if (!out) return nullptr;
  char* at = data<char>(out);
  for (Py_ssize_t i = 0; i < count; i++) {
    PyArrayObject* a = part(i);
    if (!assign(ndim, PyArray_DIMS(a), at, PyArray_STRIDES(out), PyArray_TYPE(out), data<char>(a),
                PyArray_STRIDES(a), PyArray_TYPE(a)))
      return finish(out, false);
    at += PyArray_DIM(a, axis) * PyArray_STRIDE(out, axis);
  }
  return object_of(out);
}

// tensors, dim
PyObject* stack(const Args& args) {
  PyObject* const* items;
  Py_ssize_t count;
  if (args.count() != 2 || !parts_at(args, 0, items, count)) return nullptr;
  auto part = [&](Py_ssize_t i) { return reinterpret_cast<PyArrayObject*>(items[i]); };
  const int ndim = PyArray_NDIM(part(0)), axis = axis_at(args, 1, ndim + 1);
  if (axis < 0 || ndim >= max_copy_dims || PyArray_SIZE(part(0)) == 0) return nullptr;
  npy_intp shape[max_copy_dims], strides[max_copy_dims];
  for (int d = 0; d <= ndim; d++)
    shape[d] = d == axis ? count : PyArray_DIM(part(0), d < axis ? d : d - 1);
  for (Py_ssize_t i = 0; i < count; i++)
    if (!PyArray_SAMESHAPE(part(i), part(0))) return nullptr;
  PyArrayObject* out = new_array(ndim + 1, shape, PyArray_TYPE(part(0)));
  if (!out) return nullptr;
  for (int d = 0; d < ndim; d++) strides[d] = PyArray_STRIDE(out, d < axis ? d : d + 1);
  for (Py_ssize_t i = 0; i < count; i++) {
    PyArrayObject* a = part(i);
    if (!assign(ndim, PyArray_DIMS(a), data<char>(out) + i * PyArray_STRIDE(out, axis), strides,
                PyArray_TYPE(out), data<char>(a), PyArray_STRIDES(a), PyArray_TYPE(a)))
      return finish(out, false);
  }
  return object_of(out);
}

// Rearranged

// x, dims
PyObject* flip(const Args& args) {
  PyArrayObject* x = some(args, 0);
  int64_t dims[max_copy_dims];
  const int count = x && args.count() == 2 ? args.integers(1, dims, max_copy_dims) : -1;
  if (count < 0 || !is_number(x)) return nullptr;
  const int ndim = PyArray_NDIM(x);
  npy_intp strides[max_copy_dims];
  std::memcpy(strides, PyArray_STRIDES(x), ndim * sizeof *strides);
  const char* from = data<char>(x);
  for (int i = 0; i < count; i++) {
    const int64_t d = dims[i] < 0 ? dims[i] + ndim : dims[i];
    if (d < 0 || d >= ndim) return nullptr;
    for (int j = 0; j < i; j++)
      if (dims[j] == dims[i] || dims[j] == d) return nullptr;
    dims[i] = d;
    from += (PyArray_DIM(x, d) - 1) * strides[d];
    strides[d] = -strides[d];
  }
  PyArrayObject* out = new_array(ndim, PyArray_DIMS(x), PyArray_TYPE(x));
  return finish(out, out && assign(ndim, PyArray_DIMS(x), data<char>(out), PyArray_STRIDES(out),
                                   PyArray_TYPE(x), from, strides, PyArray_TYPE(x)));
}

struct Box {  // part of an array: the same shape on both sides
  npy_intp shape[max_copy_dims];
  char* target;
  const char* source;
};

// Copies the parts on both sides of where an axis was cut, for this axis and those after it.
bool roll_from(int axis, const npy_intp* cut, Box box, PyArrayObject* x, PyArrayObject* out) {
  if (axis == PyArray_NDIM(x))
    return assign(axis, box.shape, box.target, PyArray_STRIDES(out), PyArray_TYPE(out), box.source,
                  PyArray_STRIDES(x), PyArray_TYPE(x));
  const npy_intp n = PyArray_DIM(x, axis), shift = cut[axis];
  Box head = box, tail = box;
  head.shape[axis] = n - shift, head.target += shift * PyArray_STRIDE(out, axis);
  tail.shape[axis] = shift, tail.source += (n - shift) * PyArray_STRIDE(x, axis);
  return roll_from(axis + 1, cut, head, x, out) && (shift == 0 || roll_from(axis + 1, cut, tail, x, out));
}

// x, shifts, dims
PyObject* roll(const Args& args) {
  PyArrayObject* x = some(args, 0);
  int64_t shifts[max_copy_dims], dims[max_copy_dims];
  if (!x || args.count() != 3 || !is_number(x) || args.is_none(2)) return nullptr;
  const int count = args.integers(1, shifts, max_copy_dims), ndim = PyArray_NDIM(x);
  if (count < 1 || args.integers(2, dims, max_copy_dims) != count) return nullptr;
  npy_intp cut[max_copy_dims] = {};
  for (int i = 0; i < count; i++) {
    const int64_t d = dims[i] < 0 ? dims[i] + ndim : dims[i];
    if (d < 0 || d >= ndim) return nullptr;
    const npy_intp n = PyArray_DIM(x, d);
    cut[d] = ((cut[d] + shifts[i] % n) % n + n) % n;
  }
  PyArrayObject* out = new_array(ndim, PyArray_DIMS(x), PyArray_TYPE(x));
  if (!out) return nullptr;
  Box box;
  std::memcpy(box.shape, PyArray_DIMS(x), ndim * sizeof *box.shape);
  box.target = data<char>(out), box.source = data<char>(x);
  return finish(out, roll_from(0, cut, box, x, out));
}

// x, repeats
PyObject* repeat(const Args& args) {
  PyArrayObject* x = some(args, 0);
  int64_t repeats[max_copy_dims / 2];
  const int n = x && args.count() == 2 ? args.integers(1, repeats, max_copy_dims / 2) : -1;
  if (n < 1 || n < PyArray_NDIM(x) || !is_number(x)) return nullptr;
  const int lead = n - PyArray_NDIM(x);
  npy_intp shape[max_copy_dims], each[max_copy_dims], strides[max_copy_dims], from[max_copy_dims];
  bool changes = false;
  for (int d = 0; d < n; d++) {
    if (repeats[d] < 1) return nullptr;
    changes = changes || repeats[d] > 1;
    each[2 * d] = repeats[d], each[2 * d + 1] = d < lead ? 1 : PyArray_DIM(x, d - lead);
    from[2 * d] = 0, from[2 * d + 1] = d < lead ? 0 : PyArray_STRIDE(x, d - lead);
    shape[d] = each[2 * d] * each[2 * d + 1];
  }
  if (!changes) return nullptr;  // then NumPy keeps the order of the elements
  PyArrayObject* out = new_array(n, shape, PyArray_TYPE(x));
  if (!out) return nullptr;
  for (int d = 0; d < n; d++) {
    strides[2 * d + 1] = PyArray_STRIDE(out, d);
    strides[2 * d] = each[2 * d + 1] * strides[2 * d + 1];
  }
  return finish(out, assign(2 * n, each, data<char>(out), strides, PyArray_TYPE(x), data<char>(x), from,
                            PyArray_TYPE(x)));
}

// Parts

// An array filled with zeros, not yet seen by anybody.
PyArrayObject* zeroed(int ndim, const npy_intp* shape, int type) {
  PyArrayObject* out = new_array(ndim, shape, type);
  if (out) std::memset(data<char>(out), 0, PyArray_NBYTES(out));
  return out;
}

// x, shape, view, args: zeros, with x where the view looks
PyObject* embed(const Args& args) {
  PyArrayObject* x = some(args, 0);
  if (!x || args.count() != 4 || !is_number(x) || !PyUnicode_Check(args.object(2)) ||
      PyUnicode_CompareWithASCIIString(args.object(2), "basic_index") || !PyTuple_Check(args.object(3)) ||
      PyTuple_GET_SIZE(args.object(3)) != 1 || !PyTuple_Check(args.object(1)))
    return nullptr;
  int64_t given[max_copy_dims];
  const int ndim = args.integers(1, given, max_copy_dims);
  if (ndim < 1) return nullptr;
  npy_intp shape[max_copy_dims];
  for (int d = 0; d < ndim; d++) shape[d] = given[d];
  PyArrayObject* out = zeroed(ndim, shape, PyArray_TYPE(x));
  if (!out) return nullptr;
  PyObject* part = PyObject_GetItem(object_of(out), PyTuple_GET_ITEM(args.object(3), 0));
  PyArrayObject* target = part ? plain_array(part) : nullptr;
  const bool done = target && PyArray_SAMESHAPE(target, x) && assign(target, x);
  Py_XDECREF(part);
  if (!done) PyErr_Clear();
  return finish(out, done);
}

// x, diagonal: what lies below (`lower`) or above it stays, the rest becomes 0
PyObject* triangle(const Args& args, bool lower) {
  PyArrayObject* x = some(args, 0);
  int64_t diagonal;
  if (!x || args.count() != 2 || PyArray_NDIM(x) < 2 || !is_number(x) || !args.integer(1, diagonal))
    return nullptr;
  PyArrayObject* source = contiguous(x);
  PyArrayObject* out = source ? new_array(PyArray_NDIM(x), PyArray_DIMS(x), PyArray_TYPE(x)) : nullptr;
  if (!out) {
    Py_XDECREF(source);
    return nullptr;
  }
  const int last = PyArray_NDIM(x) - 1;
  const int64_t height = PyArray_DIM(x, last - 1), width = PyArray_DIM(x, last), size = PyArray_ITEMSIZE(x);
  const int64_t rows = PyArray_SIZE(x) / width;
  const char* from = data<char>(source);
  char* to = data<char>(out);
  auto copy = [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      int64_t cut = row % height + diagonal + (lower ? 1 : 0);  // columns up to here are the lower part
      cut = (cut < 0 ? 0 : cut > width ? width : cut) * size;
      const char* source_row = from + row * width * size;
      char* row_out = to + row * width * size;
      if (lower) {
        std::memcpy(row_out, source_row, cut);
        std::memset(row_out + cut, 0, width * size - cut);
      } else {
        std::memset(row_out, 0, cut);
        std::memcpy(row_out + cut, source_row + cut, width * size - cut);
      }
    }
  };
  const bool is_long = PyArray_NBYTES(x) >= long_copy;
  unlocked(is_long, [&] { parallel::split(rows, is_long ? long_copy / (width * size) + 1 : rows, 1, copy); });
  Py_DECREF(source);
  return object_of(out);
}

PyObject* tril(const Args& args) { return triangle(args, true); }
PyObject* triu(const Args& args) { return triangle(args, false); }

}  // namespace

const Entry copy_operations[] = {
    {"clone", clone}, {"clone_as", clone_as}, {"to_dtype", to_dtype}, {"write", write},
    {"empty", empty}, {"zeros", zeros}, {"root", root}, {"cat", cat}, {"stack", stack}, {"flip", flip}, {"roll", roll},
    {"repeat", repeat}, {"embed", embed}, {"tril", tril}, {"triu", triu},
    {nullptr, nullptr},
};

}  // namespace tidu
