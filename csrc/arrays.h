// NumPy arrays as kernels see them.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#define PY_ARRAY_UNIQUE_SYMBOL tidu_numpy_api
#ifndef TIDU_IMPORTS_NUMPY
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>

#include <cstdint>

namespace tidu {

// The array if `object` is exactly an ndarray, aligned and in the machine's byte order, else null.
inline PyArrayObject* plain_array(PyObject* object) {
  if (Py_TYPE(object) != &PyArray_Type) return nullptr;
  PyArrayObject* array = reinterpret_cast<PyArrayObject*>(object);
  return PyArray_ISBEHAVED_RO(array) ? array : nullptr;
}

inline bool is_contiguous(PyArrayObject* a) { return PyArray_IS_C_CONTIGUOUS(a); }

template <class T>
T* data(PyArrayObject* a) {
  return static_cast<T*>(PyArray_DATA(a));
}

template <class T>
constexpr int type_number();
template <>
constexpr int type_number<float>() { return NPY_FLOAT32; }
template <>
constexpr int type_number<double>() { return NPY_FLOAT64; }
template <>
constexpr int type_number<bool>() { return NPY_BOOL; }
template <>
constexpr int type_number<int64_t>() { return NPY_INT64; }

// A new array, its values not set, in C order unless `strides` are given. Memory comes from
// memory.h, except for small arrays, for which NumPy has a cache of its own. Null, with Python's
// error set, if there is no memory.
PyArrayObject* new_array(int ndim, const npy_intp* shape, int type, const npy_intp* strides = nullptr);

// The type of the objects that own such memory: what is the `base` of these arrays.
PyObject* memory_owner_type();

// To be called once when the module is loaded; false with Python's error set if it fails.
bool prepare_arrays();

}  // namespace tidu
