#include "walk.h"

#include "calls.h"

namespace tidu {
namespace {

constexpr int max_arguments = 24;   // of a gradient rule
constexpr npy_intp small = 1 << 12;  // elements that are added faster than NumPy is called

struct {
  PyTypeObject *node_type, *plan_type, *saveable_type, *memory_type;
  PyObject *heappush, *heappop, *fit, *note_backward, *table;
  Slot steps, picks, saves_tensors;  // of a Plan
} know;

struct {
  PyObject *hooks, *node_prehooks, *prehooks, *versions, *deliver, *grad, *add;
  PyObject* of_leaf[4];  // hooks around its gradient
} name;

// One backward pass.
struct Walk {
  PyObject *object, *heap, *pending, *fresh;
  bool keep_graph;
};

bool is_exact_array(PyObject* object) { return PyArray_CheckExact(object); }

bool is_none(PyObject* object, PyObject* attribute) {
  PyObject* value = PyObject_GetAttr(object, attribute);
  Py_XDECREF(value);  // what is None is not freed
  return value == Py_None;
}

// Whether nothing was written to a saved value since, by versions as in `Node.unpack`.
bool is_unchanged(PyObject* counter, PyObject* versions, int position) {
  if (counter == Py_None) return true;
  if (!counter || Py_TYPE(counter) != world.counter_type) return false;
  PyObject *now = at(counter, world.counter.version), *expected = world.zero;
  if (versions != Py_None) {
    PyObject* key = PyLong_FromLong(position);
    PyObject* noted = key ? PyDict_GetItemWithError(versions, key) : nullptr;
    Py_XDECREF(key);
    if (noted) expected = noted;
  }
  return now == expected || integer(now) == integer(expected);
}

// The saved values as the rules take them, borrowed; false if one of them is Python's to unpack.
bool unpack(PyObject* node, PyObject** values) {
  PyObject* saved = at(node, world.node.saved);
  if (!saved || !PyTuple_CheckExact(saved) || PyTuple_GET_SIZE(saved) > max_arguments) return false;
  PyObject* versions = PyObject_GetAttr(node, name.versions);
  if (!versions) return false;
  bool usual = true;
  for (int i = 0; i < PyTuple_GET_SIZE(saved) && usual; i++) {
    PyObject* value = PyTuple_GET_ITEM(saved, i);
    if (is_tensor(value)) {
      usual = is_unchanged(at(value, world.tensor.counter), versions, i);
      value = at(value, world.tensor.array);
    } else if (Py_TYPE(value) == world.saved_output_type) {
      usual = is_unchanged(at(value, world.saved.counter), versions, i);
      value = at(value, world.saved.array);
    } else {
      usual = !PyObject_TypeCheck(value, know.saveable_type);
    }
    values[i] = value;
  }
  Py_DECREF(versions);
  return usual;
}

bool is_usual(PyObject* node, PyObject* gradient, PyObject** values) {
  if (!PyObject_TypeCheck(node, know.node_type) || !gradient || !is_exact_array(gradient)) return false;
  PyObject* plan = at(node, world.node.plan);
  if (!plan || Py_TYPE(plan) != know.plan_type) return false;
  if (!is_float(at(node, world.node.dtype))) return false;
  return is_none(node, name.prehooks) && is_none(node, name.hooks) &&
         is_none(node, name.node_prehooks) && unpack(node, values);
}

bool has_shape(PyArrayObject* array, PyObject* shape) {
  if (PyTuple_GET_SIZE(shape) != PyArray_NDIM(array)) return false;
  for (int d = 0; d < PyArray_NDIM(array); d++)
    if (PyLong_AsSsize_t(PyTuple_GET_ITEM(shape, d)) != PyArray_DIM(array, d)) return false;
  return true;
}

// Whether a gradient is an array of the shape and dtype of its target's value.
bool fits(PyObject* gradient, PyObject* target, bool leaf) {
  if (!is_exact_array(gradient)) return false;
  PyArrayObject* array = reinterpret_cast<PyArrayObject*>(gradient);
  if (!leaf)
    return dtype_of(gradient) == at(target, world.node.dtype) && has_shape(array, at(target, world.node.shape));
  PyObject* value = at(target, world.tensor.array);
  return is_exact_array(value) && dtype_of(gradient) == dtype_of(value) &&
         PyArray_SAMESHAPE(array, reinterpret_cast<PyArrayObject*>(value));
}

// `Walk.deliver`, for all targets of the graph and with what `hand_on` notes of unshared gradients.
bool deliver(const Walk& walk, PyObject* target, PyObject* g, bool unshared, PyObject* node) {
  const bool leaf = is_tensor(target);
  if (!leaf && !PyObject_TypeCheck(target, know.node_type)) {  // one of several results
    PyObject* done = PyObject_CallMethodObjArgs(walk.object, name.deliver, target, g, node, nullptr);
    Py_XDECREF(done);
    return done;
  }
  PyObject* waiting = PyDict_GetItemWithError(walk.pending, target);
  if (PyErr_Occurred()) return false;
  if (leaf && unshared && !waiting && is_exact_array(g)) {
    PyObject* base = PyArray_BASE(reinterpret_cast<PyArrayObject*>(g));
    if ((!base || Py_TYPE(base) == know.memory_type) && PySet_Add(walk.fresh, target) < 0) return false;
  }
  PyObject* own = Py_NewRef(g);
  if (!fits(g, target, leaf)) {
    PyObject* value = leaf ? at(target, world.tensor.array) : target;
    Py_SETREF(own, PyObject_CallFunctionObjArgs(know.fit, Py_True, value, g, node, nullptr));
    if (!own) return false;
  }
  bool fine;
  if (!waiting) {
    fine = PyDict_SetItem(walk.pending, target, own) == 0;
    if (fine && !leaf) {
      PyObject* entry = PyTuple_Pack(2, at(target, world.node.serial), target);
      PyObject* args[] = {walk.heap, entry};
      PyObject* done = entry ? PyObject_Vectorcall(know.heappush, args, 2, nullptr) : nullptr;
      Py_XDECREF(entry);
      Py_XDECREF(done);
      fine = done;
    }
  } else {
    PyObject* total = PyNumber_Add(waiting, own);
    if (total && !is_exact_array(total))  // of 0-d arrays it is a scalar
      Py_SETREF(total, PyArray_FromAny(total, nullptr, 0, 0, NPY_ARRAY_ENSUREARRAY, nullptr));
    fine = total && PyDict_SetItem(walk.pending, target, total) == 0 &&
           (!leaf || PySet_Add(walk.fresh, target) == 0);
    Py_XDECREF(total);
  }
  Py_DECREF(own);
  return fine;
}

// Hands gradients on, as `Walk.hand_on` does. `last`: the one that was handed on before.
struct HandOn {
  const Walk& walk;
  PyObject *node, *gradient, *last;

  bool operator()(PyObject* edge, PyObject* g) {
    if (edge == Py_None || g == Py_None) return true;
    const bool unshared = g != gradient && g != last;
    if (!deliver(walk, edge, g, unshared, node)) return false;
    Py_SETREF(last, Py_NewRef(g));
    return true;
  }

  // The gradients of several edges.
  bool all(PyObject* const* edges, Py_ssize_t n, PyObject* gradients) {
    PyObject* items = PySequence_Fast(gradients, "a gradient rule for several inputs gives a tuple");
    bool fine = items;
    for (Py_ssize_t i = 0; fine && i < n && i < PySequence_Fast_GET_SIZE(items); i++)
      fine = (*this)(edges[i], PySequence_Fast_GET_ITEM(items, i));
    Py_XDECREF(items);
    return fine;
  }
};

PyObject* run_rule(PyObject* step, PyObject* pick, PyObject* gradient, PyObject* const* values) {
  PyObject* args[max_arguments + 2];
  int n = 0;
  if (PyTuple_GET_ITEM(step, 3) == Py_True) args[n++] = know.table;  // the rule wants `k`
  args[n++] = gradient;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(pick); i++)
    args[n++] = values[PyLong_AsLong(PyTuple_GET_ITEM(pick, i))];
  return PyObject_Vectorcall(PyTuple_GET_ITEM(step, 1), args, n, nullptr);
}

// The gradients of one rule to their edges.
bool distribute(HandOn& hand_on, PyObject* edges, PyObject* position, PyObject* g) {
  if (PyTuple_Check(position)) {  // one rule for several inputs
    PyObject* chosen[max_params];
    const Py_ssize_t n = PyTuple_GET_SIZE(position);
    for (Py_ssize_t i = 0; i < n; i++)
      chosen[i] = PyList_GET_ITEM(edges, PyLong_AsLong(PyTuple_GET_ITEM(position, i)));
    return hand_on.all(chosen, n, g);
  }
  PyObject* edge = PyList_GET_ITEM(edges, PyLong_AsLong(position));
  if (!PyList_CheckExact(edge)) return hand_on(edge, g);
  return hand_on.all(PySequence_Fast_ITEMS(edge), PyList_GET_SIZE(edge), g);  // a list of tensors
}

// `Node.apply` and `Walk.hand_on`.
bool apply(const Walk& walk, PyObject* node, PyObject* gradient, PyObject* const* values) {
  PyObject *plan = at(node, world.node.plan), *edges = at(node, world.node.edges);
  PyObject *steps = at(plan, know.steps), *picks = at(plan, know.picks);
  HandOn hand_on{walk, node, gradient, Py_NewRef(gradient)};
  bool fine = true;
  for (Py_ssize_t i = 0; fine && i < PyList_GET_SIZE(steps); i++) {
    PyObject* step = Py_NewRef(PyList_GET_ITEM(steps, i));  // may be replaced while it runs
    PyObject* g = run_rule(step, PyTuple_GET_ITEM(picks, i), gradient, values);
    fine = g && distribute(hand_on, edges, PyTuple_GET_ITEM(step, 0), g);
    Py_XDECREF(g);
    Py_DECREF(step);
  }
  Py_DECREF(hand_on.last);
  if (fine && !walk.keep_graph && at(plan, know.saves_tensors) == Py_True)
    Py_SETREF(at(node, world.node.saved), Py_NewRef(Py_None));
  return fine;
}

// Adds to the error that is set where its node was recorded.
void note(PyObject* node) {
  PyObject *type, *error, *trace;
  PyErr_Fetch(&type, &error, &trace);
  PyErr_NormalizeException(&type, &error, &trace);
  if (PyErr_GivenExceptionMatches(type, PyExc_Exception)) {
    PyObject* done = PyObject_CallFunctionObjArgs(know.note_backward, error, node, nullptr);
    Py_XDECREF(done);
    PyErr_Clear();
  }
  PyErr_Restore(type, error, trace);
}

// held += gradient, for arrays of one shape and dtype.
bool add_in_place(PyObject* held, PyObject* gradient) {
  PyArrayObject *to = reinterpret_cast<PyArrayObject*>(held),
                *from = reinterpret_cast<PyArrayObject*>(gradient);
  const npy_intp n = PyArray_SIZE(to);
  if (n > small || !is_contiguous(to) || !is_contiguous(from) || !PyArray_ISBEHAVED(to) ||
      !PyArray_ISBEHAVED_RO(from)) {
    PyObject* same = PyNumber_InPlaceAdd(held, gradient);
    Py_XDECREF(same);
    return same;
  }
  if (dtype_of(held) == world.float32)
    for (npy_intp i = 0; i < n; i++) data<float>(to)[i] += data<float>(from)[i];
  else
    for (npy_intp i = 0; i < n; i++) data<double>(to)[i] += data<double>(from)[i];
  return true;
}

enum Outcome { failed, left_alone, done };

// `Walk.finish_leaf` and `add_to_grad`: keeps a leaf's gradient.
Outcome finish(const Walk& walk, PyObject* leaf, PyObject* gradient) {
  if (!is_tensor(leaf) || !is_exact_array(gradient) || !fits(gradient, leaf, true) ||
      !is_float(dtype_of(gradient)) || at(leaf, world.tensor.view) != Py_None)
    return left_alone;
  for (PyObject* hooks : name.of_leaf)
    if (!is_none(leaf, hooks)) return PyErr_Occurred() ? failed : left_alone;
  PyObject* held = PyObject_GetAttr(leaf, name.grad);
  if (!held) return failed;
  Outcome outcome = left_alone;
  if (held == Py_None) {
    PyArrayObject *array = reinterpret_cast<PyArrayObject*>(gradient),
                  *like = reinterpret_cast<PyArrayObject*>(at(leaf, world.tensor.array));
    const int known = PySet_Contains(walk.fresh, leaf);
    if (known == 1 && PyArray_CompareLists(PyArray_STRIDES(array), PyArray_STRIDES(like),
                                           PyArray_NDIM(like))) {
      PyObject* tensor = new_tensor(Py_NewRef(gradient));
      outcome = tensor && PyObject_SetAttr(leaf, name.grad, tensor) == 0 ? done : failed;
      Py_XDECREF(tensor);
    }
  } else if (Py_TYPE(held) == world.tensor_type && is_exact_array(at(held, world.tensor.array)) &&
             fits(gradient, held, true)) {
    PyObject* counter = at(held, world.tensor.counter);
    if (counter == Py_None || Py_TYPE(counter) == world.counter_type)
      outcome = add_in_place(at(held, world.tensor.array), gradient) && bump(held, name.add) ? done : failed;
  }
  Py_DECREF(held);
  return outcome;
}

bool take_nodes(const Walk& walk) {
  PyObject* values[max_arguments];
  while (PyList_GET_SIZE(walk.heap)) {
    PyObject* node = PyTuple_GET_ITEM(PyList_GET_ITEM(walk.heap, 0), 1);
    PyObject* gradient = PyDict_GetItemWithError(walk.pending, node);
    if (!is_usual(node, gradient, values)) return !PyErr_Occurred();
    Py_INCREF(gradient);
    PyObject* entry = PyObject_CallOneArg(know.heappop, walk.heap);
    bool fine = entry && PyDict_DelItem(walk.pending, node) == 0 && apply(walk, node, gradient, values);
    if (!fine && entry) note(node);
    Py_XDECREF(entry);  // and the node with it, perhaps
    Py_DECREF(gradient);
    if (!fine) return false;
  }
  return true;
}

bool take_leaves(const Walk& walk) {
  PyObject* leaves = PyDict_Keys(walk.pending);
  Outcome outcome = leaves ? done : failed;
  for (Py_ssize_t i = 0; outcome == done && i < PyList_GET_SIZE(leaves); i++) {
    PyObject* leaf = PyList_GET_ITEM(leaves, i);
    PyObject* gradient = Py_NewRef(PyDict_GetItem(walk.pending, leaf));
    outcome = finish(walk, leaf, gradient);
    if (outcome == done && PyDict_DelItem(walk.pending, leaf) < 0) outcome = failed;
    Py_DECREF(gradient);
  }
  Py_XDECREF(leaves);
  return outcome != failed;
}

}  // namespace

bool walk_on(PyObject* object, PyObject* heap, PyObject* pending, PyObject* fresh, bool keep_graph) {
  const Walk walk{object, heap, pending, fresh, keep_graph};
  if (!calls_enabled()) return true;
  return take_nodes(walk) && (PyList_GET_SIZE(heap) || take_leaves(walk));
}

bool prepare_walk(PyObject* args) {
  PyTypeObject* const type = &PyType_Type;
  if (!PyArg_ParseTuple(args, "O!O!O!O!OOOOO", type, &know.node_type, type, &know.plan_type, type,
                        &know.saveable_type, type, &know.memory_type, &know.heappush, &know.heappop,
                        &know.fit, &know.note_backward, &know.table))
    return false;
  const char* const of_plan[] = {"raw_steps", "picks", "saves_tensors", nullptr};
  if (!read_slots(know.plan_type, of_plan, &know.steps)) return false;
  Py_INCREF(args);  // keeps all of them
  name.hooks = PyUnicode_InternFromString("hooks");
  name.node_prehooks = PyUnicode_InternFromString("node_prehooks");
  name.prehooks = PyUnicode_InternFromString("prehooks");
  name.versions = PyUnicode_InternFromString("versions");
  name.deliver = PyUnicode_InternFromString("deliver");
  name.grad = PyUnicode_InternFromString("_grad");
  name.add = PyUnicode_InternFromString("add_");
  name.of_leaf[0] = PyUnicode_InternFromString("_hooks");
  name.of_leaf[1] = PyUnicode_InternFromString("_post_hooks");
  name.of_leaf[2] = PyUnicode_InternFromString("_before_hooks");
  name.of_leaf[3] = PyUnicode_InternFromString("_after_hooks");
  return true;
}

}  // namespace tidu
