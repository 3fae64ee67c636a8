// Views: the same memory with other sizes and strides.
#include <algorithm>
#include <cstring>

#include "families.h"
#include "held.h"

namespace tidu {
namespace {

// Where the elements of a view lie; at first where those of `x` do.
struct Shown {
  int ndim;
  npy_intp shape[NPY_MAXDIMS], strides[NPY_MAXDIMS];
  char* start;

  explicit Shown(PyArrayObject* x) : ndim(PyArray_NDIM(x)), start(PyArray_BYTES(x)) {
    std::copy_n(PyArray_DIMS(x), ndim, shape);  // null if there are none
    std::copy_n(PyArray_STRIDES(x), ndim, strides);
  }

  void insert(int axis, npy_intp size) {
    std::memmove(shape + axis + 1, shape + axis, (ndim - axis) * sizeof *shape);
    std::memmove(strides + axis + 1, strides + axis, (ndim - axis) * sizeof *strides);
    ndim++;
    shape[axis] = size, strides[axis] = 0;
  }

  void remove(int axis) {
    ndim--;
    std::memmove(shape + axis, shape + axis + 1, (ndim - axis) * sizeof *shape);
    std::memmove(strides + axis, strides + axis + 1, (ndim - axis) * sizeof *strides);
  }

  // The array; null with an error set.
  PyObject* of(PyArrayObject* x) {
    PyArray_Descr* dtype = PyArray_DESCR(x);
    Py_INCREF(dtype);
    PyObject* out = PyArray_NewFromDescr(&PyArray_Type, dtype, ndim, shape, strides, start,
                                         PyArray_FLAGS(x) & NPY_ARRAY_WRITEABLE, nullptr);
    PyObject* owner = reinterpret_cast<PyObject*>(x);
    if (out && PyArray_SetBaseObject(reinterpret_cast<PyArrayObject*>(out), Py_NewRef(owner)) < 0) Py_CLEAR(out);
    return out;
  }
};

// The axis that an argument names, or -1.
int axis_from(const Args& args, int i, int ndim) {
  int64_t dim;
  return args.integer(i, dim) ? axis_of(dim, ndim) : -1;
}

// x, size
PyObject* view(const Args& args) {
  PyArrayObject* x = args.count() == 2 ? args.array(0) : nullptr;
  int64_t given[NPY_MAXDIMS];
  const int n = x && PyTuple_Check(args.object(1)) && is_contiguous(x) ? args.integers(1, given, NPY_MAXDIMS) : -1;
  if (n < 0) return nullptr;
  npy_intp sizes[NPY_MAXDIMS];
  for (int d = 0; d < n; d++) {
    if (given[d] < -1) return nullptr;
    sizes[d] = given[d];
  }
  PyArray_Dims shape{sizes, n};
  PyObject* out = PyArray_Newshape(x, &shape, NPY_CORDER);
  if (!out) PyErr_Clear();  // the reference has another error
  return out;
}

// x, dims
PyObject* permute(const Args& args) {
  PyArrayObject* x = args.count() == 2 ? args.array(0) : nullptr;
  int64_t dims[NPY_MAXDIMS];
  const int n = x && PyTuple_Check(args.object(1)) ? args.integers(1, dims, NPY_MAXDIMS) : -1;
  if (n < 0 || n != PyArray_NDIM(x)) return nullptr;
  Shown shown(x);
  uint64_t seen = 0;
  for (int d = 0; d < n; d++) {
    const int axis = axis_of(dims[d], n);
    if (axis < 0 || seen >> axis & 1) return nullptr;
    seen |= uint64_t(1) << axis;
    shown.shape[d] = PyArray_DIM(x, axis), shown.strides[d] = PyArray_STRIDE(x, axis);
  }
  return shown.of(x);
}

// x, dim0, dim1
PyObject* transpose(const Args& args) {
  PyArrayObject* x = args.count() == 3 ? args.array(0) : nullptr;
  if (!x) return nullptr;
  const int a = axis_from(args, 1, PyArray_NDIM(x)), b = axis_from(args, 2, PyArray_NDIM(x));
  if (a < 0 || b < 0) return nullptr;
  Shown shown(x);
  shown.shape[a] = PyArray_DIM(x, b), shown.strides[a] = PyArray_STRIDE(x, b);
  shown.shape[b] = PyArray_DIM(x, a), shown.strides[b] = PyArray_STRIDE(x, a);
  return shown.of(x);
}

// x
PyObject* matrix_transpose(const Args& args) {
  PyArrayObject* x = args.count() == 1 ? args.array(0) : nullptr;
  return x && PyArray_NDIM(x) <= 2 ? PyArray_Transpose(x, nullptr) : nullptr;
}

// x, dim: one, or None for all
PyObject* squeeze(const Args& args) {
  PyArrayObject* x = args.count() == 2 ? args.array(0) : nullptr;
  if (!x) return nullptr;
  Shown shown(x);
  if (args.is_none(1)) {
    for (int d = shown.ndim - 1; d >= 0; d--)
      if (shown.shape[d] == 1) shown.remove(d);
    return shown.of(x);
  }
  const int axis = axis_from(args, 1, shown.ndim);
  if (axis < 0) return nullptr;
  if (shown.shape[axis] == 1) shown.remove(axis);
  return shown.of(x);
}

// x, dim
PyObject* unsqueeze(const Args& args) {
  PyArrayObject* x = args.count() == 2 ? args.array(0) : nullptr;
  const int axis = x && PyArray_NDIM(x) < NPY_MAXDIMS ? axis_from(args, 1, PyArray_NDIM(x) + 1) : -1;
  if (axis < 0) return nullptr;
  Shown shown(x);
  shown.insert(axis, 1);
  return shown.of(x);
}

// x, size, implicit
PyObject* expand(const Args& args) {
  PyArrayObject* x = args.count() == 3 ? args.array(0) : nullptr;
  int64_t sizes[NPY_MAXDIMS];
  const int n = x && PyTuple_Check(args.object(1)) ? args.integers(1, sizes, NPY_MAXDIMS) : -1;
  if (n < 0 || n < PyArray_NDIM(x)) return nullptr;
  Shown shown(x);
  while (shown.ndim < n) shown.insert(0, 1);
  for (int d = 0, lead = n - PyArray_NDIM(x); d < n; d++) {
    if (sizes[d] == shown.shape[d] || (sizes[d] == -1 && d >= lead)) continue;
    if (sizes[d] < 0 || shown.shape[d] != 1) return nullptr;
    shown.shape[d] = sizes[d], shown.strides[d] = 0;
  }
  return shown.of(x);
}

// x, index
PyObject* index(const Args& args) {
  if (args.count() != 2 || !args.array(0)) return nullptr;
  PyObject* out = PyObject_GetItem(args.object(0), args.object(1));
  if (!out) PyErr_Clear();  // the reference raises it again
  return out;
}

// A list of `n` views, each of which `next(i)` gives.
template <class F>
PyObject* list_of(npy_intp n, F&& next) {
  PyObject* out = PyList_New(n);
  for (npy_intp i = 0; out && i < n; i++) {
    PyObject* each = next(i);
    if (each) PyList_SET_ITEM(out, i, each);
    else Py_CLEAR(out);
  }
  return out;
}

// x, dim
PyObject* unbind(const Args& args) {
  PyArrayObject* x = args.count() == 2 ? args.array(0) : nullptr;
  const int axis = x ? axis_from(args, 1, PyArray_NDIM(x)) : -1;
  if (axis < 0) return nullptr;
  Shown shown(x);
  shown.remove(axis);
  return list_of(PyArray_DIM(x, axis), [&](npy_intp i) {
    shown.start = PyArray_BYTES(x) + i * PyArray_STRIDE(x, axis);
    return shown.of(x);
  });
}

// x, size, axis
PyObject* split_equally(const Args& args) {
  PyArrayObject* x = args.count() == 3 ? args.array(0) : nullptr;
  int64_t size;
  const int axis = x ? axis_from(args, 2, PyArray_NDIM(x)) : -1;
  if (axis < 0 || !args.integer(1, size) || size < 1 || PyArray_DIM(x, axis) == 0) return nullptr;
  Shown shown(x);
  const npy_intp all = PyArray_DIM(x, axis);
  return list_of((all + size - 1) / size, [&](npy_intp i) {
    shown.start = PyArray_BYTES(x) + i * size * PyArray_STRIDE(x, axis);
    shown.shape[axis] = all - i * size < size ? all - i * size : size;
    return shown.of(x);
  });
}

// x, sizes, axis
PyObject* split_unequally(const Args& args) {
  PyArrayObject* x = args.count() == 3 ? args.array(0) : nullptr;
  const int axis = x && PyTuple_Check(args.object(1)) ? axis_from(args, 2, PyArray_NDIM(x)) : -1;
  if (axis < 0) return nullptr;
  const Args sizes(PySequence_Fast_ITEMS(args.object(1)), PyTuple_GET_SIZE(args.object(1)));
  npy_intp all = PyArray_DIM(x, axis);
  for (int i = 0; i < sizes.count(); i++) {
    int64_t size;
    if (!sizes.integer(i, size) || size < 0 || size > all) return nullptr;
    all -= size;
  }
  Shown shown(x);
  shown.shape[axis] = 0;
  return list_of(sizes.count(), [&](npy_intp i) {
    shown.start += shown.shape[axis] * shown.strides[axis];
    sizes.integer(static_cast<int>(i), shown.shape[axis]);
    return shown.of(x);
  });
}

}  // namespace

const Entry view_kernels[] = {
    {"view", view}, {"permute", permute}, {"transpose", transpose}, {"t", matrix_transpose},
    {"squeeze", squeeze}, {"unsqueeze", unsqueeze}, {"expand", expand}, {"basic_index", index},
    {"select_index", index}, {"slice_index", index}, {"unbind", unbind}, {"split_equally", split_equally},
    {"split_unequally", split_unequally}, {nullptr, nullptr},
};

}  // namespace tidu
