#include "cases.h"

#include <structmember.h>

#include <cstdint>
#include <cstring>

#include "arrays.h"
#include "program.h"

namespace tidu {
namespace {

constexpr int max_args = 16, max_cases = 32;  // what is beyond them is the reference's
constexpr Py_ssize_t max_programs = 64;  // of one case; more are for values that change with every call

struct Case {
  int n_args;
  PyObject* kinds[max_args];
  PyObject* target;    // what computes the call, or makes a program for it
  unsigned fixed;      // the arguments that a program is made for
  PyObject* programs;  // {their values: program}
};

struct Cases {
  PyObject_HEAD
  vectorcallfunc call;
  PyObject *make, *reference;
  int count;
  Case cases[max_cases];
};

PyTypeObject* cases_type = nullptr;

PyObject* kind_of(PyObject* value) {
  if (!PyArray_CheckExact(value)) return reinterpret_cast<PyObject*>(Py_TYPE(value));
  return reinterpret_cast<PyObject*>(PyArray_DESCR(reinterpret_cast<PyArrayObject*>(value)));
}

Case* find(Cases* self, PyObject* const* args, int n) {
  for (Case* known = self->cases; known < self->cases + self->count; known++) {
    if (known->n_args != n) continue;
    int i = 0;
    while (i < n && known->kinds[i] == kind_of(args[i])) i++;
    if (i == n) return known;
  }
  return nullptr;
}

// A new case, told by `make`; null with an error set.
bool read_case(Cases* self, Case& made, PyObject* const* args, int n) {
  PyObject* told = PyObject_Vectorcall(self->make, args, n, nullptr);
  PyObject *target, *fixed;
  if (!told || !PyArg_ParseTuple(told, "OO!", &target, &PyTuple_Type, &fixed)) {
    Py_XDECREF(told);
    return false;
  }
  made.n_args = n;
  made.target = Py_NewRef(target);
  made.fixed = 0;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(fixed); i++)
    made.fixed |= 1u << PyLong_AsLong(PyTuple_GET_ITEM(fixed, i));
  made.programs = made.fixed ? PyDict_New() : nullptr;
  for (int i = 0; i < n; i++) made.kinds[i] = Py_NewRef(kind_of(args[i]));
  Py_DECREF(told);
  return !PyErr_Occurred();
}

void drop(Case& known) {
  Py_CLEAR(known.target);
  Py_CLEAR(known.programs);
  for (int i = 0; i < known.n_args; i++) Py_CLEAR(known.kinds[i]);
}

// A value as part of a key. Of floats it is the bits: 0.0 and -0.0 are equal, and NaN equals nothing.
PyObject* key_part(PyObject* value) {
  if (!PyFloat_CheckExact(value)) return Py_NewRef(value);
  const double number = PyFloat_AS_DOUBLE(value);
  uint64_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  return PyLong_FromUnsignedLongLong(bits);
}

PyObject* key_of(const Case& known, PyObject* const* args) {
  PyObject* key = PyTuple_New(__builtin_popcount(known.fixed));
  Py_ssize_t at = 0;
  for (int i = 0; key && i < known.n_args; i++) {
    if (!(known.fixed >> i & 1)) continue;
    PyObject* part = key_part(args[i]);
    if (!part) Py_CLEAR(key);
    else PyTuple_SET_ITEM(key, at++, part);
  }
  return key;
}

// The program for the values of the fixed arguments; a new reference.
PyObject* program_for(Case& known, PyObject* const* args) {
  PyObject* key = key_of(known, args);
  PyObject* program = key ? Py_XNewRef(PyDict_GetItemWithError(known.programs, key)) : nullptr;
  if (!program && !PyErr_Occurred()) {
    program = PyObject_Vectorcall(known.target, args, known.n_args, nullptr);
    if (PyDict_GET_SIZE(known.programs) >= max_programs) PyDict_Clear(known.programs);
    if (program && PyDict_SetItem(known.programs, key, program) < 0) Py_CLEAR(program);
  }
  Py_XDECREF(key);
  return program;
}

PyObject* call(PyObject* object, PyObject* const* args, size_t nargsf, PyObject* names) {
  Cases* self = reinterpret_cast<Cases*>(object);
  const Py_ssize_t n = PyVectorcall_NARGS(nargsf);
  Case* known = names || n > max_args ? nullptr : find(self, args, static_cast<int>(n));
  if (!known) {
    if (names || n > max_args || self->count == max_cases)
      return PyObject_Vectorcall(self->reference, args, nargsf, names);
    Case made{};
    if (!read_case(self, made, args, static_cast<int>(n))) return nullptr;
    if (self->count == max_cases) {  // others came in while Python ran
      drop(made);
      return PyObject_Vectorcall(self->reference, args, nargsf, nullptr);
    }
    known = &self->cases[self->count++];
    *known = made;
  }
  PyObject* out = nullptr;
  if (!known->fixed) {
    PyObject* target = Py_NewRef(known->target);
    out = PyObject_Vectorcall(target, args, n, nullptr);
    Py_DECREF(target);
  } else if (PyObject* program = program_for(*known, args)) {
    PyObject* variable[max_args];
    Py_ssize_t count = 0;
    for (int i = 0; i < n; i++)
      if (!(known->fixed >> i & 1)) variable[count++] = args[i];
    out = PyObject_Vectorcall(program, variable, count, nullptr);
    Py_DECREF(program);
  } else if (PyErr_ExceptionMatches(PyExc_TypeError)) {  // a value that no dictionary takes
    PyErr_Clear();
    out = PyObject_Vectorcall(self->reference, args, n, nullptr);
  }
  return out;
}

// The arguments that a program takes: those that it was not made for.
PyObject* variable_of(const Case& known, PyObject* const* args) {
  PyObject* variable = PyList_New(0);
  for (int i = 0; variable && i < known.n_args; i++)
    if (!(known.fixed >> i & 1) && PyList_Append(variable, args[i]) < 0) Py_CLEAR(variable);
  return variable;
}

// `program_for(operands)`: the program that computes such a call, if it was made before, and its
// arguments; or None.
PyObject* known_program(PyObject* object, PyObject* operands) {
  PyObject* items = PySequence_Fast(operands, "operands are a tuple or a list");
  if (!items) return nullptr;
  PyObject* const* args = PySequence_Fast_ITEMS(items);
  const Py_ssize_t n = PySequence_Fast_GET_SIZE(items);
  PyObject *program = nullptr, *found = nullptr;
  if (Case* known = n > max_args ? nullptr : find(reinterpret_cast<Cases*>(object), args, int(n))) {
    PyObject* key = known->fixed ? key_of(*known, args) : nullptr;
    program = known->fixed ? key ? PyDict_GetItemWithError(known->programs, key) : nullptr : known->target;
    Py_XDECREF(key);
    PyErr_Clear();  // of a value that no dictionary takes
    PyObject* variable = program && is_program(program) ? variable_of(*known, args) : nullptr;
    if (variable) found = PyTuple_Pack(2, program, variable);
    Py_XDECREF(variable);
  }
  Py_DECREF(items);
  if (found || PyErr_Occurred()) return found;
  Py_RETURN_NONE;
}

PyObject* new_cases(PyTypeObject* type, PyObject* args, PyObject*) {
  PyObject *make, *reference;
  if (!PyArg_ParseTuple(args, "OO", &make, &reference)) return nullptr;
  Cases* self = reinterpret_cast<Cases*>(type->tp_alloc(type, 0));
  if (!self) return nullptr;
  self->call = call;
  self->make = Py_NewRef(make);
  self->reference = Py_NewRef(reference);
  return reinterpret_cast<PyObject*>(self);
}

int traverse(PyObject* object, visitproc visit, void* arg) {
  Cases* self = reinterpret_cast<Cases*>(object);
  Py_VISIT(self->make);
  Py_VISIT(self->reference);
  for (int i = 0; i < self->count; i++) {
    Py_VISIT(self->cases[i].target);
    Py_VISIT(self->cases[i].programs);
  }
  Py_VISIT(Py_TYPE(object));
  return 0;
}

int clear(PyObject* object) {
  Cases* self = reinterpret_cast<Cases*>(object);
  Py_CLEAR(self->make);
  Py_CLEAR(self->reference);
  while (self->count > 0) drop(self->cases[--self->count]);
  return 0;
}

void free_cases(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  PyObject_GC_UnTrack(object);
  clear(object);
  type->tp_free(object);
  Py_DECREF(type);
}

PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Cases, call), READONLY, nullptr},
    {"make", T_OBJECT, offsetof(Cases, make), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

PyMethodDef methods[] = {
    {"program_for", known_program, METH_O,
     "The program that computes a call with these operands, if it was made before, and its arguments."},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot slots[] = {
    {Py_tp_methods, methods},
    {Py_tp_new, reinterpret_cast<void*>(new_cases)},
    {Py_tp_dealloc, reinterpret_cast<void*>(free_cases)},
    {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(clear)},
    {Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
    {Py_tp_members, members},
    {Py_tp_doc, const_cast<char*>("Cases(make, reference)\n\nOne of several programs; see csrc/cases.h.")},
    {0, nullptr},
};

PyType_Spec spec = {"tidu.backend._kernels.Cases", sizeof(Cases), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL, slots};

}  // namespace

PyObject* make_cases_type() {
  cases_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  return Py_XNewRef(reinterpret_cast<PyObject*>(cases_type));
}

bool is_cases(PyObject* object) { return Py_TYPE(object) == cases_type; }

}  // namespace tidu
