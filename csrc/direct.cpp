#include "direct.h"

#include <cmath>
#include <cstring>

#include "assign.h"
#include "graph.h"
#include "held.h"
#include "random.h"

namespace tidu {
namespace {

constexpr npy_intp few = 4096;  // elements; more of them are worth the Python function's threads

PyObject* tensor_of(Held& array) { return array ? new_tensor(array.object()) : nullptr; }

// NumPy's number of the default dtype; -1 if it is neither float32 nor float64.
int default_type() {
  PyObject* dtype = PyDict_GetItemWithError(world.dtypes, world.default_name);
  return dtype == world.default_dtypes[0] ? NPY_FLOAT32 : dtype == world.default_dtypes[1] ? NPY_FLOAT64 : -1;
}

template <class T>
void fill(PyArrayObject* array, T value) {
  T* values = data<T>(array);
  for (npy_intp i = 0, n = PyArray_SIZE(array); i < n; i++) values[i] = value;
}

// Fills an array of float32, float64 or int64; false, with nothing done, for another or a number too large.
bool fill_with(PyArrayObject* array, double value) {
  switch (PyArray_TYPE(array)) {
    case NPY_FLOAT32:
      if (std::isfinite(value) && std::fabs(value) > 3e38) return false;
      return fill(array, static_cast<float>(value)), true;
    case NPY_FLOAT64: return fill(array, value), true;
    case NPY_INT64:
      if (!(std::fabs(value) < 1e15) || value != std::floor(value)) return false;
      return fill(array, static_cast<int64_t>(value)), true;
  }
  return false;
}

// A new array of the sizes that stand from the i-th argument on, as ints or as one tuple or list.
Held new_sized(const Args& given, int i, int type) {
  const bool nested = given.count() == i + 1 && !PyLong_Check(given.object(i));
  int64_t sizes[NPY_MAXDIMS];
  npy_intp shape[NPY_MAXDIMS];
  int n = nested ? given.integers(i, sizes, NPY_MAXDIMS) : static_cast<int>(given.count()) - i;
  if (n < (nested ? 0 : 1) || n > NPY_MAXDIMS || type < 0) return Held();
  npy_intp size = 1;
  for (int d = 0; d < n; d++) {
    if (!nested && !given.integer(i + d, sizes[d])) return Held();
    if (sizes[d] < 0 || sizes[d] > few) return Held();
    size *= shape[d] = sizes[d];
    if (size > few) return Held();
  }
  return Held(new_array(n, shape, type));
}

// A new array in the form of a tensor, the only argument.
Held new_like(const Args& given) {
  PyObject* x = given.count() == 1 ? given.object(0) : nullptr;
  PyArrayObject* array = x && is_tensor(x) ? plain_array(at(x, world.tensor.array)) : nullptr;
  if (!array || !is_contiguous(array) || PyArray_SIZE(array) > few) return Held();
  const int type = PyArray_TYPE(array);
  if (type != NPY_FLOAT32 && type != NPY_FLOAT64 && type != NPY_INT64) return Held();
  return Held(new_array(PyArray_NDIM(array), PyArray_DIMS(array), type));
}

PyObject* filled(Held array, double value) {
  return array && fill_with(array.get(), value) ? tensor_of(array) : nullptr;
}

PyObject* empty(const Args& given) {
  Held array = new_sized(given, 0, default_type());
  return tensor_of(array);
}
PyObject* zeros(const Args& given) { return filled(new_sized(given, 0, default_type()), 0); }
PyObject* ones(const Args& given) { return filled(new_sized(given, 0, default_type()), 1); }
PyObject* zeros_like(const Args& given) { return filled(new_like(given), 0); }
PyObject* ones_like(const Args& given) { return filled(new_like(given), 1); }
PyObject* empty_like(const Args& given) {
  Held array = new_like(given);
  return tensor_of(array);
}

// size, number
PyObject* full(const Args& given) {
  double value;
  if (given.count() != 2 || !given.number(1, value) || PyLong_Check(given.object(0))) return nullptr;
  PyObject* size = given.object(0);
  const int type = PyFloat_CheckExact(given.object(1)) ? default_type() : NPY_INT64;
  return filled(new_sized(Args(&size, 1), 0, type), value);
}

// x, number
PyObject* full_like(const Args& given) {
  double value;
  if (given.count() != 2 || !given.number(1, value)) return nullptr;
  PyObject* x = given.object(0);
  return filled(new_like(Args(&x, 1)), value);
}

// start, end, step: integers
PyObject* arange(const Args& given) {
  int64_t bounds[3] = {0, 0, 1};
  const int n = static_cast<int>(given.count());
  for (int i = 0; i < n && n <= 3; i++)
    if (!given.integer(i, bounds[n == 1 ? 1 : i]) || std::llabs(bounds[n == 1 ? 1 : i]) > int64_t(1) << 52)
      return nullptr;
  const auto [start, end, step] = bounds;
  if (n < 1 || n > 3 || step == 0 || start == end || (end > start) != (step > 0)) return nullptr;
  const npy_intp count = (end - start + step - (step > 0 ? 1 : -1)) / step;
  if (count > few) return nullptr;
  Held array(new_array(1, &count, NPY_INT64));
  if (!array) return nullptr;
  for (npy_intp i = 0; i < count; i++) data<int64_t>(array.get())[i] = start + i * step;
  return tensor_of(array);
}

// start, end, steps: as ranges.py's `_points` has them in float32
PyObject* linspace(const Args& given) {
  double start, end;
  int64_t steps;
  if (given.count() != 3 || !given.number(0, start) || !given.number(1, end) || !given.integer(2, steps) ||
      steps < 2 || steps > few || default_type() != NPY_FLOAT32 || !(std::fabs(start) < 1e30) ||
      !(std::fabs(end) < 1e30))
    return nullptr;
  const npy_intp count = steps;
  Held array(new_array(1, &count, NPY_FLOAT32));
  if (!array) return nullptr;
  float* values = data<float>(array.get());
  const float from = static_cast<float>(start), to = static_cast<float>(end);
  const double step = (to - from) / static_cast<float>(steps - 1);
  for (npy_intp i = 0; i < count / 2; i++) values[i] = static_cast<float>(from + step * double(i));
  for (npy_intp i = count / 2; i < count; i++) values[i] = static_cast<float>(to - step * double(steps - 1 - i));
  return tensor_of(array);
}

// Random numbers, from the default generator

PyObject* drawn(Held array, Draw what) {
  if (!array || PyArray_SIZE(array.get()) == 0) return nullptr;
  return draw_into(world.generator, array.get(), what) ? tensor_of(array) : nullptr;
}

PyObject* rand(const Args& given) { return drawn(new_sized(given, 0, default_type()), {DrawKind::uniform, 0, 1}); }
PyObject* randn(const Args& given) { return drawn(new_sized(given, 0, default_type()), {DrawKind::normal, 0, 1}); }
PyObject* rand_like(const Args& given) { return drawn(new_like(given), {DrawKind::uniform, 0, 1}); }
PyObject* randn_like(const Args& given) { return drawn(new_like(given), {DrawKind::normal, 0, 1}); }

// low, high, size
PyObject* randint(const Args& given) {
  const int n = static_cast<int>(given.count());
  int64_t low = 0, high;
  if (n < 2 || n > 3 || (n == 3 && !given.integer(0, low)) || !given.integer(n - 2, high)) return nullptr;
  if (PyLong_Check(given.object(n - 1)) || std::llabs(low) > 1 << 27 || high <= low || high > 1 << 27) return nullptr;
  return drawn(new_sized(given, n - 1, NPY_INT64), {DrawKind::integers, double(low), double(high)});
}

// Writes

// The memory of a tensor that may be written to at once: nothing is recorded. Null if it may not.
PyArrayObject* writable(const Args& given, int most) {
  PyObject* x = given.count() >= 1 && given.count() <= most ? given.object(0) : nullptr;
  PyObject* array = x && is_tensor(x) ? settled_array(x) : nullptr;
  PyArrayObject* memory = array ? plain_array(array) : nullptr;
  if (!memory || !PyArray_ISWRITEABLE(memory) || !is_contiguous(memory) || PyArray_SIZE(memory) > few ||
      PyArray_SIZE(memory) == 0)
    return nullptr;
  return at(x, world.tensor.node) == Py_None || recording_now() == 0 ? memory : nullptr;
}

PyObject* written(const Args& given, const char* name) {
  PyObject* operation = PyUnicode_InternFromString(name);
  const bool noted = operation && bump(given.object(0), operation);
  Py_XDECREF(operation);
  return noted ? Py_NewRef(given.object(0)) : nullptr;
}

PyObject* zero(const Args& given) {
  PyArrayObject* x = writable(given, 1);
  if (!x || !PyTypeNum_ISNUMBER(PyArray_TYPE(x))) return nullptr;
  std::memset(PyArray_DATA(x), 0, PyArray_NBYTES(x));
  return written(given, "zero_");
}

// x, number
PyObject* fill(const Args& given) {
  PyArrayObject* x = writable(given, 2);
  double value;
  if (!x || given.count() != 2 || !given.number(1, value) || !fill_with(x, value)) return nullptr;
  return written(given, "fill_");
}

// x, other
PyObject* copy(const Args& given) {
  PyArrayObject* x = writable(given, 2);
  PyObject* other = x && given.count() == 2 ? given.object(1) : nullptr;
  PyObject* array = other && is_tensor(other) ? settled_array(other) : nullptr;
  PyArrayObject* source = array ? plain_array(array) : nullptr;
  if (!source || PyArray_SIZE(source) == 0 || PyArray_DESCR(source) != PyArray_DESCR(x)) return nullptr;
  if (at(other, world.tensor.node) != Py_None && recording_now() != 0) return nullptr;
  const char *to = data<char>(x), *from = data<char>(source);
  const bool apart = from + PyArray_NBYTES(source) <= to || to + PyArray_NBYTES(x) <= from;
  return apart && is_contiguous(source) && assign(x, source) ? written(given, "copy_") : nullptr;
}

PyObject* draw_over(const Args& given, DrawKind kind, const char* name) {
  PyArrayObject* x = writable(given, 3);
  Draw what{kind, 0, 1};
  if (!x || (given.count() > 1 && !given.number(1, what.first)) || (given.count() > 2 && !given.number(2, what.second)))
    return nullptr;
  const bool in_range = std::fabs(what.first) < 3e4 && what.first <= what.second && what.second < 3e4;
  const bool usual = kind == DrawKind::normal ? what.second >= 0 : in_range;
  return usual && draw_into(world.generator, x, what) ? written(given, name) : nullptr;
}

PyObject* normal(const Args& given) { return draw_over(given, DrawKind::normal, "normal_"); }
PyObject* uniform(const Args& given) { return draw_over(given, DrawKind::uniform, "uniform_"); }

const Entry direct[] = {
    {"empty", empty}, {"zeros", zeros}, {"ones", ones}, {"empty_like", empty_like}, {"zeros_like", zeros_like},
    {"ones_like", ones_like}, {"full", full}, {"full_like", full_like}, {"arange", arange},
    {"linspace", linspace}, {"rand", rand}, {"randn", randn}, {"rand_like", rand_like}, {"randn_like", randn_like},
    {"randint", randint},
    {"zero_", zero}, {"fill_", fill}, {"copy_", copy}, {"normal_", normal}, {"uniform_", uniform},
};

}  // namespace

Function find_direct(const char* name) {
  for (const Entry& each : direct)
    if (!std::strcmp(each.name, name)) return each.function;
  return nullptr;
}

}  // namespace tidu
