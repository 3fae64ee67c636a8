"""The graph as users see it: nodes, edges, hooks on saved values and on several tensors."""

from __future__ import annotations

import threading
import weakref
from collections import namedtuple

from ..tensor import Tensor
from .engine import target_of
from .grad_mode import mode
from .hooks import RemovableHandle, accumulate_grad
from .node import Node, Output

__all__ = [
    "GradientEdge",
    "Node",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]


class saved_tensors_hooks:
    """Context manager: what operations save for backward goes through `pack_hook` first.

    `unpack_hook` gets back what `pack_hook` made and returns the tensor, when backward needs it.

    >>> import tidu
    >>> x = tidu.tensor([1.0, 2.0], requires_grad=True)
    >>> with tidu.autograd.graph.saved_tensors_hooks(lambda t: t.numpy(), tidu.from_numpy):
    ...     y = x.detach() * x
    >>> y.sum().backward()
    >>> x.grad
    tensor([1., 2.])
    """

    def __init__(self, pack_hook, unpack_hook):
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self):
        if mode.no_saved_hooks is not None:
            raise RuntimeError(mode.no_saved_hooks)
        _set_hooks((*mode.saved_hooks, (self.pack_hook, self.unpack_hook)))

    def __exit__(self, *exception):
        _set_hooks(mode.saved_hooks[:-1])


def _set_hooks(hooks):
    mode.saved_hooks = hooks
    mode.enabled = mode.enabled  # operations look at one switch, which is made of all


class save_on_cpu(saved_tensors_hooks):
    """Context manager: saved tensors are kept in the CPU's memory, where tidu's are anyway.

    What is kept is a copy, so that writing to a tensor in place does not disturb backward.

    >>> import tidu
    >>> x = tidu.tensor([1.0, 2.0], requires_grad=True)
    >>> with tidu.autograd.graph.save_on_cpu():
    ...     y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    tensor([2., 4.])
    """

    def __init__(self, pin_memory=False, device_type="cuda"):
        super().__init__(lambda tensor: tensor.clone(), lambda tensor: tensor)


class disable_saved_tensors_hooks:
    """Context manager and decorator: `saved_tensors_hooks` is an error, `error_message`.

    >>> import tidu
    >>> graph = tidu.autograd.graph
    >>> with graph.disable_saved_tensors_hooks("no hooks here"):
    ...     with graph.saved_tensors_hooks(lambda t: t, lambda t: t):
    ...         pass
    Traceback (most recent call last):
        ...
    RuntimeError: no hooks here
    """

    def __init__(self, error_message):
        self.error_message = error_message

    def __enter__(self):
        if mode.saved_hooks:
            raise RuntimeError(self.error_message)
        self.previous = mode.no_saved_hooks
        mode.no_saved_hooks = self.error_message

    def __exit__(self, *exception):
        mode.no_saved_hooks = self.previous

    def __call__(self, function):
        import functools

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            with disable_saved_tensors_hooks(self.error_message):
                return function(*args, **kwargs)

        return wrapper


class GradientEdge(namedtuple("GradientEdge", "node output_nr ownership_token", defaults=(None,))):
    """A place in the graph: a node and which of its results is meant.

    >>> import tidu
    >>> x = tidu.ones(2, requires_grad=True)
    >>> edge = tidu.autograd.graph.get_gradient_edge(x.unbind()[1])
    >>> edge.node.name(), edge.output_nr
    ('UnbindBackward0', 1)
    """

    __slots__ = ()


def get_gradient_edge(tensor):
    """The place in the graph where the gradient of `tensor` is computed.

    >>> import tidu
    >>> x = tidu.tensor(3.0, requires_grad=True)
    >>> y = x * x
    >>> edge = tidu.autograd.graph.get_gradient_edge(y)
    >>> tidu.autograd.grad(y.exp().log(), edge)
    (tensor(1.),)
    """
    if not tensor.requires_grad:
        raise RuntimeError(
            "It is not possible to get the gradient edge for a Tensor that does not require "
            "gradients"
        )
    target = target_of(tensor)
    if isinstance(target, Tensor):
        return GradientEdge(accumulate_grad(target), 0)
    if type(target) is Output:
        return GradientEdge(target.node, target.index)
    return GradientEdge(target, 0)


def increment_version(tensor):
    """Marks a tensor, or each of several, as written to.

    >>> import tidu
    >>> x = tidu.zeros(2)
    >>> tidu.autograd.graph.increment_version(x)
    >>> x._version
    1
    """
    for t in [tensor] if isinstance(tensor, Tensor) else tensor:
        t._bump("increment_version")


class _Handles(RemovableHandle):
    def __init__(self, handles):
        self.handles = tuple(handles)

    def remove(self):
        for handle in self.handles:
            handle.remove()

    def __getstate__(self):
        return self.handles

    def __setstate__(self, state):
        self.handles = state


def register_multi_grad_hook(tensors, fn, *, mode="all"):
    """Calls `fn` in each backward pass once the gradients of several tensors are known.

    With `mode="all"` it gets a list of them (None for those that this backward does not reach) when
    the last one is there, with `mode="any"` the first one.

    >>> import tidu
    >>> x, y = (tidu.tensor(v, requires_grad=True) for v in (2.0, 3.0))
    >>> handle = tidu.autograd.graph.register_multi_grad_hook([x, y], print)
    >>> (x * y).backward()
    [tensor(3.), tensor(2.)]
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    tensors = tuple(tensors)
    for t in tensors:
        assert t.requires_grad, "Expected gradient function to be set"
    lock = threading.Lock()
    return _Handles(
        _wait_for_any(tensors, fn, lock) if mode == "any" else _wait_for_all(tensors, fn, lock)
    )


def _wait_for_any(tensors, fn, lock):
    from .engine import current_walk

    called = None

    def hook(gradient):
        nonlocal called
        with lock:
            walk = current_walk()
            if called is not None and called() is walk:
                return
            called = weakref.ref(walk)
        fn(gradient)

    return [t.register_hook(hook) for t in tensors]


def _wait_for_all(tensors, fn, lock):
    from .engine import current_walk

    # Of each backward pass: how many gradients to wait for, and those that are known.
    passes: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()

    def hook_for(position):
        def hook(gradient):
            with lock:
                walk = current_walk()
                waiting = passes.get(walk)
                if waiting is None:
                    waiting = passes[walk] = [
                        sum(walk.reached(map(target_of, tensors))),
                        [None] * len(tensors),
                    ]
                waiting[0] -= 1
                waiting[1][position] = gradient
                done = waiting[0] == 0
            if done:
                fn(waiting[1])

        return hook

    return [t.register_hook(hook_for(i)) for i, t in enumerate(tensors)]
