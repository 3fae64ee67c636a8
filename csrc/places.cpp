#include "places.h"

namespace tidu {

PyArrayObject* new_zeros(int ndim, const npy_intp* shape, int type) {
  PyArrayObject* out = new_array(ndim, shape, type);
  if (!out) return nullptr;
  const int64_t bytes = PyArray_NBYTES(out);
  char* memory = data<char>(out);
  parallel::split(bytes, 4 * index_grain, 64, [&](int64_t begin, int64_t end) {
    std::memset(memory + begin, 0, end - begin);
  });
  return out;
}

PyArrayObject* new_copy(PyArrayObject* a) {
  PyArrayObject* out = new_array(PyArray_NDIM(a), PyArray_DIMS(a), PyArray_TYPE(a));
  if (!out) return nullptr;
  if (!is_contiguous(a)) {
    if (PyArray_CopyInto(out, a) == 0) return out;
    Py_DECREF(out);
    return nullptr;
  }
  char* to = data<char>(out);
  const char* from = data<char>(a);
  parallel::split(PyArray_NBYTES(out), 4 * index_grain, 64, [&](int64_t begin, int64_t end) {
    std::memcpy(to + begin, from + begin, end - begin);
  });
  return out;
}

PyArrayObject* to_change(PyArrayObject* x, bool in_place) {
  if (!in_place) return new_copy(x);
  if (!is_contiguous(x) || !PyArray_ISWRITEABLE(x)) return nullptr;
  Py_INCREF(x);
  return x;
}

int read_shape(const Args& args, int i, npy_intp* shape) {
  int64_t sizes[NPY_MAXDIMS];
  if (i >= args.count() || !PyTuple_Check(args.object(i))) return -1;
  const int n = args.integers(i, sizes, NPY_MAXDIMS);
  for (int d = 0; d < n; d++) shape[d] = sizes[d];
  return n;
}

}  // namespace tidu
