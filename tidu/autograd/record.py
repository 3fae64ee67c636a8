"""The parts of a call that `op.py` shares: operands' dtypes, leaving a node, views, errors."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from .. import dtypes
from ..backend.half import F16, unrounded
from ..backend.quiet import IGNORE, loud, quiet
from ..tensor import Tensor, View
from .grad_mode import CAREFUL, mode, recording_now
from .node import LEAF, Counter, Output, Saveable, SavedOutput, own_file, serials

_getframe = sys._getframe
new = object.__new__

ndarray = np.ndarray
F32, F64 = np.dtype("float32"), np.dtype("float64")
_EQUALITY = ("eq", "ne")
# dtype -> {number: 0-d array}. Ints have their own, because 0 is one number and 0.0 is two (-0.0).
scalars: dict = {F32: {}, F64: {}}
int_scalars: dict = {F32: {}, F64: {}}
FIRST_A_TENSOR, ONE_A_TENSOR = "first", "one"  # `Op.forms`: where operands may not be numbers


# Operands: PyTorch's promotion, so that kernels get arrays of one dtype.


def prepare(op, operands):
    """Arrays and Python numbers, converted to the dtype that PyTorch computes in."""
    if op.check is not None:
        op.check(*operands)
    dtype = dtypes.result(*operands)
    if op.to_float and dtype.kind in "biu":
        dtype = dtypes.get_default_dtype().numpy
    if op.unrounded and dtype is F16:
        return _beside_half(operands)
    return [
        x.astype(dtype, copy=False) if isinstance(x, ndarray) else number(x, dtype)
        for x in operands
    ]


def _beside_half(operands):
    """The operands of float16 arithmetic: numbers stay in float32, and so does a 0-d tensor as `y`."""
    x, y = operands
    return [
        x.astype(F16, copy=False) if isinstance(x, ndarray) else unrounded(x),
        y.astype(F16, copy=False) if isinstance(y, ndarray) and y.ndim else unrounded(y),
    ]


def operands(op, x, y):
    """Two operands of which one is a number, or neither a tensor: arrays, and who needs a gradient.

    None if PyTorch has no rule for them.
    """
    if op.forms and not isinstance(x, Tensor) and (
        op.forms == FIRST_A_TENSOR or not isinstance(y, Tensor)
    ):
        from ..errors import invalid_combination

        raise invalid_combination(op, (x, y))
    mask, values = 0, []
    for bit, value in ((1, x), (2, y)):
        if isinstance(value, Tensor):
            mask |= bit * value.requires_grad
            value = value._array
        else:
            # `==` alone takes ndarrays, so that comparing never falls back to identity.
            if not (op.name in _EQUALITY and isinstance(value, ndarray)):
                value = _plain(value)
            if value is None:
                return None
        values.append(value)
    if not any(isinstance(value, ndarray) for value in values):
        values = [np.asarray(value, dtypes.of_number(value).numpy) for value in values]
    return (*prepare(op, values), mask)


def prepare_general(op, arrays):
    """Promotes the tensor operands of an elementwise operation, in place in `arrays`."""
    dtype = None
    for i in op.promoted:  # the usual case: floats of one dtype, and numbers that were seen before
        value = arrays[i]
        kind = type(value)
        if kind is ndarray:
            if dtype is None:
                dtype = value.dtype
                if dtype is not F32 and dtype is not F64:
                    break
            elif value.dtype is not dtype:
                break
        elif value is not None:
            if op.strict or dtype is None or (kind is not float and kind is not int):
                break
            value = (scalars if kind is float else int_scalars)[dtype].get(value)
            if value is None:
                break
            arrays[i] = value
    else:
        return
    positions = [i for i in op.promoted if arrays[i] is not None]
    plain = []
    for i in positions:
        value = arrays[i]
        if not isinstance(value, ndarray):
            value = None if op.strict else _plain(value)
            if value is None:
                raise not_a_tensor(op, i, arrays[i])
        plain.append(value)
    for i, array in zip(positions, prepare(op, plain)):
        arrays[i] = array


def number(value, dtype):
    """A Python number as a 0-d array; those that come often are kept."""
    cache = (int_scalars if type(value) is int else scalars).get(dtype)
    if cache is not None:
        found = cache.get(value)
        if found is not None:
            return found
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
        raise OverflowError("int too big to convert")
    settings = quiet(IGNORE)
    try:
        found = np.asarray(value, dtype)
    except OverflowError:
        found = np.asarray(int(value) % (1 << 64), np.uint64).astype(dtype)
    finally:
        loud(settings)
    if cache is not None and (value or type(value) is int):
        if len(cache) > 256:
            cache.clear()
        cache[value] = found
    return found


def _plain(value):
    """`value` if it is a number that PyTorch takes for a tensor, else None.

    An ndarray is none: NumPy computes with it, and refuses tensors that require a gradient.
    """
    if isinstance(value, (int, float, complex)):
        return value
    if isinstance(value, (np.number, np.bool_)):
        return value.item()
    return None


def list_operand(op, position, values):
    """The arrays of a list of tensors, and whether any of them needs a gradient."""
    arrays, needed = [], False
    if not isinstance(values, (tuple, list)):
        raise not_a_tensor(op, position, values, "tuple of Tensors")
    for i, t in enumerate(values):
        if not isinstance(t, Tensor):
            from ..errors import bad_element

            raise bad_element(op, position, i, t)
        if t._view is not None:
            t._refresh()
        needed = needed or t._node is not None
        arrays.append(t._array)
    return arrays, needed


# Results: the node, and a view's tie to its base.


def make_node(op, args, mask, array, out=None, results=None, edges=None):
    """The node of a call whose result is `array`; None if nothing is recorded.

    `out` is the result's Tensor; `results` are all Tensors, if there are several; `edges` are given
    by callers that have them at hand, if nobody has written to the arguments. Every operation on
    the way to a gradient passes here, hence no helper functions on the usual path.
    """
    recording = recording_now()
    dtype = array.dtype
    if not recording or not op.rules:
        # PyTorch: a view made under no_grad requires gradients if its base does, as a leaf.
        return LEAF if op.view and dtype.kind in "fc" else None
    if dtype is not F32 and dtype is not F64 and dtype.kind not in "fc":
        return None
    plan = op.plans.get(mask)
    if plan is None:
        plan = op.plan(mask)
    if plan.derived:
        values = args + tuple([_derive(op, d, args, results, out) for d in plan.derived])
        saved = plan.save(values)
    else:
        saved = plan.save(args)
    if edges is None:
        edges, written = _edges(op, args)
    else:
        written = False
    node = new(op.one_node_class or op.node_class(args))
    node.plan = plan
    node.edges = edges
    node.saved = saved
    node.shape = array.shape
    node.dtype = dtype
    # The user's line; `Node.place`, written out.
    node.serial = next(serials)
    frame: Any = _getframe(1)
    while own_file[frame.f_code.co_filename]:
        frame = frame.f_back
        if frame is None:
            node.code = node.lasti = None
            break
    else:
        node.code = frame.f_code
        node.lasti = frame.f_lasti
    if written and plan.saves_tensors:
        _note_versions(node, saved)
    if dtype is not F32 and dtype.kind == "c" and op.holomorphic:
        node.conjugate = True
    if recording == CAREFUL:
        _careful(node, frame)
    return node


def _edges(op, args):
    """Where each tensor argument's gradient goes, and whether any of them was ever written to."""
    edges: list = []
    written = False
    for i in op.tensors:
        t = args[i]
        if isinstance(t, Tensor):
            edges.append(t if t._node is LEAF else t._node)
            written = written or t._counter is not None
        elif i in op.lists:
            edges.append([x if x._node is LEAF else x._node for x in t])
            written = True
        else:
            edges.append(None)
    return edges, written


def _note_versions(node, saved):
    for i, value in enumerate(saved):
        if isinstance(value, Saveable):
            counter = value._counter
            if counter is not None and counter.version:
                if node.versions is None:
                    node.versions = {}
                node.versions[i] = counter.version


def _careful(node, frame):
    if mode.saved_hooks:
        from .hooks import pack_all

        pack_all(node)
    if mode.anomaly and frame is not None:
        node.watch(frame)


def _derive(op, what, args, results, out):
    kind, i = what
    if kind == "shape":
        value = args[i]
        if i in op.lists:
            return [t._array.shape for t in value]
        return value._array.shape if isinstance(value, Tensor) else None
    if kind == "output":
        index = None
        if out is None:
            out = results[i]
            if i >= op.differentiable:
                index = -1
            elif op.differentiable > 1:
                index = i
        if out._counter is None:
            out._counter = Counter()
        return SavedOutput(out._array, out._counter, index)
    if kind == "needed":
        t = args[i]
        return [x._node is not None for x in t] if i in op.lists else t._node is not None
    value = args[i]
    if i in op.lists:
        return [getattr(t._array, kind) for t in value]
    return getattr(value._array, kind) if isinstance(value, Tensor) else None


def several(op, args, results, mask):
    """The Tensors of an operation with several results, each with its place in the graph."""
    arrays = tuple(np.asarray(r) for r in results)
    tensors = tuple(Tensor._wrap(a) for a in arrays)
    if op.view:
        link_views(op, args, tensors)
    if not mask or not arrays:
        return tensors
    node = make_node(op, args, mask, arrays[0], None, tensors)
    if node is None or node is LEAF:
        for t in tensors if node is LEAF else ():
            t._node = LEAF
        return tensors
    if op.differentiable == 1:
        tensors[0]._node = node
        return tensors
    node.outputs = [(a.shape, a.dtype) for a in arrays]
    for i, t in enumerate(tensors[: op.differentiable]):
        if t._array.dtype.kind in "fc":
            t._node = Output(node, i, t._array.shape, t._array.dtype)
    return tensors


def link_views(op, args, outs):
    """Ties views to the tensor whose memory they show: one version counter, one history."""
    x = args[op.tensors[0]]
    counter = x._counter
    if counter is None:
        counter = x._counter = Counter()
    before = x._view
    base, steps = (x, ()) if before is None else (before.base, before.steps)
    recorded = mode.enabled and (before is None or before.recorded)
    rest, history = args[1:], counter.history
    for index, out in enumerate(outs):
        out._counter = counter
        out._view = View(base, (*steps, (op, rest, index)), history, recorded)


# Errors: paid for on failure only.


def not_a_tensor(op, position, value, wanted="Tensor"):
    from ..errors import wrong_argument

    return wrong_argument(op, position, value, wanted)


def explain(op, error, args):
    """PyTorch's error for what NumPy (or a kernel) raised."""
    from ..errors import translate

    return translate(op, error, args)
