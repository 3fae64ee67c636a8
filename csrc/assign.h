// Copies of whole arrays.
#pragma once

#include "arrays.h"

namespace tidu {

// target[...] = source, which is broadcast and converted; false, without an error, if the shapes or
// dtypes are not for this (nothing is written then). The two do not overlap.
bool assign(PyArrayObject* target, PyArrayObject* source);

// The same for parts of arrays: `source` is already broadcast to `ndim` axes.
bool assign(int ndim, const npy_intp* shape, char* target, const npy_intp* target_strides, int target_type,
            const char* source, const npy_intp* source_strides, int source_type);

// A new reference to an array with these elements that is contiguous: `a` itself if it is, else a
// copy. Null, with an error, if there is no memory or the dtype has a conversion of its own.
PyArrayObject* contiguous(PyArrayObject* a);

// Copies of that many bytes are worth letting other Python threads run.
constexpr npy_intp long_copy = 64 << 10;

}  // namespace tidu
