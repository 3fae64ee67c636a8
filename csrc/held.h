// Operands of kernels that go through memory row by row.
#pragma once

#include "arrays.h"
#include "scratch.h"

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

// Calls compute(T()) for the element type of an array; null for other types.
template <class F>
PyObject* by_type(PyArrayObject* a, F&& compute) {
  if (!a) return nullptr;
  if (PyArray_TYPE(a) == NPY_FLOAT32) return compute(float());
  if (PyArray_TYPE(a) == NPY_FLOAT64) return compute(double());
  return nullptr;
}

// The same with int64.
template <class F>
PyObject* by_number_type(PyArrayObject* a, F&& compute) {
  return a && PyArray_TYPE(a) == NPY_INT64 ? compute(int64_t()) : by_type(a, compute);
}

// A gradient, row by row: one row that serves for all if its elements are all the same.
template <class T>
struct GradientRows {
  const T* data = nullptr;
  int64_t step = 0;  // from one row to the next

  // Rows of that length. False, with the error set, if there is no memory.
  bool take(PyArrayObject* g, int64_t length) {
    if (is_one_element(g)) {
      T* filled = scratch<T>(scratch_shared, length);
      const T value = *static_cast<T*>(PyArray_DATA(g));
      for (int64_t i = 0; i < length; i++) filled[i] = value;
      data = filled;
      return true;
    }
    held_ = in_rows(g);
    if (!held_) return false;
    data = static_cast<T*>(PyArray_DATA(held_.get()));
    step = length;
    return true;
  }
  const T* at(int64_t row) const { return data + row * step; }

 private:
  Held held_;
};

// The place of a dimension counted from either end, or -1.
inline int axis_of(int64_t dim, int ndim) {
  return dim < -ndim || dim >= ndim ? -1 : int(dim < 0 ? dim + ndim : dim);
}

}  // namespace tidu
