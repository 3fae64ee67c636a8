"""Arithmetic, element by element."""

from __future__ import annotations

from ..autograd.op import elementwise
from ..autograd.public import composite


@elementwise("add", inplace=True, symbol="add", names={"x": "input", "y": "other"})
def add(x, y):
    """The sum of two tensors, or of a tensor and a number, element by element.

    >>> import tidu
    >>> tidu.tensor([1, 2]) + tidu.tensor(0.5)
    tensor([1.5000, 2.5000])
    """


add.vjp(x=lambda g: g, y=lambda g: g)


@elementwise("subtract", inplace=True, symbol="sub", aliases=("subtract",))
def sub(x, y):
    """The difference of two tensors, element by element."""


sub.vjp(x=lambda g: g, y=lambda g: -g)


@elementwise("multiply", inplace=True, symbol="mul", aliases=("multiply",))
def mul(x, y):
    """The product of two tensors, or of a tensor and a number, element by element.

    >>> import tidu
    >>> tidu.tensor([1, 2]) * 1.5
    tensor([1.5000, 3.0000])
    """


mul.vjp(x=lambda g, y: g * y, y=lambda g, x: g * x)


@elementwise("negative", inplace="public", symbol="neg", aliases=("negative",))
def neg(x):
    """The elements with the opposite sign."""


neg.vjp(x=lambda g: -g)


def _pow_node(x, y):
    return "PowBackward0" if not hasattr(y, "_array") else "PowBackward1"


@elementwise("power", inplace=True, symbol="pow", names={"y": "exponent"}, node=_pow_node)
def pow(x, y):
    """`x` to the power of `y`, element by element."""


pow.vjp(
    x=lambda g, x, y: g * (y * x ** (y - 1)),
    y=lambda k, g, x, out: g * out * k.log(x),
)


@elementwise("exp", to_float=True, inplace="public")
def exp(x):
    """e to the power of each element."""


exp.vjp(x=lambda g, out: g * out)


@elementwise("log", to_float=True, inplace="public")
def log(x):
    """The natural logarithm of each element."""


log.vjp(x=lambda g, x: g / x)


@elementwise("true_divide", to_float=True, inplace=True, symbol="truediv", aliases=("true_divide",))
def div(x, y):
    """The quotient of two tensors."""


div.vjp(x=lambda g, y: g / y, y=lambda g, y, out: -g * (out / y))


@elementwise("conjugate", name="conj_physical", inplace="public")
def conj_physical(x):
    """The complex conjugate of each element."""


@composite(method=True, out=False)
def conj(x):
    """The complex conjugate of each element; a real tensor is its own."""
    return x if x._array.dtype.kind != "c" else conj_physical(x)
