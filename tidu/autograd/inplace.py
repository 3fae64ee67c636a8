"""Writing into tensors: in-place operations, views of graph tensors, `out=`.

An in-place operation is its out-of-place form, whose result then takes the tensor's place: the
values go into its memory, the version moves on (so that whoever saved the old values notices), and
the tensor's node becomes the result's node. If the tensor is a view, its base has changed too: the
base's new node, `CopySlices`, says "the old base, except where the view lies, where it is the new
value", and every view of that base looks up its own place in the graph again (`Tensor._refresh`).
"""

from __future__ import annotations

import numpy as np

from .. import dtypes
from ..backend.quiet import IGNORE, loud, quiet
from ..backend.table import FORWARDS, cpu
from ..tensor import Tensor
from .grad_mode import CAREFUL, mode, recording_now
from .hooks import move_retained
from .node import LEAF, Alias, Counter, Node, SavedOutput
from .public import operations

_REASONS = {
    "multiple": "This view is the output of a function that returns multiple views. Such functions "
    "do not allow the output views to be modified inplace. You should replace the inplace "
    "operation "
    "by an out-of-place one.",
    "function": "This view was created inside a custom Function (or because an input was returned "
    "as-is) and the autograd logic to handle view+inplace would override the custom backward "
    "associated with the custom Function, leading to incorrect gradients. This behavior is "
    "forbidden. You can fix this by cloning the output of the custom Function.",
    "no_grad": "Given that this use case is ambiguous and error-prone, it is forbidden. You can "
    "clarify your code by moving both the view and the inplace either both inside the no_grad "
    "block "
    "(if you don't want the inplace to be tracked) or both outside (if you want the inplace to be "
    "tracked).",
}

F32, F64 = np.dtype("float32"), np.dtype("float64")
FUNCTION = object()  # in a view's steps: it was made inside a `Function`
# These may not read the memory that they write to, not even in the same places.
AT_INDICES = frozenset(
    "index_add_ index_copy_ index_fill_ index_put_ index_reduce_ put_ scatter_ scatter_add_ "
    "scatter_reduce_".split()
)


def write(name, x, function, args, kwargs):
    """`x.<name>(*args)`: computes `function(x, *args)` and lets the result take x's place."""
    if not isinstance(x, Tensor):
        raise TypeError(
            f"{name}(): argument 'input' (position 1) must be Tensor, not {type(x).__name__}"
        )
    if x._view is not None:
        x._refresh()
    if (x._view is not None or x._node is LEAF) and mode.enabled:
        check_writable(x, any(isinstance(a, Tensor) and a.requires_grad for a in args))
    if x._counter is not None and getattr(getattr(function, "op", None), "promote", False):
        for other in args:
            if isinstance(other, Tensor) and other._counter is x._counter and other is not x:
                check_partial_overlap(x._array, other._array)
    if name in AT_INDICES:
        for other in _flat((*args, *kwargs.values())):
            if not isinstance(other, Tensor) or not other.ndim:
                continue  # a number
            if other is x or (x._counter is not None and other._counter is x._counter):
                check_partial_overlap(x._array, other._array, wholly=True)
    op = getattr(function, "op", None)
    if directly(x._array, op, (x, *args), kwargs) or _within(name, x, op, args, kwargs):
        x._bump(name)
        return x
    # The result's node may save x; what it saves must outlive the write (PyTorch clones here too).
    # `assign` sees to that for the last node. Hooks take values away at once, and a composition may
    # have saved x in nodes further back: these get a copy.
    recording = recording_now()
    careful = (recording and not hasattr(function, "op")) or (recording == CAREFUL and mode.saved_hooks)
    before = Tensor._wrap(x._array.copy() if careful else x._array)
    before._node = x._node
    if x._node is LEAF:
        before._node = None  # recording is off, or check_writable had raised
    result = function(before, *args, **kwargs)
    return assign(name, x, result, before)


def directly(target, op, args, kwargs):
    """Whether the operation's native program wrote its result into the array `target` at once.

    That is for float operands of one dtype while nothing is recorded; if not, nothing has happened.
    """
    dtype = target.dtype
    if (dtype is not F32 and dtype is not F64) or op is None or not op.promote:
        return False
    if kwargs or len(args) < len(op.params):
        if not op.keywords.isdisjoint(kwargs):
            op = getattr(op.overload, "op", None)
            if op is None:
                return False
        args = _complete(op, args, kwargs)
    recording = recording_now()
    operands: list = []
    for value in args:
        kind = type(value)
        if kind is float or kind is int:
            if op.strict and len(operands) < len(op.tensors):
                return False
        elif isinstance(value, Tensor):
            if value._view is not None:
                value._refresh()
            if value._array.dtype is not dtype or (recording and value._node is not None):
                return False
            value = value._array
        else:
            return False
        operands.append(value)
    program = op.kernels.cpu
    if not hasattr(program, "into"):
        found = program.program_for(operands) if hasattr(program, "program_for") else None
        if found is None:
            return False
        program, operands = found
    return program.into(target, *operands)


def not_within(k, x, *args):
    """What computes an operation within the array `x` where no kernel does."""


def _within(name, x, op, args, kwargs):
    """Whether a kernel changed what is to change in x's memory, and copied nothing, as `directly`.

    These are operations that leave most of x as it is; their kernels have the method's name.
    """
    if FORWARDS.get(name) is not not_within:
        return False
    if op is not None:
        args = _complete(op, (x, *args), kwargs)[1:]
    elif kwargs:
        return False
    target, recording = x._array, recording_now()
    if recording and x._node is not None:
        return False
    arrays = []
    for value in args:
        if isinstance(value, Tensor):
            array = value._array
            if (recording and value.requires_grad) or np.may_share_memory(array, target):
                return False
            value = array
        arrays.append(value)
    return getattr(cpu, name)(target, *arrays) is target


def _complete(op, args, kwargs):
    """All arguments of a call by position; (None,), which no program takes, if that is not all."""
    names = op.public_params[len(args) :]
    if not kwargs.keys() <= {*names}:
        return (None,)
    inner = op.params[len(args) :]
    return (*args, *[kwargs.get(n, op.defaults.get(i)) for n, i in zip(names, inner)])


def check_writable(x, recorded=True):
    """PyTorch's errors for tensors that may not be written to while operations are recorded."""
    view = x._view
    if view is None:
        if x._node is LEAF:
            from ..errors import leaf_written

            raise leaf_written(
                "a leaf Variable that requires grad is being used in an in-place operation."
            )
        return
    if x._node is None and not recorded:
        return
    why = _forbidden(view)
    if why is not None:
        raise _view_error(x, why, "is being modified inplace")
    if x._node is LEAF or view.base._node is LEAF:
        from ..errors import leaf_written

        raise leaf_written(
            "a view of a leaf Variable that requires grad is being used in an in-place operation."
        )


def _forbidden(view):
    """Why autograd could not follow a write into this view, or None."""
    for op, _, index in view.steps:
        if op is FUNCTION:
            return "function"
        if index is not None:
            return "multiple"
    return None if view.recorded else "no_grad"


def _view_error(x, why, what):
    node = x._node
    if node is None or node is LEAF:
        start = f"A view was created in no_grad mode and {what} with grad mode enabled."
    else:
        index, node = (node.index, node.node) if hasattr(node, "index") else (0, node)
        kind = "a view and"
        if why == "no_grad":
            kind = "a view of a view which was created in no_grad mode and"
            what += " with grad mode enabled"
        start = f"Output {index} of {node.short_name()} is {kind} {what}."
    return RuntimeError(f"{start} {_REASONS[why]}")


class AsStridedBackward0(Alias):
    """A view whose base was written to since it was made; PyTorch's name for that."""


def refresh(x):
    """Looks up a view's place in the graph again: its base has been written to."""
    view = x._view
    why = _forbidden(view)
    if why is not None:
        raise _view_error(x, why, "its base or another view of its base has been modified inplace")
    view.history = x._counter.history
    # Whoever wrote to the base did so with recording on; reading the result may happen outside.
    previous, mode.enabled = mode.enabled, True
    try:
        node = replay(view.steps, view.base, operations)._node
        _take_place(x, None if node is None else AsStridedBackward0(node, x._array))
    finally:
        mode.enabled = previous


def assign(name, x, result, before=None):
    """Puts `result` in x's place: memory, version and history."""
    target, source = x._array, result._array
    if source.dtype != target.dtype:
        have, want = dtypes.of(source), dtypes.of(target)
        if not dtypes.can_cast(have, want):
            raise RuntimeError(
                f"result type {have.title} can't be cast to the desired output type {want.title}"
            )
        result = operations.to_dtype(result, want)
        source = result._array
    if source.shape != target.shape:
        raise RuntimeError(
            f"output with shape {list(target.shape)} doesn't match the broadcast shape "
            f"{list(source.shape)}"
        )
    _check_overlap(target)
    if before is not None and result._node is not None:
        _keep(result._node, before)
    settings = quiet(IGNORE)
    try:
        cpu.write(target, source)
    finally:
        loud(settings)
    counter = x._counter
    if counter is None:
        counter = x._counter = Counter()
    counter.bump(name)
    if mode.enabled and (result._node is not None or x._node is not None):
        join_graph(x, result, counter)
    return x


def _check_overlap(target):
    # NumPy gives an empty array strides of 0, although nothing overlaps in it.
    if target.size and 0 in target.strides and any(
        n > 1 and s == 0 for n, s in zip(target.shape, target.strides)
    ):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a "
            "single memory location. Please clone() the tensor before performing the operation."
        )


def _flat(args):
    for value in args:
        if isinstance(value, (tuple, list)):
            yield from value
        else:
            yield value


def check_partial_overlap(target, source, wholly=False):
    """PyTorch's error for reading from memory that the same operation writes to, in other places.

    `wholly`: in the same places, too.
    """
    if not target.size or not source.size or not _is_dense(target) or not _is_dense(source):
        return  # PyTorch leaves it at that, too
    a, b = (array.__array_interface__["data"][0] for array in (target, source))
    same = a == b and target.nbytes == source.nbytes and target.strides == source.strides
    if (wholly or not same) and a < b + source.nbytes and b < a + target.nbytes:
        raise RuntimeError(
            "unsupported operation: some elements of the input tensor and the written-to tensor "
            "refer to a single memory location. Please clone() the tensor before performing the "
            "operation."
        )


def _is_dense(array):
    """Whether the elements lie without gaps and overlaps, in any order of dimensions."""
    expected = array.itemsize
    for stride, n in sorted(zip(array.strides, array.shape)):
        if n != 1 and stride != expected:
            return False
        expected *= n if n != 1 else 1
    return True


def _keep(node, before):
    """Copies the old values if the node saved them, before they are overwritten."""
    node = getattr(node, "node", node)
    if node.saved and any(value is before for value in node.saved):
        kept = Tensor._wrap(before._array.copy())
        kept._node = before._node
        node.saved = tuple(kept if value is before else value for value in node.saved)


def join_graph(x, result, counter):
    node = result._node
    if node is not None:
        _save_in_place(node, result, x, counter)
    if x._view is None:
        _take_place(x, node)
        counter.history += 1
        return
    base = x._view.base
    _take_place(base, CopySlices(base, result, x._view))
    counter.history += 1
    x._refresh()


def _take_place(x, node):
    before, x._node = x._node, node
    if x._retains:
        move_retained(x, before)


def _save_in_place(node, result, x, counter):
    """A node that saved its result saves x's memory instead, and so notices later writes."""
    node = getattr(node, "node", node)
    for i, value in enumerate(node.saved or ()):
        if isinstance(value, SavedOutput) and value._array is result._array:
            kept = SavedOutput(x._array, counter, value.index)
            node.saved = (*node.saved[:i], kept, *node.saved[i + 1 :])
            node.versions = {**(node.versions or {}), i: counter.version}


class CopySlices(Node):
    """The base after a write into one of its views."""

    class plan:
        saved_names = ()

    def __init__(self, base, value, view):
        self.edges = [t if t._node is LEAF else t._node for t in (base, value)]
        self.saved = (view.steps, _layout(base._array, view.steps))
        self.shape, self.dtype = base._array.shape, base._array.dtype
        self.place(2)

    def apply(self, g, k, raw):
        steps, layout = self.unpack(raw)
        old, new = self.edges
        found = []
        if old is not None:
            region = _region(steps, self.shape, self.dtype, layout)
            found.append((old, _outside(region, g, k if raw else operations, raw)))
        if new is not None:
            found.append((new, replay(steps, g, k)))
        return found

    def release(self):
        """Nothing is saved but which part was written: a second backward may run."""


def _layout(array, steps):
    """How a base lies in memory, (strides, offset, size) in elements, if its views depend on it."""
    if any(op.name == "strided_part" for op, _, _ in steps):
        from ..ops.slicing import storage_of

        storage, offset = storage_of(array)
        return tuple(s // array.itemsize for s in array.strides), offset, storage.size
    if array.flags.c_contiguous:
        return None
    extent = 1 + sum((n - 1) * s for n, s in zip(array.shape, array.strides)) // array.itemsize
    return tuple(s // array.itemsize for s in array.strides), 0, max(extent, 0)


def _region(steps, shape, dtype, layout):
    """Not 0 where the view lies in an array of `shape` and `dtype`, laid out as the base was."""
    from ..backend.table import cpu

    if layout is None:
        region = np.zeros(shape, dtype)
    else:
        strides, offset, size = layout
        strides = [s * dtype.itemsize for s in strides]
        region = np.ndarray(shape, dtype, np.zeros(size, dtype), offset * dtype.itemsize, strides)
    view = replay(steps, region, cpu)
    view[...] = 1 + 1j if view.dtype.kind == "c" else 1
    return region


def _outside(region, g, k, raw):
    """The gradient `g`, with zeros in the region; that may be one part of complex numbers."""
    wrap = np.asarray if raw else Tensor._wrap
    if region.dtype.kind == "c":
        real, imag = region.real != 0, region.imag != 0
        if not np.array_equal(real, imag):
            return k.complex(
                k.where(wrap(real), 0.0, k.real(g)), k.where(wrap(imag), 0.0, k.imag(g))
            )
        region = real
    return k.where(wrap(region != 0), 0.0, g)


def replay(steps, x, k):
    """The view that `steps` made of its base, made of `x`: an array, or a Tensor with its graph."""
    for op, args, index in steps:
        x = getattr(k, op.name)(x, *args)
        if index is not None:
            x = x[index]
    return x


def fill(name, out, result):
    """Writes a result into the tensor given as `out=`, which takes the result's shape."""
    have, want = result.dtype, out.dtype
    if not dtypes.can_cast(have, want):
        raise RuntimeError(
            f"result type {have.title} can't be cast to the desired output type {want.title}"
        )
    source = result._array
    if out._array.shape != source.shape:
        if out._array.size:
            import warnings

            warnings.warn(
                "An output with one or more elements was resized since it had shape "
                f"{list(out._array.shape)}, which does not match the required output shape "
                f"{list(source.shape)}. This behavior is deprecated, and in a future PyTorch "
                "release "
                "outputs will not be resized unless they have zero elements. You can explicitly "
                "reuse an out tensor t by resizing it, inplace, to zero elements with "
                "t.resize_(0).",
                stacklevel=3,
            )
        out._array = np.empty(source.shape, want.numpy)
    settings = quiet(IGNORE)
    try:
        np.copyto(out._array, source, casting="unsafe")
    finally:
        loud(settings)
    out._bump(name)
