#include "lowering.h"

#include <cstring>

#include "graph.h"
#include "held.h"

namespace tidu {
namespace {

PyObject* object_of(PyArrayObject* a) { return reinterpret_cast<PyObject*>(a); }

// The i-th argument, or a default where it is missing; false if it is no int.
bool integer_or(const Args& given, int i, int64_t missing, int64_t& value) {
  value = missing;
  return i >= given.count() || given.integer(i, value);
}

PyObject* sizes_tuple(const npy_intp* sizes, int n) {
  PyObject* tuple = PyTuple_New(n);
  for (int d = 0; tuple && d < n; d++) PyTuple_SET_ITEM(tuple, d, PyLong_FromSsize_t(sizes[d]));
  return tuple;
}

// (..., index, ...): an index in one dimension, as slicing.py's `part` has it.
int part(int axis, PyObject* index, PyObject** rest) {
  PyObject* key = index ? PyTuple_New(axis + 2) : nullptr;
  if (!key) {
    Py_XDECREF(index);
    return -1;
  }
  for (int d = 0; d < axis; d++) PyTuple_SET_ITEM(key, d, Py_NewRef(world.all));
  PyTuple_SET_ITEM(key, axis, index);
  PyTuple_SET_ITEM(key, axis + 1, Py_NewRef(Py_Ellipsis));
  rest[0] = key;
  return 0;
}

// x, size: what lies in memory without gaps has every shape of that many elements
int reshape(const Args& given, PyArrayObject* x, PyObject** rest) {
  if (given.count() != 2 || !is_contiguous(x) || !PyTuple_Check(given.object(1))) return -1;
  int64_t sizes[NPY_MAXDIMS], known = 1;
  const int n = given.integers(1, sizes, NPY_MAXDIMS);
  bool infers = false;
  for (int d = 0; d < n; d++) {
    if (sizes[d] < -1 || (sizes[d] == -1 && infers)) return -1;
    if (sizes[d] == -1) infers = true;
    else known *= sizes[d];
  }
  const npy_intp size = PyArray_SIZE(x);
  if (n < 0 || size == 0 || known == 0 || (infers ? size % known != 0 : size != known)) return -1;
  PyObject* tuple = given.object(1);
  rest[0] = PyTuple_CheckExact(tuple) ? Py_NewRef(tuple) : PySequence_Tuple(tuple);
  return 0;
}

// x, other
int view_as(const Args& given, PyArrayObject* x, PyObject** rest) {
  if (given.count() != 2 || !is_tensor(given.object(1)) || !is_contiguous(x)) return -1;
  PyArrayObject* other = plain_array(at(given.object(1), world.tensor.array));
  if (!other || PyArray_SIZE(other) != PyArray_SIZE(x) || PyArray_SIZE(x) == 0) return -1;
  rest[0] = shape_of(object_of(other));
  return 0;
}

// x, other
int expand_as(const Args& given, PyArrayObject*, PyObject** rest) {
  if (given.count() != 2 || !is_tensor(given.object(1))) return -1;
  rest[0] = shape_of(at(given.object(1), world.tensor.array));
  return 0;
}

// x, start, end
int flatten(const Args& given, PyArrayObject* x, PyObject** rest) {
  int64_t start, end;
  const int ndim = PyArray_NDIM(x);
  if (given.count() > 3 || !integer_or(given, 1, 0, start) || !integer_or(given, 2, -1, end)) return -1;
  const int first = axis_of(start, ndim), last = axis_of(end, ndim);
  if (first < 0 || first >= last || !is_contiguous(x) || PyArray_SIZE(x) == 0) return -1;
  npy_intp shape[NPY_MAXDIMS];
  int n = 0;
  for (int d = 0; d < ndim; d++) {
    if (d > first && d <= last) shape[n - 1] *= PyArray_DIM(x, d);
    else shape[n++] = PyArray_DIM(x, d);
  }
  rest[0] = sizes_tuple(shape, n);
  return 0;
}

// x
int reversed(const Args&, PyArrayObject* x, PyObject** rest) {
  if (PyArray_NDIM(x) != 2) return -1;
  const npy_intp order[] = {1, 0};
  rest[0] = sizes_tuple(order, 2);
  return 0;
}

// x
int matrix_transposed(const Args&, PyArrayObject* x, PyObject** rest) {
  if (PyArray_NDIM(x) < 2) return -1;
  rest[0] = PyLong_FromLong(-2), rest[1] = PyLong_FromLong(-1);
  return 0;
}

// x, dim, index
int select(const Args& given, PyArrayObject* x, PyObject** rest) {
  int64_t dim, index;
  if (given.count() != 3 || !given.integer(1, dim) || !given.integer(2, index)) return -1;
  const int axis = axis_of(dim, PyArray_NDIM(x));
  if (axis < 0 || index < -PyArray_DIM(x, axis) || index >= PyArray_DIM(x, axis)) return -1;
  return part(axis, Py_NewRef(given.object(2)), rest);
}

// x, dim, start, length
int narrow(const Args& given, PyArrayObject* x, PyObject** rest) {
  int64_t dim, start, length;
  if (given.count() != 4 || !given.integer(1, dim) || !given.integer(2, start) || !given.integer(3, length))
    return -1;
  const int axis = axis_of(dim, PyArray_NDIM(x));
  if (axis < 0 || start < 0 || length < 0 || start + length > PyArray_DIM(x, axis)) return -1;
  PyObject *from = PyLong_FromLongLong(start), *to = PyLong_FromLongLong(start + length);
  PyObject* slice = from && to ? PySlice_New(from, to, nullptr) : nullptr;
  Py_XDECREF(from);
  Py_XDECREF(to);
  return part(axis, slice, rest);
}

int equal_parts(int64_t size, int axis, PyObject** rest) {
  rest[0] = PyLong_FromLongLong(size);
  rest[1] = PyLong_FromLong(axis);
  return 0;
}

// x, size, dim
int split(const Args& given, PyArrayObject* x, PyObject** rest) {
  int64_t size, dim;
  if (given.count() < 2 || given.count() > 3 || !given.integer(1, size) || !integer_or(given, 2, 0, dim))
    return -1;
  const int axis = axis_of(dim, PyArray_NDIM(x));
  return axis < 0 || size < 1 ? -1 : equal_parts(size, axis, rest);
}

// x, chunks, dim
int chunk(const Args& given, PyArrayObject* x, PyObject** rest) {
  int64_t chunks, dim;
  if (given.count() < 2 || given.count() > 3 || !given.integer(1, chunks) || !integer_or(given, 2, 0, dim))
    return -1;
  const int axis = axis_of(dim, PyArray_NDIM(x));
  if (axis < 0 || chunks < 1 || PyArray_DIM(x, axis) == 0) return -1;
  return equal_parts((PyArray_DIM(x, axis) + chunks - 1) / chunks, axis, rest);
}

// The operations of x[index], in the order in which indexing.py hands them over.
enum { of_select, of_slice, of_basic };

bool is_index_slice(PyObject* item) {
  PyObject* step = reinterpret_cast<PySliceObject*>(item)->step;
  return step == Py_None || (PyLong_CheckExact(step) && integer(step) > 0);
}

// PyTorch skips slices of everything: such an index needs a look at the others.
bool may_cover(PyObject* item) {
  const PySliceObject* slice = reinterpret_cast<PySliceObject*>(item);
  const bool all_steps = slice->step == Py_None || integer(slice->step) == 1;
  return all_steps && (slice->start == Py_None || !PyLong_CheckExact(slice->start) || integer(slice->start) == 0);
}

// x, index: indexing.py's `_getitem`
int getitem(const Args& given, PyArrayObject*, PyObject** rest) {
  if (given.count() != 2) return -1;
  PyObject *index = given.object(1), *last = index;
  PyObject* const dots = Py_Ellipsis;
  if (PyLong_CheckExact(index) || index == Py_None) {
    rest[0] = PyTuple_Pack(2, index, dots);
    return index == Py_None ? of_basic : of_select;
  }
  if (PySlice_Check(index)) {
    rest[0] = Py_NewRef(index);
    return is_index_slice(index) ? of_slice : -1;
  }
  if (!PyTuple_CheckExact(index) || !PyTuple_GET_SIZE(index)) return -1;
  const Py_ssize_t n = PyTuple_GET_SIZE(index);
  bool whole = false;
  for (Py_ssize_t i = 0; i < n; i++) {
    last = PyTuple_GET_ITEM(index, i);
    if (last == dots) whole = true;
    else if (PySlice_Check(last) ? !is_index_slice(last) : !PyLong_CheckExact(last) && last != Py_None) return -1;
  }
  if (whole) {
    rest[0] = Py_NewRef(index);
  } else {
    rest[0] = PyTuple_New(n + 1);
    if (!rest[0]) return -1;
    for (Py_ssize_t i = 0; i < n; i++) PyTuple_SET_ITEM(rest[0], i, Py_NewRef(PyTuple_GET_ITEM(index, i)));
    PyTuple_SET_ITEM(rest[0], n, Py_NewRef(dots));
  }
  if (PyLong_CheckExact(last)) return of_select;
  return PySlice_Check(last) && !may_cover(last) ? of_slice : of_basic;
}

const struct {
  const char* name;
  Lowering lowering;
} lowerings[] = {
    {"view", reshape}, {"reshape", reshape}, {"view_as", view_as}, {"expand_as", expand_as}, {"flatten", flatten},
    {"T", reversed}, {"mT", matrix_transposed}, {"select", select}, {"narrow", narrow}, {"split", split},
    {"chunk", chunk}, {"__getitem__", getitem},
};

}  // namespace

Lowering find_lowering(const char* name) {
  for (const auto& each : lowerings)
    if (!std::strcmp(each.name, name)) return each.lowering;
  return nullptr;
}

}  // namespace tidu
