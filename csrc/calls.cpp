#include "calls.h"

#include <structmember.h>

#include <cstring>
#include <new>

#include "cases.h"
#include "direct.h"
#include "guarded.h"
#include "lowering.h"
#include "program.h"

namespace tidu {
namespace {

constexpr int max_ops = 3;

struct Call {
  PyObject_HEAD
  vectorcallfunc call;
  PyObject *op, *function;
  PyObject* writes;  // the method's name if it writes the result into its first operand, else null
  bool swapped;      // takes its two operands in the other order
  bool spread;       // takes a tuple of ints also as separate arguments
  Function direct;   // does it all, where there is no operation; or null
  Lowering lowering;  // makes of its arguments those of `op`, or of one of a tuple of operations; or null
  bool read;     // whether the declaration was looked at
  Form* forms[max_ops];  // what it says, for each operation; null if calls are all for the Python function
};

bool enabled = true;
constexpr npy_intp few = 4096;  // elements that are computed and then copied; programs write more at once

// Operands of one call, taken from its arguments.
struct Operands {
  PyObject* args[max_params];
  PyObject* arrays[max_params];  // what the kernel gets
  unsigned mask = 0;             // of the tensors that need a gradient
  unsigned numbers = 0;          // of the parameters that are Python numbers among tensors
  unsigned lists = 0;            // of those whose arrays are in a list, which is ours

  ~Operands() {
    for (int i = 0; lists >> i; i++)
      if (lists >> i & 1) Py_DECREF(arrays[i]);
  }
};

// A number that every float dtype takes.
bool is_plain_number(PyObject* object) {
  if (PyFloat_CheckExact(object)) return true;
  if (!PyLong_CheckExact(object)) return false;
  int overflow;
  PyLong_AsLongLongAndOverflow(object, &overflow);
  return !overflow;
}

// Takes a list of tensors.
bool take_list(const Form& form, int i, PyObject* values, Operands& o) {
  if (!PyList_CheckExact(values) && !PyTuple_CheckExact(values)) return false;
  const Py_ssize_t n = PySequence_Fast_GET_SIZE(values);
  PyObject* arrays = n ? PyList_New(n) : nullptr;
  if (!arrays) return false;
  o.arrays[i] = arrays;
  o.lists |= 1u << i;
  for (Py_ssize_t j = 0; j < n; j++) {
    PyObject* value = PySequence_Fast_GET_ITEM(values, j);
    PyObject* array = is_tensor(value) ? settled_array(value) : nullptr;
    if (!array) return false;
    PyList_SET_ITEM(arrays, j, Py_NewRef(array));
    if (at(value, world.tensor.node) != Py_None) o.mask |= 1u << form.bit[i];
  }
  return true;
}

// Sorts the arguments; false if one of them is not of the usual kind.
bool take(const Form& form, PyObject* const* given, Py_ssize_t n, bool swapped, Operands& o) {
  if (n > form.n_params || n < 1 || (swapped && n != 2)) return false;
  PyObject* dtype = nullptr;
  bool any = false;
  for (int i = 0; i < form.n_params; i++) {
    PyObject* value = i < n ? given[swapped ? 1 - i : i] : form.defaults[i];
    if (!value) return false;
    o.args[i] = o.arrays[i] = value;
    if (!(form.tensors >> i & 1)) continue;
    const bool promoted = form.promoted >> i & 1;
    if (form.lists >> i & 1) {
      if (!take_list(form, i, value, o)) return false;
      any = true;
    } else if (is_tensor(value)) {
      PyObject* array = settled_array(value);
      if (!array) return false;
      if (promoted) {
        PyObject* own = dtype_of(array);
        if (!is_float(own) || (dtype && own != dtype)) return false;
        dtype = own;
      }
      if (at(value, world.tensor.node) != Py_None) o.mask |= 1u << form.bit[i];
      o.arrays[i] = array;
      any = true;
    } else if (value == Py_None) {
      if (!form.general) return false;
    } else if (promoted && form.numbers && (dtype || !form.general) && is_plain_number(value)) {
      o.numbers |= 1u << i;
    } else {
      return false;
    }
  }
  if (!any || (form.promoted && !dtype)) return false;
  return !(o.numbers & 1 && form.first_a_tensor);
}

// Puts arrays in the place of numbers, where the kernel needs that: those that were used before.
bool convert_numbers(const Form& form, PyObject* kernel, Operands& o) {
  if (is_program(kernel) || is_cases(kernel)) return true;
  PyObject* dtype = nullptr;
  for (int i = 0; i < form.n_params && !dtype; i++)
    if (form.promoted >> i & 1 && PyArray_CheckExact(o.arrays[i])) dtype = dtype_of(o.arrays[i]);
  for (int i = 0; i < form.n_params; i++) {
    if (!(o.numbers >> i & 1)) continue;
    PyObject* known = world.numbers[PyLong_CheckExact(o.args[i])][dtype == world.float64];
    o.arrays[i] = PyDict_GetItemWithError(known, o.args[i]);
    if (!o.arrays[i]) return false;
  }
  return true;
}

// Ties a view to the tensor whose memory it shows: `op._viewing`. `index`: which of several it is.
bool link_view(const Form& form, const Operands& o, PyObject* out, PyObject* index = Py_None) {
  PyObject* x = o.args[0];
  PyObject* before = at(x, world.tensor.view);
  PyObject *counter = counter_of(x), *recording;
  if (!counter || PyContextVar_Get(world.recording, nullptr, &recording) < 0) return false;
  Py_DECREF(at(out, world.tensor.counter));
  at(out, world.tensor.counter) = Py_NewRef(counter);
  PyObject* view = world.view_type->tp_alloc(world.view_type, 0);
  PyObject* rest = pack(o.args + 1, form.n_params - 1);
  PyObject* step = rest ? PyTuple_Pack(3, form.op, rest, index) : nullptr;
  PyObject* steps = step ? PyTuple_Pack(1, step) : nullptr;
  if (before != Py_None && steps) {
    PyObject* own = steps;
    steps = PySequence_Concat(at(before, world.view.steps), own);
    Py_DECREF(own);
    PyObject* was = at(before, world.view.recorded);
    if (PyObject_IsTrue(was) != 1) {
      Py_DECREF(recording);
      recording = Py_NewRef(was);
    }
  }
  Py_XDECREF(rest);
  Py_XDECREF(step);
  if (view && steps) {
    at(view, world.view.base) = Py_NewRef(before == Py_None ? x : at(before, world.view.base));
    at(view, world.view.steps) = steps;
    at(view, world.view.history) = Py_NewRef(at(counter, world.counter.history));
    at(view, world.view.recorded) = recording;
    Py_DECREF(at(out, world.tensor.view));
    at(out, world.tensor.view) = view;
    return true;
  }
  Py_XDECREF(view);
  Py_XDECREF(steps);
  Py_DECREF(recording);
  return false;
}

// A result as an array: of what a kernel gave, to which the reference is taken over.
PyObject* array_of(PyObject* result) {
  if (!result || PyArray_CheckExact(result)) return result;
  PyObject* array = PyArray_FromAny(result, nullptr, 0, 0, NPY_ARRAY_ENSUREARRAY, nullptr);
  Py_DECREF(result);
  return array;
}

// The tensors of an operation with several results: `record.several`. Null if they are no usual ones.
PyObject* several(Form& form, const Operands& o, PyObject* results) {
  if (!PyList_CheckExact(results) && !PyTuple_CheckExact(results)) return nullptr;
  const Py_ssize_t n = PySequence_Fast_GET_SIZE(results);
  PyObject* out = PyTuple_New(n);
  bool fine = out;
  for (Py_ssize_t i = 0; i < n && fine; i++) {
    PyObject* array = array_of(Py_NewRef(PySequence_Fast_GET_ITEM(results, i)));
    PyObject* tensor = array ? new_tensor(array) : nullptr;
    PyObject* index = tensor ? PyLong_FromSsize_t(i) : nullptr;
    if (tensor) PyTuple_SET_ITEM(out, i, tensor);
    fine = index && (!form.view || link_view(form, o, tensor, index));
    Py_XDECREF(index);
  }
  if (fine && n && o.mask) {
    PyObject* node = make_node(form, o.mask, o.args, PyTuple_GET_ITEM(out, 0), out);
    fine = node && place_outputs(form, node, out);
    Py_XDECREF(node);
  }
  if (!fine) Py_CLEAR(out);
  return out;
}

// What the kernel gives for the operands; null if it failed.
PyObject* run_kernel(const Form& form, Operands& o) {
  PyObject* kernel = at(form.kernels, world.kernel);
  if (o.numbers && !convert_numbers(form, kernel, o)) return nullptr;
  Py_INCREF(kernel);
  PyObject* result = PyObject_Vectorcall(kernel, o.arrays, form.n_params, nullptr);
  Py_DECREF(kernel);
  return result;
}

// Whether the first operand may be written to, and is written to at once: nothing is recorded, it is
// no view, and no other operand shares its memory.
bool is_writable(const Form& form, const Operands& o) {
  PyObject* x = o.args[0];
  if (!is_tensor(x) || at(x, world.tensor.view) != Py_None) return false;
  PyArrayObject* array = reinterpret_cast<PyArrayObject*>(at(x, world.tensor.array));
  if (!PyArray_ISBEHAVED(array) || !is_contiguous(array) || PyArray_SIZE(array) > few) return false;
  PyObject* counter = at(x, world.tensor.counter);
  for (int i = 1; i < form.n_params; i++) {
    PyObject* other = o.args[i];
    if (other == x ? !form.promoted
                   : is_tensor(other) && counter != Py_None && at(other, world.tensor.counter) == counter)
      return false;
  }
  return !o.mask || recording_now() == 0;
}

// An operation whose result goes into its first operand: `inplace.write` and `assign`.
PyObject* write(const Call* self, const Form& form, PyObject* const* given, Py_ssize_t n) {
  Operands o;
  if (!take(form, given, n, false, o) || !form.one_result || form.view || o.lists || !is_writable(form, o))
    return nullptr;
  PyArrayObject* target = reinterpret_cast<PyArrayObject*>(o.arrays[0]);
  PyObject* result = run_kernel(form, o);
  if (!result) return nullptr;
  PyArrayObject* array = reinterpret_cast<PyArrayObject*>(result);
  const bool usual = PyArray_CheckExact(result) && PyArray_DESCR(array) == PyArray_DESCR(target) &&
                     PyArray_SAMESHAPE(array, target) && is_contiguous(array);
  if (usual) std::memcpy(PyArray_DATA(target), PyArray_DATA(array), PyArray_NBYTES(target));
  Py_DECREF(result);
  return usual && bump(o.args[0], self->writes) ? Py_NewRef(o.args[0]) : nullptr;
}

// The result of a call; null if it is not a usual one, or failed with an error.
PyObject* compute(Form& form, PyObject* const* given, Py_ssize_t n, bool swapped) {
  Operands o;
  if (!take(form, given, n, swapped, o)) return nullptr;
  PyObject* result = run_kernel(form, o);
  if (!result) return nullptr;
  if (!form.one_result) {
    PyObject* all = several(form, o, result);
    Py_DECREF(result);
    return all;
  }
  result = array_of(result);
  PyObject* out = result ? new_tensor(result) : nullptr;
  if (!out) return nullptr;
  bool fine = !form.view || link_view(form, o, out);
  if (fine && o.mask) {
    PyObject* node = make_node(form, o.mask, o.args, out);
    if (node) {
      Py_DECREF(at(out, world.tensor.node));
      at(out, world.tensor.node) = node;
    }
    fine = node;
  }
  if (fine) return out;
  Py_DECREF(out);
  return nullptr;
}

// The form of an operation's calls, which its declaration (`usual.describe`) tells once; null if they
// are all for the Python function. Calls of one operation share it.
PyObject* forms = nullptr;  // {op: capsule, or None}

Form* read_form(PyObject* op) {
  PyObject* told = PyObject_CallOneArg(world.describe, op);
  PyObject *defaults = nullptr, *kernels, *rules;
  Form form{};
  int general, view, one_result, numbers, first_a_tensor, fixed_class, any_class;
  if (!told || told == Py_None ||
      !PyArg_ParseTuple(told, "IIIpppppppnO!OO!", &form.tensors, &form.lists, &form.promoted, &general,
                        &view, &one_result, &numbers, &first_a_tensor, &fixed_class, &any_class,
                        &form.differentiable, &PyTuple_Type, &defaults, &kernels, &PyDict_Type, &rules) ||
      PyTuple_GET_SIZE(defaults) > max_params) {
    Py_XDECREF(told);
    return nullptr;
  }
  form.op = Py_NewRef(op);
  form.node_class = PyObject_GetAttrString(op, "node_class");
  if (!form.node_class) return nullptr;
  form.kernels = kernels;
  form.rules = rules;
  form.general = general;
  form.view = view;
  form.one_result = one_result;
  form.numbers = numbers;
  form.first_a_tensor = first_a_tensor;
  form.fixed_class = fixed_class;
  form.any_class = any_class;
  form.n_params = static_cast<int>(PyTuple_GET_SIZE(defaults));
  int bit = 0;
  for (int i = 0; i < form.n_params; i++) {
    PyObject* value = PyTuple_GET_ITEM(defaults, i);
    form.defaults[i] = value == Py_NotImplemented ? nullptr : value;
    if (form.tensors >> i & 1) form.bit[i] = bit++;
  }
  return new (std::nothrow) Form(form);  // lives as long as the operation, and so does what it was told
}

Form* form_of(PyObject* op) {
  PyObject* known = PyDict_GetItemWithError(forms, op);
  if (known) return known == Py_None ? nullptr : static_cast<Form*>(PyCapsule_GetPointer(known, nullptr));
  Form* form = read_form(op);
  known = form ? PyCapsule_New(form, nullptr, nullptr) : Py_NewRef(Py_None);
  if (known) PyDict_SetItem(forms, op, known);
  Py_XDECREF(known);
  PyErr_Clear();
  return form;
}

void read_forms(Call* self) {
  if (!PyTuple_Check(self->op)) {
    self->forms[0] = form_of(self->op);
    return;
  }
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(self->op) && i < max_ops; i++)
    self->forms[i] = form_of(PyTuple_GET_ITEM(self->op, i));
}

PyObject* perform(const Call* self, Form* form, PyObject* const* args, Py_ssize_t n) {
  if (!form) return nullptr;
  return self->writes ? write(self, *form, args, n) : compute(*form, args, n, self->swapped);
}

// A call whose arguments are not yet those of an operation.
PyObject* lower(const Call* self, PyObject* const* given, Py_ssize_t n) {
  PyArrayObject* x = n && is_tensor(given[0]) ? plain_array(at(given[0], world.tensor.array)) : nullptr;
  if (!x) return nullptr;
  PyObject *sizes = nullptr, *pair[2] = {given[0], nullptr}, *args[1 + max_lowered] = {given[0]};
  if (self->spread && n > 1 && PyLong_CheckExact(given[1])) {
    sizes = pair[1] = pack(given + 1, n - 1);
    if (!sizes) return nullptr;
    given = pair, n = 2;
  }
  Form* form = self->forms[0];
  if (self->lowering) {
    const int which = self->lowering(Args(given, n), x, args + 1);
    form = which < 0 ? nullptr : self->forms[which];
    for (n = 1; n <= max_lowered && args[n]; n++) {}
    given = args;
  }
  PyObject* out = PyErr_Occurred() ? nullptr : perform(self, form, given, n);
  for (int i = 1; i <= max_lowered; i++) Py_XDECREF(args[i]);
  Py_XDECREF(sizes);
  return out;
}

// The Python type

PyObject* call(PyObject* object, PyObject* const* args, size_t nargsf, PyObject* names) {
  Call* self = reinterpret_cast<Call*>(object);
  if (!self->read) {
    if (!self->direct) read_forms(self);
    self->read = true;
  }
  if (!names && (self->forms[0] || self->direct) && enabled) {
    const Py_ssize_t n = PyVectorcall_NARGS(nargsf);
    PyObject* out = self->direct                     ? guarded([&] { return self->direct(Args(args, n)); })
                    : self->lowering || self->spread ? lower(self, args, n)
                                                     : perform(self, self->forms[0], args, n);
    if (out) return out;
    // The Python function computes it again and says what is wrong.
    if (PyErr_Occurred()) {
      if (!PyErr_ExceptionMatches(PyExc_Exception)) return nullptr;
      PyErr_Clear();
    }
  }
  return PyObject_Vectorcall(self->function, args, nargsf, names);
}

PyObject* new_call(PyTypeObject* type, PyObject* args, PyObject*) {
  PyObject *op, *function, *writes;
  int swapped, spread;
  const char* lowers;
  if (!PyArg_ParseTuple(args, "OOpOpz", &op, &function, &swapped, &writes, &spread, &lowers)) return nullptr;
  if (!world.tensor_type) {
    PyErr_SetString(PyExc_RuntimeError, "the classes were not handed over");
    return nullptr;
  }
  Call* self = reinterpret_cast<Call*>(type->tp_alloc(type, 0));
  if (!self) return nullptr;
  self->call = call;
  self->op = Py_NewRef(op);
  self->function = Py_NewRef(function);
  self->swapped = swapped;
  self->spread = spread;
  self->direct = op == Py_None && lowers ? find_direct(lowers) : nullptr;
  self->lowering = op != Py_None && lowers ? find_lowering(lowers) : nullptr;
  self->writes = writes == Py_None ? nullptr : Py_NewRef(writes);
  return reinterpret_cast<PyObject*>(self);
}

int traverse(PyObject* object, visitproc visit, void* arg) {
  Py_VISIT(reinterpret_cast<Call*>(object)->op);
  Py_VISIT(reinterpret_cast<Call*>(object)->function);
  Py_VISIT(Py_TYPE(object));
  return 0;
}

int clear(PyObject* object) {
  Py_CLEAR(reinterpret_cast<Call*>(object)->op);
  Py_CLEAR(reinterpret_cast<Call*>(object)->function);
  Py_CLEAR(reinterpret_cast<Call*>(object)->writes);
  return 0;
}

void free_call(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  PyObject_GC_UnTrack(object);
  clear(object);
  type->tp_free(object);
  Py_DECREF(type);
}

// As a class's attribute it is a method, as a function is.
PyObject* bind(PyObject* object, PyObject* instance, PyObject*) {
  if (!instance || instance == Py_None) return Py_NewRef(object);
  return PyMethod_New(object, instance);
}

// All about it but the call is the Python function's: its name, documentation, attributes.
PyObject* own_name(PyObject* object, void* name) {
  return PyObject_GetAttrString(reinterpret_cast<Call*>(object)->function, static_cast<char*>(name));
}

int set_own_name(PyObject* object, PyObject* value, void* name) {
  return PyObject_SetAttrString(reinterpret_cast<Call*>(object)->function, static_cast<char*>(name),
                                value);
}

PyObject* get_attribute(PyObject* object, PyObject* name) {
  PyObject* found = PyObject_GenericGetAttr(object, name);
  if (found || !PyErr_ExceptionMatches(PyExc_AttributeError)) return found;
  PyErr_Clear();
  return PyObject_GetAttr(reinterpret_cast<Call*>(object)->function, name);
}

int set_attribute(PyObject* object, PyObject* name, PyObject* value) {
  return PyObject_SetAttr(reinterpret_cast<Call*>(object)->function, name, value);
}

PyObject* represent(PyObject* object) {
  return PyObject_Repr(reinterpret_cast<Call*>(object)->function);
}

PyObject* reduce(PyObject* object, PyObject*) {
  return own_name(object, const_cast<char*>("__qualname__"));
}

PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Call, call), READONLY, nullptr},
    {"__wrapped__", T_OBJECT, offsetof(Call, function), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

#define TIDU_OWN(name) {name, own_name, set_own_name, nullptr, const_cast<char*>(name)}
PyGetSetDef names[] = {
    TIDU_OWN("__name__"), TIDU_OWN("__qualname__"), TIDU_OWN("__doc__"), TIDU_OWN("__module__"),
    TIDU_OWN("__dict__"), {nullptr, nullptr, nullptr, nullptr, nullptr},
};
#undef TIDU_OWN

PyMethodDef methods[] = {
    {"__reduce__", reduce, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot type_slots[] = {
    {Py_tp_new, reinterpret_cast<void*>(new_call)},
    {Py_tp_dealloc, reinterpret_cast<void*>(free_call)},
    {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(clear)},
    {Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
    {Py_tp_descr_get, reinterpret_cast<void*>(bind)},
    {Py_tp_getattro, reinterpret_cast<void*>(get_attribute)},
    {Py_tp_setattro, reinterpret_cast<void*>(set_attribute)},
    {Py_tp_repr, reinterpret_cast<void*>(represent)},
    {Py_tp_members, members},
    {Py_tp_getset, names},
    {Py_tp_methods, methods},
    {0, nullptr},
};

PyType_Spec spec = {"tidu.backend._kernels.Call", sizeof(Call), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |
                        Py_TPFLAGS_METHOD_DESCRIPTOR,
                    type_slots};

PyObject* wrap(PyObject* function, PyObject* array) {
  if (!enabled || !PyArray_CheckExact(array)) return PyObject_CallOneArg(function, array);
  return new_tensor(Py_NewRef(array));
}

// Tensor.shape
PyObject* shape(PyObject*, PyObject* tensor) {
  PyObject* array = is_tensor(tensor) ? at(tensor, world.tensor.array) : nullptr;
  if (!array || !PyArray_Check(array)) {
    PyErr_SetString(PyExc_AttributeError, "_array");
    return nullptr;
  }
  PyArrayObject* a = reinterpret_cast<PyArrayObject*>(array);
  PyObject* sizes = world.size_type->tp_alloc(world.size_type, PyArray_NDIM(a));
  for (int d = 0; sizes && d < PyArray_NDIM(a); d++)
    PyTuple_SET_ITEM(sizes, d, PyLong_FromSsize_t(PyArray_DIM(a, d)));
  return sizes;
}

PyMethodDef shape_method = {"shape", shape, METH_O, nullptr};

PyMethodDef wrap_method = {"_wrap", wrap, METH_O, "A tensor around an ndarray, sharing its memory."};

}  // namespace

PyObject* make_wrap(PyObject* function) { return PyCFunction_New(&wrap_method, function); }

PyObject* make_shape() { return PyCFunction_New(&shape_method, nullptr); }

PyObject* make_call_type() {
  if (!forms) forms = PyDict_New();
  return forms ? PyType_FromSpec(&spec) : nullptr;
}

void switch_calls(bool on) { enabled = on; }

bool calls_enabled() { return enabled; }

}  // namespace tidu
