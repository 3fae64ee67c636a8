// Batch, group and layer normalization: `normalise` and its gradient; RMS normalization, which is
// layer normalization about 0 (tidu/ops/normalization.py).
#include "norm.h"

#include <cmath>

#include "dispatch.h"
#include "families.h"
#include "held.h"
#include "parallel.h"
#include "unlocked.h"

namespace tidu {
namespace {

constexpr int64_t thread_work = 1 << 15;  // elements that are worth a second thread
constexpr int64_t short_run = 32;         // below, channels of several samples are columns, not runs

template <class T>
const NormLoops<T>& loops_of();
template <>
const NormLoops<float>& loops_of() { return norm_loops.float32; }
template <>
const NormLoops<double>& loops_of() { return norm_loops.float64; }

enum Kind { batch, group, layer, rms };

bool read_kind(PyObject* object, Kind& kind) {
  if (!PyUnicode_Check(object)) return false;
  static const char* const names[] = {"batch", "group", "layer"};
  for (int i = 0; i < 3; i++)
    if (PyUnicode_CompareWithASCIIString(object, names[i]) == 0) {
      kind = Kind(i);
      return true;
    }
  return false;
}

// How the elements lie: `samples` times `channels` times runs of `run` elements. What is
// normalised together is a channel of all samples (batch), `together` channels of a sample
// (group), or a row of `run` elements (layer).
struct Form {
  Kind kind;
  int ndim = 0, reduced = 0;  // of the view; how many dimensions are normalised
  npy_intp shape[NPY_MAXDIMS];  // of the statistics
  int64_t samples = 1, channels = 1, run = 1, together = 1;
  int64_t n_weights = 1, n_statistics = 1;
  double eps;

  int64_t size() const { return samples * channels * run; }
  bool by_column() const { return kind == batch && run < short_run && samples > 1; }

  // From the arguments `axes, view, shape, eps, kind`, the first being number `i`.
  bool read(const Args& args, int i) {
    int64_t axes[NPY_MAXDIMS], view[NPY_MAXDIMS];
    reduced = args.integers(i, axes, NPY_MAXDIMS);
    ndim = args.integers(i + 1, view, NPY_MAXDIMS);
    if (reduced < 1 || ndim < 1 || !args.number(i + 3, eps) || !read_kind(args.object(i + 4), kind))
      return false;
    for (int d = 0; d < ndim; d++) shape[d] = view[d];
    for (int j = 0; j < reduced; j++) {
      if (axes[j] < 0 || axes[j] >= ndim) return false;
      shape[axes[j]] = 1;
    }
    for (int d = 0; d < ndim; d++) n_statistics *= shape[d];
    if (kind == layer) {
      for (int d = 0; d < ndim - reduced; d++) samples *= view[d];
      for (int d = ndim - reduced; d < ndim; d++) run *= view[d];
      n_weights = run;
    } else {
      if (ndim < 2) return false;
      samples = view[0], channels = view[1];
      int d = 2;
      if (kind == group) channels *= together = view[d++];
      for (; d < ndim; d++) run *= view[d];
      n_weights = channels;
    }
    return size() > 0;
  }
};

// Whether an operand is None, or has so many elements of the type T one after the other.
template <class T>
bool fits(const Args& args, int i, int64_t count) {
  if (args.is_none(i)) return true;
  PyArrayObject* a = args.array(i, type_number<T>());
  return a && is_contiguous(a) && PyArray_SIZE(a) == count;
}

template <class T>
const T* optional(const Args& args, int i) {
  return args.is_none(i) ? nullptr : data<T>(args.array(i));
}

// The reference keeps the order of a `channels_last` input, which lies with its channels innermost.
bool channels_innermost(PyArrayObject* x) {
  const int ndim = PyArray_NDIM(x);
  return (ndim == 4 || ndim == 5) && !is_contiguous(x) &&
         PyArray_STRIDE(x, 1) < PyArray_STRIDE(x, ndim - 1);
}

template <class T>
T inverse_deviation(T variance, double eps) {
  return T(1) / T(std::sqrt(variance + T(eps)));
}

template <class T>
struct Operands {
  const T *x, *weight, *bias;
  T *out, *mean, *variance;  // the last two given if `known`
  bool known;
};

template <class T>
void layer_forward(const Form& f, const Operands<T>& o) {
  parallel::split(f.samples, thread_work / f.run + 1, 1, [&](int64_t begin, int64_t end) {
    loops_of<T>().layer(o.x + begin * f.run, o.weight, o.bias, o.out + begin * f.run, end - begin,
                        f.run, T(f.eps), o.mean ? o.mean + begin : nullptr, o.variance + begin);
  });
}

// Groups of the channels of each sample; or, of one sample, channels.
template <class T>
void group_forward(const Form& f, const Operands<T>& o) {
  const int64_t length = f.together * f.run;
  parallel::split(f.n_statistics, thread_work / length + 1, 1, [&](int64_t begin, int64_t end) {
    loops_of<T>().group(o.x + begin * length, o.weight, o.bias, f.channels, begin * f.together % f.channels,
                        o.out + begin * length, end - begin, f.together, f.run, T(f.eps),
                        o.mean + begin, o.variance + begin);
  });
}

template <class T>
void batch_forward(const Form& f, const Operands<T>& o) {
  const NormLoops<T>& loops = loops_of<T>();
  const int64_t step = f.channels * f.run, count = f.samples * f.run;
  parallel::split(f.channels, thread_work / count + 1, 1, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; c++) {
      const T* x = o.x + c * f.run;
      if (!o.known) {
        double total = 0, squares = 0;
        for (int64_t i = 0; i < f.samples; i++) total += loops.sum(x + i * step, f.run);
        o.mean[c] = T(total / count);
        for (int64_t i = 0; i < f.samples; i++) squares += loops.squares(x + i * step, f.run, o.mean[c]);
        o.variance[c] = T(squares / count);
      }
      const T scale = inverse_deviation(o.variance[c], f.eps);
      for (int64_t i = 0; i < f.samples; i++)
        loops.affine(x + i * step, o.out + i * step + c * f.run, f.run, o.mean[c],
                     o.weight ? scale * o.weight[c] : scale, o.bias ? o.bias[c] : T(0));
    }
  });
}

// The rows of a matrix in blocks, whose sums are added in double precision: for threads, and so
// that rounding errors do not grow with the number of rows.
struct Blocks {
  int64_t rows, columns, height, count;
  Blocks(int64_t rows, int64_t columns) : rows(rows), columns(columns) {
    height = rows < 64 * 64 ? 64 : (rows + 63) / 64;
    count = (rows + height - 1) / height;
  }
  // Calls block(number, first row, rows) for every block.
  template <class F>
  void each(F&& block) const {
    parallel::split(count, thread_work / (height * columns) + 1, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++)
        block(i, i * height, rows - i * height < height ? rows - i * height : height);
    });
  }
};

// Of the columns' sums in each block, the sums for the channels: `run` columns after each other.
template <class T>
void fold(const T* sums, const Blocks& b, int64_t run, double* totals) {
  for (int64_t c = 0; c < b.columns / run; c++) {
    double total = 0;
    for (int64_t i = 0; i < b.count; i++)
      for (int64_t j = 0; j < run; j++) total += sums[i * b.columns + c * run + j];
    totals[c] = total;
  }
}

template <class T>
void repeat(T* target, int64_t channel, int64_t run, T value) {
  for (int64_t j = 0; j < run; j++) target[channel * run + j] = value;
}

template <class T>
void columns_forward(const Form& f, const Operands<T>& o) {
  const NormLoops<T>& loops = loops_of<T>();
  const int64_t columns = f.channels * f.run, count = f.samples * f.run;
  const Blocks blocks(f.samples, columns);
  T* mean = scratch<T>(scratch_own, columns * (blocks.count + 3));
  T *scale = mean + columns, *bias = scale + columns, *sums = bias + columns;
  double* totals = scratch<double>(scratch_second, f.channels);
  if (!o.known) {
    blocks.each([&](int64_t i, int64_t row, int64_t rows) {
      loops.column_sums(o.x + row * columns, rows, columns, sums + i * columns);
    });
    fold(sums, blocks, f.run, totals);
    for (int64_t c = 0; c < f.channels; c++) repeat(mean, c, f.run, o.mean[c] = T(totals[c] / count));
    blocks.each([&](int64_t i, int64_t row, int64_t rows) {
      loops.column_squares(o.x + row * columns, rows, columns, mean, sums + i * columns);
    });
    fold(sums, blocks, f.run, totals);
    for (int64_t c = 0; c < f.channels; c++) o.variance[c] = T(totals[c] / count);
  }
  for (int64_t c = 0; c < f.channels; c++) {
    const T factor = inverse_deviation(o.variance[c], f.eps);
    repeat(mean, c, f.run, o.mean[c]);
    repeat(scale, c, f.run, o.weight ? factor * o.weight[c] : factor);
    repeat(bias, c, f.run, o.bias ? o.bias[c] : T(0));
  }
  blocks.each([&](int64_t, int64_t row, int64_t rows) {
    const int64_t at = row * columns;
    loops.column_affine(o.x + at, o.out + at, rows, columns, mean, scale, bias);
  });
}

template <class T>
void forward(const Form& f, const Operands<T>& o) {
  if (f.kind == layer) layer_forward(f, o);
  else if (f.kind == group || (f.samples == 1 && !o.known)) group_forward(f, o);
  else if (f.by_column()) columns_forward(f, o);
  else batch_forward(f, o);
}

// A view of given statistics in the shape of the result.
PyArrayObject* in_shape(PyArrayObject* a, const Form& f) {
  PyArray_Dims dims = {const_cast<npy_intp*>(f.shape), f.ndim};
  return reinterpret_cast<PyArrayObject*>(PyArray_Newshape(a, &dims, NPY_CORDER));
}

// x, weight, bias, mean, variance, axes, view, shape, eps, kind
PyObject* normalise(const Args& args) {
  PyArrayObject* given = args.array(0);
  Form f;
  if (!given || !f.read(args, 5) || PyArray_SIZE(given) != f.size() || channels_innermost(given))
    return nullptr;
  return by_type(given, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    const bool known = !args.is_none(3);
    if (known && (f.kind != batch || args.is_none(4))) return nullptr;
    if (!fits<T>(args, 1, f.n_weights) || !fits<T>(args, 2, f.n_weights) ||
        !fits<T>(args, 3, f.n_statistics) || !fits<T>(args, 4, f.n_statistics))
      return nullptr;
    Held x = in_rows(given);
    if (!x) return nullptr;
    Held out(new_array(PyArray_NDIM(given), PyArray_DIMS(given), type_number<T>()));
    Held mean(known ? in_shape(args.array(3), f) : new_array(f.ndim, f.shape, type_number<T>()));
    Held variance(known ? in_shape(args.array(4), f) : new_array(f.ndim, f.shape, type_number<T>()));
    if (!out || !mean || !variance) return nullptr;
    const Operands<T> o = {data<T>(x.get()), optional<T>(args, 1), optional<T>(args, 2),
                           data<T>(out.get()), data<T>(mean.get()), data<T>(variance.get()), known};
    unlocked(f.size() > 2 * thread_work, [&] { forward(f, o); });
    return Py_BuildValue("NNN", out.object(), mean.object(), variance.object());
  });
}

template <class T>
struct Gradients {
  const GradientRows<T>& g;
  const T *x, *weight, *mean, *variance;
  T *out, *weight_grad, *bias_grad;  // the last two null where not wanted
  bool known;
};

template <class T>
void layer_backward(const Form& f, const Gradients<T>& o) {
  const Blocks blocks(f.samples, f.run);
  const int64_t n = o.weight ? f.run : 0;
  T* sums = scratch<T>(scratch_own, blocks.count * 2 * n + 1);
  double* totals = scratch<double>(scratch_second, n + 1);
  blocks.each([&](int64_t i, int64_t row, int64_t rows) {
    T *weights = sums + i * n, *biases = sums + (blocks.count + i) * n;
    for (int64_t j = 0; j < n; j++) weights[j] = biases[j] = 0;
    loops_of<T>().layer_grad(o.g.at(row), o.g.step, o.x + row * f.run, o.weight,
                             o.mean ? o.mean + row : nullptr, o.variance + row,
                             o.out + row * f.run, weights, o.bias_grad ? biases : nullptr, rows,
                             f.run, T(f.eps));
  });
  for (T* target : {o.weight_grad, o.bias_grad}) {
    if (!target) continue;
    const T* from = target == o.weight_grad ? sums : sums + blocks.count * n;
    for (int64_t j = 0; j < n; j++) totals[j] = 0;
    for (int64_t i = 0; i < blocks.count; i++)
      for (int64_t j = 0; j < n; j++) totals[j] += from[i * n + j];
    for (int64_t j = 0; j < n; j++) target[j] = T(totals[j]);
  }
}

template <class T>
void group_backward(const Form& f, const Gradients<T>& o) {
  const NormLoops<T>& loops = loops_of<T>();
  const int64_t length = f.together * f.run;
  // For each channel of each sample the sums of g and of g * (x - mean) * scale.
  double* sums = scratch<double>(scratch_own, 2 * f.samples * f.channels);
  double* products = sums + f.samples * f.channels;
  parallel::split(f.n_statistics, thread_work / length + 1, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const T scale = inverse_deviation(o.variance[i], f.eps);
      double total = 0, product = 0;
      for (int64_t j = 0; j < f.together; j++) {
        const int64_t at = i * f.together + j;
        const T w = o.weight ? o.weight[at % f.channels] : T(1);
        sums[at] = products[at] = 0;
        loops.grad_sums(o.g.at(at), o.x + at * f.run, f.run, o.mean[i], sums + at, products + at);
        products[at] *= scale;
        total += w * sums[at], product += w * products[at];
      }
      const T q = T(scale * (total / length)), r = T(scale * scale * (product / length));
      for (int64_t j = 0; j < f.together; j++) {
        const int64_t at = i * f.together + j;
        const T w = o.weight ? o.weight[at % f.channels] : T(1);
        loops.grad(o.g.at(at), o.x + at * f.run, o.out + at * f.run, f.run, w * scale, q,
                   o.mean[i], r);
      }
    }
  });
  for (int64_t c = 0; c < f.channels; c++) {
    double total = 0, product = 0;
    for (int64_t i = 0; i < f.samples; i++) {
      total += sums[i * f.channels + c];
      product += products[i * f.channels + c];
    }
    if (o.weight_grad) o.weight_grad[c] = T(product);
    if (o.bias_grad) o.bias_grad[c] = T(total);
  }
}

// What a channel's gradient is made of, from the sums over its elements of g and g * (x - mean).
template <class T>
struct Slopes {
  T p, q, r;  // p * g - q - (x - mean) * r

  Slopes(const Form& f, const Gradients<T>& o, int64_t c, double total, double product) {
    const T scale = inverse_deviation(o.variance[c], f.eps);
    const double count = double(f.samples) * f.run;
    p = o.weight ? scale * o.weight[c] : scale;
    q = o.known ? T(0) : T(p * (total / count));
    r = o.known ? T(0) : T(p * (double(scale) * scale * product / count));
    if (o.weight_grad) o.weight_grad[c] = T(product * scale);
    if (o.bias_grad) o.bias_grad[c] = T(total);
  }
};

template <class T>
void batch_backward(const Form& f, const Gradients<T>& o) {
  const NormLoops<T>& loops = loops_of<T>();
  const int64_t count = f.samples * f.run;
  parallel::split(f.channels, thread_work / count + 1, 1, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; c++) {
      double total = 0, product = 0;
      for (int64_t i = 0; i < f.samples; i++) {
        const int64_t at = i * f.channels + c;
        loops.grad_sums(o.g.at(at), o.x + at * f.run, f.run, o.mean[c], &total, &product);
      }
      const Slopes<T> s(f, o, c, total, product);
      for (int64_t i = 0; i < f.samples; i++) {
        const int64_t at = i * f.channels + c;
        loops.grad(o.g.at(at), o.x + at * f.run, o.out + at * f.run, f.run, s.p, s.q, o.mean[c], s.r);
      }
    }
  });
}

template <class T>
void columns_backward(const Form& f, const Gradients<T>& o) {
  const NormLoops<T>& loops = loops_of<T>();
  const int64_t columns = f.channels * f.run;
  const Blocks blocks(f.samples, columns);
  T* mean = scratch<T>(scratch_own, columns * (2 * blocks.count + 4));
  T *p = mean + columns, *q = p + columns, *r = q + columns;
  T *sums = r + columns, *products = sums + columns * blocks.count;
  double* totals = scratch<double>(scratch_second, 2 * f.channels);
  for (int64_t c = 0; c < f.channels; c++) repeat(mean, c, f.run, o.mean[c]);
  blocks.each([&](int64_t i, int64_t row, int64_t rows) {
    loops.column_grad_sums(o.g.at(row), o.g.step, o.x + row * columns, rows, columns, mean,
                           sums + i * columns, products + i * columns);
  });
  fold(sums, blocks, f.run, totals);
  fold(products, blocks, f.run, totals + f.channels);
  for (int64_t c = 0; c < f.channels; c++) {
    const Slopes<T> s(f, o, c, totals[c], totals[f.channels + c]);
    repeat(p, c, f.run, s.p);
    repeat(q, c, f.run, s.q);
    repeat(r, c, f.run, s.r);
  }
  blocks.each([&](int64_t, int64_t row, int64_t rows) {
    const int64_t at = row * columns;
    loops.column_grad(o.g.at(row), o.g.step, o.x + at, o.out + at, rows, columns, p, q, mean, r);
  });
}

template <class T>
void backward(const Form& f, const Gradients<T>& o) {
  if (f.kind == layer) layer_backward(f, o);
  else if (f.kind == group) group_backward(f, o);
  else if (f.by_column()) columns_backward(f, o);
  else batch_backward(f, o);
}

// g, x, weight, mean, center, spread, axes, view, shape, eps, kind, bias_shape
PyObject* normalise_grad(const Args& args) {
  PyArrayObject *given = args.array(0), *input = args.array(1);
  Form f;
  if (!given || !input || !f.read(args, 6) || PyArray_SIZE(input) != f.size() ||
      PyArray_TYPE(input) != PyArray_TYPE(given) || !PyArray_SAMESHAPE(given, input))
    return nullptr;
  return by_type(given, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    const bool known = !args.is_none(3), biased = !args.is_none(11);
    if (!fits<T>(args, 2, f.n_weights) || args.is_none(4) || !fits<T>(args, 4, f.n_statistics) ||
        args.is_none(5) || !fits<T>(args, 5, f.n_statistics))
      return nullptr;
    PyArrayObject* weight = args.is_none(2) ? nullptr : args.array(2);
    if (biased && !weight) return nullptr;
    if (known && f.kind != batch) return nullptr;
    GradientRows<T> g;
    if (!g.take(given, f.by_column() ? f.channels * f.run : f.run)) return nullptr;
    Held x = in_rows(input);
    if (!x) return nullptr;
    Held out(new_array(PyArray_NDIM(input), PyArray_DIMS(input), type_number<T>()));
    Held weight_grad, bias_grad;
    if (weight) weight_grad = Held(new_array(PyArray_NDIM(weight), PyArray_DIMS(weight), type_number<T>()));
    if (biased) bias_grad = Held(new_array(PyArray_NDIM(weight), PyArray_DIMS(weight), type_number<T>()));
    if (!out || (weight && !weight_grad) || (biased && !bias_grad)) return nullptr;
    const Gradients<T> o = {g, data<T>(x.get()), optional<T>(args, 2),
                            data<T>(args.array(4)), data<T>(args.array(5)), data<T>(out.get()),
                            weight ? data<T>(weight_grad.get()) : nullptr,
                            biased ? data<T>(bias_grad.get()) : nullptr, known};
    unlocked(f.size() > 2 * thread_work, [&] { backward(f, o); });
    return Py_BuildValue("NNN", out.object(), weight ? weight_grad.object() : Py_NewRef(Py_None),
                         biased ? bias_grad.object() : Py_NewRef(Py_None));
  });
}

// The form of `count` normalised dimensions at the end of x.
bool read_rms(const Args& args, int i, PyArrayObject* x, Form& f) {
  int64_t count;
  f.kind = rms;
  f.ndim = PyArray_NDIM(x);
  if (!args.integer(i, count) || count < 1 || count > f.ndim || !args.number(i + 1, f.eps))
    return false;
  f.reduced = int(count);
  for (int d = 0; d < f.ndim; d++) {
    const bool normalised = d >= f.ndim - f.reduced;
    f.shape[d] = normalised ? 1 : PyArray_DIM(x, d);
    (normalised ? f.run : f.samples) *= PyArray_DIM(x, d);
  }
  f.n_weights = f.run, f.n_statistics = f.samples;
  return f.size() > 0;
}

// x, weight, count, eps
PyObject* rms_normalise(const Args& args) {
  PyArrayObject* given = args.array(0);
  Form f;
  if (!given || !read_rms(args, 2, given, f) || channels_innermost(given)) return nullptr;
  return by_type(given, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    if (!fits<T>(args, 1, f.n_weights)) return nullptr;
    Held x = in_rows(given);
    if (!x) return nullptr;
    Held out(new_array(f.ndim, PyArray_DIMS(given), type_number<T>()));
    Held square(new_array(f.ndim, f.shape, type_number<T>()));
    if (!out || !square) return nullptr;
    const Operands<T> o = {data<T>(x.get()), optional<T>(args, 1), nullptr, data<T>(out.get()),
                           nullptr, data<T>(square.get()), false};
    unlocked(f.size() > 2 * thread_work, [&] { layer_forward(f, o); });
    return Py_BuildValue("NN", out.object(), square.object());
  });
}

// g, x, weight, square, count, eps
PyObject* rms_normalise_grad(const Args& args) {
  PyArrayObject *given = args.array(0), *input = args.array(1);
  Form f;
  if (!given || !input || !read_rms(args, 4, input, f) || !PyArray_SAMESHAPE(given, input) ||
      PyArray_TYPE(input) != PyArray_TYPE(given))
    return nullptr;
  return by_type(given, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    if (!fits<T>(args, 2, f.n_weights) || args.is_none(3) || !fits<T>(args, 3, f.n_statistics))
      return nullptr;
    PyArrayObject* weight = args.is_none(2) ? nullptr : args.array(2);
    GradientRows<T> g;
    if (!g.take(given, f.run)) return nullptr;
    Held x = in_rows(input);
    if (!x) return nullptr;
    Held out(new_array(f.ndim, PyArray_DIMS(input), type_number<T>())), weight_grad;
    if (weight) weight_grad = Held(new_array(PyArray_NDIM(weight), PyArray_DIMS(weight), type_number<T>()));
    if (!out || (weight && !weight_grad)) return nullptr;
    const Gradients<T> o = {g, data<T>(x.get()), optional<T>(args, 2), nullptr,
                            data<T>(args.array(3)), data<T>(out.get()),
                            weight ? data<T>(weight_grad.get()) : nullptr, nullptr, false};
    unlocked(f.size() > 2 * thread_work, [&] { layer_backward(f, o); });
    return Py_BuildValue("NN", out.object(), weight ? weight_grad.object() : Py_NewRef(Py_None));
  });
}

// running, found, momentum, factor: running moves in place towards factor * found.
PyObject* move_average(const Args& args) {
  PyArrayObject *running = args.array(0), *found = args.array(1);
  double momentum, factor;
  if (!running || !found || PyArray_TYPE(found) != PyArray_TYPE(running) ||
      PyArray_SIZE(found) != PyArray_SIZE(running) || !is_contiguous(found) ||
      !is_contiguous(running) || !PyArray_ISWRITEABLE(running) || !args.number(2, momentum) ||
      !args.number(3, factor))
    return nullptr;
  return by_type(running, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    T* target = data<T>(running);
    const T* from = data<T>(found);
    for (npy_intp i = 0; i < PyArray_SIZE(running); i++)
      target[i] = T(momentum * (factor * from[i]) + (1 - momentum) * target[i]);
    Py_RETURN_NONE;
  });
}

}  // namespace

const Entry norm_kernels[] = {
    {"normalise", normalise},
    {"normalise.x,weight,bias", normalise_grad},
    {"rms_normalise", rms_normalise},
    {"rms_normalise.x,weight", rms_normalise_grad},
    {"move_average", move_average},
    {nullptr, nullptr},
};

}  // namespace tidu
