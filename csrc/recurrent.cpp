// Recurrent layers as operations have them: see tidu/ops/recurrence.py.
#include "recurrent.h"

#include <cstring>
#include <vector>

#include "dispatch.h"
#include "families.h"
#include "parallel.h"
#include "unlocked.h"

namespace tidu {
namespace {

constexpr double thread_work = 1 << 19;  // multiplications that are worth a second thread

template <class T>
const RecurrentKernels<T>& kernels();
template <>
const RecurrentKernels<float>& kernels<float>() { return recurrent_kernels.float32; }
template <>
const RecurrentKernels<double>& kernels<double>() { return recurrent_kernels.float64; }

int gates_of(RecurrentCell cell) { return cell == cell_lstm ? 4 : cell == cell_gru ? 3 : 1; }

// References that are given back together.
class Owned {
 public:
  ~Owned() {
    for (PyObject* object : objects_) Py_XDECREF(object);
  }
  PyArrayObject* keep(PyArrayObject* array) {
    objects_.push_back(reinterpret_cast<PyObject*>(array));
    return array;
  }
  template <class T>
  PyArrayObject* matrix(int64_t rows, int64_t columns) {
    const npy_intp shape[] = {rows, columns};
    return keep(new_array(2, shape, type_number<T>()));
  }

 private:
  std::vector<PyObject*> objects_;
};

// The rows of an array (along its last dimension) in order, copied only if they do not lie so. Null
// if it is not made of whole numbers T in contiguous rows, or if there is no memory.
template <class T>
const T* rows_of(PyArrayObject* a, Owned& owned) {
  if (PyArray_TYPE(a) != type_number<T>()) return nullptr;
  if (is_contiguous(a)) return data<T>(a);
  const int ndim = PyArray_NDIM(a);
  if (ndim != 2 && ndim != 3) return nullptr;
  const npy_intp* shape = PyArray_DIMS(a);
  const npy_intp width = shape[ndim - 1], inner = PyArray_STRIDE(a, ndim - 1);
  PyArrayObject* copy = owned.keep(new_array(ndim, shape, type_number<T>()));
  if (!copy) return nullptr;
  T* to = data<T>(copy);
  for (npy_intp i = 0; i < (ndim == 3 ? shape[0] : 1); i++)
    for (npy_intp j = 0; j < shape[ndim - 2]; j++, to += width) {
      const char* from = PyArray_BYTES(a) + j * PyArray_STRIDE(a, ndim - 2);
      if (ndim == 3) from += i * PyArray_STRIDE(a, 0);
      if (inner == sizeof(T)) std::memcpy(to, from, width * sizeof(T));
      else
        for (npy_intp d = 0; d < width; d++) to[d] = *reinterpret_cast<const T*>(from + d * inner);
    }
  return data<T>(copy);
}

// What forward and backward are given, as numbers; `read` is false for what they do not take.
template <class T>
struct Layer {
  RecurrentCell cell;
  Owned owned;
  int64_t inputs, units, batch, rows;
  std::vector<int64_t> first, count;
  bool dense, reverse;
  PyArrayObject* x_array;
  const T *x, *h0, *c0, *w_ih, *w_hh;

  Steps steps() const { return {first.data(), count.data(), int64_t(count.size())}; }

  bool read(PyObject* x_object, PyObject* h0_object, PyObject* c0_object, PyObject* w_ih_object,
            PyObject* w_hh_object, PyObject* batch_sizes, PyObject* reverse_object) {
    x_array = plain_array(x_object);
    PyArrayObject *ih = plain_array(w_ih_object), *hh = plain_array(w_hh_object);
    if (!x_array || !ih || !hh || PyArray_NDIM(ih) != 2 || PyArray_NDIM(hh) != 2) return false;
    const int ndim = PyArray_NDIM(x_array), gates = gates_of(cell);
    inputs = PyArray_DIM(x_array, ndim - 1);
    units = PyArray_DIM(hh, 1);
    if (PyArray_DIM(ih, 1) != inputs || PyArray_DIM(ih, 0) != gates * units ||
        PyArray_DIM(hh, 0) != gates * units)
      return false;
    reverse = reverse_object == Py_True;
    dense = batch_sizes == Py_None;
    if (dense ? ndim != 3 : ndim != 2 || !PyTuple_Check(batch_sizes)) return false;
    if (dense) count.assign(PyArray_DIM(x_array, 0), PyArray_DIM(x_array, 1));
    else
      for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(batch_sizes); i++) {
        int64_t n;
        if (!Args(&PyTuple_GET_ITEM(batch_sizes, i), 1).integer(0, n) || n < 1) return false;
        if (i && n > count.back()) return false;
        count.push_back(n);
      }
    if (count.empty() || !inputs || !units) return false;
    batch = count[0];
    rows = 0;
    for (int64_t n : count) {
      first.push_back(rows);
      rows += n;
    }
    if (rows == 0 || (!dense && rows != PyArray_DIM(x_array, 0))) return false;
    if (reverse)
      for (size_t i = 0, j = count.size() - 1; i < j; i++, j--) {
        std::swap(first[i], first[j]);
        std::swap(count[i], count[j]);
      }
    x = rows_of<T>(x_array, owned), w_ih = rows_of<T>(ih, owned), w_hh = rows_of<T>(hh, owned);
    return x && w_ih && w_hh && state(h0_object, h0) && (cell != cell_lstm || state(c0_object, c0));
  }

  // A state, or null if there is none.
  bool state(PyObject* object, const T*& found) {
    found = nullptr;
    if (object == Py_None) return true;
    PyArrayObject* a = plain_array(object);
    if (!a || PyArray_NDIM(a) != 2 || PyArray_DIM(a, 0) != batch || PyArray_DIM(a, 1) != units) return false;
    return (found = rows_of<T>(a, owned)) != nullptr;
  }

  bool bias(PyObject* object, const T*& found) {
    found = nullptr;
    if (object == Py_None) return true;
    PyArrayObject* a = plain_array(object);
    if (!a || PyArray_NDIM(a) != 1 || PyArray_DIM(a, 0) != gates_of(cell) * units || !is_contiguous(a) ||
        PyArray_TYPE(a) != type_number<T>())
      return false;
    found = data<T>(a);
    return true;
  }

  // Runs body(begin, end) on the threads, for parts of the batch.
  template <class F>
  void over_batch(F&& body) {
    const double work = double(count.size()) * gates_of(cell) * units * (inputs + units);
    parallel::split(batch, int64_t(thread_work / work) + 1, 1, body);
  }

  // Like x, with rows of another length.
  PyArrayObject* like_x(int64_t width) {
    npy_intp shape[3];
    const int ndim = PyArray_NDIM(x_array);
    for (int d = 0; d < ndim - 1; d++) shape[d] = PyArray_DIM(x_array, d);
    shape[ndim - 1] = width;
    return new_array(ndim, shape, type_number<T>());
  }
};

PyObject* tuple(std::initializer_list<PyArrayObject*> arrays) {  // takes the references
  PyObject* result = PyTuple_New(arrays.size());
  bool complete = result != nullptr;
  Py_ssize_t i = 0;
  for (PyArrayObject* a : arrays) {
    complete = complete && a;
    if (result) PyTuple_SET_ITEM(result, i++, reinterpret_cast<PyObject*>(a));
  }
  if (complete) return result;
  Py_XDECREF(result);
  return nullptr;
}

template <class T>
PyObject* compute(Layer<T>& layer, PyObject* b_ih_object, PyObject* b_hh_object) {
  const RecurrentKernels<T>& use = kernels<T>();
  const RecurrentCell cell = layer.cell;
  const int64_t units = layer.units, inputs = layer.inputs;
  const T *b_ih, *b_hh;
  if (!layer.bias(b_ih_object, b_ih) || !layer.bias(b_hh_object, b_hh)) return nullptr;
  const int64_t size = use.packed_size(cell, inputs, units);
  const bool gated = cell == cell_lstm || cell == cell_gru;
  PyArrayObject* packed = layer.owned.template matrix<T>(1, size + units);
  Owned results;
  PyArrayObject *out = results.keep(layer.like_x(units)), *states = results.matrix<T>(layer.rows, units);
  PyArrayObject* h = results.matrix<T>(layer.batch, units);
  PyArrayObject *gates = nullptr, *c = nullptr, *cells = nullptr;
  if (gated) gates = results.matrix<T>(layer.rows, 4 * units);
  if (cell == cell_lstm) c = results.matrix<T>(layer.batch, units), cells = results.matrix<T>(layer.rows, units);
  if (PyErr_Occurred()) return nullptr;
  RecurrentForward<T> f{layer.steps(), inputs, units, layer.x, layer.h0, layer.c0, data<T>(packed),
                        data<T>(states), data<T>(out), data<T>(h), c ? data<T>(c) : nullptr,
                        gates ? data<T>(gates) : nullptr, cells ? data<T>(cells) : nullptr};
  unlocked(true, [&] {
    use.pack(cell, inputs, units, layer.w_ih, layer.w_hh, b_ih, b_hh, data<T>(packed));
    std::memset(data<T>(packed) + size, 0, units * sizeof(T));
    layer.over_batch([&](int64_t begin, int64_t end) { use.forward(cell, f, begin, end); });
  });
  for (PyArrayObject* a : {out, h, c, gates, cells, states}) Py_XINCREF(a);
  if (cell == cell_lstm) return tuple({out, h, c, gates, cells, states});
  return cell == cell_gru ? tuple({out, h, gates, states}) : tuple({out, h, states});
}

template <class T>
Product<T> product(int64_t m, int64_t n, int64_t k, const T* a, const T* b, T* c) {
  Product<T> p;
  p.m = m, p.n = n, p.k = k;
  p.a = a, p.b = b, p.c = c;
  p.a_row = k, p.a_column = 1, p.b_row = n, p.b_column = 1, p.c_row = n;
  p.accumulate = false;
  p.bias = nullptr;
  return p;
}

// The gradient of a weight: da, turned, times the rows that the weight was multiplied with.
template <class T>
void weight_gradient(int64_t gates, int64_t width, int64_t rows, const T* da, const T* values, T* out, bool add) {
  Product<T> p = product(gates, width, rows, da, values, out);
  p.a_row = 1, p.a_column = gates;
  p.accumulate = add;
  multiply(p);
}

template <class T>
void hidden_weight_gradient(const Layer<T>& layer, const T* da, const T* states, T* g, T* before) {
  const int64_t units = layer.units, gates = gates_of(layer.cell) * units, batch = layer.batch;
  if (layer.dense) {
    const int64_t rest = layer.rows - batch, from = layer.reverse ? batch : 0;
    weight_gradient(gates, units, rest, da + (batch - from) * gates, states + from * units, g, false);
    if (layer.h0) weight_gradient(gates, units, batch, da + (layer.reverse ? rest : 0) * gates, layer.h0, g, true);
    return;
  }
  for (size_t step = 0; step < layer.count.size(); step++) {
    const int64_t n = layer.count[step], earlier = step ? layer.count[step - 1] : 0;
    const int64_t known = n < earlier ? n : earlier;
    T* to = before + layer.first[step] * units;
    if (known) std::memcpy(to, states + layer.first[step - 1] * units, known * units * sizeof(T));
    T* start = to + known * units;
    const size_t bytes = (n - known) * units * sizeof(T);
    if (layer.h0) std::memcpy(start, layer.h0 + known * units, bytes);
    else std::memset(start, 0, bytes);
  }
  weight_gradient(gates, units, layer.rows, da, before, g, false);
}

struct Saved {
  PyObject *g, *x_needed, *b_ih, *states, *gates, *cells;
};

template <class T>
PyObject* compute_gradients(Layer<T>& layer, const Saved& saved) {
  const RecurrentKernels<T>& use = kernels<T>();
  const RecurrentCell cell = layer.cell;
  const int64_t units = layer.units, width = gates_of(cell) * units, rows = layer.rows;
  auto rows_or_null = [&](PyObject* object) -> const T* {
    PyArrayObject* a = plain_array(object);
    return a ? rows_of<T>(a, layer.owned) : nullptr;
  };
  const int results = cell == cell_lstm ? 6 : cell == cell_gru ? 4 : 3, shown = cell == cell_lstm ? 3 : 2;
  if (!PyTuple_Check(saved.g) || PyTuple_GET_SIZE(saved.g) != results) return nullptr;
  auto g = [&](int i) { return PyTuple_GET_ITEM(saved.g, i); };
  for (int i = shown; i < results; i++)  // gradients of gates: second derivatives
    if (g(i) != Py_None) return nullptr;
  const T *g_h, *g_c = nullptr, *g_out = nullptr;
  if (!layer.state(g(1), g_h) || (cell == cell_lstm && !layer.state(g(2), g_c))) return nullptr;
  if (g(0) != Py_None && !(g_out = rows_or_null(g(0)))) return nullptr;
  RecurrentBackward<T> b{layer.steps(), units, layer.h0, layer.c0, rows_or_null(saved.states), nullptr, nullptr,
                         nullptr, g_out, nullptr, nullptr, nullptr, nullptr};
  const bool gated = cell == cell_lstm || cell == cell_gru;
  if (!b.states || (gated && !(b.gates = rows_or_null(saved.gates)))) return nullptr;
  if (cell == cell_lstm && !(b.cells = rows_or_null(saved.cells))) return nullptr;
  const int64_t size = use.packed_columns_size(width, units);
  PyArrayObject *packed = layer.owned.template matrix<T>(1, size + units), *da = layer.owned.template matrix<T>(rows, width);
  PyArrayObject* da_h = cell == cell_gru ? layer.owned.template matrix<T>(rows, width) : da;
  PyArrayObject* before = layer.dense ? nullptr : layer.owned.template matrix<T>(rows, units);
  Owned found;
  PyArrayObject *dh = found.matrix<T>(layer.batch, units), *dc = nullptr, *g_x = nullptr;
  if (cell == cell_lstm) dc = found.matrix<T>(layer.batch, units);
  if (saved.x_needed == Py_True) g_x = found.keep(layer.like_x(layer.inputs));
  PyArrayObject *g_ih = found.matrix<T>(width, layer.inputs), *g_hh = found.matrix<T>(width, units);
  PyArrayObject *g_b_ih = nullptr, *g_b_hh = nullptr;
  const npy_intp of_bias[] = {width};
  if (saved.b_ih != Py_None) {
    g_b_ih = found.keep(new_array(1, of_bias, type_number<T>()));
    if (cell == cell_gru) g_b_hh = found.keep(new_array(1, of_bias, type_number<T>()));
  }
  if (PyErr_Occurred()) return nullptr;
  b.packed = data<T>(packed);
  b.dh = data<T>(dh), b.dc = dc ? data<T>(dc) : nullptr;
  b.da_x = data<T>(da), b.da_h = data<T>(da_h);
  unlocked(true, [&] {
    use.pack_columns(width, units, layer.w_hh, data<T>(packed));
    std::memset(data<T>(packed) + size, 0, units * sizeof(T));
    auto start = [&](T* state, const T* gradient) {
      const size_t bytes = layer.batch * units * sizeof(T);
      if (gradient) std::memcpy(state, gradient, bytes);
      else std::memset(state, 0, bytes);
    };
    start(b.dh, g_h);
    if (b.dc) start(b.dc, g_c);
    layer.over_batch([&](int64_t begin, int64_t end) { use.backward(cell, b, begin, end); });
    if (g_x) {
      Product<T> p = product(rows, layer.inputs, width, const_cast<const T*>(b.da_x), layer.w_ih, data<T>(g_x));
      multiply(p);
    }
    weight_gradient<T>(width, layer.inputs, rows, b.da_x, layer.x, data<T>(g_ih), false);
    hidden_weight_gradient<T>(layer, b.da_h, b.states, data<T>(g_hh), before ? data<T>(before) : nullptr);
    if (g_b_ih) use.add_rows(b.da_x, rows, width, data<T>(g_b_ih));
    if (g_b_hh) use.add_rows(b.da_h, rows, width, data<T>(g_b_hh));
  });
  if (!g_b_hh) g_b_hh = g_b_ih;
  auto result = [](PyArrayObject* a, bool wanted = true) {
    return reinterpret_cast<PyArrayObject*>(Py_NewRef(a && wanted ? reinterpret_cast<PyObject*>(a) : Py_None));
  };
  PyArrayObject *r_x = result(g_x), *r_h = result(dh, layer.h0), *r_ih = result(g_ih), *r_hh = result(g_hh);
  PyArrayObject *r_b_ih = result(g_b_ih), *r_b_hh = result(g_b_hh);
  if (cell != cell_lstm) return tuple({r_x, r_h, r_ih, r_hh, r_b_ih, r_b_hh});
  return tuple({r_x, r_h, result(dc, layer.c0), r_ih, r_hh, r_b_ih, r_b_hh, result(nullptr)});
}

// Calls function(layer) with a Layer of the number type of the array `like`.
template <class F>
PyObject* with_type(PyObject* like, F&& function) {
  PyArrayObject* x = plain_array(like);
  if (!x) return nullptr;
  if (PyArray_TYPE(x) == NPY_FLOAT32) return function(Layer<float>());
  if (PyArray_TYPE(x) == NPY_FLOAT64) return function(Layer<double>());
  return nullptr;
}

PyObject* lstm(const Args& a) {
  if (a.count() != 10 || !a.is_none(7)) return nullptr;  // projections
  return with_type(a.object(0), [&](auto&& layer) -> PyObject* {
    layer.cell = cell_lstm;
    if (!layer.read(a.object(0), a.object(1), a.object(2), a.object(3), a.object(4), a.object(8), a.object(9)))
      return nullptr;
    return compute(layer, a.object(5), a.object(6));
  });
}

PyObject* lstm_rule(const Args& a) {
  if (a.count() != 14 || !a.is_none(8)) return nullptr;
  return with_type(a.object(1), [&](auto&& layer) -> PyObject* {
    layer.cell = cell_lstm;
    if (!layer.read(a.object(1), a.object(3), a.object(4), a.object(5), a.object(6), a.object(12), a.object(13)))
      return nullptr;
    return compute_gradients(layer, {a.object(0), a.object(2), a.object(7), a.object(11), a.object(9), a.object(10)});
  });
}

PyObject* plain(const Args& a, RecurrentCell cell) {
  return with_type(a.object(0), [&](auto&& layer) -> PyObject* {
    layer.cell = cell;
    if (!layer.read(a.object(0), a.object(1), Py_None, a.object(2), a.object(3), a.object(6), a.object(7)))
      return nullptr;
    return compute(layer, a.object(4), a.object(5));
  });
}

PyObject* gru(const Args& a) { return a.count() == 8 ? plain(a, cell_gru) : nullptr; }
PyObject* rnn(const Args& a) {
  return a.count() == 9 ? plain(a, a.object(8) == Py_True ? cell_relu : cell_tanh) : nullptr;
}

PyObject* gru_rule(const Args& a) {
  if (a.count() != 11) return nullptr;
  return with_type(a.object(1), [&](auto&& layer) -> PyObject* {
    layer.cell = cell_gru;
    if (!layer.read(a.object(1), a.object(3), Py_None, a.object(4), a.object(5), a.object(9), a.object(10)))
      return nullptr;
    return compute_gradients(layer, {a.object(0), a.object(2), a.object(6), a.object(8), a.object(7), nullptr});
  });
}

PyObject* rnn_rule(const Args& a) {
  if (a.count() != 11) return nullptr;
  return with_type(a.object(1), [&](auto&& layer) -> PyObject* {
    layer.cell = a.object(10) == Py_True ? cell_relu : cell_tanh;
    if (!layer.read(a.object(1), a.object(3), Py_None, a.object(4), a.object(5), a.object(8), a.object(9)))
      return nullptr;
    return compute_gradients(layer, {a.object(0), a.object(2), a.object(6), a.object(7), nullptr, nullptr});
  });
}

}  // namespace

const Entry recurrent_layer_kernels[] = {
    {"lstm_layer", lstm},
    {"lstm_layer.x,h0,c0,w_ih,w_hh,b_ih,b_hh,w_hr", lstm_rule},
    {"gru_layer", gru},
    {"gru_layer.x,h0,w_ih,w_hh,b_ih,b_hh", gru_rule},
    {"rnn_layer", rnn},
    {"rnn_layer.x,h0,w_ih,w_hh,b_ih,b_hh", rnn_rule},
    {nullptr, nullptr},
};

}  // namespace tidu
