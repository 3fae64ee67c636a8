#include "matmul.h"

#include <vector>

#include "arrays.h"
#include "gemm.h"

namespace nb = nanobind;

namespace tidu {
namespace {

template <class T>
bool whole_elements(PyArrayObject* a) {
  for (int d = 0; d < PyArray_NDIM(a); d++)
    if (PyArray_STRIDE(a, d) % npy_intp(sizeof(T))) return false;
  return true;
}

template <class T>
nb::object compute(PyArrayObject* a, PyArrayObject* b, PyArrayObject* bias) {
  if (!whole_elements<T>(a) || !whole_elements<T>(b)) return nb::none();
  const int ndim = PyArray_NDIM(a);
  auto stride = [](PyArrayObject* x, int d) { return PyArray_STRIDE(x, d) / npy_intp(sizeof(T)); };
  npy_intp shape[NPY_MAXDIMS];
  int64_t count = 1;
  for (int d = 0; d < ndim - 2; d++) {
    if (PyArray_DIM(a, d) != PyArray_DIM(b, d)) return nb::none();
    count *= shape[d] = PyArray_DIM(a, d);
  }
  Product<T> p;
  p.m = shape[ndim - 2] = PyArray_DIM(a, ndim - 2);
  p.n = shape[ndim - 1] = PyArray_DIM(b, ndim - 1);
  p.k = PyArray_DIM(a, ndim - 1);
  if (PyArray_DIM(b, ndim - 2) != p.k) return nb::none();
  if (bias && (PyArray_NDIM(bias) != 1 || PyArray_DIM(bias, 0) != p.n || !is_contiguous(bias)))
    return nb::none();
  p.a_row = stride(a, ndim - 2), p.a_column = stride(a, ndim - 1);
  p.b_row = stride(b, ndim - 2), p.b_column = stride(b, ndim - 1);
  p.c_row = p.n;
  p.accumulate = false;
  p.bias = bias ? data<T>(bias) : nullptr;
  PyArrayObject* out = new_array(ndim, shape, type_number<T>());
  if (!out) throw nb::python_error();
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
    nb::gil_scoped_release release;
    multiply(products, count);
  } else {
    multiply(products, count);
  }
  return nb::steal(reinterpret_cast<PyObject*>(out));
}

}  // namespace

nb::object matmul(nb::handle left, nb::handle right, nb::handle added) {
  PyArrayObject *a = plain_array(left.ptr()), *b = plain_array(right.ptr()), *bias = nullptr;
  if (!a || !b || PyArray_NDIM(a) < 2 || PyArray_NDIM(a) != PyArray_NDIM(b)) return nb::none();
  const int type = PyArray_TYPE(a);
  if (PyArray_TYPE(b) != type) return nb::none();
  if (!added.is_none()) {
    bias = plain_array(added.ptr());
    if (!bias || PyArray_TYPE(bias) != type) return nb::none();
  }
  if (type == NPY_FLOAT32) return compute<float>(a, b, bias);
  if (type == NPY_FLOAT64) return compute<double>(a, b, bias);
  return nb::none();
}

}  // namespace tidu
