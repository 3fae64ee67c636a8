// Steps of optimizers: what the formulas of tidu/optim/ compute, for all parameters in one call.
#pragma once

#include <stdint.h>

namespace tidu {

constexpr int most_states = 3;

// One parameter: `n` elements of it, of its gradient and of what the optimizer keeps for it (null
// where it keeps nothing), and the numbers that depend on how many steps it has taken.
template <class T>
struct Parameter {
  T* p;
  const T* g;
  T* state[most_states];
  int64_t n;
  T rate, correction;
};

// The options that a formula has in common for all parameters.
template <class T>
struct StepOptions {
  T weight_decay;
  bool decays, maximize;
  // SGD: the momentum, what of the gradient enters the buffer, and Nesterov's variant.
  // Adam: beta1 as 1 - beta1, beta2 and 1 - beta2, and the decay of AdamW as a factor.
  // RMSprop: alpha and 1 - alpha, the momentum.
  T momentum, fresh, keep_square, fresh_square, eps, shrink;
  bool nesterov, decoupled;
};

template <class T>
struct StepKernels {
  typedef void Step(const StepOptions<T>&, const Parameter<T>&);
  Step *sgd, *adam, *rmsprop, *adagrad;
};

struct OptimTable {
  StepKernels<float> float32;
  StepKernels<double> float64;
};

}  // namespace tidu
