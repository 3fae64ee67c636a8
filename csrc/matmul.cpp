// Matrix products as operations have them.
#include <vector>

#include "families.h"
#include "gemm.h"

namespace tidu {
namespace {

template <class T>
bool whole_elements(PyArrayObject* a) {
  for (int d = 0; d < PyArray_NDIM(a); d++)
    if (PyArray_STRIDE(a, d) % npy_intp(sizeof(T))) return false;
  return true;
}

template <class T>
PyObject* compute(PyArrayObject* a, PyArrayObject* b, PyArrayObject* bias) {
  if (!whole_elements<T>(a) || !whole_elements<T>(b)) return nullptr;
  const int ndim = PyArray_NDIM(a);
  auto stride = [](PyArrayObject* x, int d) { return PyArray_STRIDE(x, d) / npy_intp(sizeof(T)); };
  npy_intp shape[NPY_MAXDIMS];
  int64_t count = 1;
  for (int d = 0; d < ndim - 2; d++) {
    if (PyArray_DIM(a, d) != PyArray_DIM(b, d)) return nullptr;
    count *= shape[d] = PyArray_DIM(a, d);
  }
  Product<T> p;
  p.m = shape[ndim - 2] = PyArray_DIM(a, ndim - 2);
  p.n = shape[ndim - 1] = PyArray_DIM(b, ndim - 1);
  p.k = PyArray_DIM(a, ndim - 1);
  if (PyArray_DIM(b, ndim - 2) != p.k) return nullptr;
  if (bias && (PyArray_NDIM(bias) != 1 || PyArray_DIM(bias, 0) != p.n || !is_contiguous(bias)))
    return nullptr;
  p.a_row = stride(a, ndim - 2), p.a_column = stride(a, ndim - 1);
  p.b_row = stride(b, ndim - 2), p.b_column = stride(b, ndim - 1);
  p.c_row = p.n;
  p.accumulate = false;
  p.bias = bias ? data<T>(bias) : nullptr;
  PyArrayObject* out = new_array(ndim, shape, type_number<T>());
  if (!out) return nullptr;
  p.a = data<T>(a), p.b = data<T>(b), p.c = data<T>(out);
  std::vector<Product<T>> stack;
  const Product<T>* products = &p;
  if (ndim > 2) {
    stack.assign(count, p);
    for (int64_t i = 0; i < count; i++) {
      int64_t rest = i;
      for (int d = ndim - 3; d >= 0; d--) {
        stack[i].a += rest % shape[d] * stride(a, d);
        stack[i].b += rest % shape[d] * stride(b, d);
        rest /= shape[d];
      }
      stack[i].c += i * p.m * p.n;
    }
    products = stack.data();
  }
  if (double(count) * p.m * p.n * p.k > 1e5) {
    Py_BEGIN_ALLOW_THREADS
    multiply(products, count);
    Py_END_ALLOW_THREADS
  } else {
    multiply(products, count);
  }
  return reinterpret_cast<PyObject*>(out);
}

// The product of two matrices, or of two equal stacks of them.
PyObject* product(const Args& args) {
  PyArrayObject *a = args.array(0), *b = args.array(1);
  if (!a || !b || PyArray_NDIM(a) < 2 || PyArray_NDIM(a) != PyArray_NDIM(b)) return nullptr;
  const int type = PyArray_TYPE(a);
  if (PyArray_TYPE(b) != type) return nullptr;
  if (type == NPY_FLOAT32) return compute<float>(a, b, nullptr);
  if (type == NPY_FLOAT64) return compute<double>(a, b, nullptr);
  return nullptr;
}

}  // namespace

const Entry matmul_kernels[] = {{"mm", product}, {"bmm", product}, {"matmul", product}, {nullptr, nullptr}};

}  // namespace tidu
