// Cross products of vectors of three (tidu/ops/linalg.py).
#include "families.h"
#include "places.h"

namespace tidu {
namespace {

// Of `inner` vectors whose elements are that far apart.
template <class T>
void cross(const T* x, const T* y, int64_t inner, T* __restrict out) {
  for (int64_t i = 0; i < inner; i++) {
    const T x0 = x[i], x1 = x[inner + i], x2 = x[2 * inner + i];
    const T y0 = y[i], y1 = y[inner + i], y2 = y[2 * inner + i];
    out[i] = x1 * y2 - x2 * y1;
    out[inner + i] = x2 * y0 - x0 * y2;
    out[2 * inner + i] = x0 * y1 - x1 * y0;
  }
}

// cross_product(x, y, dim)
PyObject* cross_product(const Args& args) {
  PyArrayObject *x = args.array(0), *y = args.array(1);
  int64_t dim;
  if (!x || !y || PyArray_TYPE(x) != PyArray_TYPE(y) || !PyArray_SAMESHAPE(x, y) || !PyArray_SIZE(x) ||
      !args.integer(2, dim))
    return nullptr;
  const int axis = axis_of(dim, PyArray_NDIM(x));
  if (axis < 0 || PyArray_DIM(x, axis) != 3) return nullptr;
  int64_t outer = 1, inner = 1;
  for (int d = 0; d < axis; d++) outer *= PyArray_DIM(x, d);
  for (int d = axis + 1; d < PyArray_NDIM(x); d++) inner *= PyArray_DIM(x, d);
  return by_type(x, [&](auto zero) -> PyObject* {
    using T = decltype(zero);
    Held first = in_rows(x), second = in_rows(y);
    Held out(new_array(PyArray_NDIM(x), PyArray_DIMS(x), type_number<T>()));
    if (!first || !second || !out) return nullptr;
    const T *a = data<T>(first.get()), *b = data<T>(second.get());
    T* to = data<T>(out.get());
    unlocked(PyArray_NBYTES(x) > index_release, [&] {
      parallel::split(outer, index_grain / (6 * inner) + 1, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = 3 * inner * begin; i < 3 * inner * end; i += 3 * inner) cross(a + i, b + i, inner, to + i);
      });
    });
    return out.object();
  });
}

}  // namespace

const Entry cross_kernels[] = {
    {"cross_product", cross_product},
    {nullptr, nullptr},
};

}  // namespace tidu
