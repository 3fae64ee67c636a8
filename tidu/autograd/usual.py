"""The usual case of a call, in C++.

`op.py` and `record.py` say what a call of an operation does. `usual(op, function)` is a callable that
does the same for operands as they mostly are (float32 or float64, not in inference mode, ...; see
csrc/calls.cpp), and calls `function` for all others and whenever something fails. So nothing is
decided there that cannot be read, changed and debugged in Python; without the extension, or with
TIDU_NATIVE=0, `usual` gives back the function itself.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

from .. import dtypes
from ..backend import native
from ..backend.table import Kernels, cpu
from ..size import Size
from ..tensor import Tensor, View
from . import record
from .grad_mode import recording_variable
from .node import LEAF, Counter, Node, Output, Saveable, SavedOutput, own_file, serials

_extension: Any = native.extension()

# Where saved values come from, as graph.h numbers it.
_ARGUMENT = 0
_SOURCES = {"output": 1, "shape": 2, "dtype": 3, "needed": 4}


def usual(op, function, swapped=False, writes=None, spread=False, lowers=None):
    """A callable that is `function`, and faster where the call is a usual one of `op`.

    `swapped`: it takes the two operands in the other order. `writes`: it puts the result into its
    first operand, and this is its name. `spread`: it takes a tuple of ints also as separate arguments.
    `lowers`: it is no form of `op`, but comes down to it (or to one of a tuple of operations) as
    csrc/lowering.cpp says under this name; with None for `op`, csrc/direct.cpp may have all of it. Name,
    documentation and attributes are those of `function`, which is its `__wrapped__`.
    """
    if _extension is None or (op is None and not _extension.has_direct(lowers)):
        return function
    return _extension.Call(op, function, swapped, writes, spread, lowers)


def python_of(function):
    """The Python function behind one that may come from `usual`."""
    return getattr(function, "__wrapped__", function)


def describe(op):
    """What C++ has to know of a declaration; None if its calls are all for Python."""
    if not op.form or not op.tensors or (op.lists and op.promote):
        return None
    return (
        _bits(op.tensors),
        _bits(op.lists),
        _bits(op.promoted) if op.promote else 0,
        op.form == "general",
        op.view,
        len(op.outputs) == 1,
        bool(op.promote and not op.strict),
        op.forms == record.FIRST_A_TENSOR,
        isinstance(op.node_name, str),
        not op.promote and len(op.tensors) < len(op.params),
        op.differentiable,
        tuple([op.defaults.get(p, NotImplemented) for p in op.params]),
        op.kernels,
        op.rules,
    )


def _bits(positions):
    return sum(1 << i for i in positions)


def recipe(op, mask, args):
    """What a call leaves behind: plan, the node's class, and where the saved values come from."""
    plan = op.plan(mask)
    fixed = len(op.params)
    sources = [
        (_ARGUMENT, i) if i < fixed else _source(*plan.derived[i - fixed]) for i in plan.indices
    ]
    return plan, op.node_class(args), plan.saves_tensors, tuple(sources)


def _source(kind, index):
    return _SOURCES[kind], index


def draw_from(generator):
    """Hands over the default generator."""
    if _extension is not None:
        _extension.draw_from(generator)


def switch(on):
    """Lets calls take the short way, or not: in inference mode results are made differently."""
    if _extension is not None:
        _extension.switch_calls(on)


def usual_walk(plan, fit, note_backward):
    """What does the usual steps of a backward pass (see csrc/walk.cpp), or None."""
    if _extension is None:
        return None
    _extension.prepare_walk(
        Node, plan, Saveable, _extension.Memory, heappush, heappop, fit, note_backward, cpu
    )
    return _extension.walk


if _extension is not None:
    _numbers = [
        table[dtype] for table in (record.scalars, record.int_scalars) for dtype in (record.F32, record.F64)
    ]
    _extension.prepare_calls(
        Tensor, Node, View, Counter, SavedOutput, Output, Size, Kernels, LEAF, recording_variable, serials,
        own_file, record.make_node, describe, recipe, record.F32, record.F64, *_numbers,
        vars(dtypes), dtypes.float32, dtypes.float64,
    )  # fmt: skip
    _shape = property(_extension.shape, doc=Tensor.shape.__doc__)
    Tensor.shape = _shape  # type: ignore[assignment, method-assign]
    Tensor._wrap = staticmethod(_extension.wrap(Tensor._wrap))  # type: ignore[method-assign]
