// Losses and their gradients (tidu/ops/loss.py): element by element, and of classes.
//
// Values go through working memory in pieces, which are added up while they are in the cache. Up to
// the length at which PyTorch's order of additions is fixed, sums are made in that order (see
// tidu/backend/summation.py), so that losses are printed with the same digits.
#include "loss.h"

#include <cstring>

#include "dispatch.h"
#include "families.h"
#include "held.h"
#include "parallel.h"
#include "unlocked.h"

namespace tidu {
namespace {

constexpr int64_t longest = 1 << 15;  // sums up to here are made in PyTorch's order
constexpr int64_t piece = 1 << 12;    // of the elements of a longer sum
constexpr int64_t thread_work = 1 << 14;

template <class T>
const LossLoops<T>& loops_of();
template <>
const LossLoops<float>& loops_of() { return loss_loops.float32; }
template <>
const LossLoops<double>& loops_of() { return loss_loops.float64; }

// The sum in the order in which reductions add.
float sum_in_order(const float* x, int64_t n) {
  float out;
  reductions.float32.sum.rows(x, n, 1, n, nullptr, 0, &out);
  return out;
}
double sum_in_order(const double* x, int64_t n) {
  double out;
  reductions.float64.sum.rows(x, n, 1, n, nullptr, 0, &out);
  return out;
}

// The sum of n values, of which fill(begin, count, target) writes some.
template <class T, class F>
T sum_of(int64_t n, F&& fill) {
  if (n <= longest) {
    T* target = scratch<T>(scratch_own, n);
    fill(int64_t(0), n, target);
    return sum_in_order(target, n);
  }
  const int64_t pieces = (n + piece - 1) / piece;
  double* sums = scratch<double>(scratch_second, pieces);
  parallel::split(pieces, thread_work / piece, 1, [&](int64_t begin, int64_t end) {
    T* target = scratch<T>(scratch_third, piece);
    for (int64_t i = begin; i < end; i++) {
      const int64_t count = n - i * piece < piece ? n - i * piece : piece;
      fill(i * piece, count, target);
      sums[i] = sum_in_order(target, count);
    }
  });
  double total = 0;
  for (int64_t i = 0; i < pieces; i++) total += sums[i];
  return T(total);
}

enum Reduction { none, mean, total, n_reductions };

bool read_reduction(PyObject* object, Reduction& reduction) {
  if (!PyUnicode_Check(object)) return false;
  static const char* const names[] = {"none", "mean", "sum"};
  for (int i = 0; i < n_reductions; i++)
    if (PyUnicode_CompareWithASCIIString(object, names[i]) == 0) {
      reduction = Reduction(i);
      return true;
    }
  return false;
}

template <class T>
PyObject* scalar(T value) {
  PyArrayObject* out = new_array(0, nullptr, type_number<T>());
  if (out) *data<T>(out) = value;
  return reinterpret_cast<PyObject*>(out);
}

// Two arrays of one type and shape, row by row in memory, with at least one element.
bool alike(PyArrayObject* x, PyArrayObject* y) {
  return x && y && PyArray_TYPE(x) == PyArray_TYPE(y) && PyArray_SAMESHAPE(x, y) &&
         is_contiguous(x) && is_contiguous(y) && PyArray_SIZE(x) > 0;
}

// What the operations have between y and the end: weights, which must be None, then `reduction`
// and, for those that have one, a number.
struct Options {
  Reduction reduction;
  double parameter = 1;

  bool read(const Args& args, int i, Loss loss) {
    const int weights = loss == loss_bce ? 1 : loss == loss_bce_logits ? 2 : 0;
    const bool number = loss == loss_smooth_l1 || loss == loss_huber;
    if (args.count() != i + weights + 1 + number) return false;
    for (int j = 0; j < weights; j++)
      if (!args.is_none(i++)) return false;
    return read_reduction(args.object(i), reduction) && (!number || args.number(i + 1, parameter));
  }
};

PyObject* values_of(Loss loss, const Args& args) {
  PyArrayObject *x = args.array(0), *y = args.array(1);
  Options options;
  if (!alike(x, y) || !options.read(args, 2, loss)) return nullptr;
  return by_type(x, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    const LossLoops<T>& loops = loops_of<T>();
    const T *from = data<T>(x), *to = data<T>(y), parameter = T(options.parameter);
    const int64_t n = PyArray_SIZE(x);
    // The reference refuses what is no probability.
    if (loss == loss_bce && !(loops.between_0_and_1(from, n) && loops.between_0_and_1(to, n)))
      return nullptr;
    auto work = loops.values[loss];
    if (options.reduction == none) {
      PyArrayObject* out = new_array(PyArray_NDIM(x), PyArray_DIMS(x), type_number<T>());
      if (!out) return nullptr;
      T* target = data<T>(out);
      unlocked(n > 2 * thread_work, [&] {
        parallel::split(n, thread_work, 64, [&](int64_t begin, int64_t end) {
          work(from + begin, to + begin, target + begin, end - begin, parameter);
        });
      });
      return reinterpret_cast<PyObject*>(out);
    }
    T sum = 0;
    unlocked(n > longest, [&] {
      sum = sum_of<T>(n, [&](int64_t begin, int64_t count, T* target) {
        work(from + begin, to + begin, target, count, parameter);
      });
    });
    return scalar<T>(options.reduction == mean ? sum / T(n) : sum);
  });
}

// g, x, y and the options; `exchanged`: with respect to y.
PyObject* grad_of(Loss loss, bool exchanged, const Args& args) {
  PyArrayObject *g = args.array(0), *x = args.array(1), *y = args.array(2);
  Options options;
  if (!g || !alike(x, y) || PyArray_TYPE(g) != PyArray_TYPE(x) || !options.read(args, 3, loss))
    return nullptr;
  const bool each = options.reduction == none && !is_one_element(g);
  if (options.reduction == none ? !PyArray_SAMESHAPE(g, x) || (each && !is_contiguous(g))
                                : PyArray_NDIM(g) != 0)
    return nullptr;
  return by_type(x, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    const int64_t n = PyArray_SIZE(x);
    PyArrayObject* out = new_array(PyArray_NDIM(x), PyArray_DIMS(x), type_number<T>());
    if (!out) return nullptr;
    // Losses that depend on |x - y| are the same with x and y exchanged.
    const T *from = data<T>(exchanged ? y : x), *to = data<T>(exchanged ? x : y);
    const T factor = options.reduction == mean ? *data<T>(g) / T(n) : *data<T>(g);
    const T* factors = each ? data<T>(g) : &factor;
    T* result = data<T>(out);
    auto work = loops_of<T>().grad[loss];
    unlocked(n > 2 * thread_work, [&] {
      parallel::split(n, thread_work, 64, [&](int64_t begin, int64_t end) {
        work(each ? factors + begin : factors, each, from + begin, to + begin, result + begin,
             end - begin, T(options.parameter));
      });
    });
    return reinterpret_cast<PyObject*>(out);
  });
}

template <Loss loss>
PyObject* values(const Args& args) { return values_of(loss, args); }
template <Loss loss, bool exchanged>
PyObject* grad(const Args& args) { return grad_of(loss, exchanged, args); }

// Classes

// Log-probabilities (N, C, ...) or (C), classes (N, ...) or one.
struct Classes {
  int64_t samples = 1, classes = 1, places = 1;
  const int64_t* target;
  int64_t ignore;

  int64_t count() const { return samples * places; }

  bool read(int ndim, const npy_intp* shape, PyArrayObject* targets, PyObject* ignored) {
    if (ndim < 1 || !targets || PyArray_TYPE(targets) != NPY_INT64 || !is_contiguous(targets) ||
        !PyLong_CheckExact(ignored))
      return false;
    int overflow;
    ignore = PyLong_AsLongLongAndOverflow(ignored, &overflow);
    classes = shape[ndim > 1];
    if (ndim > 1) samples = shape[0];
    for (int d = 2; d < ndim; d++) places *= shape[d];
    if (overflow || classes < 1 || PyArray_SIZE(targets) != count() || count() == 0) return false;
    target = data<int64_t>(targets);
    for (int64_t i = 0; i < count(); i++)
      if (uint64_t(target[i]) >= uint64_t(classes) && target[i] != ignore) return false;
    return true;
  }
  // Of all targets that count; in runs, so that rounding errors do not grow with their number.
  template <class T>
  double total_weight(const T* weights) const {
    double total = 0;
    for (int64_t first = 0; first < count(); first += 128) {
      const int64_t end = count() - first < 128 ? count() : first + 128;
      double run = 0;
      for (int64_t i = first; i < end; i++)
        if (target[i] != ignore) run += weights ? double(weights[target[i]]) : 1;
      total += run;
    }
    return total;
  }
  // Where the class of target number `i` is.
  int64_t place(int64_t i) const {
    return places == 1 ? i * classes + target[i]
                       : (i / places * classes + target[i]) * places + i % places;
  }
};

// Weights of the classes, null for None; false if they are of another type or number.
template <class T>
bool read_weights(const Args& args, int i, int64_t classes, const T*& weights) {
  weights = nullptr;
  if (args.is_none(i)) return true;
  PyArrayObject* a = args.array(i, type_number<T>());
  if (!a || !is_contiguous(a) || PyArray_SIZE(a) != classes) return false;
  weights = data<T>(a);
  return true;
}

// The sums over n rows, in the order in which reductions add, or over the columns of n rows.
void sums_of_rows(const float* x, int64_t rows, int64_t n, float* out) {
  reductions.float32.sum.rows(x, n, rows, n, nullptr, 0, out);
}
void sums_of_rows(const double* x, int64_t rows, int64_t n, double* out) {
  reductions.float64.sum.rows(x, n, rows, n, nullptr, 0, out);
}
void sums_of_columns(const float* x, int64_t n, int64_t columns, float* out) {
  reductions.float32.sum.columns(x, columns, n, columns, nullptr, out);
}
void sums_of_columns(const double* x, int64_t n, int64_t columns, double* out) {
  reductions.float64.sum.columns(x, columns, n, columns, nullptr, out);
}

// Of every place of every sample minus the sum of x * weight over the classes.
template <class T>
void even_losses(const Classes& c, const T* x, const T* weights, T* out) {
  const int64_t size = c.classes * c.places;  // of a sample
  parallel::split(c.samples, thread_work / size + 1, 1, [&](int64_t begin, int64_t end) {
    T* weighted = weights ? scratch<T>(scratch_third, size) : nullptr;
    for (int64_t i = begin; i < end; i++) {
      const T* from = x + i * size;
      if (weights) {
        const int64_t run = c.places == 1 ? c.classes : c.places;
        for (int64_t j = 0; j < size; j += run)
          loops_of<T>().soft(nullptr, from + j, c.places == 1 ? weights : nullptr, weighted + j, run,
                             T(1), T(0), c.places == 1 ? T(1) : weights[j / c.places]);
        from = weighted;
      }
      T* to = out + i * c.places;
      if (c.places == 1) sums_of_rows(from, 1, size, to);
      else sums_of_columns(from, c.classes, c.places, to);
      for (int64_t j = 0; j < c.places; j++) to[j] = c.target[i * c.places + j] == c.ignore ? T(0) : -to[j];
    }
  });
}

// x, target, weight, reduction, ignore_index, smoothing; also the total weight of the targets
PyObject* nll_loss(const Args& args) {
  PyArrayObject *x = args.array(0), *targets = args.array(1);
  Classes c;
  Reduction reduction;
  double smoothing;
  if (!x || !is_contiguous(x) || !targets || !read_reduction(args.object(3), reduction) ||
      !c.read(PyArray_NDIM(x), PyArray_DIMS(x), targets, args.object(4)) || !args.number(5, smoothing))
    return nullptr;
  return by_type(x, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    const T *from = data<T>(x), *weights;
    if (!read_weights(args, 2, c.classes, weights)) return nullptr;
    auto exact = [&](int64_t begin, int64_t count, T* out) {
      for (int64_t j = 0; j < count; j++) {
        const int64_t i = begin + j, chosen = c.target[i];
        out[j] = chosen == c.ignore ? T(0) : from[c.place(i)] * -(weights ? weights[chosen] : T(1));
      }
    };
    const double weight = c.total_weight(weights);
    const T share = T(1 - smoothing), rest = T(smoothing / double(c.classes));
    T* even = smoothing ? scratch<T>(scratch_shared, c.count()) : nullptr;
    const bool is_long = c.count() > longest || (even && c.count() * c.classes > 2 * thread_work);
    PyObject* out;
    if (reduction == none) {
      PyArrayObject* all = new_array(PyArray_NDIM(targets), PyArray_DIMS(targets), type_number<T>());
      if (!all) return nullptr;
      T* to = data<T>(all);
      unlocked(is_long, [&] {
        exact(0, c.count(), to);
        if (!even) return;
        even_losses(c, from, weights, even);
        for (int64_t i = 0; i < c.count(); i++) to[i] = to[i] * share + even[i] * rest;
      });
      out = reinterpret_cast<PyObject*>(all);
    } else {
      T loss = 0;
      unlocked(is_long, [&] {
        const T divisor = reduction == mean ? T(weight) : T(1);
        loss = sum_of<T>(c.count(), exact) / divisor;
        if (!even) return;
        even_losses(c, from, weights, even);
        const T sum = sum_of<T>(c.count(), [&](int64_t begin, int64_t count, T* to) {
          std::memcpy(to, even + begin, count * sizeof(T));
        });
        loss = loss * share + sum / divisor * rest;
      });
      out = scalar<T>(loss);
    }
    return Py_BuildValue("NN", out, scalar<T>(T(weight)));
  });
}

// One sample's gradient, from that of each place (or of all): for every class its weight times
// `rest`, which is minus a share of the smoothing, and for the target's minus `share` of its own.
template <class T>
void class_gradients(const Classes& c, int64_t sample, const T* g, bool each, const T* weights, T share,
                     T rest, T* out) {
  const int64_t size = c.classes * c.places, first = sample * c.places;
  T* to = out + sample * size;
  if (rest == 0) {
    std::memset(to, 0, size * sizeof(T));
  } else if (c.places == 1) {
    const T value = c.target[first] == c.ignore ? T(0) : (each ? g[first] : *g) * rest;
    for (int64_t k = 0; k < c.classes; k++) to[k] = weights ? value * weights[k] : value;
  } else {
    T* values = scratch<T>(scratch_third, c.places);
    for (int64_t j = 0; j < c.places; j++)
      values[j] = c.target[first + j] == c.ignore ? T(0) : (each ? g[first + j] : *g) * rest;
    for (int64_t k = 0; k < c.classes; k++) {
      const T weight = weights ? weights[k] : T(1);
      for (int64_t j = 0; j < c.places; j++) to[k * c.places + j] = values[j] * weight;
    }
  }
  for (int64_t i = first; i < first + c.places; i++) {
    const int64_t chosen = c.target[i];
    if (chosen != c.ignore)
      out[c.place(i)] += (each ? g[i] : *g) * -(weights ? weights[chosen] : T(1)) * share;
  }
}

// g, the shape of x, target, weight, total, reduction, ignore_index, smoothing
PyObject* nll_loss_grad(const Args& args) {
  PyArrayObject *g = args.array(0), *targets = args.array(2), *all = args.array(4);
  Classes c;
  Reduction reduction;
  double smoothing;
  int64_t sizes[NPY_MAXDIMS];
  npy_intp shape[NPY_MAXDIMS];
  const int ndim = args.integers(1, sizes, NPY_MAXDIMS);
  for (int d = 0; d < ndim; d++) shape[d] = sizes[d];
  if (!g || !all || PyArray_TYPE(all) != PyArray_TYPE(g) || PyArray_SIZE(all) != 1 ||
      !read_reduction(args.object(5), reduction) || !c.read(ndim, shape, targets, args.object(6)) ||
      !args.number(7, smoothing))
    return nullptr;
  const bool each = reduction == none && !is_one_element(g);
  if (reduction == none ? !PyArray_SAMESHAPE(g, targets) || (each && !is_contiguous(g))
                        : PyArray_NDIM(g) != 0)
    return nullptr;
  return by_type(g, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    const T *from = data<T>(g), *weights;
    if (!read_weights(args, 3, c.classes, weights)) return nullptr;
    PyArrayObject* out = new_array(ndim, shape, type_number<T>());
    if (!out) return nullptr;
    T* to = data<T>(out);
    const T factor = reduction == mean ? *from / *data<T>(all) : *from;
    const T share = T(1 - smoothing), rest = T(-smoothing / double(c.classes));
    const int64_t size = c.classes * c.places;
    unlocked(c.samples * size > 8 * thread_work, [&] {
      parallel::split(c.samples, 4 * thread_work / size + 1, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++)
          class_gradients(c, i, each ? from : &factor, each, weights, share, rest, to);
      });
    });
    return reinterpret_cast<PyObject*>(out);
  });
}

// Probabilities as targets

// What is computed for scores (N, C, ...) or (C): x * (y * share + even) * weight * factor, where x
// may be null; `each` has another factor for every sample and place.
template <class T>
struct Soft {
  const T *x, *y, *weights;
  T share, even, factor;
  const T* each;
  int64_t samples = 1, classes = 1, places = 1;

  void shape(PyArrayObject* a) {
    const int ndim = PyArray_NDIM(a);
    for (int d = 0; d < ndim; d++)
      (ndim < 2 || d == 1 ? classes : d == 0 ? samples : places) *= PyArray_DIM(a, d);
  }
  // Of samples from `first` on.
  void rows(int64_t first, int64_t count, T* out) const {
    const int64_t size = classes * places;
    for (int64_t i = first * size; i < (first + count) * size;) {
      const int64_t run = places == 1 ? classes : places;
      const T factors = factor * (places > 1 && weights ? weights[i / places % classes] : T(1)) *
                        (places == 1 && each ? each[i / classes] : T(1));
      loops_of<T>().soft(x ? x + i : nullptr, y + i, places == 1 ? weights : nullptr, out, run, share,
                         even, factors);
      if (places > 1 && each)
        for (int64_t j = 0; j < places; j++) out[j] *= each[i / size * places + j];
      i += run;
      out += run;
    }
  }
};

// x, target, weight, reduction, smoothing
PyObject* soft_target_loss(const Args& args) {
  PyArrayObject *x = args.array(0), *y = args.array(1);
  Reduction reduction;
  double smoothing;
  if (!alike(x, y) || PyArray_NDIM(x) == 0 || !read_reduction(args.object(3), reduction) ||
      !args.number(4, smoothing))
    return nullptr;
  return by_type(x, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    Soft<T> soft = {data<T>(x), data<T>(y), nullptr, T(1 - smoothing), T(0), T(1), nullptr};
    soft.shape(x);
    soft.even = T(smoothing / double(soft.classes));
    if (!read_weights(args, 2, soft.classes, soft.weights)) return nullptr;
    const int64_t size = soft.classes * soft.places, n = soft.samples * size;
    if (reduction == none) {
      npy_intp shape[NPY_MAXDIMS];
      int kept = 0;
      for (int d = 0; d < PyArray_NDIM(x); d++)
        if (d != (PyArray_NDIM(x) > 1)) shape[kept++] = PyArray_DIM(x, d);
      PyArrayObject* out = new_array(kept, shape, type_number<T>());
      if (!out) return nullptr;
      T* to = data<T>(out);
      unlocked(n > 2 * thread_work, [&] {
        parallel::split(soft.samples, thread_work / size + 1, 1, [&](int64_t begin, int64_t end) {
          T* values = scratch<T>(scratch_third, size);
          for (int64_t i = begin; i < end; i++) {
            soft.rows(i, 1, values);
            T* sums = to + i * soft.places;
            if (soft.places == 1) sums_of_rows(values, 1, size, sums);
            else sums_of_columns(values, soft.classes, soft.places, sums);
            for (int64_t j = 0; j < soft.places; j++) sums[j] = -sums[j];
          }
        });
      });
      return reinterpret_cast<PyObject*>(out);
    }
    T sum = 0;
    unlocked(n > 2 * thread_work, [&] {
      if (n <= longest) {
        T* values = scratch<T>(scratch_own, n);
        soft.rows(0, soft.samples, values);
        sum = sum_in_order(values, n);
        return;
      }
      double* sums = scratch<double>(scratch_second, soft.samples);
      parallel::split(soft.samples, thread_work / size + 1, 1, [&](int64_t begin, int64_t end) {
        T* values = scratch<T>(scratch_third, size);
        for (int64_t i = begin; i < end; i++) {
          soft.rows(i, 1, values);
          sums[i] = sum_in_order(values, size);
        }
      });
      double total = 0;
      for (int64_t i = 0; i < soft.samples; i++) total += sums[i];
      sum = T(total);
    });
    return scalar<T>(reduction == mean ? -sum / T(soft.samples * soft.places) : -sum);
  });
}

// g, target, weight, reduction, smoothing, the shape of x
PyObject* soft_target_grad(const Args& args) {
  PyArrayObject *g = args.array(0), *y = args.array(1);
  Reduction reduction;
  double smoothing;
  if (!g || !y || PyArray_TYPE(g) != PyArray_TYPE(y) || !is_contiguous(y) || PyArray_SIZE(y) == 0 ||
      PyArray_NDIM(y) == 0 || !read_reduction(args.object(3), reduction) || !args.number(4, smoothing))
    return nullptr;
  return by_type(y, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    Soft<T> soft = {nullptr, data<T>(y), nullptr, T(1 - smoothing), T(0), T(-1), nullptr};
    soft.shape(y);
    soft.even = T(smoothing / double(soft.classes));
    if (!read_weights(args, 2, soft.classes, soft.weights)) return nullptr;
    const int64_t size = soft.classes * soft.places, count = soft.samples * soft.places;
    if (reduction != none ? PyArray_NDIM(g) != 0 : PyArray_SIZE(g) != count) return nullptr;
    if (reduction != none || is_one_element(g)) {
      soft.factor = -*data<T>(g) / T(reduction == mean ? count : 1);
    } else {
      if (!is_contiguous(g)) return nullptr;
      soft.each = data<T>(g);
    }
    PyArrayObject* out = new_array(PyArray_NDIM(y), PyArray_DIMS(y), type_number<T>());
    if (!out) return nullptr;
    T* to = data<T>(out);
    unlocked(soft.samples * size > 2 * thread_work, [&] {
      parallel::split(soft.samples, thread_work / size + 1, 1, [&](int64_t begin, int64_t end) {
        soft.rows(begin, end - begin, to + begin * size);
      });
    });
    return reinterpret_cast<PyObject*>(out);
  });
}

}  // namespace

const Entry loss_kernels[] = {
    {"mse_loss", values<loss_mse>},
    {"mse_loss.x", grad<loss_mse, false>},
    {"mse_loss.y", grad<loss_mse, true>},
    {"smooth_l1_loss", values<loss_smooth_l1>},
    {"smooth_l1_loss.x", grad<loss_smooth_l1, false>},
    {"smooth_l1_loss.y", grad<loss_smooth_l1, true>},
    {"huber_loss", values<loss_huber>},
    {"huber_loss.x", grad<loss_huber, false>},
    {"huber_loss.y", grad<loss_huber, true>},
    {"soft_margin_loss", values<loss_soft_margin>},
    {"soft_margin_loss.x", grad<loss_soft_margin, false>},
    {"binary_cross_entropy", values<loss_bce>},
    {"binary_cross_entropy.x", grad<loss_bce, false>},
    {"binary_cross_entropy_with_logits", values<loss_bce_logits>},
    {"binary_cross_entropy_with_logits.x", grad<loss_bce_logits, false>},
    {"nll_loss", nll_loss},
    {"nll_loss.x", nll_loss_grad},
    {"soft_target_loss", soft_target_loss},
    {"soft_target_loss.x", soft_target_grad},
    {nullptr, nullptr},
};

}  // namespace tidu
