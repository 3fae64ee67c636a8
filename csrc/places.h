// What kernels of indexing share: places that index arrays name, and arrays to write to.
#pragma once

#include <cstring>

#include "arrays.h"
#include "dispatch.h"
#include "kernel.h"
#include "parallel.h"
#include "scratch.h"

namespace tidu {

constexpr int64_t index_grain = 1 << 15;  // bytes that are worth a thread
constexpr int64_t index_release = 1 << 16;  // bytes for which Python may do something else

// Runs `work` without Python's lock if there is much to do.
template <class F>
void unlocked(int64_t bytes, F&& work) {
  if (bytes > index_release) {
    Py_BEGIN_ALLOW_THREADS
    work();
    Py_END_ALLOW_THREADS
  } else {
    work();
  }
}

// A reference to an array that is let go at the end.
class Held {
 public:
  explicit Held(PyArrayObject* array = nullptr) : array_(array) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() { Py_XDECREF(array_); }
  void set(PyArrayObject* array) { array_ = array; }
  PyArrayObject* get() const { return array_; }
  explicit operator bool() const { return array_ != nullptr; }
  PyObject* release() {
    PyObject* object = reinterpret_cast<PyObject*>(array_);
    array_ = nullptr;
    return object;
  }

 private:
  PyArrayObject* array_;
};

inline PyArrayObject* new_reference(PyArrayObject* a) {
  Py_INCREF(a);
  return a;
}

// The array in C order: itself or a copy. Null if `a` is null (or Python's error is set).
inline PyArrayObject* in_c_order(PyArrayObject* a) {
  if (!a || is_contiguous(a)) return a ? new_reference(a) : nullptr;
  return reinterpret_cast<PyArrayObject*>(PyArray_NewCopy(a, NPY_CORDER));
}

PyArrayObject* new_zeros(int ndim, const npy_intp* shape, int type);
// A copy in C order.
PyArrayObject* new_copy(PyArrayObject* a);
// A shape given as a tuple; its length, or -1.
int read_shape(const Args& args, int i, npy_intp* shape);

// x[mask], and zeros of a shape with `g` where the mask is true (masks.cpp).
PyObject* pick_by_mask(PyArrayObject* x, PyArrayObject* mask);
PyObject* place_by_mask(PyArrayObject* g, const npy_intp* shape, int ndim, PyArrayObject* mask);

// The axis that a dimension means; false if there is none.
inline bool axis_of(int64_t dim, int ndim, int& axis) {
  if (dim < -ndim || dim >= ndim) return false;
  axis = static_cast<int>(dim < 0 ? dim + ndim : dim);
  return true;
}

// Rows of `inner` elements in a table of `outer` parts of so many rows.
struct Rows {
  int64_t outer = 1, rows = 1, inner = 1;
  int64_t row_stride = 1, outer_stride = 1;  // in elements
};

// Multi-dimensional loops over all dimensions but the last, for up to three operands.
struct Walk {
  int ndim = 0;
  int64_t sizes[NPY_MAXDIMS];
  int64_t strides[3][NPY_MAXDIMS];

  int64_t count() const {
    int64_t n = 1;
    for (int d = 0; d < ndim; d++) n *= sizes[d];
    return n;
  }
  void offsets(int64_t index, int64_t* at, int operands) const {
    for (int k = 0; k < operands; k++) at[k] = 0;
    for (int d = ndim - 1; d >= 0; d--) {
      const int64_t i = index % sizes[d];
      index /= sizes[d];
      for (int k = 0; k < operands; k++) at[k] += i * strides[k][d];
    }
  }
};

}  // namespace tidu
