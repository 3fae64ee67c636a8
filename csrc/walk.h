// The usual case of the backward pass.
//
// tidu/autograd/engine.py defines the walk through the graph: gradients wait in `pending` for their
// nodes, and the newest node comes next. This does the same for nodes of declared operations without
// hooks and gradients that are arrays, and stops before any other node, which is Python's to take.
#pragma once

#include "graph.h"

namespace tidu {

// Takes nodes from the heap as far as they are usual ones; false with an error set.
bool walk_on(PyObject* walk, PyObject* heap, PyObject* pending, PyObject* fresh, bool keep_graph);

// What the walk needs of Python besides `World`, from usual.py; false with an error set.
bool prepare_walk(PyObject* args);

}  // namespace tidu
