"""Parameter: a tensor that a Module counts among its own."""

from __future__ import annotations

from ..autograd.node import LEAF
from ..ops.creation import check_requires
from ..tensor import Tensor, TensorMeta

new = object.__new__


class _ParameterMeta(TensorMeta):
    def __instancecheck__(self, instance):
        # A tensor of another class counts as a Parameter if it says so (PyTorch's `_is_param`).
        return type.__instancecheck__(self, instance) or (
            isinstance(instance, Tensor) and getattr(instance, "_is_param", False)
        )


class Parameter(Tensor, metaclass=_ParameterMeta):
    """A tensor that becomes a parameter of the Module that it is assigned to.

    It shares the memory of `data` and requires a gradient unless told otherwise. What is computed
    from it is a plain Tensor.

    >>> import tidu
    >>> tidu.nn.Parameter(tidu.zeros(2))
    Parameter containing:
    tensor([0., 0.], requires_grad=True)
    """

    __slots__ = ()

    def __new__(cls, data=None, requires_grad=True):
        if data is None:
            from ..ops.creation import empty

            data = empty(0)
        self = new(cls)
        self._array = data.detach()._array
        self._node = self._view = self._counter = None
        if requires_grad:
            check_requires(self._array.dtype)
            self.requires_grad = True
        return self

    def __deepcopy__(self, memo):
        if id(self) in memo:
            return memo[id(self)]
        copy = memo[id(self)] = type(self)(self.data.clone(), self._node is LEAF)
        return copy

    def __repr__(self):  # type: ignore[override]  # PyTorch's signature
        from ..printing import format_parameter

        return format_parameter(self, plain=type(self) is Parameter)

    def __reduce_ex__(self, protocol):
        return _rebuild, (type(self), self.data, self.requires_grad, dict(self.__dict__))


class _BufferMeta(TensorMeta):
    def __instancecheck__(self, instance):
        return type.__instancecheck__(self, instance) or (
            isinstance(instance, Tensor) and getattr(instance, "_is_buffer", False)
        )


class Buffer(Tensor, metaclass=_BufferMeta):
    """A tensor that becomes a buffer of the Module that it is assigned to.

    `persistent`: whether it is part of the module's `state_dict`. No optimizer trains it.

    >>> import tidu
    >>> layer = tidu.nn.Linear(2, 1)
    >>> layer.steps = tidu.nn.Buffer(tidu.tensor(0))
    >>> list(layer.state_dict())
    ['weight', 'bias', 'steps']
    """

    def __new__(cls, data=None, *, persistent=True):
        if data is None:
            from ..ops.creation import empty

            data = empty(0)
        self = data.detach().requires_grad_(data.requires_grad)
        self.persistent = persistent
        self._is_buffer = True
        return self


def _rebuild(cls, data, requires_grad, state):
    parameter = cls(data, requires_grad)
    parameter.__dict__.update(state)
    return parameter


def __getattr__(name):
    if name in ("UninitializedBuffer", "UninitializedParameter", "is_lazy"):
        from . import uninitialized

        found = globals()[name] = getattr(uninitialized, name)
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
