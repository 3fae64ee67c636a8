// Work that other Python threads need not wait for.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

namespace tidu {

// Runs `work`; without Python's lock if it is long, for to give it back and take it again is not free.
template <class F>
void unlocked(bool is_long, F&& work) {
  if (!is_long) {
    work();
    return;
  }
  Py_BEGIN_ALLOW_THREADS
  work();
  Py_END_ALLOW_THREADS
}

}  // namespace tidu
