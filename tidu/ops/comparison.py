"""Comparisons, logic and bits, element by element."""

from __future__ import annotations

from .. import dtypes
from ..autograd.op import elementwise
from ..autograd.public import composite, operations
from ..tensor import Tensor
from .checks import need_tensors, only, refuse

ORDERED = "biuf"

# Comparisons. The results are bool.


@elementwise("equal", inplace=True, symbol="eq", forms="first")
def eq(x, y):
    """Whether the elements are equal.

    >>> import tidu
    >>> tidu.tensor([1, 2]) == tidu.tensor([1, 3])
    tensor([ True, False])
    """


@elementwise("not_equal", inplace=True, symbol="ne", forms="first", aliases=("not_equal",))
def ne(x, y):
    """Whether the elements differ.

    >>> import tidu
    >>> tidu.tensor([1, 2]) != 2
    tensor([ True, False])
    """


@elementwise(
    "less",
    inplace=True,
    symbol="lt",
    forms="first",
    aliases=("less",),
    check=only(ORDERED, "lt_cpu"),
)
def lt(x, y):
    """Whether each element of `input` is less than that of `other`.

    >>> import tidu
    >>> tidu.tensor([1, 2]) < 2
    tensor([ True, False])
    """


@elementwise("less_equal", inplace=True, symbol="le", forms="first", aliases=("less_equal",),
             check=only(ORDERED, "le_cpu"))  # fmt: skip
def le(x, y):
    """Whether each element of `input` is at most that of `other`.

    >>> import tidu
    >>> tidu.tensor([1, 2, 3]) <= 2
    tensor([ True,  True, False])
    """


@elementwise("greater", inplace=True, symbol="gt", forms="first", aliases=("greater",),
             check=only(ORDERED, "gt_cpu"))  # fmt: skip
def gt(x, y):
    """Whether each element of `input` is greater than that of `other`.

    >>> import tidu
    >>> tidu.tensor([1, 2]) > 1
    tensor([False,  True])
    """


@elementwise("greater_equal", inplace=True, symbol="ge", forms="first", aliases=("greater_equal",),
             check=only(ORDERED, "ge_cpu"))  # fmt: skip
def ge(x, y):
    """Whether each element of `input` is at least that of `other`.

    >>> import tidu
    >>> tidu.tensor([1, 2, 3]) >= 2
    tensor([False,  True,  True])
    """


def _same_dtype(name, input, other):
    need_tensors(name, input=input, other=other)
    if input.dtype is not other.dtype:
        raise RuntimeError(f"{input.dtype.title} did not match {other.dtype.title}")


@composite(method=True, out=False)
def isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether |input - other| <= atol + rtol * |other|; equal infinities are close.

    `equal_nan`: NaNs are close to each other. Both tensors need the same dtype.

    >>> import tidu
    >>> tidu.isclose(tidu.tensor([1.0, 2.0]), tidu.tensor([1.0 + 1e-6, 2.1]))
    tensor([ True, False])
    """
    _same_dtype("isclose", input, other)
    for name, value in (("rtol", rtol), ("atol", atol)):
        if value < 0:
            raise RuntimeError(f"{name} must be greater than or equal to zero, but got {value:g}")
    from ..autograd.grad_mode import no_grad

    with no_grad():
        close = input == other
        if equal_nan and input.dtype.kind >= dtypes.FLOAT:
            close = close | (input.isnan() & other.isnan())
        if rtol == 0 and atol == 0:
            return close
        if input.dtype.kind < dtypes.FLOAT:
            input, other = operations.to_dtype(input, dtypes.get_default_dtype()), other
            other = operations.to_dtype(other, input.dtype)
        error = (input - other).abs()
        return close | (error.isfinite() & (error <= atol + (rtol * other).abs()))


@composite(method=True, out=False)
def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether all elements of two tensors are close: see `isclose`.

    >>> import tidu
    >>> tidu.allclose(tidu.tensor([1.0]), tidu.tensor([1.0 + 1e-6]))
    True
    """
    return bool(isclose(input, other, rtol, atol, equal_nan)._array.all())


@composite(method=True, out=False)
def equal(input, other):
    """Whether two tensors have the same shape and equal elements.

    >>> import tidu
    >>> tidu.equal(tidu.tensor([1, 2]), tidu.tensor([1, 2]))
    True
    """
    need_tensors("equal", input=input, other=other)
    if input._array.shape != other._array.shape:
        return False
    return bool((input == other)._array.all())


@composite()
def isin(elements, test_elements, *, assume_unique=False, invert=False):
    """Whether each element is one of `test_elements`; with `invert`, whether it is not.

    >>> import tidu
    >>> tidu.isin(tidu.tensor([1, 2, 3]), tidu.tensor([3, 1]))
    tensor([ True, False,  True])
    """
    import numpy as np

    arrays = [t._array if isinstance(t, Tensor) else t for t in (elements, test_elements)]
    dtype = dtypes.result(*arrays)
    values, wanted = (np.asarray(a).astype(dtype) for a in arrays)
    found = np.isin(values, wanted, assume_unique, invert)
    return Tensor._wrap(np.asarray(found))


# What kind of number


@elementwise()
def isnan(k, x):
    """Whether each element is NaN.

    >>> import tidu
    >>> tidu.tensor([1.0, float("nan")]).isnan()
    tensor([False,  True])
    """
    return k.xp.isnan(x)


@elementwise()
def isinf(k, x):
    """Whether each element is infinite (of a complex one, any part).

    >>> import tidu
    >>> tidu.tensor([1.0, float("-inf")]).isinf()
    tensor([False,  True])
    """
    return k.xp.isinf(x)


@elementwise()
def isfinite(k, x):
    """Whether each element is neither infinite nor NaN.

    >>> import tidu
    >>> tidu.tensor([1.0, float("inf")]).isfinite()
    tensor([ True, False])
    """
    return k.xp.isfinite(x)


@elementwise(check=refuse("c", RuntimeError, "isposinf does not support complex inputs."))
def isposinf(k, x):
    """Whether each element is +infinity.

    >>> import tidu
    >>> tidu.tensor([float("inf"), float("-inf")]).isposinf()
    tensor([ True, False])
    """
    return x == k.xp.inf


@elementwise(check=refuse("c", RuntimeError, "isneginf does not support complex inputs."))
def isneginf(k, x):
    """Whether each element is -infinity.

    >>> import tidu
    >>> tidu.tensor([float("inf"), float("-inf")]).isneginf()
    tensor([False,  True])
    """
    return x == -k.xp.inf


@elementwise()
def isreal(k, x):
    """Whether the imaginary part of each element is 0; true for all that are not complex.

    >>> import tidu
    >>> tidu.tensor([1 + 0j, 1j]).isreal()
    tensor([ True, False])
    """
    return x.imag == 0 if x.dtype.kind == "c" else k.xp.ones(x.shape, bool)


# Logic: what is not 0 counts as true. The results are bool.


@elementwise("logical_and", inplace=True, strict=True)
def logical_and(x, y):
    """Whether both elements are nonzero.

    >>> import tidu
    >>> tidu.logical_and(tidu.tensor([0, 1, 2]), tidu.tensor([1, 1, 0]))
    tensor([False,  True, False])
    """


@elementwise("logical_or", inplace=True, strict=True)
def logical_or(x, y):
    """Whether any of the two elements is nonzero.

    >>> import tidu
    >>> tidu.logical_or(tidu.tensor([0, 1, 2]), tidu.tensor([0, 1, 0]))
    tensor([False,  True,  True])
    """


@elementwise("logical_xor", inplace=True, strict=True)
def logical_xor(x, y):
    """Whether exactly one of the two elements is nonzero.

    >>> import tidu
    >>> tidu.logical_xor(tidu.tensor([0, 1, 2]), tidu.tensor([1, 1, 0]))
    tensor([ True, False,  True])
    """


@elementwise("logical_not", inplace=True)
def logical_not(x):
    """Whether each element is 0.

    >>> import tidu
    >>> tidu.tensor([0, 1, 2]).logical_not()
    tensor([ True, False, False])
    """


# Bits: of integers; on bool, logic.


@elementwise(
    "bitwise_and", inplace=True, symbol="and", forms="one", check=only("biu", "bitwise_and_cpu")
)
def bitwise_and(x, y):
    """The bits set in both elements: `x & y`.

    >>> import tidu
    >>> tidu.tensor([5, 6]) & 3
    tensor([1, 2])
    """


@elementwise(
    "bitwise_or", inplace=True, symbol="or", forms="one", check=only("biu", "bitwise_or_cpu")
)
def bitwise_or(x, y):
    """The bits set in any of the two elements: `x | y`.

    >>> import tidu
    >>> tidu.tensor([5, 6]) | 3
    tensor([7, 7])
    """


@elementwise(
    "bitwise_xor", inplace=True, symbol="xor", forms="one", check=only("biu", "bitwise_xor_cpu")
)
def bitwise_xor(x, y):
    """The bits set in exactly one of the two elements: `x ^ y`.

    >>> import tidu
    >>> tidu.tensor([5, 6]) ^ 3
    tensor([6, 5])
    """


@elementwise("invert", inplace=True, check=only("biu", "bitwise_not_cpu"))
def bitwise_not(x):
    """The other bits: `~x`; of bool, the opposite.

    >>> import tidu
    >>> ~tidu.tensor([0, 5])
    tensor([-1, -6])
    """


def _invert(self):
    """`~x`: the other bits of integers, the opposite of bools."""
    if self._array.dtype.kind not in "biu":
        raise TypeError(
            "~ (operator.invert) is only implemented on integer and Boolean-type tensors"
        )
    return bitwise_not(self)


Tensor.__invert__ = _invert


@elementwise(
    "left_shift", inplace=True, symbol="lshift", forms="one", check=only("iu", "lshift_cpu")
)
def bitwise_left_shift(x, y):
    """The bits moved to the left by `other` places: `x << y`.

    >>> import tidu
    >>> tidu.tensor([1, 2]) << 3
    tensor([ 8, 16])
    """


@elementwise(
    "right_shift", inplace=True, symbol="rshift", forms="one", check=only("iu", "rshift_cpu")
)
def bitwise_right_shift(x, y):
    """The bits moved to the right by `other` places; the sign stays: `x >> y`.

    >>> import tidu
    >>> tidu.tensor([16, -16]) >> 2
    tensor([ 4, -4])
    """
