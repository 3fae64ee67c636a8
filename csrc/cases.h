// A kernel that is one of several programs, by the kinds of its arguments.
//
// `Cases(make, reference)` looks at each argument's kind: an array's dtype, anything else's type. For kinds that
// it has not met it asks `make(*args)`, which returns (what computes such calls, ()), or, if a program
// is for certain values of some arguments, (a function that makes the program for a call's values,
// the positions of those arguments): see `Fused` in tidu/backend/fuse.py. `reference` computes what
// no program can be looked up for.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

namespace tidu {

// The Python type. Null, with the error set, if it cannot be made.
PyObject* make_cases_type();

// Whether it is of that type.
bool is_cases(PyObject* object);

}  // namespace tidu
