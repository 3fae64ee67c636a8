// Matrix products as operations have them: any number of leading dimensions, vectors, and the
// products of gradient rules, where an operand is transposed.
#include "families.h"
#include "gemm.h"
#include "held.h"
#include "unlocked.h"

namespace tidu {
namespace {

// A stack of matrices in an array: its last two dimensions, in either order, and those before.
struct Matrices {
  PyArrayObject* array;
  int64_t rows, columns, row, column;  // sizes and strides
  int ndim;                            // of the stack
  int64_t shape[max_stack], strides[max_stack];
  bool vector;  // one row (of the left operand) or one column, which the array does not have
};

enum Side { left, right };

// False for what the kernels do not take. Strides count elements.
bool read(PyArrayObject* a, bool transposed, Side side, Matrices& m) {
  const int ndim = PyArray_NDIM(a);
  const npy_intp size = PyArray_ITEMSIZE(a);
  if (ndim < 1 || ndim > max_stack) return false;
  int64_t shape[max_stack], strides[max_stack];
  for (int d = 0; d < ndim; d++) {
    if (PyArray_STRIDE(a, d) % size) return false;
    shape[d] = PyArray_DIM(a, d), strides[d] = PyArray_STRIDE(a, d) / size;
  }
  m.array = a;
  m.vector = ndim == 1;
  m.ndim = m.vector ? 0 : ndim - 2;
  const int64_t last = shape[ndim - 1], stride = strides[ndim - 1];
  if (m.vector) {
    m.rows = side == left ? 1 : last, m.columns = side == left ? last : 1;
    m.row = side == left ? last : stride, m.column = side == left ? stride : 1;
    return true;
  }
  m.rows = shape[ndim - 2], m.row = strides[ndim - 2];
  m.columns = last, m.column = stride;
  if (transposed) {
    const int64_t rows = m.rows, row = m.row;
    m.rows = m.columns, m.row = m.column;
    m.columns = rows, m.column = row;
  }
  for (int d = 0; d < m.ndim; d++) m.shape[d] = shape[d], m.strides[d] = strides[d];
  return true;
}

// Makes one matrix of the stack, one below the other, if it lies in memory so.
bool join(Matrices& m) {
  for (int d = m.ndim - 1; d >= 0; d--) {
    if (m.rows == 1) m.row = m.strides[d];
    else if (m.shape[d] != 1 && m.strides[d] != m.row * m.rows) return false;
    m.rows *= m.shape[d];
  }
  m.ndim = 0;
  return true;
}

// The leading dimensions of a product, broadcast; false if they do not fit.
bool align(const Matrices& a, const Matrices& b, Stack& stack) {
  stack.ndim = a.ndim > b.ndim ? a.ndim : b.ndim;
  for (int d = 0; d < stack.ndim; d++) {
    const int i = d - (stack.ndim - a.ndim), j = d - (stack.ndim - b.ndim);
    const int64_t n = i < 0 ? 1 : a.shape[i], m = j < 0 ? 1 : b.shape[j];
    if (n != m && n != 1 && m != 1) return false;
    stack.shape[d] = n == 1 ? m : n;
    stack.a_strides[d] = i < 0 || n == 1 ? 0 : a.strides[i];
    stack.b_strides[d] = j < 0 || m == 1 ? 0 : b.strides[j];
  }
  return true;
}

constexpr double gil_work = 1e5;  // multiplications that other Python threads need not wait for

template <class T>
PyObject* compute(const Matrices& a, const Matrices& b, const Stack& stack, const npy_intp* shape, int ndim,
                  PyArrayObject* bias, PyArrayObject* added) {
  Product<T> p{data<T>(a.array), data<T>(b.array), nullptr, a.rows, b.columns, a.columns, a.row, a.column,
               b.row, b.column, b.columns, added != nullptr, bias ? data<T>(bias) : nullptr};
  // A stride of one element along dimensions of one, so that the kernels see what is contiguous.
  if (p.k == 1) p.a_column = p.b_row = 1;
  if (p.n == 1) p.b_column = 1;
  Held out(new_array(ndim, shape, type_number<T>()));
  if (!out || (added && PyArray_CopyInto(out.get(), added) < 0)) return nullptr;
  p.c = data<T>(out.get());
  unlocked(double(stack.count()) * p.m * p.n * p.k > gil_work, [&] { multiply(p, stack); });
  return out.object();
}

// What of a product is not the two operands.
struct Form {
  bool a_transposed = false, b_transposed = false;
  PyArrayObject* bias = nullptr;   // a row that is added to all
  PyArrayObject* added = nullptr;  // what is added, and broadcasts
};

PyObject* multiply_arrays(PyArrayObject* x, PyArrayObject* y, const Form& form = {}) {
  if (!x || !y) return nullptr;
  const int type = PyArray_TYPE(x);
  if (PyArray_TYPE(y) != type || (type != NPY_FLOAT32 && type != NPY_FLOAT64)) return nullptr;
  Matrices a, b;
  if (!read(x, form.a_transposed, left, a) || !read(y, form.b_transposed, right, b)) return nullptr;
  Stack stack;
  if (a.columns != b.rows || !align(a, b, stack)) return nullptr;
  npy_intp shape[max_stack + 2];
  int ndim = 0;
  for (; ndim < stack.ndim; ndim++) shape[ndim] = stack.shape[ndim];
  if (!a.vector) shape[ndim++] = a.rows;
  if (!b.vector) shape[ndim++] = b.columns;
  if (b.ndim == 0 && join(a)) stack.ndim = 0;  // one product of all rows
  if (form.bias && (PyArray_TYPE(form.bias) != type || PyArray_NDIM(form.bias) != 1 || b.vector ||
                    PyArray_DIM(form.bias, 0) != b.columns || !is_contiguous(form.bias)))
    return nullptr;
  if (form.added && (PyArray_TYPE(form.added) != type || PyArray_NDIM(form.added) > ndim)) return nullptr;
  if (form.added)
    for (int d = PyArray_NDIM(form.added), i = ndim; d-- > 0;)
      if (PyArray_DIM(form.added, d) != shape[--i] && PyArray_DIM(form.added, d) != 1) return nullptr;
  return (type == NPY_FLOAT32 ? compute<float> : compute<double>)(a, b, stack, shape, ndim, form.bias, form.added);
}

bool has_dims(PyArrayObject* a, int ndim) { return a && PyArray_NDIM(a) == ndim; }

PyObject* matmul(const Args& args) { return multiply_arrays(args.array(0), args.array(1)); }

template <int x_dims, int y_dims>
PyObject* product(const Args& args) {
  PyArrayObject *x = args.array(0), *y = args.array(1);
  if (!has_dims(x, x_dims) || !has_dims(y, y_dims)) return nullptr;
  if (x_dims == 3 && PyArray_DIM(x, 0) != PyArray_DIM(y, 0)) return nullptr;
  return multiply_arrays(x, y);
}

// x, y, z, beta, alpha: x + y z if both are 1.
template <int y_dims, int z_dims>
PyObject* sum_with_product(const Args& args) {
  double beta, alpha;
  PyArrayObject *x = args.array(0), *y = args.array(1), *z = args.array(2);
  if (!args.number(3, beta) || !args.number(4, alpha) || beta != 1 || alpha != 1) return nullptr;
  if (!x || !has_dims(y, y_dims) || !has_dims(z, z_dims)) return nullptr;
  if (y_dims == 3 && PyArray_DIM(y, 0) != PyArray_DIM(z, 0)) return nullptr;
  Form form;
  const bool row = y_dims == 2 && z_dims == 2 && PyArray_NDIM(x) == 1 && is_contiguous(x) &&
                   PyArray_DIM(x, 0) == PyArray_DIM(z, 1);
  (row ? form.bias : form.added) = x;
  return multiply_arrays(y, z, form);
}

PyObject* linear(const Args& args) {
  PyArrayObject *x = args.array(0), *weight = args.array(1);
  Form form;
  form.b_transposed = true;
  if (!args.is_none(2) && !(form.bias = args.array(2))) return nullptr;
  return has_dims(weight, 2) ? multiply_arrays(x, weight, form) : nullptr;
}

// The gradient of a product x y for x, from g and y: g y^T. Vectors are the reference's.
PyObject* left_gradient(const Args& args) {
  PyArrayObject *g = args.array(0), *y = args.array(1);
  if (!g || !y || PyArray_NDIM(g) < 2 || PyArray_NDIM(y) < 2) return nullptr;
  int64_t shape[max_stack];
  double alpha = 1;
  if (args.count() > 2 && args.integers(2, shape, max_stack) < 2 && (!args.number(2, alpha) || alpha != 1))
    return nullptr;
  Form form;
  form.b_transposed = true;
  return multiply_arrays(g, y, form);
}

// x^T g, summed over the leading dimensions of both.
PyObject* sum_of_products(PyArrayObject* x, PyArrayObject* g) {
  const int type = PyArray_TYPE(x);
  Matrices a, b;
  if (PyArray_TYPE(g) != type || PyArray_NDIM(x) != PyArray_NDIM(g)) return nullptr;
  if (!read(x, false, left, a) || !read(g, false, right, b) || a.vector || b.vector) return nullptr;
  for (int d = 0; d < a.ndim; d++)
    if (a.shape[d] != b.shape[d]) return nullptr;
  if (a.rows != b.rows || !join(a) || !join(b)) return nullptr;
  const Matrices at{a.array, a.columns, a.rows, a.column, a.row, 0, {}, {}, false};
  const npy_intp shape[2] = {npy_intp(at.rows), npy_intp(b.columns)};
  if (type == NPY_FLOAT32) return compute<float>(at, b, {}, shape, 2, nullptr, nullptr);
  if (type == NPY_FLOAT64) return compute<double>(at, b, {}, shape, 2, nullptr, nullptr);
  return nullptr;
}

// The gradient of a product x y for y, from g and x: x^T g.
PyObject* right_gradient(const Args& args) {
  PyArrayObject *g = args.array(0), *x = args.array(1);
  if (!g || !x || PyArray_NDIM(x) < 2 || PyArray_NDIM(g) < 1) return nullptr;
  int64_t shape[max_stack];
  double alpha = 1;
  if (args.count() > 2) {
    const int ndim = args.integers(2, shape, max_stack);
    if (ndim == 2) return sum_of_products(x, g);
    if (ndim < 2 && (!args.number(2, alpha) || alpha != 1)) return nullptr;
  }
  if (PyArray_NDIM(g) == 1 && PyArray_NDIM(x) != 2) return nullptr;
  Form form;
  form.a_transposed = true;
  return multiply_arrays(x, g, form);
}

// g, weight, shape of x
PyObject* linear_input(const Args& args) {
  PyArrayObject* weight = args.array(1);
  return has_dims(weight, 2) ? multiply_arrays(args.array(0), weight) : nullptr;
}

// g, x, shape of weight
PyObject* linear_weight(const Args& args) {
  PyArrayObject *g = args.array(0), *x = args.array(1);
  int64_t shape[max_stack];
  if (!g || !x || args.integers(2, shape, max_stack) != 2) return nullptr;
  return sum_of_products(g, x);
}

}  // namespace

const Entry matmul_kernels[] = {
    {"matmul", matmul},
    {"mm", product<2, 2>},
    {"bmm", product<3, 3>},
    {"mv", product<2, 1>},
    {"dot", product<1, 1>},
    {"addmm", sum_with_product<2, 2>},
    {"addmv", sum_with_product<2, 1>},
    {"baddbmm", sum_with_product<3, 3>},
    {"linear", linear},
    {"matmul.x", left_gradient},
    {"matmul.y", right_gradient},
    {"mm.x", left_gradient},
    {"mm.y", right_gradient},
    {"bmm.x", left_gradient},
    {"bmm.y", right_gradient},
    {"mv.y", right_gradient},
    {"addmm.mat1", left_gradient},
    {"addmm.mat2", right_gradient},
    {"addmv.vec", right_gradient},
    {"baddbmm.batch1", left_gradient},
    {"baddbmm.batch2", right_gradient},
    {"linear.x", linear_input},
    {"linear.weight", linear_weight},
    {nullptr, nullptr},
};

}  // namespace tidu
