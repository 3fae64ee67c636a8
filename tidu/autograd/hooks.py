"""Hooks: the user's functions that see gradients, nodes and saved values on their way.

Where they are kept follows PyTorch. A tensor's hooks are on the node that made it (so that they
still mean the old value after an in-place write), a leaf's on the leaf. `AccumulateGrad` is what
PyTorch shows as the node of a leaf: here leaves stand in the graph themselves, and the object is
made when somebody asks for it.
"""

from __future__ import annotations

import weakref
from itertools import count

import numpy as np

from ..tensor import Tensor
from .grad_mode import mode
from .node import LEAF, Alias, Node, Output, Saveable, SavedOutput


class Hooks(dict):
    """{id: hook}, in the order of registration."""

    __slots__ = ("__weakref__",)


class RemovableHandle:
    """What registering a hook returns: `remove()` takes the hook out again.

    As a context manager it removes the hook at the end. It does not keep the table alive that the
    hook is in. `extra_dict`: other tables that hold something under the same id.

    >>> import tidu
    >>> x = tidu.ones(1, requires_grad=True)
    >>> handle = x.register_hook(lambda grad: print("gradient:", grad))
    >>> (2 * x).backward()
    gradient: tensor([2.])
    >>> handle.remove()
    >>> (2 * x).backward()
    """

    __module__ = __package__.partition(".")[0] + ".utils.hooks"  # where PyTorch has it

    next_id = 0

    def __init__(self, hooks_dict, *, extra_dict=None):
        self._table = _reference(hooks_dict)
        self.id = RemovableHandle.next_id
        RemovableHandle.next_id += 1
        extra = extra_dict if isinstance(extra_dict, (list, tuple)) else [extra_dict]
        self._extra = [_reference(table) for table in extra if table is not None]

    def remove(self):
        """Takes the hook out; nothing happens if it is out already."""
        for reference in (self._table, *self._extra):
            table = reference()
            if table is not None:
                table.pop(self.id, None)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.remove()

    def __getstate__(self):
        tables = [reference() for reference in (self._table, *self._extra)]
        return {"id": self.id, "tables": tables}

    def __setstate__(self, state):
        self.id = state["id"]
        self._table, *self._extra = [
            _reference({} if table is None else table) for table in state["tables"]
        ]
        RemovableHandle.next_id = max(RemovableHandle.next_id, self.id + 1)


def _reference(table):
    try:
        return weakref.ref(table)
    except TypeError:  # a plain dict has no weak references
        return lambda: table


def add(holder, attribute, hook):
    """Registers `hook` in the table that `holder` has, or gets, under the name `attribute`."""
    table = getattr(holder, attribute)
    if table is None:
        table = Hooks()
        setattr(holder, attribute, table)
    handle = RemovableHandle(table)
    table[handle.id] = hook
    return handle


# Hooks of tensors


def register(tensor, hook):
    """`tensor.register_hook(hook)`."""
    if not tensor.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if tensor._node is LEAF:
        return add(tensor, "_hooks", hook)
    handle = add(tensor._node, "prehooks", hook)
    table = tensor._node.prehooks
    for key in [k for k in table if k < 0]:  # retain_grad sees what the other hooks made
        table[key] = table.pop(key)
    return handle


def register_post(leaf, hook):
    """`leaf.register_post_accumulate_grad_hook(hook)`."""
    if not leaf.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if leaf._node is not LEAF:
        raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    return add(leaf, "_post_hooks", hook)


_retain_ids = count(-1, -1)


def retain_grad(tensor):
    """`tensor.retain_grad()`."""
    if not tensor.requires_grad:
        raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
    if tensor._node is LEAF or tensor._retains:
        return
    tensor._retains = next(_retain_ids)
    _retain_at(tensor, tensor._node)


def _retain_at(tensor, holder):
    reference = weakref.ref(tensor)  # the node must not hold its own result

    def keep(gradient):
        tensor = reference()
        if tensor is not None:
            held = tensor._grad
            tensor._grad = gradient.clone() if held is None else held + gradient

    if holder.prehooks is None:
        holder.prehooks = Hooks()
    holder.prehooks[tensor._retains] = keep


def move_retained(tensor, before):
    """After an in-place write: `retain_grad` means the new value, whose node is another one."""
    if isinstance(before, (Node, Output)) and before.prehooks is not None:
        before.prehooks.pop(tensor._retains, None)
    if isinstance(tensor._node, (Node, Output)):
        _retain_at(tensor, tensor._node)


def check_replacement(new, old, hook):
    """What a hook returned in place of a gradient, if it can stand there."""
    if not isinstance(new, Tensor):
        raise TypeError(f"expected Variable, but hook returned '{type(new).__name__}'")
    name = getattr(hook, "__name__", "<unknown>")
    if new._array.dtype != old._array.dtype:
        raise RuntimeError(
            f"hook '{name}' has changed the type of value (was {_type(old)} got {_type(new)})"
        )
    if new._array.shape != old._array.shape:
        raise RuntimeError(f"hook '{name}' has changed the size of value")
    return new


def _type(tensor):
    return f"torch.{tensor.dtype.title}Tensor"


# Hooks of nodes, anomaly detection: the careful way to run a node


def step_with_hooks(walk, node, gradient):
    """Runs one node with the hooks around it; returns its (edge, gradient) pairs."""
    several = type(gradient) is list
    grads_out = tuple(_tensor(g) for g in (gradient if several else (gradient,)))
    for hook in list((node.node_prehooks or {}).values()):
        changed = hook(grads_out)
        if changed is not None:
            grads_out = _checked_tuple(changed, grads_out, hook)
    if node.node_prehooks:
        given = [_shared(walk, g) for g in grads_out]
        gradient = given if several else given[0]
    if several:
        gradient = walk.materialize(node, gradient)
    if mode.anomaly:
        from .anomaly_mode import apply_watched

        found = apply_watched(walk, node, gradient)
    else:
        found = node.apply(gradient, walk.k, walk.raw)
    if node.hooks:
        found = _after(walk, node, grads_out, found)
    return found


def _after(walk, node, grads_out, found):
    """Calls the hooks that see the gradients of the inputs, one for each of `next_functions`."""
    from .engine import fit

    fitted = []
    for edge, g in found:
        if edge is not None and g is not None:
            value = edge._array if isinstance(edge, Tensor) else edge
            fitted.append((edge, _tensor(fit(walk.raw, value, g, node))))
    grads_in = align(node, fitted)
    for hook in list(node.hooks.values()):
        changed = hook(grads_in, grads_out)
        if changed is not None:
            grads_in = _checked_tuple(changed, grads_in, hook)
    return [
        (edge, _shared(walk, g))
        for edge, g in zip(node.listed_edges(), grads_in)
        if edge is not None
    ]


def align(node, found):
    """A node's (edge, gradient) pairs as a tuple with a place for each of its `next_functions`."""
    edges = node.listed_edges()
    gradients = [None] * len(edges)
    for edge, g in found:
        slots = [i for i, e in enumerate(edges) if e is edge and gradients[i] is None]
        if edge is not None:
            gradients[slots[0]] = g
    return tuple(gradients)


def _tensor(gradient):
    return Tensor._wrap(gradient) if isinstance(gradient, np.ndarray) else gradient


def _shared(walk, gradient):
    """What the engine takes from user code: a view, since the user may keep the array."""
    if gradient is None or not walk.raw:
        return gradient
    return gradient._array.view()


def _checked_tuple(new, old, hook):
    if not isinstance(new, tuple):
        raise TypeError(f"expected tuple, but hook returned '{type(new).__name__}'")
    if len(new) != len(old):
        name = getattr(hook, "__name__", "<unknown>")
        raise RuntimeError(
            f"hook '{name}' has returned an incorrect number of values (got {len(new)}, but "
            f"expected {len(old)})"
        )
    return tuple(
        n if n is None or o is None else check_replacement(n, o, hook) for n, o in zip(new, old)
    )


class AccumulateGrad(Node):
    """The last node on the way to a leaf: it adds the gradient to the leaf's `.grad`.

    It stays the same object while somebody holds it; its hooks live as long as the leaf.
    """

    plan = None
    edges = ()
    saved = ()

    def __init__(self, leaf):
        self.variable = leaf

    shape = property(lambda self: self.variable._array.shape)
    dtype = property(lambda self: self.variable._array.dtype)

    # The hooks are the leaf's, which knows nothing of this object but a weak reference.
    hooks = property(
        lambda self: self.variable._after_hooks,
        lambda self, table: setattr(self.variable, "_after_hooks", table),
    )
    node_prehooks = property(
        lambda self: self.variable._before_hooks,
        lambda self, table: setattr(self.variable, "_before_hooks", table),
    )


def accumulate_grad(leaf):
    """The `AccumulateGrad` of a leaf."""
    reference = leaf._accumulator
    found = None if reference is None else reference()
    if found is None:
        found = AccumulateGrad(leaf)
        leaf._accumulator = weakref.ref(found)
    return found


def accumulate_with_hooks(leaf, gradient, raw, fresh, accumulate):
    """Calls `accumulate(leaf, gradient, raw, fresh)` and the hooks of the leaf around it."""
    grads = (_tensor(gradient),)
    for hook in list((leaf._before_hooks or {}).values()):
        fresh = False
        changed = hook(grads)
        if changed is not None:
            grads = _checked_tuple(changed, grads, hook)
    accumulate(leaf, grads[0]._array if raw else grads[0], raw, fresh and not leaf._after_hooks)
    for hook in list((leaf._post_hooks or {}).values()):
        changed = hook(leaf)
        if changed is not None:
            raise TypeError(f"expected Variable, but hook returned '{type(changed).__name__}'")
    for hook in list((leaf._after_hooks or {}).values()):
        hook((), grads)


# Saved values


class Packed(Saveable):
    """A saved value that hooks have packed; it is unpacked each time that it is needed."""

    __slots__ = ("own", "packed", "place", "unpack_hook")

    _counter = None  # versions are the hooks' own affair

    def __init__(self, value, node, pack, unpack):
        self.unpack_hook = unpack
        self.place = None
        self.own = isinstance(value, SavedOutput)
        if self.own:  # a result of the node itself, which its saved values must not hold
            self.place = value.index
        else:
            self.place = value if value._node is LEAF else value._node
        tensor = value._unpack(node)
        version = tensor._version
        previous, mode.enabled = mode.enabled, False
        try:
            self.packed = pack(tensor)
        finally:
            mode.enabled = previous
        if self.own and self.packed is tensor:
            self.packed = tensor.detach()  # the node must not hold its own result
        if tensor._version != version:
            raise RuntimeError(
                "A saved tensor pack hook is modifying its input in place. Tensors provided as "
                "input to pack hook cannot be modified by in-place operations as this can lead to "
                "unexpected side-effects. Please open an issue if you need to perform in-place "
                "operations on the input to a pack hook."
            )

    @property
    def _array(self):
        value = self.unpack_hook(self.packed)
        if not isinstance(value, Tensor):
            raise TypeError(
                "Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                f"{type(value).__name__}"
            )
        return value._array

    def _unpack(self, node):
        if self.own:
            return SavedOutput(self._array, None, self.place)._unpack(node)
        tensor = Tensor._wrap(self._array)
        place = self.place
        tensor._node = Alias(place, tensor._array) if isinstance(place, Tensor) else place
        return tensor


def pack_all(node):
    """Gives what a new node saves to the innermost `saved_tensors_hooks`."""
    pack, unpack = mode.saved_hooks[-1]
    node.saved = tuple(
        Packed(value, node, pack, unpack) if isinstance(value, Saveable) else value
        for value in node.saved
    )
    node.versions = None
