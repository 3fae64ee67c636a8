// Programs: element-by-element computations of several steps, in one pass over memory.
//
// A program is a list of instructions (opcodes.h) on registers, each of which holds one block of
// elements that stays in the processor's nearest cache. Its operands are arrays of one floating
// point type, and conditions (arrays of bool), with NumPy's broadcasting; its result is a new
// array. Any formula of an operation that is made of known instructions becomes a program, and a
// single instruction, such as an addition, is one too.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

namespace tidu {

// The Python type; a callable object. Null, with the error set, if it cannot be made.
PyObject* make_program_type();

// Whether it is a program: one takes Python numbers, too, in the place of 0-d arrays.
bool is_program(PyObject* object);

}  // namespace tidu
