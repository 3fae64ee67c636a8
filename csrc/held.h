// Operands of kernels that go through memory row by row.
#pragma once

#include "arrays.h"

namespace tidu {

// A reference to an array, given back at the end of its scope.
class Held {
 public:
  explicit Held(PyArrayObject* array = nullptr) : array_(array) {}
  Held(Held&& other) noexcept : array_(other.release()) {}
  Held& operator=(Held&& other) noexcept {
    PyArrayObject* before = array_;
    array_ = other.release();
    Py_XDECREF(before);
    return *this;
  }
  ~Held() { Py_XDECREF(array_); }

  PyArrayObject* get() const { return array_; }
  explicit operator bool() const { return array_; }
  PyArrayObject* release() {
    PyArrayObject* array = array_;
    array_ = nullptr;
    return array;
  }
  PyObject* object() { return reinterpret_cast<PyObject*>(release()); }

 private:
  PyArrayObject* array_;
};

// `a`, or a copy of it whose elements lie row by row. Empty, with the error set, without memory.
inline Held in_rows(PyArrayObject* a) {
  if (is_contiguous(a)) {
    Py_INCREF(a);
    return Held(a);
  }
  return Held(reinterpret_cast<PyArrayObject*>(PyArray_NewCopy(a, NPY_CORDER)));
}

// Whether every element is the same one in memory, as in the gradient that a sum hands on.
inline bool is_one_element(PyArrayObject* a) {
  for (int d = 0; d < PyArray_NDIM(a); d++)
    if (PyArray_DIM(a, d) != 1 && PyArray_STRIDE(a, d) != 0) return false;
  return true;
}

// The place of a dimension counted from either end, or -1.
inline int axis_of(int64_t dim, int ndim) {
  return dim < -ndim || dim >= ndim ? -1 : int(dim < 0 ? dim + ndim : dim);
}

}  // namespace tidu
