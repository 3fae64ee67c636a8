// Pooling: one number for each window of a signal, an image or a volume.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace tidu {

// One plane is `size` elements; fewer dimensions than three are the last ones, the others 1.
struct Windows {
  int64_t size[3], out[3], kernel[3], stride[3], padding[3], dilation[3];
};

// All work on `count` planes that lie behind one another. Places are the numbers of elements in
// their window, as uint8 for windows of less than 256 elements, else int32.
template <class T>
struct PoolKernels {
  void (*max)(const Windows&, int64_t count, const T* x, T* out, void* place);
  void (*max_back)(const Windows&, int64_t count, const T* g, const void* place, T* out);
  void (*max_pick)(const Windows&, int64_t count, const T* x, const void* place, T* out);
  // `divisors`: one for each window.
  void (*mean)(const Windows&, int64_t count, const T* x, const T* divisors, T* out);
  void (*mean_back)(const Windows&, int64_t count, const T* g, const T* divisors, T* out);
};

struct PoolTable {
  PoolKernels<float> float32;
  PoolKernels<double> float64;
};

}  // namespace tidu
