// Loops of indexing that gain by wide vectors.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace tidu {

struct IndexTable {
  // to[i] += from[i]
  void (*add_float32)(float* to, const float* from, int64_t n);
  void (*add_float64)(double* to, const double* from, int64_t n);
  // out[i] = mask[i] ? value : x[i], for elements of 4 or 8 bytes
  void (*fill4)(uint32_t* out, const uint32_t* x, const uint8_t* mask, uint32_t value, int64_t n);
  void (*fill8)(uint64_t* out, const uint64_t* x, const uint8_t* mask, uint64_t value, int64_t n);
  // the number of bytes that are not 0
  int64_t (*count)(const uint8_t* mask, int64_t n);
};

}  // namespace tidu
