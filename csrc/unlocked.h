// Work that other Python threads need not wait for.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <exception>

namespace tidu {

// Runs `work`; without Python's lock if it is long, for to give it back and take it again is not free.
template <class F>
void unlocked(bool is_long, F&& work) {
  PyThreadState* state = is_long ? PyEval_SaveThread() : nullptr;
  // Not in a destructor: a thread that asks for the lock while the interpreter shuts down is ended
  // there, by something like an exception, which destructors may not let out.
  try {
    work();
  } catch (const std::exception&) {
    if (state) PyEval_RestoreThread(state);
    throw;
  }
  if (state) PyEval_RestoreThread(state);
}

}  // namespace tidu
