// What C++ knows of tidu's Tensors and nodes: where their slots lie, and how a call leaves a node.
//
// These are Python classes (tidu/tensor.py, tidu/autograd/node.py), whose `__slots__` are pointers
// at fixed places in the object. Python hands the classes over (tidu/autograd/usual.py), so nothing
// is known here that it does not say, and without the extension everything works the same.
#pragma once

#include "arrays.h"

namespace tidu {

// One slot of a class: an owned reference in its objects, null before it is set.
struct Slot {
  Py_ssize_t offset;
};

inline PyObject*& at(PyObject* object, Slot slot) {
  return *reinterpret_cast<PyObject**>(reinterpret_cast<char*>(object) + slot.offset);
}

// The classes and constants of tidu/autograd/usual.py, and the places of the slots.
struct World {
  PyTypeObject *tensor_type, *view_type, *counter_type, *saved_output_type, *output_type;
  PyObject *leaf, *recording, *serials, *own_file, *make_node, *describe,
      *recipe;
  PyObject *float32, *float64, *zero, *all;  // `all`: slice(None)
  PyObject *dtypes, *default_name;  // tidu.dtypes' names, and that of the default dtype there
  PyObject* default_dtypes[2];      // tidu's float32 and float64
  PyObject* generator;              // the default one, once it is made
  PyTypeObject* size_type;
  PyObject* numbers[2][2];  // of floats, of ints: {number: 0-d array} in float32, in float64
  struct {
    Slot array, node, view, counter;
  } tensor;
  struct {
    Slot code, dtype, edges, lasti, plan, saved, serial, shape;
  } node;
  struct {
    Slot base, steps, history, recorded;
  } view;
  struct {
    Slot code, history, lasti, operation, version;
  } counter;
  struct {
    Slot array, counter, index;
  } saved;
  struct {
    Slot dtype, index, node, serial, shape;
  } output;
  Slot kernel;  // of a `Kernels`: `cpu`
};
extern World world;

// Reads all that from the tuple that usual.py gives; false, with the error set, if it cannot be.
bool prepare_world(PyObject* args);

inline bool is_tensor(PyObject* object) { return PyObject_TypeCheck(object, world.tensor_type); }

inline bool is_float(PyObject* dtype) { return dtype == world.float32 || dtype == world.float64; }

inline PyObject* dtype_of(PyObject* array) {
  return reinterpret_cast<PyObject*>(PyArray_DESCR(reinterpret_cast<PyArrayObject*>(array)));
}

// The places of a class's slots, in the order of their names, into as many `Slot`s; false with an
// error set.
bool read_slots(PyTypeObject* type, const char* const* names, void* slots);

// A Python int that fits, else -1.
int integer(PyObject* object);

// The array of a tensor as it mostly is: its place in the graph is known. Null of another.
PyObject* settled_array(PyObject* tensor);

PyObject* shape_of(PyObject* array);
PyObject* new_tensor(PyObject* array);     // takes over the reference, also if it fails
PyObject* counter_of(PyObject* tensor);    // made if there is none; borrowed
PyObject* pack(PyObject* const* items, Py_ssize_t n);  // a tuple


// The user's own line that runs now, or None twice: `user_frame` in node.py. Replaces what is there.
bool user_line(PyObject*& code, PyObject*& lasti);

// Notes a write to a tensor: `Counter.bump`.
bool bump(PyObject* tensor, PyObject* operation);

// Whether operations are recorded now: what `recording_now()` gives, or -1 with an error set.
long recording_now();

constexpr int max_params = 16, max_saved = 16, max_recipes = 16;

// Where a saved value comes from: the numbers in `Plan.sources`.
enum Source { from_argument, from_output, from_shape, from_dtype, from_needed };

// What a call leaves behind when the operands in `mask` need gradients: a `Plan`, read once.
struct Recipe {
  uint64_t key;  // the mask and, where the class depends on that, the operands' kinds
  PyTypeObject* node_class;
  PyObject* plan;
  bool saves_tensors;
  int count;
  struct {
    int source, index;
  } items[max_saved];
};

// A declared operation as far as its calls need it: an `Op`, read at the first call.
struct Form {
  PyObject *op, *kernels, *rules;
  bool general, view, one_result, numbers, first_a_tensor;
  bool fixed_class;  // the node's class is the same whatever the arguments
  bool any_class;    // it depends on more than which operands are tensors, of how many dimensions
  PyObject* node_class;  // the method of the operation that finds it
  int n_params;
  Py_ssize_t differentiable;       // so many of the results, the first ones
  unsigned tensors, lists, promoted;  // bits of the parameters that are
  int bit[max_params];             // of each tensor parameter: its place among them
  PyObject* defaults[max_params];  // null where there is none
  int n_recipes;
  Recipe recipes[max_recipes];
};

// The node of a call whose result is `out` (the first of the tuple `results`, if there are several), as
// `record.make_node` makes it: a new reference to a node, LEAF or None; null with an error set.
PyObject* make_node(Form& form, unsigned mask, PyObject* const* args, PyObject* out,
                    PyObject* results = nullptr);

// Gives several results their places in the graph: `node` is what `make_node` gave for them.
bool place_outputs(const Form& form, PyObject* node, PyObject* results);

}  // namespace tidu
