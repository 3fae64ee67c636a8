// The usual case of a call of an operation on Tensors.
//
// What a call does is defined in Python, by tidu/autograd/op.py: take the arrays out of the Tensors,
// run the kernel, put a Tensor around the result and, if an operand needs a gradient, leave a node
// behind. This does the same for operands that are as they mostly are, and hands every other call to
// the Python function, among them all that end in an error.
#pragma once

#include "graph.h"

namespace tidu {

// The Python type `Call(op, function, swapped, writes, spread, lowers)`: see usual.py. Null, with the
// error set, if it cannot be made.
PyObject* make_call_type();

// The getter of `Tensor.shape`.
PyObject* make_shape();

// The function `Tensor._wrap`: what it is in Python, which it calls where that does more.
PyObject* make_wrap(PyObject* function);

// Whether calls may take the short way: the Python side may switch that off for a while.
void switch_calls(bool on);
bool calls_enabled();

}  // namespace tidu
