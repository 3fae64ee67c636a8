// Public functions that no operation stands behind: new tensors of few elements, and writes into such.
//
// What they do is Python's to say (tidu/ops/creation.py, random.py, conversion.py); this does the same for
// arguments as they mostly are.
#pragma once

#include "kernel.h"

namespace tidu {

// Fills an array from a `Twister` as tidu/backend/random.py does; false, perhaps with an error set, if that
// is not for this, and then nothing was drawn.
bool draw_into(PyObject* generator, PyArrayObject* out, struct Draw what);

// The function of that name: a Tensor, or null, perhaps with an error set, for calls that are Python's to take;
// then nothing has happened. Null if there is none.
Function find_direct(const char* name);

}  // namespace tidu
