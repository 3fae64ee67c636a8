"""Copies: of the same elements, or converted to another dtype."""

from __future__ import annotations

from ..autograd.op import op


@op(public=False, method=False, node="ToCopyBackward0")
def to_dtype(k, x: Array, dtype):  # noqa: F821
    """The elements converted to `dtype`."""
    if x.dtype.kind == "c" and dtype.kind < 3 and dtype.kind:
        x = x.real
    return x.astype(dtype.numpy)


to_dtype.vjp(x=lambda g: g)  # the engine casts gradients to the dtype of what they belong to


@op()
def clone(k, x: Array, memory_format=None):  # noqa: F821
    """A copy with the same elements, through which gradients flow."""
    return x.copy(order="K")


clone.vjp(x=lambda g: g)
