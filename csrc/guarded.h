// Where Python calls C++: C++'s exceptions end here, and Python's begin.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <exception>
#include <new>

namespace tidu {

// What `work` returns: a new reference, or null. Null with an error set if it throws.
template <class F>
PyObject* guarded(F&& work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
    return nullptr;
  }
}

}  // namespace tidu
