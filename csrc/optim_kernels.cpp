// The loops of optimizers' steps. Each does what its formula in tidu/optim/ does, operation by
// operation, so that every bit is the same; only that no intermediate result reaches memory.
#include "optim.h"

#include "vmath.h"

namespace tidu::TIDU_ISA {
namespace {

// Calls update(p, g, state) for one vector after the other; what it changes is stored. `states`:
// how many state arrays there are at most.
template <int states, class T, class F>
TIDU_INLINE void each(const Parameter<T>& a, F update) {
  constexpr int64_t step = lanes<T>;
  T* kept[states + 1] = {};
  for (int s = 0; s < states; s++) kept[s] = a.state[s];
  T* p = a.p;
  const T* g = a.g;
  Vec<T> state[states + 1] = {};
  int64_t i = 0;
  for (; i + step <= a.n; i += step) {
    Vec<T> x = load(p + i);
    for (int s = 0; s < states; s++)
      if (kept[s]) state[s] = load(kept[s] + i);
    update(x, load(g + i), state);
    store(p + i, x);
    for (int s = 0; s < states; s++)
      if (kept[s]) store(kept[s] + i, state[s]);
  }
  if (i == a.n) return;
  const size_t rest = (a.n - i) * sizeof(T);
  T buffer[step] = {};
  auto partial = [&](const T* from) {
    __builtin_memcpy(buffer, from, rest);
    return load(buffer);
  };
  Vec<T> x = partial(p + i);
  const Vec<T> gradient = partial(g + i);
  for (int s = 0; s < states; s++)
    if (kept[s]) state[s] = partial(kept[s] + i);
  update(x, gradient, state);
  auto put = [&](T* to, Vec<T> v) {
    store(buffer, v);
    __builtin_memcpy(to, buffer, rest);
  };
  put(p + i, x);
  for (int s = 0; s < states; s++)
    if (kept[s]) put(kept[s] + i, state[s]);
}

template <class T>
void sgd(const StepOptions<T>& o, const Parameter<T>& a) {
  if (!a.state[0] && !o.decays) {
    const T rate = o.maximize ? -a.rate : a.rate;  // (-g) * r is g * (-r), bit by bit
    each<0>(a, [=](Vec<T>& p, Vec<T> g, Vec<T>*) __attribute__((always_inline)) { p -= g * rate; });
    return;
  }
  const bool has_buffer = a.state[0];
  each<1>(a, [=](Vec<T>& p, Vec<T> g, Vec<T>* state) __attribute__((always_inline)) {
    if (o.maximize) g = -g;
    if (o.decays) g = g + p * o.weight_decay;
    if (has_buffer) {
      Vec<T> buffer = state[0] * o.momentum;
      buffer += g * o.fresh;
      state[0] = buffer;
      g = o.nesterov ? g + buffer * o.momentum : buffer;
    }
    p -= g * a.rate;
  });
}

template <class T>
void adam(const StepOptions<T>& o, const Parameter<T>& a) {
  const bool amsgrad = a.state[2];
  each<3>(a, [=](Vec<T>& p, Vec<T> g, Vec<T>* state) __attribute__((always_inline)) {
    if (o.maximize) g = -g;
    if (o.decoupled) p *= o.shrink;
    else if (o.decays) g = g + p * o.weight_decay;
    Vec<T> mean = state[0] + (g - state[0]) * o.fresh;
    Vec<T> square = state[1] * o.keep_square;
    square += g * g * o.fresh_square;
    state[0] = mean, state[1] = square;
    if (amsgrad) {
      const Vec<T> largest = state[2];  // NaN of either wins, as in numpy.maximum
      square = state[2] = (largest >= square) | (largest != largest) ? largest : square;
    }
    p -= a.rate * (mean / (Math<T>::sqrt(square) / a.correction + o.eps));
  });
}

template <class T>
void rmsprop(const StepOptions<T>& o, const Parameter<T>& a) {
  const bool centered = a.state[1], has_buffer = a.state[2];
  each<3>(a, [=](Vec<T>& p, Vec<T> g, Vec<T>* state) __attribute__((always_inline)) {
    if (o.maximize) g = -g;
    if (o.decays) g = g + p * o.weight_decay;
    Vec<T> size = state[0] * o.keep_square;
    size += g * g * o.fresh_square;
    state[0] = size;
    if (centered) {
      const Vec<T> mean = state[1] + (g - state[1]) * o.fresh_square;
      state[1] = mean;
      size = size - mean * mean;
    }
    size = Math<T>::sqrt(size) + o.eps;
    Vec<T> move = g / size;
    if (has_buffer) state[2] = move = state[2] * o.momentum + move;
    p -= a.rate * move;
  });
}

template <class T>
void adagrad(const StepOptions<T>& o, const Parameter<T>& a) {
  each<1>(a, [=](Vec<T>& p, Vec<T> g, Vec<T>* state) __attribute__((always_inline)) {
    if (o.maximize) g = -g;
    if (o.decays) g = g + p * o.weight_decay;
    const Vec<T> total = state[0] + g * g;
    state[0] = total;
    p -= a.rate * (g / (Math<T>::sqrt(total) + o.eps));
  });
}

template <class T>
void fill_for(StepKernels<T>& table) {
  table = {sgd<T>, adam<T>, rmsprop<T>, adagrad<T>};
}

}  // namespace

void fill(OptimTable& table) {
  fill_for(table.float32);
  fill_for(table.float64);
}

}  // namespace tidu::TIDU_ISA
