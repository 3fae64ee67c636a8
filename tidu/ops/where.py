"""Choosing between elements; and what gradient rules use to switch gradients off."""

from __future__ import annotations

import math

from .. import dtypes
from ..autograd.op import Array, elementwise, op
from ..autograd.public import PUBLIC, composite, operations
from ..errors import type_name
from ..tensor import Tensor
from .creation import filled_value

_BITS = {4: "int32", 8: "int64", 2: "int16"}


@op(public=False, method=False)
def keep(k, x: Array, mask: Array):
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
def zero_gradient(k, x: Array):
    """Zeros in the form of `x`: the gradient of a function that is flat almost everywhere."""
    return k.xp.zeros(x.shape, x.dtype)


@elementwise(
    public=False, method=False, unpromoted=1, names={"x": "condition", "y": "input", "z": "other"}
)
def where(k, x, y, z):
    """`y` where `x`, else `z`."""
    if x.size > 4096 and _selectable(x, y, z):
        return _select(k.xp, x, y, z)
    return k.xp.where(x, y, z)


def _selectable(mask, y, z):
    """Whether all are contiguous arrays of one shape (or one number) and of one float dtype."""
    if not (hasattr(y, "strides") and hasattr(z, "strides") and y.dtype == z.dtype):
        return False
    return y.dtype.kind == "f" and all(
        a.shape == () or (a.shape == mask.shape and a.flags.c_contiguous) for a in (mask, y, z)
    )


def _select(xp, mask, y, z):
    """z ^ ((y ^ z) & mask) on the bits: several times faster than `where` if the mask is random."""
    bits = _BITS[y.itemsize]
    chosen = xp.empty(mask.shape, y.dtype)
    raw = chosen.view(bits)
    xp.negative(mask.view("int8"), out=raw)
    y, z = y.view(bits), z.view(bits)
    xp.bitwise_and(raw, y ^ z, out=raw)
    xp.bitwise_xor(raw, z, out=raw)
    return chosen


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
        return PUBLIC["nonzero"](condition, as_tuple=True)
    if input is None or other is None:
        given = [type_name(value) for value in (condition, input, other) if value is not None]
        raise TypeError(
            f"where() received an invalid combination of arguments - got ({', '.join(given)}), but "
            "expected one of:\n * (Tensor condition)\n"
            " * (Tensor condition, Tensor input, Tensor other, *, Tensor out = None)\n"
            " * (Tensor condition, Number self, Tensor other)\n"
            " * (Tensor condition, Tensor input, Number other)\n"
            " * (Tensor condition, Number self, Number other)\n"
        )
    if condition._array.dtype.char != "?":
        condition = _as_mask(condition)
    if isinstance(other, Tensor) and not isinstance(input, Tensor):
        _check_number(input, other)
    elif isinstance(input, Tensor) and not isinstance(other, Tensor):
        _check_number(other, input)
    return choose(condition, input, other)


def _check_number(value, tensor):
    """PyTorch's error for a number that the result's dtype cannot hold."""
    if isinstance(value, (int, float)) and not -128 < value < 128 and math.isfinite(value):
        wanted = dtypes.of(dtypes.result(tensor._array, value))
        if wanted is not dtypes.float16:  # PyTorch has the number in float32 first, and then inf
            filled_value(value, wanted)


def _as_mask(condition):
    dtype = condition.dtype
    if dtype is dtypes.uint8:
        import warnings

        warnings.warn(
            "where received a uint8 condition tensor. This behavior is deprecated and will be "
            "removed in a future version of PyTorch. Use a boolean condition instead.",
            stacklevel=3,
        )
        return condition != 0
    raise RuntimeError(
        "where expected condition to be a boolean tensor, but got a tensor with dtype "
        f"{dtype.title}"
    )


def _method(self, condition, other):
    """This tensor where `condition` is true, `other` elsewhere. See `tidu.where`.

    >>> import tidu
    >>> x = tidu.tensor([1.0, -2.0])
    >>> x.where(x > 0, 0.0)
    tensor([1., 0.])
    """
    return PUBLIC["where"](condition, self, other)


_method.__name__ = _method.__qualname__ = "where"
Tensor.where = _method
