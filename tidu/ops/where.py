"""Choosing between elements; and what gradient rules use to switch gradients off."""

from __future__ import annotations

from .. import dtypes
from ..autograd.op import elementwise, op
from ..autograd.public import PUBLIC, composite, operations
from ..tensor import Tensor

_BITS = {4: "int32", 8: "int64", 2: "int16"}


@op(public=False, method=False)
def keep(k, x: Array, mask: Array):  # noqa: F821
    """`x` where `mask`, else 0; also where x is infinite or NaN, which a product would not do."""
    xp = k.xp
    if x.size > 4096 and x.dtype.kind == "f" and mask.shape == x.shape and x.flags.forc:
        # A select by branches is slow where the mask is random; `and` with 0 or -1 is not.
        bits = _BITS[x.itemsize]
        chosen = xp.empty_like(x)
        raw = chosen.view(bits)
        xp.negative(mask.view("int8"), out=raw)
        xp.bitwise_and(raw, x.view(bits), out=raw)
        return chosen
    return xp.where(mask, x, x.dtype.type(0))


keep.vjp(x=lambda k, g, mask: k.keep(g, mask))


@op(public=False, method=False)
def zero_gradient(k, x: Array):  # noqa: F821
    """Zeros in the form of `x`: the gradient of a function that is flat almost everywhere."""
    return k.xp.zeros(x.shape, x.dtype)



@elementwise(public=False, method=False, unpromoted=1, names={"x": "condition", "y": "input", "z": "other"})
def where(k, x, y, z):
    """`y` where `x`, else `z`."""
    return k.xp.where(x, y, z)


where.vjp(y=lambda k, g, x: k.keep(g, x), z=lambda k, g, x: k.keep(g, k.logical_not(x)))

choose = operations.where


@composite(name="where", method=False)
def _where(condition, input=None, other=None):
    """`input` where `condition` is true, `other` elsewhere; tensors and numbers broadcast.

    With `condition` alone: the indices of its nonzero elements, a tensor for each dimension.

    >>> import tidu
    >>> x = tidu.tensor([1.0, -2.0])
    >>> tidu.where(x > 0, x, 0)
    tensor([1., 0.])
    """
    if not isinstance(condition, Tensor):
        from ..errors import wrong_argument

        raise wrong_argument(where.op, 0, condition)
    if input is None and other is None:
        return operations.nonzero(condition, as_tuple=True)
    dtype = condition.dtype
    if dtype is dtypes.uint8:
        import warnings

        warnings.warn(
            "where received a uint8 condition tensor. This behavior is deprecated and will be "
            "removed in a future version of PyTorch. Use a boolean condition instead.",
            stacklevel=2,
        )
        condition = condition != 0
    elif dtype is not dtypes.bool:
        raise RuntimeError(
            "where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{dtype.title}"
        )
    return choose(condition, input, other)


def _method(self, condition, other):
    """This tensor where `condition` is true, `other` elsewhere. See `tidu.where`."""
    return PUBLIC["where"](condition, self, other)


_method.__name__ = _method.__qualname__ = "where"
Tensor.where = _method
