#define TIDU_IMPORTS_NUMPY
#include "arrays.h"

#include "memory.h"

namespace tidu {
namespace {

constexpr size_t small = 4096;  // bytes

// Owns one block of memory.h on behalf of the array that it is the base of.
struct Memory {
  PyObject_HEAD
  void* block;
  size_t bytes;
};

void free_memory(PyObject* self) {
  Memory* memory = reinterpret_cast<Memory*>(self);
  if (memory->block) memory::release(memory->block, memory->bytes);
  PyTypeObject* type = Py_TYPE(self);
  PyObject_Free(self);
  Py_DECREF(type);
}

PyTypeObject* memory_type = nullptr;

PyType_Slot memory_slots[] = {
    {Py_tp_dealloc, reinterpret_cast<void*>(free_memory)},
    {Py_tp_doc, const_cast<char*>("A block of memory, given back to tidu's cache with its array.")},
    {0, nullptr},
};

PyType_Spec memory_spec = {"tidu.backend._kernels.Memory", sizeof(Memory), 0,
                           Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, memory_slots};

int import_numpy() {
  import_array1(-1);
  return 0;
}

// Sets the error that NumPy has for an array for which there is no memory: asks it for one. Null.
PyArrayObject* out_of_memory(PyArray_Descr* dtype, int ndim, npy_intp* shape) {
  PyErr_Clear();
  PyObject* array = PyArray_NewFromDescr(&PyArray_Type, dtype, ndim, shape, nullptr, nullptr, 0, nullptr);
  if (array) PyErr_NoMemory();  // NumPy got some after all, but in another order and not aligned
  Py_XDECREF(array);
  return nullptr;
}

}  // namespace

PyObject* memory_owner_type() { return reinterpret_cast<PyObject*>(memory_type); }

bool prepare_arrays() {
  if (import_numpy() < 0) return false;
  memory_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&memory_spec));
  return memory_type != nullptr;
}

PyArrayObject* new_array(int ndim, const npy_intp* shape, int type, const npy_intp* strides) {
  PyArray_Descr* dtype = PyArray_DescrFromType(type);
  size_t bytes = PyDataType_ELSIZE(dtype);
  for (int d = 0; d < ndim; d++) bytes *= shape[d];
  npy_intp* dims = const_cast<npy_intp*>(shape);
  if (bytes < small && !strides)
    return reinterpret_cast<PyArrayObject*>(PyArray_NewFromDescr(
        &PyArray_Type, dtype, ndim, dims, nullptr, nullptr, 0, nullptr));
  Memory* memory = PyObject_New(Memory, memory_type);
  if (memory) {
    memory->bytes = bytes;
    memory->block = memory::allocate(bytes);
  }
  if (!memory || !memory->block) {
    Py_XDECREF(memory);
    return out_of_memory(dtype, ndim, dims);
  }
  PyArrayObject* array = reinterpret_cast<PyArrayObject*>(PyArray_NewFromDescr(
      &PyArray_Type, dtype, ndim, dims, const_cast<npy_intp*>(strides), memory->block,
      NPY_ARRAY_WRITEABLE, nullptr));
  if (!array) {
    Py_DECREF(memory);
    return nullptr;
  }
  // Takes the reference to `memory`, even if it fails.
  if (PyArray_SetBaseObject(array, reinterpret_cast<PyObject*>(memory)) < 0) {
    Py_DECREF(array);
    return nullptr;
  }
  return array;
}

}  // namespace tidu
