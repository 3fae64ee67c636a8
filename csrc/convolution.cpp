// The operations `convolution`, `convolution_input` and `convolution_weight` of tidu/ops/convolution.py.
#include "convolution.h"

#include <type_traits>

#include "families.h"
#include "held.h"
#include "unlocked.h"
#include "winograd.h"

namespace tidu {
namespace {

// A reference to an array of this type with contiguous elements: the argument itself, or a copy.
class Contiguous {
 public:
  Contiguous(const Args& args, int i, int type) {
    PyArrayObject* a = args.array(i, type);
    if (a) array_ = reinterpret_cast<PyArrayObject*>(PyArray_GETCONTIGUOUS(a));
  }
  ~Contiguous() { Py_XDECREF(array_); }
  Contiguous(const Contiguous&) = delete;
  explicit operator bool() const { return array_; }
  PyArrayObject* get() const { return array_; }
  int ndim() const { return PyArray_NDIM(array_); }
  int64_t dim(int d) const { return PyArray_DIM(array_, d); }

 private:
  PyArrayObject* array_ = nullptr;
};

// The settings that all three operations have as their last arguments; false if they do not fit
// `rank` spatial dimensions.
bool read_settings(const Args& args, int first, int rank, ConvolutionShape& s) {
  for (int d = 0; d < 3; d++) s.in[d] = s.out[d] = s.kernel[d] = s.stride[d] = s.dilation[d] = 1, s.padding[d] = 0;
  const int skip = 3 - rank;
  int64_t groups;
  if (args.integers(first, s.stride + skip, rank) != rank || args.integers(first + 1, s.padding + skip, rank) != rank ||
      args.integers(first + 2, s.dilation + skip, rank) != rank || !args.integer(first + 3, groups))
    return false;
  s.groups = groups;
  return groups > 0;
}

// Whether the sizes fit each other and none is zero.
bool is_regular(const ConvolutionShape& s) {
  if (s.images <= 0 || s.channels <= 0 || s.outputs <= 0 || s.channels % s.groups || s.outputs % s.groups) return false;
  for (int d = 0; d < 3; d++) {
    if (s.in[d] <= 0 || s.out[d] <= 0 || s.kernel[d] <= 0 || s.stride[d] <= 0 || s.dilation[d] <= 0 || s.padding[d] < 0)
      return false;
    if ((s.out[d] - 1) * s.stride[d] + (s.kernel[d] - 1) * s.dilation[d] >= s.in[d] + 2 * s.padding[d]) return false;
  }
  // Tables of places have 32 bits.
  return double(s.channels) * (s.in[2] + 2 * s.padding[2]) * 64 < 2e9;
}

void read_sizes(PyArrayObject* a, int64_t* sizes) {
  const int rank = PyArray_NDIM(a) - 2;
  for (int d = 0; d < rank; d++) sizes[3 - rank + d] = PyArray_DIM(a, 2 + d);
}

PyArrayObject* new_result(int64_t first, int64_t second, const int64_t* size, int rank, int type) {
  npy_intp shape[5] = {npy_intp(first), npy_intp(second)};
  for (int d = 0; d < rank; d++) shape[2 + d] = npy_intp(size[3 - rank + d]);
  return new_array(2 + rank, shape, type);
}

// Runs without the interpreter's lock if that is worth it.
template <class F>
PyObject* result_of(const ConvolutionShape& s, PyArrayObject* out, F&& compute) {
  Held result(out);
  if (!out) return nullptr;
  unlocked(s.products() > 1e5, compute);
  return result.object();
}

bool bias_fits(const Args& args, const Contiguous& bias, int64_t channels) {
  return args.is_none(2) || (bias && bias.ndim() == 1 && bias.dim(0) == channels);
}

template <class T>
const T* data_or_null(const Contiguous& a) {
  return a ? data<T>(a.get()) : nullptr;
}

template <class T>
PyObject* forward(const Args& args, int rank) {
  const int type = type_number<T>();
  ConvolutionShape s;
  if (!read_settings(args, 3, rank, s)) return nullptr;
  const Contiguous x(args, 0, type), w(args, 1, type), bias(args, 2, type);
  if (!x || !w || w.ndim() != x.ndim()) return nullptr;
  s.images = x.dim(0), s.channels = x.dim(1), s.outputs = w.dim(0);
  read_sizes(x.get(), s.in);
  read_sizes(w.get(), s.kernel);
  for (int d = 0; d < 3; d++) {
    if (s.stride[d] <= 0) return nullptr;
    s.out[d] = (s.in[d] + 2 * s.padding[d] - s.dilation[d] * (s.kernel[d] - 1) - 1) / s.stride[d] + 1;
  }
  if (!is_regular(s) || w.dim(1) != s.group_channels() || !bias_fits(args, bias, s.outputs)) return nullptr;
  PyArrayObject* out = new_result(s.images, s.outputs, s.out, rank, type);
  return result_of(s, out, [&] {
    const T *in = data<T>(x.get()), *weight = data<T>(w.get()), *start = data_or_null<T>(bias);
    if constexpr (std::is_same_v<T, float>)
      if (winograd_wins(s)) return winograd_forward(s, in, weight, start, data<T>(out));
    convolve<T>(s, in, weight, start, data<T>(out));
  });
}

template <class T>
PyObject* input_gradient(const Args& args, int rank) {
  const int type = type_number<T>();
  ConvolutionShape s;
  if (!read_settings(args, 4, rank, s)) return nullptr;
  const Contiguous g(args, 0, type), w(args, 1, type), bias(args, 2, type);
  if (!g || !w || w.ndim() != g.ndim() || args.integers(3, s.in + 3 - rank, rank) != rank) return nullptr;
  s.images = g.dim(0), s.outputs = g.dim(1), s.channels = w.dim(1) * s.groups;
  read_sizes(g.get(), s.out);
  read_sizes(w.get(), s.kernel);
  if (!is_regular(s) || w.dim(0) != s.outputs || !bias_fits(args, bias, s.channels)) return nullptr;
  PyArrayObject* out = new_result(s.images, s.channels, s.in, rank, type);
  return result_of(s, out, [&] {
    const T *in = data<T>(g.get()), *weight = data<T>(w.get()), *start = data_or_null<T>(bias);
    if constexpr (std::is_same_v<T, float>)
      if (winograd_wins(s)) return winograd_input(s, in, weight, start, data<T>(out));
    convolve_input<T>(s, in, weight, start, data<T>(out));
  });
}

template <class T>
PyObject* weight_gradient(const Args& args, int rank) {
  const int type = type_number<T>();
  ConvolutionShape s;
  if (!read_settings(args, 3, rank, s)) return nullptr;
  const Contiguous g(args, 0, type), x(args, 1, type);
  if (!g || !x || x.ndim() != g.ndim() || args.integers(2, s.kernel + 3 - rank, rank) != rank) return nullptr;
  s.images = g.dim(0), s.outputs = g.dim(1), s.channels = x.dim(1);
  read_sizes(g.get(), s.out);
  read_sizes(x.get(), s.in);
  if (!is_regular(s) || x.dim(0) != s.images) return nullptr;
  PyArrayObject* out = new_result(s.outputs, s.group_channels(), s.kernel, rank, type);
  return result_of(s, out, [&] {
    if constexpr (std::is_same_v<T, float>)
      if (winograd_wins(s)) return winograd_weight(s, data<T>(g.get()), data<T>(x.get()), data<T>(out));
    convolve_weight<T>(s, data<T>(g.get()), data<T>(x.get()), data<T>(out));
  });
}

// Chooses by the type and the number of dimensions of the first argument.
template <PyObject* (*float32)(const Args&, int), PyObject* (*float64)(const Args&, int), int count>
PyObject* choose(const Args& args) {
  if (args.count() != count) return nullptr;
  PyArrayObject* a = args.array(0);
  const int rank = a ? PyArray_NDIM(a) - 2 : 0;
  if (rank < 1 || rank > 3) return nullptr;
  const int type = PyArray_TYPE(a);
  return type == NPY_FLOAT32 ? float32(args, rank) : type == NPY_FLOAT64 ? float64(args, rank) : nullptr;
}

}  // namespace

const Entry convolution_entries[] = {
    {"convolution", choose<forward<float>, forward<double>, 7>},
    {"convolution_input", choose<input_gradient<float>, input_gradient<double>, 8>},
    {"convolution_weight", choose<weight_gradient<float>, weight_gradient<double>, 7>},
    {nullptr, nullptr},
};

}  // namespace tidu
