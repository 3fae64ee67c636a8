// GELU and its gradient, in one pass each: as programs they would compute an exponential twice.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace tidu {

template <class T>
struct GeluLoops {
  void (*values)(const T* x, T* out, int64_t n);
  void (*grad)(const T* g, const T* x, T* out, int64_t n);
};

struct ActivationTable {
  GeluLoops<float> float32;
  GeluLoops<double> float64;
};

}  // namespace tidu
