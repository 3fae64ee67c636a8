#include "assign.h"

#include "copy.h"
#include "unlocked.h"

namespace tidu {
namespace {

int element_type(int type) {
  switch (type) {
    case NPY_BOOL: return of_bool;
    case NPY_UINT8: return of_uint8;
    case NPY_INT8: return of_int8;
    case NPY_INT16: return of_int16;
    case NPY_INT32: return of_int32;
    case NPY_INT64: return of_int64;
    case NPY_FLOAT32: return of_float32;
    case NPY_FLOAT64: return of_float64;
  }
  return -1;
}

// Bytes of an element that may be copied as it is; 0 for other dtypes.
int plain_size(int type) {
  if (!PyTypeNum_ISNUMBER(type) && type != NPY_BOOL) return 0;
  if (type == NPY_LONGDOUBLE || type == NPY_CLONGDOUBLE) return 0;
  PyArray_Descr* dtype = PyArray_DescrFromType(type);
  const int size = static_cast<int>(PyDataType_ELSIZE(dtype));
  Py_DECREF(dtype);
  return size;
}

}  // namespace

bool assign(int ndim, const npy_intp* shape, char* target, const npy_intp* target_strides, int target_type,
            const char* source, const npy_intp* source_strides, int source_type) {
  if (ndim > max_copy_dims) return false;
  npy_intp size = 1;
  for (int d = 0; d < ndim; d++) size *= shape[d];
  const CopySide to{target, target_strides}, from{const_cast<char*>(source), source_strides};
  int itemsize = 0;
  ElementType to_type{}, from_type{};
  if (target_type == source_type) {
    itemsize = plain_size(target_type);
    if (!itemsize) return false;
  } else {
    const int a = element_type(target_type), b = element_type(source_type);
    if (a < 0 || b < 0) return false;
    to_type = ElementType(a), from_type = ElementType(b);
  }
  auto copy = [&] {
    if (itemsize) copy_elements(ndim, shape, to, from, itemsize);
    else convert_elements(ndim, shape, to, to_type, from, from_type);
  };
  unlocked(size * 4 >= long_copy, copy);
  return true;
}

bool assign(PyArrayObject* target, PyArrayObject* source) {
  const int ndim = PyArray_NDIM(target), missing = ndim - PyArray_NDIM(source);
  if (missing < 0) return false;
  npy_intp strides[NPY_MAXDIMS];
  for (int d = 0; d < ndim; d++) {
    const npy_intp n = d < missing ? 1 : PyArray_DIM(source, d - missing);
    if (n != 1 && n != PyArray_DIM(target, d)) return false;
    strides[d] = n == 1 ? 0 : PyArray_STRIDE(source, d - missing);
  }
  return assign(ndim, PyArray_DIMS(target), data<char>(target), PyArray_STRIDES(target), PyArray_TYPE(target),
                data<char>(source), strides, PyArray_TYPE(source));
}

PyArrayObject* contiguous(PyArrayObject* a) {
  if (is_contiguous(a)) return reinterpret_cast<PyArrayObject*>(Py_NewRef(reinterpret_cast<PyObject*>(a)));
  PyArrayObject* copy = new_array(PyArray_NDIM(a), PyArray_DIMS(a), PyArray_TYPE(a));
  if (copy && !assign(copy, a)) {
    Py_DECREF(copy);
    PyErr_SetString(PyExc_TypeError, "an array of this dtype cannot be copied natively");
    return nullptr;
  }
  return copy;
}

}  // namespace tidu
