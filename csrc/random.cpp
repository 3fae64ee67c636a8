// The generator as Python has it, and the kernels that fill arrays from it.
#include <cmath>
#include <cstring>

#include "dispatch.h"
#include "families.h"
#include "parallel.h"
#include "scratch.h"
#include "direct.h"
#include "unlocked.h"

namespace tidu {
namespace {

struct Engine {
  PyObject_HEAD
  uint32_t state[twister_words];
  int position;  // words of the state that were drawn
};

PyTypeObject* engine_type = nullptr;

void draw(Engine* engine, uint32_t* out, int64_t n) {
  while (n > 0) {
    if (engine->position == twister_words) {
      random_kernels.refill(engine->state);
      engine->position = 0;
    }
    const int64_t left = twister_words - engine->position, count = n < left ? n : left;
    random_kernels.temper(engine->state + engine->position, out, count);
    engine->position += static_cast<int>(count);
    out += count, n -= count;
  }
}

PyObject* seed_engine(PyObject* self, PyObject* seed) {
  Engine* engine = reinterpret_cast<Engine*>(self);
  uint32_t word = static_cast<uint32_t>(PyLong_AsUnsignedLongLongMask(seed));
  if (PyErr_Occurred()) return nullptr;
  for (int i = 0; i < twister_words; i++) {
    engine->state[i] = word;
    word = 1812433253u * (word ^ (word >> 30)) + i + 1;
  }
  engine->position = twister_words;
  Py_RETURN_NONE;
}

PyObject* draw_words(PyObject* self, PyObject* count) {
  npy_intp n = PyLong_AsSsize_t(count);
  if (n < 0) {
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "a negative number of draws");
    return nullptr;
  }
  PyArrayObject* out = new_array(1, &n, NPY_UINT32);
  if (out) draw(reinterpret_cast<Engine*>(self), data<uint32_t>(out), n);
  return reinterpret_cast<PyObject*>(out);
}

PyObject* state_of(PyObject* self, PyObject*) {
  Engine* engine = reinterpret_cast<Engine*>(self);
  const npy_intp n = twister_words;
  PyArrayObject* words = new_array(1, &n, NPY_UINT32);
  if (!words) return nullptr;
  std::memcpy(data<uint32_t>(words), engine->state, sizeof engine->state);
  return Py_BuildValue("(Ni)", words, engine->position);
}

PyObject* set_state(PyObject* self, PyObject* args) {
  PyArrayObject* words;
  int position;
  if (!PyArg_ParseTuple(args, "O!i", &PyArray_Type, &words, &position)) return nullptr;
  if (PyArray_TYPE(words) != NPY_UINT32 || PyArray_SIZE(words) != twister_words || !is_contiguous(words) ||
      position < 0 || position > twister_words) {
    PyErr_SetString(PyExc_ValueError, "no state of the generator");
    return nullptr;
  }
  Engine* engine = reinterpret_cast<Engine*>(self);
  std::memcpy(engine->state, data<uint32_t>(words), sizeof engine->state);
  engine->position = position;
  Py_RETURN_NONE;
}

PyMethodDef methods[] = {
    {"seed", seed_engine, METH_O, "Starts from a seed, of which the low 32 bits count."},
    {"draw", draw_words, METH_O, "So many draws, as uint32."},
    {"state", state_of, METH_NOARGS, "The words of the state, and how many of them were drawn."},
    {"set_state", set_state, METH_VARARGS, "Goes on from what `state` gave."},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot slots[] = {
    {Py_tp_methods, methods},
    {Py_tp_new, reinterpret_cast<void*>(PyType_GenericNew)},
    {Py_tp_doc, const_cast<char*>("The Mersenne Twister. To be seeded before it is drawn from.")},
    {0, nullptr},
};

PyType_Spec spec = {"tidu.backend._kernels.Engine", sizeof(Engine), 0, Py_TPFLAGS_DEFAULT, slots};

constexpr int64_t chunk = 4096;            // elements that are worked on at a time
constexpr int64_t thread_blocks = 1 << 9;  // blocks of normal numbers that are worth a second thread
constexpr int64_t long_work = 1 << 12;     // elements for which other Python threads may run

// The engine of a `Twister`, the first argument of all these kernels; null if it has none.
Engine* engine_of(const Args& args) {
  if (args.count() < 2 || !engine_type) return nullptr;
  static PyObject* const name = PyUnicode_InternFromString("engine");
  PyObject* engine = PyObject_GetAttr(args.object(0), name);
  if (!engine) {
    PyErr_Clear();
    return nullptr;
  }
  Py_DECREF(engine);  // the generator has it
  return Py_TYPE(engine) == engine_type ? reinterpret_cast<Engine*>(engine) : nullptr;
}

// The array to fill, the second argument: in a row, as `_fill` hands it on.
PyArrayObject* target_of(const Args& args) {
  PyArrayObject* out = args.array(1);
  return out && is_contiguous(out) && PyArray_ISWRITEABLE(out) ? out : nullptr;
}

// Runs work(first, count) for chunk after chunk.
template <class F>
PyObject* in_chunks(PyArrayObject* out, F work) {
  const int64_t n = PyArray_SIZE(out);
  auto all = [&] {
    for (int64_t i = 0; i < n; i += chunk) work(i, n - i < chunk ? n - i : chunk);
  };
  unlocked(n >= long_work, all);
  return Py_NewRef(Py_None);
}

void draw_uniform(Engine* engine, float* out, int64_t n) {
  draw(engine, reinterpret_cast<uint32_t*>(out), n);
  random_kernels.floats(reinterpret_cast<const uint32_t*>(out), out, n);
}
void draw_uniform(Engine* engine, double* out, int64_t n) {
  draw(engine, reinterpret_cast<uint32_t*>(out), 2 * n);
  random_kernels.doubles(reinterpret_cast<const uint32_t*>(out), out, n);
}

// generator, out
PyObject* unit(const Args& args) {
  Engine* engine = engine_of(args);
  PyArrayObject* out = engine ? target_of(args) : nullptr;
  if (!out) return nullptr;
  if (PyArray_TYPE(out) == NPY_FLOAT32)
    return in_chunks(out, [=](int64_t i, int64_t n) { draw_uniform(engine, data<float>(out) + i, n); });
  if (PyArray_TYPE(out) == NPY_FLOAT64)
    return in_chunks(out, [=](int64_t i, int64_t n) { draw_uniform(engine, data<double>(out) + i, n); });
  return nullptr;
}

// generator, out, low, high
PyObject* uniform(const Args& args) {
  Engine* engine = engine_of(args);
  PyArrayObject* out = engine ? target_of(args) : nullptr;
  double low, high;
  if (!out || args.count() != 4 || !args.number(2, low) || !args.number(3, high)) return nullptr;
  if (PyArray_TYPE(out) == NPY_FLOAT32) {
    const float from = static_cast<float>(low), to = static_cast<float>(high);
    return in_chunks(out, [=](int64_t i, int64_t n) {
      float* values = data<float>(out) + i;
      draw_uniform(engine, values, n);
      random_kernels.scale_floats(values, n, to - from, from, to);
    });
  }
  if (PyArray_TYPE(out) != NPY_FLOAT64) return nullptr;
  return in_chunks(out, [=](int64_t i, int64_t n) {
    double* values = data<double>(out) + i;
    draw_uniform(engine, values, n);
    random_kernels.scale_doubles(values, n, high - low, low, high);
  });
}

void make_normal(float* values, int64_t blocks, bool scales, double mean, double std) {
  random_kernels.normal_floats(values, blocks, scales, static_cast<float>(mean), static_cast<float>(std));
}
void make_normal(double* values, int64_t blocks, bool scales, double mean, double std) {
  random_kernels.normal_doubles(values, blocks, scales, mean, std);
}

template <class T>
void fill_normal(Engine* engine, T* out, int64_t n, double mean, double std) {
  const bool scales = mean != 0 || std != 1;
  for (int64_t i = 0; i < n; i += chunk) draw_uniform(engine, out + i, n - i < chunk ? n - i : chunk);
  parallel::split(n / 16, thread_blocks, 64, [=](int64_t begin, int64_t end) {
    make_normal(out + 16 * begin, end - begin, scales, mean, std);
  });
  if (n % 16) {  // the last 16 are drawn once more
    draw_uniform(engine, out + n - 16, 16);
    make_normal(out + n - 16, 1, scales, mean, std);
  }
}

// generator, out (16 elements or more), mean, std
PyObject* normal_blocks(const Args& args) {
  Engine* engine = engine_of(args);
  PyArrayObject* out = engine ? target_of(args) : nullptr;
  double mean, std;
  if (!out || args.count() != 4 || !args.number(2, mean) || !args.number(3, std)) return nullptr;
  const int64_t n = PyArray_SIZE(out);
  const int type = PyArray_TYPE(out);
  if (n < 16 || (type != NPY_FLOAT32 && type != NPY_FLOAT64)) return nullptr;
  auto work = [=] {
    if (type == NPY_FLOAT32) fill_normal(engine, data<float>(out), n, mean, std);
    else fill_normal(engine, data<double>(out), n, mean, std);
  };
  unlocked(n >= long_work, work);
  return Py_NewRef(Py_None);
}

// generator, out, mean, std: one by one, in pairs of doubles; the second of a pair waits
PyObject* normal_pairs(const Args& args) {
  Engine* engine = engine_of(args);
  PyArrayObject* out = engine ? target_of(args) : nullptr;
  double mean, std, waiting = 0;
  if (!out || args.count() != 4 || !args.number(2, mean) || !args.number(3, std)) return nullptr;
  const int type = PyArray_TYPE(out);
  if (type != NPY_FLOAT32 && type != NPY_FLOAT64) return nullptr;
  PyObject* held = PyObject_GetAttrString(args.object(0), "waiting");
  if (!held) return nullptr;
  bool waits = held != Py_None, waited = waits;
  if (waits) waiting = PyFloat_AsDouble(held);
  Py_DECREF(held);
  if (PyErr_Occurred()) return nullptr;
  const bool scales = mean != 0 || std != 1;
  const int64_t size = PyArray_SIZE(out);
  for (int64_t i = 0; i < size; i++) {
    double value = waiting;
    if (!waits) {
      uint32_t draws[4];
      double uniforms[2];
      draw(engine, draws, 4);
      random_kernels.doubles(draws, uniforms, 2);
      const double angle = 6.28318530717958647692 * uniforms[0];
      const double radius = std::sqrt(-2 * std::log1p(-uniforms[1]));
      value = radius * std::cos(angle), waiting = radius * std::sin(angle);
    }
    waits = !waits;
    if (scales) value = std::fma(value, std, mean);
    if (type == NPY_FLOAT32) data<float>(out)[i] = static_cast<float>(value);
    else data<double>(out)[i] = value;
  }
  if (waits || waited) {
    PyObject* left = waits ? PyFloat_FromDouble(waiting) : Py_NewRef(Py_None);
    const int failed = left ? PyObject_SetAttrString(args.object(0), "waiting", left) : -1;
    Py_XDECREF(left);
    if (failed) return nullptr;
  }
  return Py_NewRef(Py_None);
}

// generator, out, bound, value: 53 random bits below the bound give the value, others 0
PyObject* trials(const Args& args) {
  Engine* engine = engine_of(args);
  PyArrayObject* out = engine ? target_of(args) : nullptr;
  int64_t bound;
  double value;
  if (!out || args.count() != 4 || !args.integer(2, bound) || !args.number(3, value)) return nullptr;
  const int type = PyArray_TYPE(out);
  if (type != NPY_FLOAT32 && type != NPY_FLOAT64 && type != NPY_BOOL && type != NPY_UINT8) return nullptr;
  if (PyArray_ITEMSIZE(out) == 1 && value != 1) return nullptr;
  uint32_t* draws = scratch<uint32_t>(scratch_own, 2 * chunk);
  return in_chunks(out, [=](int64_t i, int64_t n) {
    draw(engine, draws, 2 * n);
    if (type == NPY_FLOAT32)
      random_kernels.trials_float(draws, data<float>(out) + i, n, bound, static_cast<float>(value));
    else if (type == NPY_FLOAT64)
      random_kernels.trials_double(draws, data<double>(out) + i, n, bound, value);
    else
      random_kernels.trials_byte(draws, data<uint8_t>(out) + i, n, bound, 1);
  });
}

// Draws modulo `span` plus `low`.
template <class T>
void write_integers(const uint32_t* draws, T* out, int64_t n, uint64_t span, uint64_t low, bool wide) {
  if (wide) {
    for (int64_t i = 0; i < n; i++) {
      uint64_t x = uint64_t(draws[2 * i]) << 32 | draws[2 * i + 1];
      if (span) x %= span;
      out[i] = static_cast<T>(static_cast<int64_t>(x + low));
    }
  } else if ((span & (span - 1)) == 0) {
    for (int64_t i = 0; i < n; i++) out[i] = static_cast<T>(static_cast<int64_t>((draws[i] & (span - 1)) + low));
  } else {
    const uint32_t divisor = static_cast<uint32_t>(span);
    for (int64_t i = 0; i < n; i++) out[i] = static_cast<T>(static_cast<int64_t>(draws[i] % divisor + low));
  }
}

// generator, out, span, low, wide
PyObject* integers(const Args& args) {
  Engine* engine = engine_of(args);
  PyArrayObject* out = engine ? target_of(args) : nullptr;
  int64_t span, low;
  bool wide;
  if (!out || args.count() != 5 || !args.integer(2, span) || !args.integer(3, low) || !args.flag(4, wide))
    return nullptr;
  const int type = PyArray_TYPE(out);
  if (type != NPY_INT64 && type != NPY_INT32 && type != NPY_FLOAT32) return nullptr;
  if (span < 0 || (!wide && (span == 0 || span > UINT32_MAX))) return nullptr;
  uint32_t* draws = scratch<uint32_t>(scratch_own, 2 * chunk);
  return in_chunks(out, [=](int64_t i, int64_t n) {
    draw(engine, draws, wide ? 2 * n : n);
    if (type == NPY_INT64) write_integers(draws, data<int64_t>(out) + i, n, span, low, wide);
    else if (type == NPY_INT32) write_integers(draws, data<int32_t>(out) + i, n, span, low, wide);
    else write_integers(draws, data<float>(out) + i, n, span, low, wide);
  });
}

// generator, out: 0 to n - 1 in random order, by Fisher and Yates
PyObject* permutation(const Args& args) {
  Engine* engine = engine_of(args);
  PyArrayObject* out = engine ? target_of(args) : nullptr;
  if (!out || PyArray_TYPE(out) != NPY_INT64 || PyArray_SIZE(out) >= 0xFFFFFFFF / 20) return nullptr;
  const int64_t size = PyArray_SIZE(out);
  int64_t* values = data<int64_t>(out);
  uint32_t* places = scratch<uint32_t>(scratch_own, chunk);
  for (int64_t i = 0; i < size; i++) values[i] = i;
  in_chunks(out, [=](int64_t first, int64_t n) {
    if (first + n == size) n--;  // the last one stays
    draw(engine, places, n);
    for (int64_t i = 0; i < n; i++) {  // where to is known long before it is needed
      places[i] = static_cast<uint32_t>(first + i + places[i] % static_cast<uint32_t>(size - first - i));
      __builtin_prefetch(values + places[i]);
    }
    for (int64_t i = 0; i < n; i++) {
      const int64_t moved = values[first + i];
      values[first + i] = values[places[i]];
      values[places[i]] = moved;
    }
  });
  return Py_NewRef(Py_None);
}

// Has one of the kernels above fill an array from a `Twister`, whose lock the caller has.
bool draw_all(PyObject* generator, PyArrayObject* out, Draw what) {
  static PyObject* const name = PyUnicode_InternFromString("_fresh");
  PyObject* fresh = PyObject_GetAttr(generator, name);  // then Python has to begin
  const bool begun = fresh == Py_False;
  Py_XDECREF(fresh);
  if (!begun) return false;
  PyObject* args[5] = {generator, reinterpret_cast<PyObject*>(out)};
  Function kernel = unit;
  int n = 2;
  if (what.kind == DrawKind::integers) {
    kernel = integers;
    args[2] = PyLong_FromLongLong(static_cast<int64_t>(what.second - what.first));
    args[3] = PyLong_FromLongLong(static_cast<int64_t>(what.first));
    args[4] = Py_NewRef(Py_False), n = 5;
  } else if (what.kind == DrawKind::normal || what.first != 0 || what.second != 1) {
    kernel = what.kind == DrawKind::uniform ? uniform : PyArray_SIZE(out) < 16 ? normal_pairs : normal_blocks;
    args[2] = PyFloat_FromDouble(what.first), args[3] = PyFloat_FromDouble(what.second), n = 4;
  }
  bool done = true;
  for (int i = 2; i < n; i++) done = done && args[i];
  PyObject* result = done ? kernel(Args(args, n)) : nullptr;
  for (int i = 2; i < n; i++) Py_XDECREF(args[i]);
  Py_XDECREF(result);
  return result;
}

}  // namespace

bool draw_into(PyObject* generator, PyArrayObject* out, Draw what) {
  static PyObject* const names[] = {PyUnicode_InternFromString("lock"), PyUnicode_InternFromString("acquire"),
                                    PyUnicode_InternFromString("release")};
  PyObject* lock = generator ? PyObject_GetAttr(generator, names[0]) : nullptr;
  PyObject* locked = lock ? PyObject_CallMethodNoArgs(lock, names[1]) : nullptr;
  const bool done = locked && draw_all(generator, out, what);
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  PyObject* released = locked ? PyObject_CallMethodNoArgs(lock, names[2]) : nullptr;
  PyErr_Restore(type, value, trace);
  Py_XDECREF(released);
  Py_XDECREF(locked);
  Py_XDECREF(lock);
  return done;
}

PyObject* make_engine_type() {
  engine_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  return reinterpret_cast<PyObject*>(engine_type);
}

const Entry random_kernel_list[] = {
    {"random_unit", unit},
    {"random_uniform", uniform},
    {"random_normal", normal_blocks},
    {"random_pairs", normal_pairs},
    {"random_trials", trials},
    {"random_integers", integers},
    {"random_permutation", permutation},
    {nullptr, nullptr},
};

}  // namespace tidu
