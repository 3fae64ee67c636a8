"""Activation functions, element by element, with PyTorch's own nodes."""

from __future__ import annotations

from ..autograd.op import elementwise
from .checks import both, only, refuse


@elementwise(inplace="public", check=both(
    refuse("b", RuntimeError, "Boolean inputs not supported for relu"),
    refuse("c", NotImplementedError, "clamp is not supported for complex types")))  # fmt: skip
def relu(k, x):
    """The element if it is positive, else 0.

    >>> import tidu
    >>> tidu.tensor([-1.0, 2.0]).relu()
    tensor([0., 2.])
    """
    return k.xp.maximum(x, 0)


relu.vjp(x=lambda k, g, out: k.keep(g, k.logical_not(out <= 0)))
