// Losses that compare two arrays element by element.
#pragma once

#include <stdint.h>

namespace tidu {

enum Loss { loss_mse, loss_smooth_l1, loss_huber, loss_soft_margin, loss_bce, loss_bce_logits, n_losses };

template <class T>
struct LossLoops {
  // `parameter` is beta or delta, where a loss has one.
  void (*values[n_losses])(const T* x, const T* y, T* out, int64_t n, T parameter);
  // g times the derivative with respect to x; g has one element, or n with `each`.
  void (*grad[n_losses])(const T* g, bool each, const T* x, const T* y, T* out, int64_t n, T parameter);
  bool (*between_0_and_1)(const T* x, int64_t n);  // false with NaN
  // x * (y * share + even) * w * factor; null counts as 1, of x and of w.
  void (*soft)(const T* x, const T* y, const T* w, T* out, int64_t n, T share, T even, T factor);
};

struct LossTable {
  LossLoops<float> float32;
  LossLoops<double> float64;
};

}  // namespace tidu
