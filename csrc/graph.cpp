#include "graph.h"

#include <structmember.h>

namespace tidu {

World world;

namespace {

constexpr long plain = 1;  // what `recording_now()` says while nothing but recording is asked for

PyObject* allocate(PyTypeObject* type) { return type->tp_alloc(type, 0); }

void fill(PyObject* object, Slot slot, PyObject* value) { at(object, slot) = Py_NewRef(value); }

PyObject* new_counter() {
  PyObject* counter = allocate(world.counter_type);
  if (!counter) return nullptr;
  fill(counter, world.counter.version, world.zero);
  fill(counter, world.counter.history, world.zero);
  fill(counter, world.counter.code, Py_None);
  fill(counter, world.counter.lasti, Py_None);
  fill(counter, world.counter.operation, Py_None);
  return counter;
}

// Whether a tensor's place in the graph is known: it is no view, or one whose base was not written
// to since it was looked up.
bool is_settled(PyObject* tensor) {
  PyObject* view = at(tensor, world.tensor.view);
  if (view == Py_None) return true;
  PyObject* counter = at(tensor, world.tensor.counter);
  if (Py_TYPE(counter) != world.counter_type || Py_TYPE(view) != world.view_type) return false;
  PyObject *seen = at(view, world.view.history), *now = at(counter, world.counter.history);
  return seen == now || PyObject_RichCompareBool(seen, now, Py_EQ) == 1;
}

// What a gradient rule asked for: `record._derive`. `index`: which of several results, or None.
PyObject* saved_value(int source, PyObject* value, PyObject* index) {
  if (source == from_argument) return Py_NewRef(value);
  if (PyList_Check(value) || PyTuple_Check(value)) {  // of tensors
    const Py_ssize_t n = PySequence_Fast_GET_SIZE(value);
    PyObject* all = PyList_New(n);
    for (Py_ssize_t i = 0; all && i < n; i++) {
      PyObject* each = saved_value(source, PySequence_Fast_GET_ITEM(value, i), index);
      if (each) PyList_SET_ITEM(all, i, each);
      else Py_CLEAR(all);
    }
    return all;
  }
  if (!is_tensor(value)) return Py_NewRef(Py_None);
  PyObject* array = at(value, world.tensor.array);
  if (source == from_shape) return shape_of(array);
  if (source == from_dtype) return Py_NewRef(dtype_of(array));
  if (source == from_needed) return PyBool_FromLong(at(value, world.tensor.node) != Py_None);
  PyObject* counter = counter_of(value);
  PyObject* kept = counter ? allocate(world.saved_output_type) : nullptr;
  if (!kept) return nullptr;
  fill(kept, world.saved.array, array);
  fill(kept, world.saved.counter, counter);
  fill(kept, world.saved.index, index);
  return kept;
}

// Notes the version of a saved tensor that was written to before: `record._note_versions`.
bool note_version(PyObject* value, int position, PyObject*& versions) {
  PyObject* counter = at(value, world.tensor.counter);
  if (counter == Py_None) return true;
  PyObject* version = at(counter, world.counter.version);
  if (version == world.zero || integer(version) == 0) return true;
  if (!versions) versions = PyDict_New();
  PyObject* key = PyLong_FromLong(position);
  const bool noted = versions && key && PyDict_SetItem(versions, key, version) == 0;
  Py_XDECREF(key);
  return noted;
}

// A result that a gradient rule asked for.
PyObject* saved_result(const Form& form, int index, PyObject* out, PyObject* results) {
  if (!results) return saved_value(from_output, out, Py_None);
  PyObject* which = index >= form.differentiable ? PyLong_FromLong(-1)
                    : form.differentiable > 1    ? PyLong_FromLong(index)
                                                 : Py_NewRef(Py_None);
  PyObject* kept = which ? saved_value(from_output, PyTuple_GET_ITEM(results, index), which) : nullptr;
  Py_XDECREF(which);
  return kept;
}

bool save(const Form& form, const Recipe& recipe, PyObject* node, PyObject* const* args, PyObject* out,
          PyObject* results) {
  PyObject *saved = PyTuple_New(recipe.count), *versions = nullptr;
  if (!saved) return false;
  at(node, world.node.saved) = saved;
  bool fine = true;
  for (int i = 0; i < recipe.count && fine; i++) {
    const auto [source, index] = recipe.items[i];
    PyObject* value = source == from_output ? saved_result(form, index, out, results)
                                            : saved_value(source, args[index], Py_None);
    if (value) PyTuple_SET_ITEM(saved, i, value);
    fine = value && (source != from_argument || !is_tensor(value) || note_version(value, i, versions));
  }
  if (versions) {
    fine = fine && PyObject_SetAttrString(node, "versions", versions) == 0;
    Py_DECREF(versions);
  }
  return fine;
}

// Where an operand's gradient goes; a list for a list of tensors.
PyObject* edge_of(PyObject* value, bool is_list) {
  if (!is_list) {
    PyObject* edge = is_tensor(value) ? at(value, world.tensor.node) : Py_None;
    return Py_NewRef(edge == world.leaf ? value : edge);
  }
  PyObject* edges = PyList_New(PySequence_Fast_GET_SIZE(value));
  for (Py_ssize_t i = 0; edges && i < PyList_GET_SIZE(edges); i++)
    PyList_SET_ITEM(edges, i, edge_of(PySequence_Fast_GET_ITEM(value, i), false));
  return edges;
}

// Where each operand's gradient goes: `record._edges`.
PyObject* edges_of(const Form& form, PyObject* const* args) {
  PyObject* edges = PyList_New(__builtin_popcount(form.tensors));
  for (int i = 0; edges && i < form.n_params; i++) {
    if (!(form.tensors >> i & 1)) continue;
    PyObject* edge = edge_of(args[i], form.lists >> i & 1);
    if (edge) PyList_SET_ITEM(edges, form.bit[i], edge);
    else Py_CLEAR(edges);
  }
  return edges;
}

// The number in the order of creation, and the user's line: `Node.place`.
bool place(PyObject* node) {
  PyObject* serial = Py_TYPE(world.serials)->tp_iternext(world.serials);
  at(node, world.node.serial) = serial;
  return serial && user_line(at(node, world.node.code), at(node, world.node.lasti));
}

// Reads a plan, as `usual.recipe` tells it; false, perhaps without an error, if it is none for this
// file.
bool read_plan(Form& form, Recipe& recipe, unsigned mask, PyObject* const* args) {
  PyObject* packed = pack(args, form.n_params);
  PyObject* told = packed ? PyObject_CallFunction(world.recipe, "OIO", form.op, mask, packed) : nullptr;
  Py_XDECREF(packed);
  PyObject *node_class, *sources;
  int saves_tensors;
  if (!told || !PyArg_ParseTuple(told, "OO!pO!", &recipe.plan, &PyType_Type, &node_class,
                                 &saves_tensors, &PyTuple_Type, &sources))
    return false;
  recipe.node_class = reinterpret_cast<PyTypeObject*>(node_class);
  recipe.saves_tensors = saves_tensors;
  recipe.count = static_cast<int>(PyTuple_GET_SIZE(sources));
  for (int i = 0; i < recipe.count && i < max_saved; i++)
    if (!PyArg_ParseTuple(PyTuple_GET_ITEM(sources, i), "ii", &recipe.items[i].source,
                          &recipe.items[i].index))
      return false;
  return recipe.count <= max_saved;  // `told` is kept, as the recipe is
}

const Recipe* recipe_for(Form& form, unsigned mask, PyObject* const* args) {
  uint64_t key = mask;
  if (form.any_class && !form.fixed_class) {
    // The class says all, and is kept as long as the operation.
    PyObject* packed = pack(args, form.n_params);
    PyObject* node_class = packed ? PyObject_CallOneArg(form.node_class, packed) : nullptr;
    Py_XDECREF(packed);
    if (!node_class) return nullptr;
    key |= reinterpret_cast<uintptr_t>(node_class) << max_params;
    Py_DECREF(node_class);
  } else if (!form.fixed_class) {
    for (int i = 0; i < form.n_params; i++) {
      int kind = 15;
      if (is_tensor(args[i]))
        kind = PyArray_NDIM(reinterpret_cast<PyArrayObject*>(at(args[i], world.tensor.array)));
      else if (args[i] == Py_None) kind = 14;
      if (form.tensors >> i & 1) key = key << 4 | (kind < 14 && form.promoted ? 0 : kind);
    }
  }
  for (int i = 0; i < form.n_recipes; i++)
    if (form.recipes[i].key == key) return &form.recipes[i];
  if (form.n_recipes == max_recipes) return nullptr;
  Recipe made{};
  made.key = key;
  if (!read_plan(form, made, mask, args)) return nullptr;
  Recipe& kept = form.recipes[form.n_recipes++];
  kept = made;
  return &kept;
}

}  // namespace

int integer(PyObject* object) {
  const long value = PyLong_AsLong(object);
  return value == static_cast<int>(value) ? static_cast<int>(value) : -1;
}

PyObject* pack(PyObject* const* items, Py_ssize_t n) {
  PyObject* packed = PyTuple_New(n);
  for (Py_ssize_t i = 0; packed && i < n; i++) PyTuple_SET_ITEM(packed, i, Py_NewRef(items[i]));
  return packed;
}

PyObject* shape_of(PyObject* array) {
  PyArrayObject* a = reinterpret_cast<PyArrayObject*>(array);
  PyObject* shape = PyTuple_New(PyArray_NDIM(a));
  for (int d = 0; shape && d < PyArray_NDIM(a); d++)
    PyTuple_SET_ITEM(shape, d, PyLong_FromSsize_t(PyArray_DIM(a, d)));
  return shape;
}

PyObject* new_tensor(PyObject* array) {
  PyObject* tensor = allocate(world.tensor_type);
  if (!tensor) {
    Py_DECREF(array);
    return nullptr;
  }
  at(tensor, world.tensor.array) = array;
  fill(tensor, world.tensor.node, Py_None);
  fill(tensor, world.tensor.view, Py_None);
  fill(tensor, world.tensor.counter, Py_None);
  return tensor;
}

PyObject* counter_of(PyObject* tensor) {
  PyObject*& counter = at(tensor, world.tensor.counter);
  if (counter == Py_None) {
    PyObject* made = new_counter();
    if (!made) return nullptr;
    Py_DECREF(counter);
    counter = made;
  }
  return counter;
}

// The array of a tensor as it mostly is, else null.
PyObject* settled_array(PyObject* tensor) {
  PyObject *array = at(tensor, world.tensor.array), *counter = at(tensor, world.tensor.counter);
  if (!array || !PyArray_CheckExact(array) || !counter) return nullptr;
  if (counter != Py_None && Py_TYPE(counter) != world.counter_type) return nullptr;
  return is_settled(tensor) ? array : nullptr;
}

bool user_line(PyObject*& code, PyObject*& lasti) {
  PyFrameObject* frame = PyEval_GetFrame();
  Py_XINCREF(frame);
  while (frame) {
    PyCodeObject* running = PyFrame_GetCode(frame);
    PyObject* own = PyDict_GetItemWithError(world.own_file, running->co_filename);
    own = own ? Py_NewRef(own) : PyObject_GetItem(world.own_file, running->co_filename);
    Py_XDECREF(own);  // one of the two constants
    if (own != Py_True) {
      Py_XSETREF(code, reinterpret_cast<PyObject*>(running));
      Py_XSETREF(lasti, PyLong_FromLong(PyFrame_GetLasti(frame)));
      Py_DECREF(frame);
      return own && lasti;
    }
    Py_DECREF(running);
    PyFrameObject* back = PyFrame_GetBack(frame);
    Py_DECREF(frame);
    frame = back;
  }
  Py_XSETREF(code, Py_NewRef(Py_None));
  Py_XSETREF(lasti, Py_NewRef(Py_None));
  return true;
}

bool bump(PyObject* tensor, PyObject* operation) {
  PyObject* counter = counter_of(tensor);
  if (!counter) return false;
  PyObject* version = PyLong_FromLong(integer(at(counter, world.counter.version)) + 1);
  if (!version) return false;
  Py_SETREF(at(counter, world.counter.version), version);
  Py_SETREF(at(counter, world.counter.operation), Py_NewRef(operation));
  return user_line(at(counter, world.counter.code), at(counter, world.counter.lasti));
}

long recording_now() {
  PyObject* recording;
  if (PyContextVar_Get(world.recording, nullptr, &recording) < 0) return -1;
  const long state = PyLong_AsLong(recording);
  Py_DECREF(recording);
  return state;
}

PyObject* make_node(Form& form, unsigned mask, PyObject* const* args, PyObject* out, PyObject* results) {
  PyObject* array = at(out, world.tensor.array);
  const long state = recording_now();
  if (state < 0) return nullptr;
  PyObject* dtype = dtype_of(array);
  const bool floats = dtype == world.float32 || dtype == world.float64;
  if (floats && state == 0) return Py_NewRef(form.view ? world.leaf : Py_None);
  const Recipe* recipe = nullptr;
  if (floats && state == plain && PyDict_GET_SIZE(form.rules)) recipe = recipe_for(form, mask, args);
  if (!recipe) {
    if (PyErr_Occurred()) return nullptr;
    PyObject* packed = pack(args, form.n_params);
    if (!packed) return nullptr;
    PyObject* bits = PyLong_FromUnsignedLong(mask);
    PyObject* all[] = {form.op, packed, bits, array, results ? Py_None : out, results};
    PyObject* node = bits ? PyObject_Vectorcall(world.make_node, all, results ? 6 : 5, nullptr) : nullptr;
    Py_XDECREF(bits);
    Py_DECREF(packed);
    return node;
  }
  PyObject* node = allocate(recipe->node_class);
  if (!node) return nullptr;
  fill(node, world.node.plan, recipe->plan);
  fill(node, world.node.dtype, dtype);
  at(node, world.node.shape) = shape_of(array);
  at(node, world.node.edges) = edges_of(form, args);
  if (save(form, *recipe, node, args, out, results) && at(node, world.node.shape) && at(node, world.node.edges) &&
      place(node))
    return node;
  Py_DECREF(node);
  return nullptr;
}

bool place_outputs(const Form& form, PyObject* node, PyObject* results) {
  const Py_ssize_t n = PyTuple_GET_SIZE(results);
  if (node == Py_None) return true;
  const bool one = node != world.leaf && form.differentiable == 1;
  if (node == world.leaf || one) {
    for (Py_ssize_t i = 0; i < (one ? 1 : n); i++) {
      PyObject*& place = at(PyTuple_GET_ITEM(results, i), world.tensor.node);
      Py_SETREF(place, Py_NewRef(node));
    }
    return true;
  }
  PyObject* all = PyList_New(n);
  bool fine = all;
  const double serial = fine ? PyLong_AsDouble(at(node, world.node.serial)) : 0;
  for (Py_ssize_t i = 0; i < n && fine; i++) {
    PyObject* tensor = PyTuple_GET_ITEM(results, i);
    PyObject *array = at(tensor, world.tensor.array), *shape = shape_of(array);
    PyObject* pair = shape ? PyTuple_Pack(2, shape, dtype_of(array)) : nullptr;
    if (pair) PyList_SET_ITEM(all, i, pair);
    fine = pair;
    const int type = PyArray_TYPE(reinterpret_cast<PyArrayObject*>(array));
    if (fine && i < form.differentiable && (PyTypeNum_ISFLOAT(type) || PyTypeNum_ISCOMPLEX(type))) {
      PyObject* output = allocate(world.output_type);
      fine = output;
      if (fine) {
        fill(output, world.output.node, node);
        fill(output, world.output.shape, shape);
        fill(output, world.output.dtype, dtype_of(array));
        at(output, world.output.index) = PyLong_FromSsize_t(i);
        at(output, world.output.serial) = PyFloat_FromDouble(serial - 1.0 / double(i + 2));
        Py_SETREF(at(tensor, world.tensor.node), output);
      }
    }
    Py_XDECREF(shape);
  }
  fine = fine && PyObject_SetAttrString(node, "outputs", all) == 0;
  Py_XDECREF(all);
  return fine;
}

bool read_slots(PyTypeObject* type, const char* const* names, void* slots) {
  for (Slot* slot = static_cast<Slot*>(slots); *names; names++, slot++) {
    PyObject* member = PyObject_GetAttrString(reinterpret_cast<PyObject*>(type), *names);
    if (!member) return false;
    if (Py_TYPE(member) != &PyMemberDescr_Type) {
      PyErr_Format(PyExc_TypeError, "%s is no slot of %s", *names, type->tp_name);
      return false;
    }
    slot->offset = reinterpret_cast<PyMemberDescrObject*>(member)->d_member->offset;
    Py_DECREF(member);
  }
  return true;
}

bool prepare_world(PyObject* args) {
  World w{};
  PyTypeObject *node, *kernels;
  PyObject** numbers = w.numbers[0];
  PyTypeObject* const type = &PyType_Type;
  if (!PyArg_ParseTuple(
          args, "O!O!O!O!O!O!O!O!OOOOOOOOOOOOOOOO", type, &w.tensor_type, type, &node, type, &w.view_type,
          type, &w.counter_type, type, &w.saved_output_type, type, &w.output_type, type, &w.size_type,
          type, &kernels, &w.leaf,
          &w.recording, &w.serials, &w.own_file, &w.make_node, &w.describe, &w.recipe, &w.float32,
          &w.float64, &numbers[0], &numbers[1], &numbers[2], &numbers[3], &w.dtypes,
          &w.default_dtypes[0], &w.default_dtypes[1]))
    return false;
  w.zero = PyLong_FromLong(0);
  w.default_name = PyUnicode_InternFromString("_default");
  w.all = PySlice_New(nullptr, nullptr, nullptr);
  const char* const of_tensor[] = {"_array", "_node", "_view", "_counter", nullptr};
  const char* const of_node[] = {"code", "dtype", "edges", "lasti", "plan", "saved", "serial",
                                 "shape", nullptr};
  const char* const of_view[] = {"base", "steps", "history", "recorded", nullptr};
  const char* const of_counter[] = {"code", "history", "lasti", "operation", "version", nullptr};
  const char* const of_saved[] = {"_array", "_counter", "index", nullptr};
  const char* const of_output[] = {"dtype", "index", "node", "serial", "shape", nullptr};
  const char* const of_kernels[] = {"cpu", nullptr};
  if (!read_slots(w.tensor_type, of_tensor, &w.tensor) || !read_slots(node, of_node, &w.node) ||
      !read_slots(w.view_type, of_view, &w.view) ||
      !read_slots(w.counter_type, of_counter, &w.counter) ||
      !read_slots(w.saved_output_type, of_saved, &w.saved) ||
      !read_slots(w.output_type, of_output, &w.output) ||
      !read_slots(kernels, of_kernels, &w.kernel))
    return false;
  Py_INCREF(args);  // keeps all of them
  world = w;
  return true;
}

}  // namespace tidu
