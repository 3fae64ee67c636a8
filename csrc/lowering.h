// Public functions that come down to one operation: their arguments, as the operation takes them.
//
// `x.select(0, 1)` is a Python function that checks what it got and then calls the operation
// `select_index` with the index (1, ...). A lowering does the same for arguments as they mostly are, so
// that such a call is a call of the operation (calls.h) at once; the Python function is asked for all others.
#pragma once

#include "kernel.h"

namespace tidu {

constexpr int max_lowered = 3;

// Puts the operation's arguments after the first, as new references, into `rest`, and says which of the
// function's operations it is; -1, perhaps with an error set and a part of `rest`, if the call is none for this.
using Lowering = int (*)(const Args& given, PyArrayObject* x, PyObject** rest);

// The lowering of that name; null if there is none.
Lowering find_lowering(const char* name);

}  // namespace tidu
