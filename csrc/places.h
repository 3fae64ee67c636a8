// What kernels of indexing share: places that index arrays name, and arrays to write to.
#pragma once

#include <cstring>

#include "arrays.h"
#include "dispatch.h"
#include "held.h"
#include "kernel.h"
#include "parallel.h"
#include "scratch.h"
#include "unlocked.h"

namespace tidu {

constexpr int64_t index_grain = 1 << 15;  // bytes that are worth a thread
constexpr int64_t index_release = 1 << 16;  // bytes for which Python may do something else

PyArrayObject* new_zeros(int ndim, const npy_intp* shape, int type);
// A copy in C order.
PyArrayObject* new_copy(PyArrayObject* a);
// What a kernel that changes some elements of x writes to: a copy, or `in_place` x itself. Null without
// an error if that is not for a kernel.
PyArrayObject* to_change(PyArrayObject* x, bool in_place);
// A shape given as a tuple; its length, or -1.
int read_shape(const Args& args, int i, npy_intp* shape);

// x[mask], and zeros of a shape with `g` where the mask is true (masks.cpp).
PyObject* pick_by_mask(PyArrayObject* x, PyArrayObject* mask);
PyObject* place_by_mask(PyArrayObject* g, const npy_intp* shape, int ndim, PyArrayObject* mask);

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
