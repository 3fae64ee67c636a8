// GELU (tidu/ops/activation.py), not its approximation by tanh, which is a program.
#include "activation.h"

#include "dispatch.h"
#include "families.h"
#include "parallel.h"
#include "unlocked.h"

namespace tidu {
namespace {

constexpr int64_t thread_work = 1 << 13;  // elements that are worth a second thread

bool is_exact(PyObject* approximate) {
  return PyUnicode_Check(approximate) && PyUnicode_CompareWithASCIIString(approximate, "none") == 0;
}

// An array like x, of which loop(begin, count, out) computes `count` elements.
template <class T, class F>
PyObject* computed(PyArrayObject* x, F&& loop) {
  PyArrayObject* out = new_array(PyArray_NDIM(x), PyArray_DIMS(x), type_number<T>());
  if (!out) return nullptr;
  const int64_t n = PyArray_SIZE(x);
  unlocked(n > thread_work, [&] {
    parallel::split(n, thread_work, 64, [&](int64_t begin, int64_t end) {
      loop(begin, end - begin, data<T>(out) + begin);
    });
  });
  return reinterpret_cast<PyObject*>(out);
}

template <class T>
PyObject* values(PyArrayObject* x, const GeluLoops<T>& loops) {
  return computed<T>(x, [&](int64_t begin, int64_t n, T* out) { loops.values(data<T>(x) + begin, out, n); });
}

template <class T>
PyObject* gradient(PyArrayObject* g, PyArrayObject* x, const GeluLoops<T>& loops) {
  return computed<T>(x, [&](int64_t begin, int64_t n, T* out) {
    loops.grad(data<T>(g) + begin, data<T>(x) + begin, out, n);
  });
}

// x, approximate
PyObject* gelu(const Args& args) {
  PyArrayObject* x = args.array(0);
  if (args.count() != 2 || !x || !is_contiguous(x) || !is_exact(args.object(1))) return nullptr;
  if (PyArray_TYPE(x) == NPY_FLOAT32) return values(x, activation_loops.float32);
  if (PyArray_TYPE(x) == NPY_FLOAT64) return values(x, activation_loops.float64);
  return nullptr;
}

// g, x, approximate
PyObject* gelu_gradient(const Args& args) {
  PyArrayObject *g = args.array(0), *x = args.array(1);
  if (args.count() != 3 || !g || !x || !is_contiguous(g) || !is_contiguous(x) || !is_exact(args.object(2)))
    return nullptr;
  if (PyArray_TYPE(g) != PyArray_TYPE(x) || !PyArray_SAMESHAPE(g, x)) return nullptr;
  if (PyArray_TYPE(x) == NPY_FLOAT32) return gradient(g, x, activation_loops.float32);
  if (PyArray_TYPE(x) == NPY_FLOAT64) return gradient(g, x, activation_loops.float64);
  return nullptr;
}

}  // namespace

const Entry activation_kernels[] = {{"gelu", gelu}, {"gelu.x", gelu_gradient}, {nullptr, nullptr}};

}  // namespace tidu
