"""The graph: what an operation leaves behind for the backward pass.

A `Node` is one application of an operation. It holds

* `edges`: for each tensor that went in, where its gradient goes: the node that made the tensor, the
  tensor itself if it is a leaf, or None if it needs no gradient;
* `saved`: the values that the gradient rules name in their parameters, nothing else;
* `shape` and `dtype` of what came out, which is what its gradient must look like;
* `code` and `lasti`: the user's own line, as cheap as it can be kept (see `errors.where`).

Edges point from results to inputs only and never at a result's Tensor, so there are no cycles: the
graph goes when its last tensor goes. `serial` numbers are negative and fall, so that the newest
node is the smallest: a heap on them visits every consumer of a value before its producer.
"""

from __future__ import annotations

import sys
from itertools import count
from typing import Any

from .. import naming
from .grad_mode import mode

_getframe = sys._getframe
serials = count(-1, -1)
_package = __file__.rpartition("autograd")[0]


class _Own(dict):
    """Whether a file is one of this package: worked out once, then a look-up per operation."""

    def __missing__(self, filename):
        own = self[filename] = filename.startswith(_package)
        return own


own_file = _Own()


def user_frame(depth=1):
    """The innermost frame that is not tidu's own (None if there is none)."""
    frame: Any = _getframe(depth)
    while frame is not None and own_file[frame.f_code.co_filename]:
        frame = frame.f_back
    return frame


class Leaf:
    """What `tensor._node` is for a leaf that requires a gradient (one object, `LEAF`)."""

    def __repr__(self):
        return "LEAF"


LEAF = Leaf()

_QUALIFIED = {"AccumulateGrad", "CopyBackwards", "CopySlices"}  # names with PyTorch's namespace


class Saveable:
    """What a node saves and has to unpack: a Tensor, a `SavedOutput`, a `Packed` value.

    `_counter` is the `Counter` of its storage, or None while that is at version 0; `_array` is its
    memory; `_unpack(node)` is the Tensor with its place in the graph.
    """

    __slots__ = ()
    _array: Any
    _counter: Any
    _unpack: Any


class Node:
    """One application of an operation. Each operation has a subclass, named as in PyTorch.

    >>> import tidu
    >>> y = tidu.ones(2, requires_grad=True).exp().sum()
    >>> y.grad_fn.name()
    'SumBackward0'
    >>> [node.name() for node, _ in y.grad_fn.next_functions]
    ['ExpBackward0']
    """

    __slots__ = ("code", "dtype", "edges", "lasti", "plan", "saved", "serial", "shape")
    code: Any
    edges: Any
    lasti: Any
    plan: Any

    # What few nodes have: the usual value stands here, in the class.
    op = None  # set by the subclass: the operation's declaration
    versions = None  # {position in saved: version}, where it is not 0
    prehooks = None  # {id: hook(grad) -> grad or None}: hooks of the output tensor
    output_prehooks = None  # {index: the same for one of several outputs}
    node_prehooks = None  # {id: hook(grad_outputs)}
    hooks = None  # {id: hook(grad_inputs, grad_outputs)}
    conjugate = False  # complex result of a holomorphic rule: see `apply`
    stack = None  # under detect_anomaly: the forward's traceback
    parent = None  # under detect_anomaly: the node in whose backward this one was made
    outputs = ()  # (shape, dtype) of each result, if there are several
    op_materializes = True  # missing gradients of several results become zeros
    shown = False  # whether this class has its `_saved_...` attributes: see saved.py
    requires_grad = True
    _metadata: dict | None = None

    def place(self, depth):
        """Gives the node its number in the order of creation and the user's line."""
        self.serial = next(serials)
        frame: Any = _getframe(depth)
        while own_file[frame.f_code.co_filename]:
            frame = frame.f_back
            if frame is None:
                self.code = self.lasti = None
                return
        self.code = frame.f_code
        self.lasti = frame.f_lasti
        if mode.anomaly:
            self.watch(frame)

    def watch(self, frame):
        """Under detect_anomaly: keeps what a warning will show if the backward fails."""
        from .anomaly_mode import program_stack

        # Subclasses have a __dict__.
        self.stack = program_stack(frame)  # type: ignore[misc]
        self.parent = mode.running

    def apply(self, g, k, raw):
        """Gradients for the edges: a list of (edge, gradient), in the order of the inputs.

        `g` and `k` are an array and its kernel table, or a Tensor and the operations on tensors.
        Rules state the derivative f'(x) of a holomorphic function; PyTorch's convention for complex
        gradients is g * conj(f'(x)), which is conj(conj(g) * f'(x)), so that rules need not know.
        """
        values = self.unpack(raw)
        edges = self.edges
        if self.conjugate:
            g = _conj(k, g)
        found: list = []
        for position, rule, pick, wants_k in self.plan.raw_steps if raw else self.plan.steps:
            if wants_k:
                gradient = rule(k, g, *pick(values))
            else:
                gradient = rule(g, *pick(values))
            if self.conjugate:
                gradient = _conj(k, gradient)
            if type(position) is tuple:  # one rule for several inputs
                found.extend(
                    (edges[p], x) for p, x in zip(position, gradient) if edges[p] is not None
                )
            else:
                edge = edges[position]
                if type(edge) is list:  # a parameter that is a list of tensors
                    found.extend(pair for pair in zip(edge, gradient) if pair[0] is not None)
                else:
                    found.append((edge, gradient))
        return found

    def unpack(self, raw):
        """The saved values: as arrays if `raw`, else as Tensors with their history."""
        saved = self.saved
        if saved is None:
            from ..errors import freed

            raise freed(self)
        versions = self.versions
        values = []
        for i, value in enumerate(saved):
            if isinstance(value, Saveable):
                counter = value._counter
                if counter is not None:
                    expected = 0 if versions is None else versions.get(i, 0)
                    if counter.version != expected:
                        from ..errors import overwritten

                        raise overwritten(self, value, counter, expected)
                value = value._array if raw else value._unpack(self)
            values.append(value)
        return values

    def release(self):
        """Frees the saved tensors; a second backward through this node then says so."""
        if self.plan.saves_tensors:
            self.saved = None

    # What PyTorch shows of a node.

    def name(self):
        name = type(self).__name__
        return f"{naming.prefix}::autograd::{name}" if name in _QUALIFIED else name

    def short_name(self):
        """The name as error messages have it: Exp for ExpBackward0, Clamp1 for ClampBackward1."""
        start, found, number = self.name().rpartition("Backward")
        return start + number.replace("0", "") if found and number != "s" else self.name()

    @property
    def next_functions(self):
        return tuple(map(_edge_pair, self.listed_edges()))

    def listed_edges(self):
        """The edges, each by itself, as PyTorch lists them: see `Op.listed`."""
        edges = self.edges
        if self.op is not None:
            edges = [edges[i] for i in self.op.listed(type(self).__name__)]
        return [e for edge in edges for e in (edge if type(edge) is list else [edge])]

    @property
    def metadata(self):
        if self._metadata is None:
            self._metadata = {}  # type: ignore[misc]  # as above
        return self._metadata

    def register_hook(self, hook):
        """Calls `hook(grad_inputs, grad_outputs)` after this node ran; it may return new inputs."""
        from .hooks import add

        return add(self, "hooks", hook)

    def register_prehook(self, hook):
        """Calls `hook(grad_outputs)` before this node runs; it may return new ones."""
        from .hooks import add

        return add(self, "node_prehooks", hook)

    def __call__(self, *gradients):
        """The gradients of the inputs, computed from those of the results."""
        from .saved import call

        return call(self, gradients)

    def _sequence_nr(self):
        return -self.serial

    def __repr__(self):
        return f"<{type(self).__name__} object at {id(self):#x}>"


def shown(node):
    """The node, ready for users to look at."""
    if not node.shown:
        from .saved import show

        show(type(node))
    return node


def _edge_pair(edge):
    if edge is None:
        return (None, 0)
    if isinstance(edge, Node):
        return (shown(edge), 0)
    if isinstance(edge, Output):
        return (shown(edge.node), edge.index)
    from .hooks import accumulate_grad

    return (accumulate_grad(edge), 0)


def _conj(k, gradient):
    if gradient is None:
        return None
    if isinstance(gradient, (tuple, list)):
        return type(gradient)(_conj(k, x) for x in gradient)
    gradient = k.conj(gradient)
    array = getattr(gradient, "_array", gradient)
    if array.dtype.kind == "c":
        array.imag += 0.0  # conjugating 0j gives -0j, which would show in print
    return gradient


class Output:
    """One of several outputs of a node: collects its gradient, then hands it to the node.

    Two that mean the same output are equal. Their turn comes just before their node's.
    """

    __slots__ = ("dtype", "index", "node", "serial", "shape")

    def __init__(self, node, index, shape, dtype):
        self.node, self.index, self.shape, self.dtype = node, index, shape, dtype
        self.serial = node.serial - 1 / (index + 2)

    def __eq__(self, other):
        return type(other) is Output and self.node is other.node and self.index == other.index

    def __hash__(self):
        return hash((id(self.node), self.index))

    @property
    def prehooks(self):
        table = self.node.output_prehooks
        return None if table is None else table.get(self.index)

    @prehooks.setter
    def prehooks(self, hooks):
        if self.node.output_prehooks is None:
            self.node.output_prehooks = {}
        self.node.output_prehooks[self.index] = hooks


class Alias(Node):
    """Stands between a tensor and its place in the graph; hands gradients on as they are."""

    class plan:
        saves_tensors = False
        saved_names = ()

    def __init__(self, edge, array):
        self.edges = [edge]
        self.saved = ()
        self.shape, self.dtype = array.shape, array.dtype
        self.place(2)

    def apply(self, g, k, raw):
        return [(self.edges[0], g)]


class SavedOutput(Saveable):
    """An operation's own result, saved without its Tensor (which would make a cycle).

    `index`: which of several results, -1 for one without a gradient, None for an only result.
    """

    __slots__ = ("_array", "_counter", "index")

    def __init__(self, array, counter, index=None):
        self._array, self._counter, self.index = array, counter, index

    def _unpack(self, node):
        from ..tensor import Tensor

        tensor = Tensor._wrap(self._array)
        tensor._counter = self._counter
        if self.index is None:
            tensor._node = node
        elif self.index >= 0:
            tensor._node = Output(node, self.index, self._array.shape, self._array.dtype)
        return tensor


class Counter:
    """The version of a storage, shared by all tensors that are views of it.

    `history` counts the in-place writes that autograd recorded: a view made before one has to look
    up its place in the graph again.
    """

    __slots__ = ("code", "history", "lasti", "operation", "version")

    def __init__(self):
        self.version = self.history = 0
        self.code = self.lasti = self.operation = None

    def bump(self, operation):
        """Notes a write by `operation`, and the user's line that asked for it."""
        self.version += 1
        self.operation = operation
        frame = user_frame(2)
        if frame is not None:
            self.code, self.lasti = frame.f_code, frame.f_lasti


def bump_all(tensors, operation):
    """Notes a write to each tensor by one `operation`; the user's line is looked up once."""
    frame = user_frame(2)
    for tensor in tensors:
        counter = tensor._counter
        if counter is None:
            counter = tensor._counter = Counter()
        counter.version += 1
        counter.operation = operation
        if frame is not None:
            counter.code, counter.lasti = frame.f_code, frame.f_lasti
