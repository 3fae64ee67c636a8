#include "kernel.h"

#include <structmember.h>

#include <cstring>

#include "guarded.h"

namespace tidu {
namespace {

struct Kernel {
  PyObject_HEAD
  vectorcallfunc call;
  Function function;
  PyObject *name, *reference;
};

PyTypeObject* kernel_type = nullptr;

PyObject* call_kernel(PyObject* object, PyObject* const* args, size_t nargsf, PyObject* names) {
  Kernel* self = reinterpret_cast<Kernel*>(object);
  if (!names) {
    PyObject* out = guarded([&] { return self->function(Args(args, PyVectorcall_NARGS(nargsf))); });
    if (out || PyErr_Occurred()) return out;
  }
  return PyObject_Vectorcall(self->reference, args, nargsf, names);
}

int traverse(PyObject* object, visitproc visit, void* arg) {
  Py_VISIT(reinterpret_cast<Kernel*>(object)->reference);
  Py_VISIT(Py_TYPE(object));
  return 0;
}

int clear(PyObject* object) {
  Py_CLEAR(reinterpret_cast<Kernel*>(object)->reference);
  return 0;
}

void free_kernel(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  PyObject_GC_UnTrack(object);
  clear(object);
  Py_CLEAR(reinterpret_cast<Kernel*>(object)->name);
  type->tp_free(object);
  Py_DECREF(type);
}

PyObject* describe(PyObject* object) {
  return PyUnicode_FromFormat("<native kernel %U>", reinterpret_cast<Kernel*>(object)->name);
}

PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Kernel, call), READONLY, nullptr},
    {"__name__", T_OBJECT, offsetof(Kernel, name), READONLY, nullptr},
    {"reference", T_OBJECT, offsetof(Kernel, reference), READONLY,
     "What computes a call that the kernel is not for."},
    {nullptr, 0, 0, 0, nullptr},
};

PyType_Slot slots[] = {
    {Py_tp_dealloc, reinterpret_cast<void*>(free_kernel)},
    {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(clear)},
    {Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
    {Py_tp_repr, reinterpret_cast<void*>(describe)},
    {Py_tp_members, members},
    {Py_tp_doc, const_cast<char*>("A native kernel; see csrc/kernel.h.")},
    {0, nullptr},
};

PyType_Spec spec = {"tidu.backend._kernels.Kernel", sizeof(Kernel), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |
                        Py_TPFLAGS_DISALLOW_INSTANTIATION,
                    slots};

}  // namespace

bool Args::flag(int i, bool& value) const {
  if (!PyBool_Check(items_[i])) return false;
  value = items_[i] == Py_True;
  return true;
}

bool Args::integer(int i, int64_t& value) const {
  if (!PyLong_CheckExact(items_[i])) return false;
  int overflow;
  value = PyLong_AsLongLongAndOverflow(items_[i], &overflow);
  return !overflow;
}

bool Args::number(int i, double& value) const {
  int64_t whole;
  if (PyFloat_CheckExact(items_[i])) {
    value = PyFloat_AS_DOUBLE(items_[i]);
    return true;
  }
  if (!integer(i, whole)) return false;
  value = static_cast<double>(whole);
  return true;
}

int Args::integers(int i, int64_t* values, int most) const {
  PyObject* object = items_[i];
  if (!PyTuple_Check(object) && !PyList_Check(object)) return integer(i, values[0]) ? 1 : -1;
  const Py_ssize_t count = PySequence_Fast_GET_SIZE(object);
  if (count > most) return -1;
  const Args items(PySequence_Fast_ITEMS(object), count);
  for (int j = 0; j < count; j++)
    if (!items.integer(j, values[j])) return -1;
  return static_cast<int>(count);
}

PyObject* make_kernel_type() {
  kernel_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  return reinterpret_cast<PyObject*>(kernel_type);
}

PyObject* make_kernel(const char* name, PyObject* reference) {
  for (const Entry* const* family = families; *family; family++) {
    for (const Entry* entry = *family; entry->name; entry++) {
      if (std::strcmp(entry->name, name)) continue;
      Kernel* kernel = reinterpret_cast<Kernel*>(kernel_type->tp_alloc(kernel_type, 0));
      if (!kernel) return nullptr;
      kernel->call = call_kernel;
      kernel->function = entry->function;
      kernel->name = PyUnicode_FromString(name);
      kernel->reference = Py_NewRef(reference);
      return reinterpret_cast<PyObject*>(kernel);
    }
  }
  Py_RETURN_NONE;
}

}  // namespace tidu
