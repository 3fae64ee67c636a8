// Pooling over a given number of parts, and elements at their flat positions in a plane: see
// tidu/ops/pooling.py.
#include <cmath>
#include <cstring>

#include "assign.h"
#include "families.h"
#include "parallel.h"
#include "unlocked.h"

namespace tidu {
namespace {

constexpr int64_t thread_work = 1 << 14;  // elements that are worth a second thread

// Planes of up to three dimensions, the last ones of an array, and their parts.
struct Parts {
  int dims = 0, lead = 0;
  int64_t count = 1, size[3] = {1, 1, 1}, out[3] = {1, 1, 1};
  npy_intp shape[8];  // of the result of pooling

  bool read(const Args& args, int i, int ndim, const npy_intp* input) {
    int64_t given[3];
    dims = PyTuple_Check(args.object(i)) ? args.integers(i, given, 3) : -1;
    lead = ndim - dims;
    if (dims < 1 || lead < 0 || ndim > 8) return false;
    for (int d = 0; d < lead; d++) count *= shape[d] = input[d];
    for (int d = 0; d < dims; d++) {
      size[3 - dims + d] = input[lead + d];
      out[3 - dims + d] = shape[lead + d] = given[d];
      if (given[d] < 1 || input[lead + d] < 1) return false;
    }
    return count > 0;
  }

  int64_t elements() const { return size[0] * size[1] * size[2]; }
  int64_t windows() const { return out[0] * out[1] * out[2]; }
  int64_t first(int axis, int64_t i) const { return i * size[axis] / out[axis]; }
  int64_t end(int axis, int64_t i) const { return ((i + 1) * size[axis] + out[axis] - 1) / out[axis]; }

  // window(number, first and end along each axis) for each window of a plane.
  template <class F>
  void each(F window) const {
    int64_t number = 0;
    for (int64_t i = 0; i < out[0]; i++)
      for (int64_t j = 0; j < out[1]; j++)
        for (int64_t k = 0; k < out[2]; k++, number++) {
          const int64_t from[3] = {first(0, i), first(1, j), first(2, k)};
          const int64_t to[3] = {end(0, i), end(1, j), end(2, k)};
          window(number, from, to);
        }
  }
};

// task(first, last plane), on threads.
template <class F>
void over_planes(int64_t count, int64_t work, F&& task) {
  if (count * work < 2 * thread_work) task(int64_t(0), count);
  else unlocked(true, [&] { parallel::split(count, thread_work / (work + 1) + 1, 1, task); });
}

PyObject* release(PyArrayObject* source, PyArrayObject* out) {
  Py_XDECREF(source);
  return reinterpret_cast<PyObject*>(out);
}

bool is_float(PyArrayObject* a) {
  return a && (PyArray_TYPE(a) == NPY_FLOAT32 || PyArray_TYPE(a) == NPY_FLOAT64);
}

template <class T>
PyObject* means(const Parts& p, PyArrayObject* x) {
  PyArrayObject* source = contiguous(x);
  PyArrayObject* result = source ? new_array(p.lead + p.dims, p.shape, type_number<T>()) : nullptr;
  if (!result) return release(source, nullptr);
  const T* from = data<T>(source);
  T* to = data<T>(result);
  over_planes(p.count, p.elements(), [&](int64_t begin, int64_t last) {
    for (int64_t plane = begin; plane < last; plane++) {
      const T* in = from + plane * p.elements();
      p.each([&](int64_t number, const int64_t* first, const int64_t* end) {
        T sum = 0;
        for (int64_t i = first[0]; i < end[0]; i++)
          for (int64_t j = first[1]; j < end[1]; j++)
            for (int64_t k = first[2]; k < end[2]; k++) sum += in[(i * p.size[1] + j) * p.size[2] + k];
        const int64_t n = (end[0] - first[0]) * (end[1] - first[1]) * (end[2] - first[2]);
        to[plane * p.windows() + number] = sum / static_cast<T>(n);
      });
    }
  });
  return release(source, result);
}

// x, size
PyObject* adaptive_avg_pool(const Args& args) {
  PyArrayObject* x = args.count() == 2 ? args.array(0) : nullptr;
  Parts p;
  if (!is_float(x) || !p.read(args, 1, PyArray_NDIM(x), PyArray_DIMS(x))) return nullptr;
  return PyArray_TYPE(x) == NPY_FLOAT32 ? means<float>(p, x) : means<double>(p, x);
}

bool shape_at(const Args& args, int i, npy_intp (&shape)[8], int& ndim) {
  int64_t values[8];
  ndim = PyTuple_Check(args.object(i)) ? args.integers(i, values, 8) : -1;
  for (int d = 0; d < ndim; d++) shape[d] = values[d];
  return ndim > 0;
}

bool same_shape(PyArrayObject* a, int ndim, const npy_intp* shape) {
  return PyArray_NDIM(a) == ndim && PyArray_CompareLists(PyArray_DIMS(a), shape, ndim);
}

template <class T>
PyObject* spread(const Parts& p, PyArrayObject* g, const npy_intp* shape) {
  PyArrayObject* source = contiguous(g);
  PyArrayObject* result = source ? new_array(p.lead + p.dims, shape, type_number<T>()) : nullptr;
  if (!result) return release(source, nullptr);
  const T* from = data<T>(source);
  T* to = data<T>(result);
  over_planes(p.count, p.elements(), [&](int64_t begin, int64_t last) {
    std::memset(to + begin * p.elements(), 0, (last - begin) * p.elements() * sizeof(T));
    for (int64_t plane = begin; plane < last; plane++) {
      T* out = to + plane * p.elements();
      p.each([&](int64_t number, const int64_t* first, const int64_t* end) {
        const int64_t n = (end[0] - first[0]) * (end[1] - first[1]) * (end[2] - first[2]);
        const T share = from[plane * p.windows() + number] / static_cast<T>(n);
        for (int64_t i = first[0]; i < end[0]; i++)
          for (int64_t j = first[1]; j < end[1]; j++)
            for (int64_t k = first[2]; k < end[2]; k++) out[(i * p.size[1] + j) * p.size[2] + k] += share;
      });
    }
  });
  return release(source, result);
}

// x (the windows' gradients), shape, size
PyObject* adaptive_avg_pool_back(const Args& args) {
  PyArrayObject* x = args.count() == 3 ? args.array(0) : nullptr;
  Parts p;
  npy_intp shape[8];
  int ndim;
  if (!is_float(x) || !shape_at(args, 1, shape, ndim) || !p.read(args, 2, ndim, shape) ||
      !same_shape(x, ndim, p.shape))
    return nullptr;
  return PyArray_TYPE(x) == NPY_FLOAT32 ? spread<float>(p, x, shape) : spread<double>(p, x, shape);
}

template <class T>
PyObject* maxima(const Parts& p, PyArrayObject* x) {
  PyArrayObject* source = contiguous(x);
  PyArrayObject* result = source ? new_array(p.lead + p.dims, p.shape, type_number<T>()) : nullptr;
  PyArrayObject* indices = result ? new_array(p.lead + p.dims, p.shape, NPY_INT64) : nullptr;
  if (!indices) {
    Py_XDECREF(result);
    return release(source, nullptr);
  }
  const T* from = data<T>(source);
  T* to = data<T>(result);
  int64_t* where = data<int64_t>(indices);
  over_planes(p.count, p.elements(), [&](int64_t begin, int64_t last) {
    for (int64_t plane = begin; plane < last; plane++) {
      const T* in = from + plane * p.elements();
      p.each([&](int64_t number, const int64_t* first, const int64_t* end) {
        int64_t best_at = (first[0] * p.size[1] + first[1]) * p.size[2] + first[2];
        T best = in[best_at];
        for (int64_t i = first[0]; i < end[0]; i++)
          for (int64_t j = first[1]; j < end[1]; j++)
            for (int64_t k = first[2]; k < end[2]; k++) {
              const int64_t at = (i * p.size[1] + j) * p.size[2] + k;
              // The first of equal ones; the first NaN is larger than anything. No branches, which
              // could not be predicted.
              const bool better = !(in[at] <= best) & (best == best);
              best = better ? in[at] : best;
              best_at = better ? at : best_at;
            }
        to[plane * p.windows() + number] = best;
        where[plane * p.windows() + number] = best_at;
      });
    }
  });
  Py_DECREF(source);
  return Py_BuildValue("(NN)", result, indices);
}

// x, size
PyObject* adaptive_max_pool(const Args& args) {
  PyArrayObject* x = args.count() == 2 ? args.array(0) : nullptr;
  Parts p;
  if (!is_float(x) || !p.read(args, 1, PyArray_NDIM(x), PyArray_DIMS(x))) return nullptr;
  return PyArray_TYPE(x) == NPY_FLOAT32 ? maxima<float>(p, x) : maxima<double>(p, x);
}

// Elements moved between arrays of values, with the same number for each plane, and planes.
struct Moves {
  int64_t count = 1, values = 1, elements = 1;  // planes; values and elements of each
};

// Calls move(value, element) for each index; false if one is no position in a plane.
template <class F>
bool each_index(const Moves& m, PyArrayObject* indices, F move) {
  const int64_t* at = data<int64_t>(indices);
  for (int64_t i = 0; i < m.count * m.values; i++)
    if (at[i] < 0 || at[i] >= m.elements) return false;
  over_planes(m.count, m.values, [&](int64_t begin, int64_t last) {
    for (int64_t plane = begin; plane < last; plane++)
      for (int64_t i = plane * m.values; i < (plane + 1) * m.values; i++) move(i, plane * m.elements + at[i]);
  });
  return true;
}

template <class T>
bool put(const Moves& m, PyArrayObject* x, PyArrayObject* indices, PyArrayObject* out, bool adds) {
  const T* from = data<T>(x);
  T* to = data<T>(out);
  std::memset(to, 0, PyArray_NBYTES(out));
  if (adds) return each_index(m, indices, [=](int64_t value, int64_t at) { to[at] += from[value]; });
  return each_index(m, indices, [=](int64_t value, int64_t at) { to[at] = from[value]; });
}

template <class T>
bool pick(const Moves& m, PyArrayObject* x, PyArrayObject* indices, PyArrayObject* out) {
  const T* from = data<T>(x);
  T* to = data<T>(out);
  return each_index(m, indices, [=](int64_t value, int64_t at) { to[value] = from[at]; });
}

// The sizes of a call, whose last `dims` dimensions are those of planes.
bool measure(Moves& m, int ndim, const npy_intp* values, const npy_intp* elements, int64_t dims) {
  if (dims < 1 || dims > ndim) return false;
  for (int d = 0; d < ndim; d++) {
    if (d < ndim - dims) {
      if (values[d] != elements[d]) return false;
      m.count *= values[d];
    } else {
      m.values *= values[d], m.elements *= elements[d];
    }
  }
  return m.count > 0 && m.values > 0 && m.elements > 0;
}

PyObject* put_into(PyArrayObject* x, PyArrayObject* indices, int ndim, const npy_intp* shape, int64_t dims,
                   bool adds) {
  Moves m;
  if (!is_contiguous(x) || !is_contiguous(indices) || !same_shape(indices, ndim, PyArray_DIMS(x)) ||
      PyArray_NDIM(x) != ndim || !measure(m, ndim, PyArray_DIMS(x), shape, dims))
    return nullptr;
  PyArrayObject* out = new_array(ndim, shape, PyArray_TYPE(x));
  if (!out) return nullptr;
  const bool done = PyArray_TYPE(x) == NPY_FLOAT32 ? put<float>(m, x, indices, out, adds)
                                                   : put<double>(m, x, indices, out, adds);
  if (done) return reinterpret_cast<PyObject*>(out);
  Py_DECREF(out);
  return nullptr;
}

// x, indices, shape, dims
PyObject* plane_add(const Args& args) {
  PyArrayObject* x = args.count() == 4 ? args.array(0) : nullptr;
  PyArrayObject* indices = is_float(x) ? args.array(1, NPY_INT64) : nullptr;
  npy_intp shape[8];
  int ndim;
  int64_t dims;
  if (!indices || !shape_at(args, 2, shape, ndim) || !args.integer(3, dims)) return nullptr;
  return put_into(x, indices, ndim, shape, dims, true);
}

// g, indices, shape, size: the rule of adaptive_max_pool
PyObject* adaptive_max_pool_back(const Args& args) {
  PyArrayObject* x = args.count() == 4 ? args.array(0) : nullptr;
  PyArrayObject* indices = is_float(x) ? args.array(1, NPY_INT64) : nullptr;
  npy_intp shape[8];
  int ndim;
  if (!indices || !shape_at(args, 2, shape, ndim) || !PyTuple_Check(args.object(3))) return nullptr;
  return put_into(x, indices, ndim, shape, PyTuple_GET_SIZE(args.object(3)), true);
}

// x, indices, size
PyObject* max_unpool(const Args& args) {
  PyArrayObject* x = args.count() == 3 ? args.array(0) : nullptr;
  PyArrayObject* indices = is_float(x) ? args.array(1, NPY_INT64) : nullptr;
  int64_t size[3];
  const int dims = indices && PyTuple_Check(args.object(2)) ? args.integers(2, size, 3) : -1;
  const int ndim = dims > 0 ? PyArray_NDIM(x) : 0;
  if (dims < 1 || ndim < dims || ndim > 8) return nullptr;
  npy_intp shape[8];
  for (int d = 0; d < ndim; d++) shape[d] = d < ndim - dims ? PyArray_DIM(x, d) : size[d - ndim + dims];
  return put_into(x, indices, ndim, shape, dims, false);
}

// x, indices, dims
PyObject* plane_pick(const Args& args) {
  PyArrayObject* x = args.count() == 3 ? args.array(0) : nullptr;
  PyArrayObject* indices = is_float(x) ? args.array(1, NPY_INT64) : nullptr;
  int64_t dims;
  Moves m;
  if (!indices || !args.integer(2, dims) || !is_contiguous(x) || !is_contiguous(indices) ||
      PyArray_NDIM(x) != PyArray_NDIM(indices) ||
      !measure(m, PyArray_NDIM(x), PyArray_DIMS(indices), PyArray_DIMS(x), dims))
    return nullptr;
  PyArrayObject* out = new_array(PyArray_NDIM(x), PyArray_DIMS(indices), PyArray_TYPE(x));
  if (!out) return nullptr;
  const bool done =
      PyArray_TYPE(x) == NPY_FLOAT32 ? pick<float>(m, x, indices, out) : pick<double>(m, x, indices, out);
  if (done) return reinterpret_cast<PyObject*>(out);
  Py_DECREF(out);
  return nullptr;
}

}  // namespace

const Entry adaptive_kernels[] = {
    {"adaptive_avg_pool", adaptive_avg_pool},
    {"adaptive_avg_pool.x", adaptive_avg_pool_back},
    {"adaptive_avg_pool_back", adaptive_avg_pool_back},
    {"adaptive_max_pool", adaptive_max_pool},
    {"adaptive_max_pool.x", adaptive_max_pool_back},
    {"plane_add", plane_add},
    {"plane_pick", plane_pick},
    {"max_unpool", max_unpool},
    {nullptr, nullptr},
};

}  // namespace tidu
