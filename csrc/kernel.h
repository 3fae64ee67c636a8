// Kernels: a C++ function for the calls that it takes, and the reference for the rest.
//
// A family of kernels is a list of `Entry`; its name is an operation's, as in the kernel table
// (`softmax`), and its arguments are what that operation's forward takes. A gradient rule is named
// by its operation and input (`softmax.x`; a joint one `layer_norm.x,weight,bias`) and takes the
// gradient and then what the rule names in its parameters. So the Python function beside the
// declaration in tidu/ops/ says what every kernel computes, and computes what the kernel does not take.
#pragma once

#include "arrays.h"

namespace tidu {

// The arguments of a call. Each reader says by its result whether the argument is what it reads;
// none sets an error.
class Args {
 public:
  Args(PyObject* const* items, Py_ssize_t count) : items_(items), count_(count) {}

  Py_ssize_t count() const { return count_; }
  PyObject* object(int i) const { return items_[i]; }
  bool is_none(int i) const { return items_[i] == Py_None; }
  // An ndarray, aligned and in the machine's byte order; null if it is anything else.
  PyArrayObject* array(int i) const { return plain_array(items_[i]); }
  // The same, if its elements are of this type.
  PyArrayObject* array(int i, int type) const {
    PyArrayObject* a = array(i);
    return a && PyArray_TYPE(a) == type ? a : nullptr;
  }
  bool flag(int i, bool& value) const;
  bool integer(int i, int64_t& value) const;
  bool number(int i, double& value) const;  // a Python float or int
  // One integer, or a tuple or list of up to `most`; their count, or -1.
  int integers(int i, int64_t* values, int most) const;

 private:
  PyObject* const* items_;
  Py_ssize_t count_;
};

// A new reference to the result (for several, a tuple). Null without an error set: the reference
// has to compute this call. Null with an error set raises it; C++'s exceptions become Python's.
using Function = PyObject* (*)(const Args&);

struct Entry {
  const char* name;
  Function function;
};

// Every family: each list ends with an entry without a name.
extern const Entry* const families[];

PyObject* make_kernel_type();
// A callable for the kernel of this name; None (a new reference) if there is no such kernel.
PyObject* make_kernel(const char* name, PyObject* reference);

}  // namespace tidu
