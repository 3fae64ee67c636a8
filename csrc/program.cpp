#include "program.h"

#include <structmember.h>

#include <cstring>

#include "arrays.h"
#include "dispatch.h"
#include "guarded.h"
#include "held.h"
#include "parallel.h"
#include "unlocked.h"

namespace tidu {
namespace {

constexpr int max_inputs = 8, max_constants = 16, max_registers = 64, max_code = 96, max_dims = 16;
constexpr uint8_t to_result = 255;     // the register that stands for the result's memory
constexpr size_t block_bytes = 4096;   // of one register; more blocks would not fit in the L1 cache
constexpr npy_intp long_row = 128;     // rows from this length on are computed where they are
constexpr int64_t thread_work = 1 << 14;  // additions that are worth a second thread

struct Instruction {
  uint8_t opcode, target, operands[3];
};

constexpr uint8_t costs[n_opcodes] = {
#define TIDU_COST(name, operands, cost) cost,
    TIDU_OPCODES(TIDU_COST)
#undef TIDU_COST
};

struct Program {
  PyObject_HEAD
  vectorcallfunc call;
  PyObject *name, *fallback;
  int n_inputs, n_constants, n_code, n_registers, cost;
  int result_type;            // NPY_BOOL, or NPY_NOTYPE for the operands' own
  bool condition[max_inputs];  // whether an input is an array of bool
  bool in_float[2];            // whether all instructions exist in float32, in float64
  double constants[max_constants];
  Instruction code[max_code];
};

// One operand of a call.
struct Operand {
  const char* data;
  npy_intp strides[max_dims];  // in bytes; 0 where it is broadcast
  int itemsize;
  bool whole;   // one after the other, in the order of the result
  bool scalar;  // one element for all
};

// A call: what is computed over which elements.
struct Call {
  const Program* program;
  const Loop* loops;
  Operand inputs[max_inputs];
  int itemsize;  // of the program's type
  size_t block;  // elements in a register
  int ndim;      // after axes were merged; 1 if all operands are whole or scalars
  npy_intp shape[max_dims];
  npy_intp size;
  char* result;
  int result_itemsize;
  double numbers[max_inputs];  // Python's numbers among the operands, in the program's type
};

// Buffers of one thread: a block for each register.
struct Arena {
  alignas(64) char blocks[max_registers][block_bytes];
};
thread_local Arena* arena_of_thread = nullptr;

Arena& arena() {
  if (!arena_of_thread) arena_of_thread = new Arena;  // kept for the life of the thread
  return *arena_of_thread;
}

template <class T>
void fill(char* target, const void* value, size_t n) {
  T v;
  std::memcpy(&v, value, sizeof v);
  T* out = reinterpret_cast<T*>(target);
  for (size_t i = 0; i < n; i++) out[i] = v;
}

void fill(char* target, const void* value, int itemsize, size_t n) {
  if (itemsize == 4) fill<uint32_t>(target, value, n);
  else if (itemsize == 8) fill<uint64_t>(target, value, n);
  else fill<uint8_t>(target, value, n);
}

template <class T>
void gather(char* target, const char* source, npy_intp stride, size_t n) {
  T* out = reinterpret_cast<T*>(target);
  for (size_t i = 0; i < n; i++, source += stride) std::memcpy(out + i, source, sizeof(T));
}

// Copies one run of elements of an operand into a register.
void copy_run(char* target, const char* source, npy_intp stride, int itemsize, size_t n) {
  if (stride == itemsize) std::memcpy(target, source, n * itemsize);
  else if (stride == 0) fill(target, source, itemsize, n);
  else if (itemsize == 4) gather<uint32_t>(target, source, stride, n);
  else if (itemsize == 8) gather<uint64_t>(target, source, stride, n);
  else gather<uint8_t>(target, source, stride, n);
}

// Where element `index`, counted in the result's order, of an operand is; `column` is set to its
// place in its row.
const char* locate(const Call& call, const Operand& x, npy_intp index, npy_intp& column) {
  int last = call.ndim - 1;
  column = index % call.shape[last];
  npy_intp row = index / call.shape[last];
  const char* p = x.data + column * x.strides[last];
  for (int d = last - 1; d >= 0 && row; d--) {
    p += row % call.shape[d] * x.strides[d];
    row /= call.shape[d];
  }
  return p;
}

class Run {
 public:
  Run(const Call& call, npy_intp begin, npy_intp end)
      : call_(call), program_(*call.program), arena_(arena()), begin_(begin), end_(end) {
    size_t n = end - begin < npy_intp(call.block) ? end - begin : call.block;
    for (int r = 0; r < program_.n_registers; r++) registers_[r] = arena_.blocks[r];
    for (int i = 0; i < program_.n_inputs; i++)
      if (call.inputs[i].scalar) fill(arena_.blocks[i], call.inputs[i].data, call.inputs[i].itemsize, n);
    for (int i = 0; i < program_.n_constants; i++) {
      char* target = arena_.blocks[program_.n_inputs + i];
      float single = static_cast<float>(program_.constants[i]);
      if (call.itemsize == 4) fill(target, &single, 4, n);
      else fill(target, &program_.constants[i], 8, n);
    }
  }

  void go() {
    const npy_intp row = call_.shape[call_.ndim - 1];
    const bool long_rows = call_.ndim > 1 && row >= long_row;
    for (npy_intp at = begin_; at < end_;) {
      npy_intp n = end_ - at < npy_intp(call_.block) ? end_ - at : call_.block;
      if (long_rows && n > row - at % row) n = row - at % row;
      for (int i = 0; i < program_.n_inputs; i++) {
        const Operand& x = call_.inputs[i];
        if (x.whole) registers_[i] = x.data + at * x.itemsize;
        else if (!x.scalar) prepare(i, x, at, n);
      }
      compute(at, n);
      at += n;
    }
  }

 private:
  // Points register i to elements [at, at + n) of an operand, copied if they do not lie in a row.
  void prepare(int i, const Operand& x, npy_intp at, npy_intp n) {
    const int last = call_.ndim - 1;
    const npy_intp stride = x.strides[last];
    npy_intp column;
    const char* source = locate(call_, x, at, column);
    if (stride == x.itemsize && column + n <= call_.shape[last]) {
      registers_[i] = source;
      return;
    }
    registers_[i] = arena_.blocks[i];
    for (npy_intp done = 0; done < n;) {
      if (done) source = locate(call_, x, at + done, column);
      npy_intp run = call_.shape[last] - column < n - done ? call_.shape[last] - column : n - done;
      copy_run(arena_.blocks[i] + done * x.itemsize, source, stride, x.itemsize, run);
      done += run;
    }
  }

  void compute(npy_intp at, size_t n) {
    for (int i = 0; i < program_.n_code; i++) {
      const Instruction& step = program_.code[i];
      const void* operands[3] = {registers_[step.operands[0]], registers_[step.operands[1]],
                                 registers_[step.operands[2]]};
      void* target = step.target == to_result ? call_.result + at * call_.result_itemsize
                                              : arena_.blocks[step.target];
      call_.loops[step.opcode](operands, target, n);
    }
  }

  const Call& call_;
  const Program& program_;
  Arena& arena_;
  npy_intp begin_, end_;
  const void* registers_[max_registers];
};

void execute(const Call& call) {
  if (call.size == 0) return;
  const int cost = call.program->cost;
  if (call.size * cost < 2 * thread_work) {
    Run(call, 0, call.size).go();
    return;
  }
  unlocked(true, [&] {
    parallel::split(call.size, thread_work / cost, call.block, [&](int64_t begin, int64_t end) {
      Run(call, begin, end).go();
    });
  });
}

// Whether axis a should come after axis b, as NumPy orders axes for a result: some operand has the
// smaller stride along a, and none the larger.
bool comes_after(const Call& call, int a, int b) {
  bool after = false;
  for (int i = 0; i < call.program->n_inputs; i++) {
    npy_intp sa = call.inputs[i].strides[a], sb = call.inputs[i].strides[b];
    if (sa == 0 || sb == 0) continue;
    if (sa >= sb) return false;
    after = true;
  }
  return after;
}

bool has_shape(PyArrayObject* a, int ndim, const npy_intp* shape) {
  return PyArray_NDIM(a) == ndim && PyArray_CompareLists(PyArray_DIMS(a), shape, ndim);
}

PyArrayObject* new_reference(PyArrayObject* a) {
  return reinterpret_cast<PyArrayObject*>(Py_NewRef(reinterpret_cast<PyObject*>(a)));
}

// Orders the axes, makes the result (or takes `out`, if it would be like it) and merges axes; null,
// without an error, if the reference has to compute this call.
PyArrayObject* arrange(Call& call, PyArrayObject* const* arrays, int result_type, PyArrayObject* out) {
  const int n = call.program->n_inputs;
  int ndim = 0;
  for (int i = 0; i < n; i++)
    if (arrays[i] && PyArray_NDIM(arrays[i]) > ndim) ndim = PyArray_NDIM(arrays[i]);
  if (ndim > max_dims || ndim == 0) return nullptr;
  npy_intp shape[max_dims];
  for (int d = 0; d < ndim; d++) shape[d] = 1;
  for (int i = 0; i < n; i++) {
    int offset = arrays[i] ? ndim - PyArray_NDIM(arrays[i]) : ndim;
    for (int d = 0; d < ndim; d++) {
      npy_intp length = d < offset ? 1 : PyArray_DIM(arrays[i], d - offset);
      npy_intp stride = length == 1 ? 0 : PyArray_STRIDE(arrays[i], d - offset);
      if (stride < 0) return nullptr;
      if (length != 1) {
        if (shape[d] != 1 && shape[d] != length) return nullptr;
        shape[d] = length;
      }
      call.inputs[i].strides[d] = stride;
    }
  }
  int order[max_dims];
  for (int d = 0; d < ndim; d++) {
    int at = d;
    for (; at > 0 && comes_after(call, order[at - 1], d); at--) order[at] = order[at - 1];
    order[at] = d;
  }
  npy_intp strides[max_dims];
  npy_intp stride = result_type == NPY_BOOL ? 1 : call.itemsize;
  bool in_order = true;
  call.size = 1;
  for (int d = ndim - 1; d >= 0; d--) {
    strides[order[d]] = stride;
    stride *= shape[order[d]];
    call.size *= shape[order[d]];
    in_order = in_order && order[d] == d;
  }
  if (out && !(in_order && has_shape(out, ndim, shape))) return nullptr;
  // Axes that lie behind one another in all operands become one.
  Operand old[max_inputs];
  std::memcpy(old, call.inputs, sizeof old);
  call.ndim = 0;
  for (int d = 0; d < ndim; d++) {
    npy_intp length = shape[order[d]];
    if (length == 1) continue;
    int last = call.ndim - 1;
    bool merges = last >= 0;
    for (int i = 0; merges && i < n; i++)
      merges = call.inputs[i].strides[last] == old[i].strides[order[d]] * length;
    if (!merges) {
      last = call.ndim++;
      call.shape[last] = 1;
    }
    call.shape[last] *= length;
    for (int i = 0; i < n; i++) call.inputs[i].strides[last] = old[i].strides[order[d]];
  }
  if (call.ndim == 0) {
    call.ndim = 1;
    call.shape[0] = 1;
    for (int i = 0; i < n; i++) call.inputs[i].strides[0] = 0;
  }
  for (int i = 0; i < n; i++) {
    Operand& x = call.inputs[i];
    npy_intp expected = x.itemsize;
    x.whole = x.scalar = true;
    for (int d = call.ndim - 1; d >= 0; d--) {
      x.whole = x.whole && x.strides[d] == expected;
      x.scalar = x.scalar && x.strides[d] == 0;
      expected *= call.shape[d];
    }
  }
  if (out) return new_reference(out);
  return new_array(ndim, shape, result_type, in_order ? nullptr : strides);
}

PyObject* call_fallback(Program* self, PyObject* const* args, size_t nargsf) {
  return PyObject_Vectorcall(self->fallback, args, nargsf, nullptr);
}

bool read_number(PyObject* object, double& number) {
  if (PyFloat_CheckExact(object)) {
    number = PyFloat_AS_DOUBLE(object);
    return true;
  }
  if (!PyLong_CheckExact(object)) return false;
  number = PyLong_AsDouble(object);
  if (number == -1 && PyErr_Occurred()) {  // too large a number
    PyErr_Clear();
    return false;
  }
  return true;
}

// From the first byte to the end of what an array's elements span.
void extent(PyArrayObject* a, const char*& first, const char*& end) {
  first = data<char>(a), end = first + PyArray_ITEMSIZE(a);
  for (int d = 0; d < PyArray_NDIM(a); d++) {
    const npy_intp span = (PyArray_DIM(a, d) - 1) * PyArray_STRIDE(a, d);
    (span < 0 ? first : end) += span;
  }
}

// Whether a result may be written to `out` while `a` is read: each element where it was read, or
// nowhere that is read.
bool may_replace(PyArrayObject* out, PyArrayObject* a) {
  if (PyArray_SIZE(out) == 0 || PyArray_SIZE(a) == 0) return false;
  const char *first, *end, *out_first = data<char>(out), *out_end = out_first + PyArray_NBYTES(out);
  extent(a, first, end);
  if (end <= out_first || out_end <= first) return true;
  return first == out_first && is_contiguous(a) && PyArray_SAMESHAPE(a, out) &&
         PyArray_TYPE(a) == PyArray_TYPE(out);
}

// The result, in a new array or in `out`; null, without an error, if the program is not for these
// arguments.
PyObject* compute(Program* self, PyObject* const* args, PyArrayObject* out) {
  PyArrayObject* arrays[max_inputs];  // null for a number
  int type = NPY_NOTYPE, model = -1;  // the model: the array with the most axes, then elements
  Call call;
  for (int i = 0; i < self->n_inputs; i++) {
    PyArrayObject* a = arrays[i] = plain_array(args[i]);
    if (!a) {
      if (self->condition[i] || !read_number(args[i], call.numbers[i])) return nullptr;
      continue;
    }
    int t = PyArray_TYPE(a);
    if (self->condition[i]) {
      if (t != NPY_BOOL) return nullptr;
    } else if (type == NPY_NOTYPE) {
      type = t;
    } else if (t != type) {
      return nullptr;
    }
    int more = model < 0 ? 1 : PyArray_NDIM(a) - PyArray_NDIM(arrays[model]);
    if (more > 0 || (more == 0 && PyArray_SIZE(a) > PyArray_SIZE(arrays[model]))) model = i;
  }
  if (!(type == NPY_FLOAT32 && self->in_float[0]) && !(type == NPY_FLOAT64 && self->in_float[1]))
    return nullptr;

  call.program = self;
  call.loops = type == NPY_FLOAT32 ? loops.float32 : loops.float64;
  call.itemsize = type == NPY_FLOAT32 ? 4 : 8;
  call.block = block_bytes / call.itemsize;
  const int result_type = self->result_type == NPY_NOTYPE ? type : self->result_type;
  call.result_itemsize = result_type == NPY_BOOL ? 1 : call.itemsize;
  if (out && PyArray_TYPE(out) != result_type) return nullptr;
  bool linear = true;
  for (int i = 0; i < self->n_inputs; i++) {
    PyArrayObject* a = arrays[i];
    Operand& x = call.inputs[i];
    x.itemsize = self->condition[i] ? 1 : call.itemsize;
    if (!a) {
      float single = static_cast<float>(call.numbers[i]);
      if (type == NPY_FLOAT32) std::memcpy(&call.numbers[i], &single, sizeof single);
      x.data = reinterpret_cast<const char*>(&call.numbers[i]);
      x.whole = false;
      x.scalar = true;
      continue;
    }
    if (out && !may_replace(out, a)) return nullptr;
    x.data = data<char>(a);
    x.whole = is_contiguous(a) && PyArray_SAMESHAPE(a, arrays[model]);
    x.scalar = !x.whole && PyArray_SIZE(a) == 1;
    linear = linear && (x.whole || x.scalar);
  }
  Held result;
  if (linear) {
    call.ndim = 1;
    call.shape[0] = call.size = PyArray_SIZE(arrays[model]);
    if (out && !PyArray_SAMESHAPE(out, arrays[model])) return nullptr;
    result = Held(out ? new_reference(out)
                      : new_array(PyArray_NDIM(arrays[model]), PyArray_DIMS(arrays[model]), result_type));
  } else {
    result = Held(arrange(call, arrays, result_type, out));
  }
  if (!result) return nullptr;
  call.result = data<char>(result.get());
  execute(call);
  return result.object();
}

PyObject* call_program(PyObject* object, PyObject* const* args, size_t nargsf, PyObject* names) {
  Program* self = reinterpret_cast<Program*>(object);
  if (names || PyVectorcall_NARGS(nargsf) != self->n_inputs)
    return PyObject_Vectorcall(self->fallback, args, nargsf, names);
  PyObject* result = guarded([&] { return compute(self, args, nullptr); });
  if (result || PyErr_Occurred()) return result;
  return call_fallback(self, args, nargsf);
}

// into(out, *arguments): computes into the array `out`, which may be one of the arguments. Whether
// the program did that; if not, nothing has happened.
PyObject* into(PyObject* object, PyObject* const* args, Py_ssize_t count) {
  Program* self = reinterpret_cast<Program*>(object);
  PyArrayObject* out = count == self->n_inputs + 1 ? plain_array(args[0]) : nullptr;
  if (!out || !is_contiguous(out) || !PyArray_ISWRITEABLE(out)) Py_RETURN_FALSE;
  PyObject* result = guarded([&] { return compute(self, args + 1, out); });
  if (!result && PyErr_Occurred()) return nullptr;
  Py_XDECREF(result);
  return PyBool_FromLong(result != nullptr);
}

PyMethodDef methods[] = {
    {"into", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(into)), METH_FASTCALL,
     "into(out, *arguments): computes into an array; whether the program could."},
    {nullptr, nullptr, 0, nullptr},
};

bool read_code(Program* self, const char* code, Py_ssize_t length) {
  const int known = self->n_inputs + self->n_constants;
  self->n_code = static_cast<int>(length / 5);
  self->in_float[0] = self->in_float[1] = true;
  if (length % 5 || length == 0 || self->n_code > max_code) return false;
  for (int i = 0; i < self->n_code; i++) {
    Instruction& step = self->code[i];
    std::memcpy(&step, code + 5 * i, 5);
    if (step.opcode >= n_opcodes) return false;
    bool last = i == self->n_code - 1;
    if (last ? step.target != to_result
             : step.target < known || step.target >= self->n_registers) return false;
    for (uint8_t operand : step.operands)
      if (operand >= self->n_registers) return false;
    self->in_float[0] = self->in_float[0] && loops.float32[step.opcode];
    self->in_float[1] = self->in_float[1] && loops.float64[step.opcode];
    self->cost += costs[step.opcode];
  }
  return true;
}

PyObject* new_program(PyTypeObject* type, PyObject* args, PyObject*) {
  PyObject *name, *constants, *fallback;
  const char *inputs, *code;
  Py_ssize_t n_inputs, length;
  int n_registers, gives_bool;
  if (!PyArg_ParseTuple(args, "Us#O!y#ipO", &name, &inputs, &n_inputs, &PyTuple_Type, &constants,
                        &code, &length, &n_registers, &gives_bool, &fallback))
    return nullptr;
  Py_ssize_t n_constants = PyTuple_GET_SIZE(constants);
  if (n_inputs < 1 || n_inputs > max_inputs || n_constants > max_constants ||
      n_registers < n_inputs + n_constants || n_registers > max_registers) {
    PyErr_SetString(PyExc_ValueError, "too many inputs, constants or registers for a program");
    return nullptr;
  }
  Program* self = reinterpret_cast<Program*>(type->tp_alloc(type, 0));
  if (!self) return nullptr;
  self->call = call_program;
  self->name = Py_NewRef(name);
  self->fallback = Py_NewRef(fallback);
  self->n_inputs = static_cast<int>(n_inputs);
  self->n_constants = static_cast<int>(n_constants);
  self->n_registers = n_registers;
  self->result_type = gives_bool ? NPY_BOOL : NPY_NOTYPE;
  for (int i = 0; i < n_inputs; i++) self->condition[i] = inputs[i] == 'b';
  for (int i = 0; i < n_constants; i++)
    self->constants[i] = PyFloat_AsDouble(PyTuple_GET_ITEM(constants, i));
  if (PyErr_Occurred() || !read_code(self, code, length)) {
    Py_DECREF(self);
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "not the code of a program");
    return nullptr;
  }
  return reinterpret_cast<PyObject*>(self);
}

int traverse(PyObject* object, visitproc visit, void* arg) {
  Program* self = reinterpret_cast<Program*>(object);
  Py_VISIT(self->fallback);
  Py_VISIT(Py_TYPE(object));
  return 0;
}

int clear(PyObject* object) {
  Program* self = reinterpret_cast<Program*>(object);
  Py_CLEAR(self->fallback);
  return 0;
}

void free_program(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  PyObject_GC_UnTrack(object);
  clear(object);
  Py_CLEAR(reinterpret_cast<Program*>(object)->name);
  type->tp_free(object);
  Py_DECREF(type);
}

PyObject* describe(PyObject* object) {
  Program* self = reinterpret_cast<Program*>(object);
  return PyUnicode_FromFormat("<native kernel %U, %d instruction%s>", self->name, self->n_code,
                              self->n_code == 1 ? "" : "s");
}

PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Program, call), READONLY, nullptr},
    {"__name__", T_OBJECT, offsetof(Program, name), READONLY, nullptr},
    {"fallback", T_OBJECT, offsetof(Program, fallback), READONLY,
     "What computes a call that the program is not for."},
    {nullptr, 0, 0, 0, nullptr},
};

PyType_Slot slots[] = {
    {Py_tp_new, reinterpret_cast<void*>(new_program)},
    {Py_tp_dealloc, reinterpret_cast<void*>(free_program)},
    {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(clear)},
    {Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
    {Py_tp_repr, reinterpret_cast<void*>(describe)},
    {Py_tp_members, members},
    {Py_tp_methods, methods},
    {Py_tp_doc, const_cast<char*>(
        "Program(name, inputs, constants, code, registers, gives_bool, fallback)\n\n"
        "An element-by-element computation in one pass; see tidu/backend/fuse.py.")},
    {0, nullptr},
};

PyType_Spec spec = {"tidu.backend._kernels.Program", sizeof(Program), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL, slots};

}  // namespace

PyObject* program_type = nullptr;

PyObject* make_program_type() { return Py_XNewRef(program_type = PyType_FromSpec(&spec)); }

bool is_program(PyObject* object) {
  return reinterpret_cast<PyObject*>(Py_TYPE(object)) == program_type;
}

}  // namespace tidu
