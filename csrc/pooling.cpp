// Pooling operations: see tidu/ops/pooling.py and, for what is computed, tidu/backend/pooling.py.
#include <utility>

#include "assign.h"
#include "dispatch.h"
#include "families.h"
#include "held.h"
#include "parallel.h"
#include "unlocked.h"

namespace tidu {
namespace {

template <class T>
const PoolKernels<T>& kernels();
template <>
const PoolKernels<float>& kernels<float>() { return pool_kernels.float32; }
template <>
const PoolKernels<double>& kernels<double>() { return pool_kernels.float64; }

constexpr int64_t thread_work = 1 << 14;  // elements read that are worth a second thread

// Three entries from a tuple of one to three; those that are missing are `missing`. Their number.
int entries(const Args& args, int i, int64_t missing, int64_t (&values)[3]) {
  int64_t given[3];
  if (!PyTuple_Check(args.object(i))) return -1;
  const int n = args.integers(i, given, 3);
  for (int d = 0; d < 3; d++) values[d] = d < 3 - n ? missing : given[d - 3 + n];
  return n;
}

// What a call works on: the windows, and the planes of the input, whose shape is given.
struct Call {
  Windows w;
  int dims = 0;       // of a window
  int lead = 0;       // dimensions before those
  int64_t count = 1;  // planes

  bool read(const Args& args, int first, bool dilated) {
    int64_t ones[3] = {1, 1, 1};
    dims = entries(args, first, 1, w.kernel);
    if (dims < 1 || entries(args, first + 1, 1, w.stride) != dims ||
        entries(args, first + 2, 0, w.padding) != dims)
      return false;
    if (dilated && entries(args, first + 3, 1, w.dilation) != dims) return false;
    for (int d = 0; d < 3; d++) {
      if (!dilated) w.dilation[d] = ones[d];
      if (w.kernel[d] < 1 || w.stride[d] < 1 || w.padding[d] < 0 || w.dilation[d] < 1) return false;
    }
    return true;
  }

  bool set_input(int ndim, const npy_intp* shape) {
    lead = ndim - dims;
    if (lead < 1 || lead > 2) return false;
    for (int d = 0; d < lead; d++) count *= shape[d];
    for (int d = 0; d < 3; d++) w.size[d] = d < 3 - dims ? 1 : shape[lead + d - 3 + dims];
    return count > 0 && w.size[0] * w.size[1] * w.size[2] > 0;
  }

  // Computes the number of windows; false if one of them has nothing of the input.
  bool set_windows(bool ceil_mode) {
    for (int d = 0; d < 3; d++) {
      const int64_t n = w.size[d], p = w.padding[d], s = w.stride[d];
      const int64_t span = n + 2 * p - w.dilation[d] * (w.kernel[d] - 1) - 1;
      if (span < 0) return false;
      w.out[d] = (span + (ceil_mode ? s - 1 : 0)) / s + 1;
      if (ceil_mode && (w.out[d] - 1) * s >= n + p) w.out[d]--;
      if (p > (w.kernel[d] - 1) * w.dilation[d]) return false;
      if (p > 0 && w.dilation[d] > 1) {
        for (int64_t i = 0; i < w.out[d]; i++) {
          bool some = false;
          for (int64_t k = 0; k < w.kernel[d] && !some; k++) {
            const int64_t at = i * s - p + k * w.dilation[d];
            some = at >= 0 && at < n;
          }
          if (!some) return false;
        }
      }
    }
    return true;
  }

  // Whether an array has the shape of the result.
  bool fits(PyArrayObject* a, const npy_intp* input_shape) const {
    if (PyArray_NDIM(a) != lead + dims) return false;
    for (int d = 0; d < lead; d++)
      if (PyArray_DIM(a, d) != input_shape[d]) return false;
    for (int d = 0; d < dims; d++)
      if (PyArray_DIM(a, lead + d) != w.out[3 - dims + d]) return false;
    return true;
  }

  int64_t input_size() const { return w.size[0] * w.size[1] * w.size[2]; }
  int64_t windows() const { return w.out[0] * w.out[1] * w.out[2]; }
  int64_t places() const { return w.kernel[0] * w.kernel[1] * w.kernel[2]; }

  PyArrayObject* new_result(const npy_intp* input_shape, int type) const {
    npy_intp shape[5];
    for (int d = 0; d < lead; d++) shape[d] = input_shape[d];
    for (int d = 0; d < dims; d++) shape[lead + d] = w.out[3 - dims + d];
    return new_array(lead + dims, shape, type);
  }

  // task(first plane, number of planes), on threads.
  template <class F>
  void run(F&& task) const {
    const int64_t work = input_size() + windows() * places();
    if (work * count < 2 * thread_work) {
      task(int64_t(0), count);
      return;
    }
    unlocked(true, [&] {
      parallel::split(count, thread_work / work + 1, 1,
                      [&](int64_t begin, int64_t end) { task(begin, end - begin); });
    });
  }
};

bool is_float(PyArrayObject* a) {
  return a && (PyArray_TYPE(a) == NPY_FLOAT32 || PyArray_TYPE(a) == NPY_FLOAT64);
}

bool shape_at(const Args& args, int i, npy_intp (&shape)[5], int& ndim) {
  int64_t values[5];
  if (!PyTuple_Check(args.object(i))) return false;
  ndim = args.integers(i, values, 5);
  for (int d = 0; d < ndim; d++) shape[d] = values[d];
  return ndim > 0;
}

// Maxima

template <class T>
PyObject* max_of(const Call& call, PyArrayObject* x) {
  const Held source(contiguous(x));
  if (!source) return nullptr;
  const int place_type = call.places() < 256 ? NPY_UINT8 : NPY_INT32;
  Held out(call.new_result(PyArray_DIMS(x), type_number<T>()));
  Held place(call.new_result(PyArray_DIMS(x), place_type));
  if (!out || !place) return nullptr;
  const int64_t place_size = place_type == NPY_UINT8 ? 1 : 4;
  const T* from = data<T>(source.get());
  T* to = data<T>(out.get());
  char* places = data<char>(place.get());
  call.run([&](int64_t plane, int64_t count) {
    const int64_t done = plane * call.windows();
    kernels<T>().max(call.w, count, from + plane * call.input_size(), to + done, places + done * place_size);
  });
  return Py_BuildValue("(NN)", out.object(), place.object());
}

// x, kernel, stride, padding, dilation, ceil_mode
PyObject* max_pool(const Args& args) {
  PyArrayObject* x = args.count() == 6 ? args.array(0) : nullptr;
  Call call;
  bool ceil_mode;
  if (!is_float(x) || !args.flag(5, ceil_mode) || !call.read(args, 1, true) ||
      !call.set_input(PyArray_NDIM(x), PyArray_DIMS(x)) || !call.set_windows(ceil_mode))
    return nullptr;
  return PyArray_TYPE(x) == NPY_FLOAT32 ? max_of<float>(call, x) : max_of<double>(call, x);
}

// Whether `place` has what the kernels expect; it was made with or without `ceil_mode`.
bool set_places(Call& call, PyArrayObject* place, const npy_intp* input_shape) {
  if (PyArray_TYPE(place) != (call.places() < 256 ? NPY_UINT8 : NPY_INT32)) return false;
  for (int ceil_mode = 0; ceil_mode < 2; ceil_mode++)
    if (call.set_windows(ceil_mode) && call.fits(place, input_shape)) return true;
  return false;
}

template <class T>
PyObject* move_by_places(const Call& call, PyArrayObject* x, PyArrayObject* place, Held out, bool back) {
  if (!out) return nullptr;
  const Held source(contiguous(x)), where(contiguous(place));
  if (!source || !where) return nullptr;
  const int64_t place_size = PyArray_ITEMSIZE(where.get());
  const T* from = data<T>(source.get());
  T* to = data<T>(out.get());
  const char* places = data<char>(where.get());
  call.run([&](int64_t plane, int64_t count) {
    const int64_t window = plane * call.windows(), element = plane * call.input_size();
    const char* first = places + window * place_size;
    if (back) kernels<T>().max_back(call.w, count, from + window, first, to + element);
    else kernels<T>().max_pick(call.w, count, from + element, first, to + window);
  });
  return out.object();
}

// x (the windows' gradients), place, shape, kernel, stride, padding, dilation
PyObject* max_pool_back(const Args& args) {
  PyArrayObject *x = args.count() == 7 ? args.array(0) : nullptr, *place = x ? args.array(1) : nullptr;
  Call call;
  npy_intp shape[5];
  int ndim;
  if (!is_float(x) || !place || !shape_at(args, 2, shape, ndim) || !call.read(args, 3, true) ||
      !call.set_input(ndim, shape) || !set_places(call, place, shape) || !call.fits(x, shape))
    return nullptr;
  Held out(new_array(ndim, shape, PyArray_TYPE(x)));
  return PyArray_TYPE(x) == NPY_FLOAT32 ? move_by_places<float>(call, x, place, std::move(out), true)
                                        : move_by_places<double>(call, x, place, std::move(out), true);
}

// x, place, kernel, stride, padding, dilation
PyObject* max_pool_pick(const Args& args) {
  PyArrayObject *x = args.count() == 6 ? args.array(0) : nullptr, *place = x ? args.array(1) : nullptr;
  Call call;
  if (!is_float(x) || !place || !call.read(args, 2, true) ||
      !call.set_input(PyArray_NDIM(x), PyArray_DIMS(x)) || !set_places(call, place, PyArray_DIMS(x)))
    return nullptr;
  Held out(call.new_result(PyArray_DIMS(x), PyArray_TYPE(x)));
  return PyArray_TYPE(x) == NPY_FLOAT32 ? move_by_places<float>(call, x, place, std::move(out), false)
                                        : move_by_places<double>(call, x, place, std::move(out), false);
}

// Means

// What each window's sum is divided by, in an array.
template <class T>
Held divisors_of(const Call& call, bool count_padding, PyObject* given) {
  npy_intp size = call.windows();
  Held found(new_array(1, &size, type_number<T>()));
  if (!found) return found;
  T* out = data<T>(found.get());
  if (given != Py_None) {
    const T by = static_cast<T>(PyLong_AsLongLong(given));
    for (npy_intp i = 0; i < size; i++) out[i] = by;
    return found;
  }
  const Windows& w = call.w;
  auto length = [&](int axis, int64_t i) {
    int64_t start = i * w.stride[axis] - w.padding[axis], end = start + w.kernel[axis];
    if (end > w.size[axis] + w.padding[axis]) end = w.size[axis] + w.padding[axis];
    if (!count_padding) {
      if (start < 0) start = 0;
      if (end > w.size[axis]) end = w.size[axis];
    }
    return end - start;
  };
  for (int64_t i = 0; i < w.out[0]; i++)
    for (int64_t j = 0; j < w.out[1]; j++) {
      const int64_t both = length(0, i) * length(1, j);
      for (int64_t k = 0; k < w.out[2]; k++) *out++ = static_cast<T>(both * length(2, k));
    }
  return found;
}

template <class T>
PyObject* mean_of(const Call& call, PyArrayObject* x, Held out, bool count_padding, PyObject* divisor,
                  bool back) {
  if (!out) return nullptr;
  const Held source(contiguous(x)), divisors = divisors_of<T>(call, count_padding, divisor);
  if (!source || !divisors) return nullptr;
  const T *from = data<T>(source.get()), *by = data<T>(divisors.get());
  T* to = data<T>(out.get());
  call.run([&](int64_t plane, int64_t count) {
    const int64_t window = plane * call.windows(), element = plane * call.input_size();
    if (back) kernels<T>().mean_back(call.w, count, from + window, by, to + element);
    else kernels<T>().mean(call.w, count, from + element, by, to + window);
  });
  return out.object();
}

bool is_divisor(PyObject* object) {
  return object == Py_None || (PyLong_CheckExact(object) && PyObject_IsTrue(object));
}

// x, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override
PyObject* avg_pool(const Args& args) {
  PyArrayObject* x = args.count() == 7 ? args.array(0) : nullptr;
  Call call;
  bool ceil_mode, count_padding;
  if (!is_float(x) || !call.read(args, 1, false) || !args.flag(4, ceil_mode) ||
      !args.flag(5, count_padding) || !is_divisor(args.object(6)) ||
      !call.set_input(PyArray_NDIM(x), PyArray_DIMS(x)) || !call.set_windows(ceil_mode))
    return nullptr;
  Held out(call.new_result(PyArray_DIMS(x), PyArray_TYPE(x)));
  return PyArray_TYPE(x) == NPY_FLOAT32
             ? mean_of<float>(call, x, std::move(out), count_padding, args.object(6), false)
             : mean_of<double>(call, x, std::move(out), count_padding, args.object(6), false);
}

// x (the windows' gradients), shape, kernel, stride, padding, ceil_mode, count_include_pad,
// divisor_override
PyObject* avg_pool_back(const Args& args) {
  PyArrayObject* x = args.count() == 8 ? args.array(0) : nullptr;
  Call call;
  npy_intp shape[5];
  int ndim;
  bool ceil_mode, count_padding;
  if (!is_float(x) || !shape_at(args, 1, shape, ndim) || !call.read(args, 2, false) ||
      !args.flag(5, ceil_mode) || !args.flag(6, count_padding) || !is_divisor(args.object(7)) ||
      !call.set_input(ndim, shape) || !call.set_windows(ceil_mode) || !call.fits(x, shape))
    return nullptr;
  Held out(new_array(ndim, shape, PyArray_TYPE(x)));
  return PyArray_TYPE(x) == NPY_FLOAT32
             ? mean_of<float>(call, x, std::move(out), count_padding, args.object(7), true)
             : mean_of<double>(call, x, std::move(out), count_padding, args.object(7), true);
}

}  // namespace

const Entry pooling_kernels[] = {
    {"max_pool", max_pool},
    {"max_pool.x", max_pool_back},
    {"max_pool_back", max_pool_back},
    {"max_pool_back.x", max_pool_pick},
    {"max_pool_pick", max_pool_pick},
    {"max_pool_pick.x", max_pool_back},
    {"avg_pool", avg_pool},
    {"avg_pool.x", avg_pool_back},
    {"avg_pool_back", avg_pool_back},
    {"avg_pool_back.x", avg_pool},
    {nullptr, nullptr},
};

}  // namespace tidu
