"""Parameters and buffers whose shape is not known yet: lazy layers find it in their first input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..ops.creation import empty
from ..tensor import Tensor
from .parameter import Parameter

new = object.__new__
if TYPE_CHECKING:
    _Tensor = Tensor
else:
    _Tensor = object


class UninitializedTensorMixin(_Tensor):
    """What both have in common."""

    __slots__ = ()
    cls_to_become: Any

    def materialize(self, shape, device=None, dtype=None):
        """Gives it memory of this shape, with any values; it becomes what it stands for."""
        self.data = empty(shape, device=device, dtype=self.dtype if dtype is None else dtype)
        self.__class__ = self.cls_to_become

    @property
    def shape(self):
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually happens "
            "in `load_state_dict` when trying to load an uninitialized parameter into an initialized one. "
            "Call `forward` to initialize the parameters before accessing their attributes."
        )

    def __repr__(self):  # type: ignore[override]
        return f"<{type(self).__name__}>"

    def __reduce_ex__(self, protocol):
        return type(self), (self.requires_grad, None, self.dtype)

    def __deepcopy__(self, memo):
        make: Any = type(self)
        copy = memo[id(self)] = make(self.requires_grad, None, self.dtype)
        return copy


def is_lazy(param):
    """Whether a parameter or buffer has no shape yet.

    >>> import tidu
    >>> tidu.nn.parameter.is_lazy(tidu.nn.LazyLinear(2).weight)
    True
    """
    return isinstance(param, UninitializedTensorMixin)


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter whose shape is not known yet; `materialize` makes it a `Parameter`.

    >>> import tidu
    >>> p = tidu.nn.parameter.UninitializedParameter()
    >>> p
    <UninitializedParameter>
    >>> p.materialize((2, 3))
    >>> p.shape
    tidu.Size([2, 3])
    """

    __slots__ = ()
    cls_to_become = Parameter

    def __new__(cls, requires_grad=True, device=None, dtype=None):
        return Parameter.__new__(cls, empty(0, device=device, dtype=dtype), requires_grad)


class UninitializedBuffer(UninitializedTensorMixin, Tensor):
    """A buffer whose shape is not known yet; `materialize` makes it a Tensor.

    >>> import tidu
    >>> tidu.nn.parameter.UninitializedBuffer()
    <UninitializedBuffer>
    """

    __slots__ = ()
    cls_to_become = Tensor

    def __new__(cls, requires_grad=False, device=None, dtype=None, persistent=True):
        self: Any = new(cls)
        self._array = empty(0, device=device, dtype=dtype)._array
        self._node = self._view = self._counter = None
        self.persistent = persistent
        self._is_buffer = True
        return self.requires_grad_(requires_grad)

    def to(self, *args, **kwargs):
        """One of the dtype that a tensor would have."""
        return type(self)(dtype=empty(0, dtype=self.dtype).to(*args, **kwargs).dtype)
