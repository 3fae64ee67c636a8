"""`Variable`: what tensors with gradients were called before they were all called Tensor."""

from __future__ import annotations

from ..tensor import Tensor

__all__ = ["Variable"]


class _VariableType(type):
    def __instancecheck__(cls, value):
        return isinstance(value, Tensor)


class Variable(metaclass=_VariableType):
    """`Variable(tensor, requires_grad)`: the tensor's memory as a new leaf.

    >>> import tidu
    >>> x = tidu.autograd.Variable(tidu.ones(2), requires_grad=True)
    >>> isinstance(x, tidu.Tensor), x.requires_grad
    (True, True)
    """

    def __new__(cls, data=None, requires_grad=False, volatile=False):
        if data is None:
            return Tensor()
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        if volatile:
            import warnings

            warnings.warn(
                "volatile was removed and now has no effect. Use `with torch.no_grad():` instead.",
                stacklevel=2,
            )
            if requires_grad:
                raise ValueError("Variable can't be volatile and require_grad at the same time!")
        if requires_grad:
            from ..ops.creation import check_requires

            check_requires(data._array.dtype)
        out = data.detach()
        out.requires_grad = bool(requires_grad)
        return out
