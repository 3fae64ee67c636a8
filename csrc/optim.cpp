// Optimizers' steps as the kernel table has them: lists of arrays, one entry for each parameter.
#include <algorithm>
#include <cmath>
#include <vector>

#include "dispatch.h"
#include "families.h"
#include "parallel.h"
#include "unlocked.h"

namespace tidu {
namespace {

constexpr int64_t without_gil = 1 << 15;  // elements from which other Python threads may run

template <class T>
const StepKernels<T>& kernels();
template <>
const StepKernels<float>& kernels<float>() { return optim_loops.float32; }
template <>
const StepKernels<double>& kernels<double>() { return optim_loops.float64; }

// An argument that is a list of arrays.
class Column {
 public:
  Column(const Args& args, int i)
      : list_(PyList_CheckExact(args.object(i)) ? args.object(i) : nullptr) {}
  Py_ssize_t size() const { return list_ ? PyList_GET_SIZE(list_) : -1; }
  PyObject* operator[](Py_ssize_t i) const { return PyList_GET_ITEM(list_, i); }

 private:
  PyObject* list_;
};

// Whether the elements fill a block of memory without gaps, in whatever order of dimensions.
bool dense(PyArrayObject* a) {
  if (PyArray_IS_C_CONTIGUOUS(a)) return true;
  npy_intp expected = PyArray_ITEMSIZE(a);
  uint64_t seen = 0;
  const int ndim = PyArray_NDIM(a);
  for (int found = 0; found < ndim; found++) {
    int next = -1;
    for (int d = 0; d < ndim && next < 0; d++)
      if (!(seen >> d & 1) && (PyArray_DIM(a, d) == 1 || PyArray_STRIDE(a, d) == expected)) next = d;
    if (next < 0) return false;
    seen |= uint64_t(1) << next;
    expected *= PyArray_DIM(a, next);
  }
  return true;
}

bool same_shape(PyArrayObject* a, PyArrayObject* b) {
  return PyArray_NDIM(a) == PyArray_NDIM(b) &&
         std::equal(PyArray_DIMS(a), PyArray_DIMS(a) + PyArray_NDIM(a), PyArray_DIMS(b));
}

bool same_layout(PyArrayObject* a, PyArrayObject* b) {
  if (!same_shape(a, b)) return false;
  if (PyArray_IS_C_CONTIGUOUS(a) && PyArray_IS_C_CONTIGUOUS(b)) return true;
  return std::equal(PyArray_STRIDES(a), PyArray_STRIDES(a) + PyArray_NDIM(a), PyArray_STRIDES(b));
}

struct Range {
  const char *begin, *end;
  bool written;
};

bool overlap(std::vector<Range>& ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& a, const Range& b) { return a.begin < b.begin; });
  const char *read = nullptr, *written = nullptr;  // how far memory reaches that was seen so far
  for (const Range& r : ranges) {
    if (r.begin < written || (r.written && r.begin < read)) return true;
    (r.written ? written : read) = std::max(r.written ? written : read, r.end);
  }
  return false;
}

// The parameters of one call. What it cannot take, the reference takes.
template <class T>
class Call {
 public:
  Call() = default;
  Call(const Call&) = delete;
  ~Call() {
    for (PyObject* copy : copies_) Py_DECREF(copy);
  }

  std::vector<Parameter<T>> parts;

  // columns: parameters, gradients, and the state arrays; `needed` of these must be there.
  bool read(const Column& params, const Column& grads, const Column* states, int n_states, int needed) {
    const Py_ssize_t count = params.size();
    if (count < 0 || grads.size() != count) return false;
    for (int s = 0; s < n_states; s++)
      if (states[s].size() != count) return false;
    parts.reserve(count);
    for (Py_ssize_t i = 0; i < count; i++) {
      PyArrayObject* p = written(params[i]);
      if (!p || !dense(p)) return false;
      Parameter<T> part{data<T>(p), gradient(grads[i], p), {}, PyArray_SIZE(p), 0, 0};
      if (!part.g) return false;
      for (int s = 0; s < n_states; s++) {
        if (states[s][i] == Py_None && s >= needed) continue;
        PyArrayObject* state = written(states[s][i]);
        if (!state || !same_layout(state, p)) return false;
        part.state[s] = data<T>(state);
      }
      total_ += part.n;
      parts.push_back(part);
    }
    return true;
  }

  // Calls `step` for all parameters, on the threads of the pool, each with some elements.
  template <class F>
  void run(int64_t grain, F step) {
    if (total_ >= without_gil) {
      unlocked(true, [&] { run_threaded(grain, step); });
    } else {
      for (const Parameter<T>& part : parts) step(part);
    }
  }

 private:
  PyArrayObject* written(PyObject* object) {
    PyArrayObject* a = plain_array(object);
    return a && PyArray_TYPE(a) == type_number<T>() && PyArray_ISWRITEABLE(a) ? a : nullptr;
  }

  // The gradient's elements in the parameter's order; a copy where they lie in another.
  const T* gradient(PyObject* object, PyArrayObject* p) {
    PyArrayObject* g = plain_array(object);
    if (!g || PyArray_TYPE(g) != type_number<T>()) return nullptr;
    if (same_layout(g, p)) return data<T>(g);
    if (!same_shape(g, p)) return nullptr;
    PyObject* copy = PyArray_NewLikeArray(p, NPY_KEEPORDER, nullptr, 0);
    if (!copy) return nullptr;
    copies_.push_back(copy);
    PyArrayObject* array = reinterpret_cast<PyArrayObject*>(copy);
    if (PyArray_CopyInto(array, g) < 0 || !same_layout(array, p)) return nullptr;
    return data<T>(array);
  }

  template <class F>
  void run_threaded(int64_t grain, F step) {
    if (total_ < 2 * grain || parallel::threads() == 1 || overlapping()) {
      for (const Parameter<T>& part : parts) step(part);
      return;
    }
    parallel::split(total_, grain, 64, [&](int64_t begin, int64_t end) {
      int64_t first = 0;  // the number of the parameter's first element
      for (const Parameter<T>& part : parts) {
        const int64_t from = std::max(begin - first, int64_t(0)), to = std::min(end - first, part.n);
        if (from < to) {
          Parameter<T> piece = part;
          piece.p += from, piece.g += from, piece.n = to - from;
          for (T*& state : piece.state)
            if (state) state += from;
          step(piece);
        }
        first += part.n;
      }
    });
  }

  // Parameters that share memory have to be updated one after the other.
  bool overlapping() const {
    std::vector<Range> ranges;
    for (const Parameter<T>& part : parts) {
      auto add = [&](const T* x, bool written) {
        const char* begin = reinterpret_cast<const char*>(x);
        if (x) ranges.push_back({begin, begin + part.n * sizeof(T), written});
      };
      add(part.p, true);
      add(part.g, false);
      for (const T* state : part.state) add(state, true);
    }
    return overlap(ranges);
  }

  std::vector<PyObject*> copies_;
  int64_t total_ = 0;
};

// Counts of steps: 0-d arrays of float32, one for each parameter.
bool read_counts(const Column& counts, size_t count, std::vector<float*>& steps) {
  if (counts.size() != Py_ssize_t(count)) return false;
  for (size_t i = 0; i < count; i++) {
    PyArrayObject* step = plain_array(counts[i]);
    if (!step || PyArray_TYPE(step) != NPY_FLOAT32 || PyArray_SIZE(step) != 1 || !PyArray_ISWRITEABLE(step))
      return false;
    steps.push_back(data<float>(step));
  }
  return true;
}

int type_of_first(const Args& args) {
  const Column params(args, 0);
  if (params.size() < 1) return NPY_NOTYPE;
  PyArrayObject* p = plain_array(params[0]);
  return p ? PyArray_TYPE(p) : NPY_NOTYPE;
}

#define TIDU_FOR_FLOATS(name)                               \
  PyObject* name(const Args& args) {                        \
    const int type = type_of_first(args);                   \
    if (type == NPY_FLOAT32) return name##_of<float>(args);  \
    if (type == NPY_FLOAT64) return name##_of<double>(args); \
    return nullptr;                                         \
  }

// params, grads, buffers, lr, momentum, dampening, weight_decay, nesterov, maximize -> buffers
template <class T>
PyObject* sgd_of(const Args& args) {
  double lr, momentum, dampening, decay;
  StepOptions<T> o{};
  if (args.count() != 9 || !args.number(3, lr) || !args.number(4, momentum) || !args.number(5, dampening) ||
      !args.number(6, decay) || !args.flag(7, o.nesterov) || !args.flag(8, o.maximize))
    return nullptr;
  const Column buffers(args, 2);
  Call<T> call;
  const int n_states = momentum != 0;
  if (!call.read(Column(args, 0), Column(args, 1), &buffers, n_states, n_states)) return nullptr;
  o.decays = decay != 0, o.weight_decay = T(decay), o.momentum = T(momentum), o.fresh = T(1 - dampening);
  for (Parameter<T>& part : call.parts) part.rate = T(lr);
  call.run(1 << 15, [&](const Parameter<T>& part) { kernels<T>().sgd(o, part); });
  return Py_NewRef(args.object(2));
}
TIDU_FOR_FLOATS(sgd)

// params, grads, means, squares, largest squares, steps, lr, beta1, beta2, eps, weight_decay,
// decoupled, maximize
template <class T>
PyObject* adam_of(const Args& args) {
  double lr, beta1, beta2, eps, decay;
  StepOptions<T> o{};
  if (args.count() != 13 || !args.number(6, lr) || !args.number(7, beta1) || !args.number(8, beta2) ||
      !args.number(9, eps) || !args.number(10, decay) || !args.flag(11, o.decoupled) ||
      !args.flag(12, o.maximize))
    return nullptr;
  const Column states[] = {Column(args, 2), Column(args, 3), Column(args, 4)};
  Call<T> call;
  std::vector<float*> steps;
  if (!call.read(Column(args, 0), Column(args, 1), states, 3, 2) ||
      !read_counts(Column(args, 5), call.parts.size(), steps))
    return nullptr;
  o.decays = decay != 0, o.decoupled = o.decoupled && o.decays;
  o.weight_decay = T(decay), o.shrink = T(1 - lr * decay), o.eps = T(eps);
  o.fresh = T(1 - beta1), o.keep_square = T(beta2), o.fresh_square = T(1 - beta2);
  for (size_t i = 0; i < steps.size(); i++) {
    const double step = *steps[i] += 1;
    call.parts[i].rate = T(lr / (1 - std::pow(beta1, step)));
    call.parts[i].correction = T(std::sqrt(1 - std::pow(beta2, step)));
  }
  call.run(1 << 13, [&](const Parameter<T>& part) { kernels<T>().adam(o, part); });
  Py_RETURN_NONE;
}
TIDU_FOR_FLOATS(adam)

// params, grads, squares, means, buffers, steps, lr, alpha, eps, weight_decay, momentum, maximize
template <class T>
PyObject* rmsprop_of(const Args& args) {
  double lr, alpha, eps, decay, momentum;
  StepOptions<T> o{};
  if (args.count() != 12 || !args.number(6, lr) || !args.number(7, alpha) || !args.number(8, eps) ||
      !args.number(9, decay) || !args.number(10, momentum) || !args.flag(11, o.maximize))
    return nullptr;
  const Column states[] = {Column(args, 2), Column(args, 3), Column(args, 4)};
  Call<T> call;
  std::vector<float*> steps;
  if (!call.read(Column(args, 0), Column(args, 1), states, 3, 1) ||
      !read_counts(Column(args, 5), call.parts.size(), steps))
    return nullptr;
  for (float* step : steps) *step += 1;
  o.decays = decay != 0, o.weight_decay = T(decay), o.eps = T(eps), o.momentum = T(momentum);
  o.keep_square = T(alpha), o.fresh_square = T(1 - alpha);
  for (Parameter<T>& part : call.parts) part.rate = T(lr);
  call.run(1 << 13, [&](const Parameter<T>& part) { kernels<T>().rmsprop(o, part); });
  Py_RETURN_NONE;
}
TIDU_FOR_FLOATS(rmsprop)

// params, grads, totals, steps, lr, lr_decay, weight_decay, eps, maximize
template <class T>
PyObject* adagrad_of(const Args& args) {
  double lr, lr_decay, decay, eps;
  StepOptions<T> o{};
  if (args.count() != 9 || !args.number(4, lr) || !args.number(5, lr_decay) || !args.number(6, decay) ||
      !args.number(7, eps) || !args.flag(8, o.maximize))
    return nullptr;
  const Column totals(args, 2);
  Call<T> call;
  std::vector<float*> steps;
  if (!call.read(Column(args, 0), Column(args, 1), &totals, 1, 1) ||
      !read_counts(Column(args, 3), call.parts.size(), steps))
    return nullptr;
  o.decays = decay != 0, o.weight_decay = T(decay), o.eps = T(eps);
  for (size_t i = 0; i < steps.size(); i++) {
    call.parts[i].rate = T(lr / (1 + double(*steps[i]) * lr_decay));
    *steps[i] += 1;
  }
  call.run(1 << 13, [&](const Parameter<T>& part) { kernels<T>().adagrad(o, part); });
  Py_RETURN_NONE;
}
TIDU_FOR_FLOATS(adagrad)

}  // namespace

const Entry optim_kernels[] = {{"sgd_step", sgd},
                                    {"adam_step", adam},
                                    {"rmsprop_step", rmsprop},
                                    {"adagrad_step", adagrad},
                                    {nullptr, nullptr}};

}  // namespace tidu
