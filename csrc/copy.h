// Copies between arrays of any strides and dtypes.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace tidu {

// The dtypes that elements are converted between.
enum ElementType { of_bool, of_uint8, of_int8, of_int16, of_int32, of_int64, of_float32, of_float64, n_element_types };

struct CopyTable {
  // target[i * target_stride + j] = source[j * source_stride + i] for i < rows and j < columns:
  // elements of 4 or 8 bytes, strides in bytes, target rows and source columns without gaps.
  void (*transpose4)(char* target, int64_t target_stride, const char* source, int64_t source_stride,
                     int64_t rows, int64_t columns);
  void (*transpose8)(char* target, int64_t target_stride, const char* source, int64_t source_stride,
                     int64_t rows, int64_t columns);
  // n elements without gaps; [from][to]. As C converts; null where both are the same.
  void (*convert[n_element_types][n_element_types])(const void* source, void* target, size_t n);
};

constexpr int max_copy_dims = 32;

// One side of a copy; strides in bytes.
struct CopySide {
  char* data;
  const intptr_t* strides;
};

// target[...] = source[...] for elements of `itemsize` bytes, on the threads of the pool. The two
// do not overlap. The caller may have released the interpreter's lock.
void copy_elements(int ndim, const intptr_t* shape, CopySide target, CopySide source, int itemsize);

// The same with a conversion; the types differ.
void convert_elements(int ndim, const intptr_t* shape, CopySide target, ElementType target_type,
                      CopySide source, ElementType source_type);

}  // namespace tidu
