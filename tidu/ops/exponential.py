"""Exponentials and logarithms, element by element."""

from __future__ import annotations

import math

from ..autograd.op import elementwise
from ..backend.clip import CONSTANTS
from ..tensor import Tensor
from .checks import FLOATS, only

_LN2, _LN10 = math.log(2), math.log(10)


@elementwise("exp", to_float=True, inplace="public")
def exp(x):
    """e to the power of each element.

    >>> import tidu
    >>> tidu.tensor([0, 1]).exp()
    tensor([1.0000, 2.7183])
    """


exp.vjp(x=lambda g, out: g * out)


@elementwise(to_float=True, inplace="public")
def exp2(k, x):
    """2 to the power of each element.

    >>> import tidu
    >>> tidu.tensor([0, 3]).exp2()
    tensor([1., 8.])
    """
    return k.xp.exp(x * _LN2) if x.dtype.kind == "c" else k.xp.exp2(x)


exp2.vjp(x=lambda g, out: g * (out * _LN2))


@elementwise("expm1", to_float=True, inplace="public")
def expm1(x):
    """e to the power of each element, minus 1; exact for small elements.

    >>> import tidu
    >>> tidu.tensor([0.0, 1.0]).expm1()
    tensor([0.0000, 1.7183])
    """


expm1.vjp(x=lambda g, out: g * (out + 1))


@elementwise("log", to_float=True, inplace="public")
def log(x):
    """The natural logarithm of each element; -inf for 0, NaN for negative ones.

    >>> import tidu
    >>> tidu.tensor([1.0, 2.7183]).log()
    tensor([0.0000, 1.0000])
    """


log.vjp(x=lambda g, x: g / x)


@elementwise("log2", to_float=True, inplace="public")
def log2(x):
    """The logarithm to base 2 of each element.

    >>> import tidu
    >>> tidu.tensor([1, 8]).log2()
    tensor([0., 3.])
    """


log2.vjp(x=lambda g, x: g / (x * _LN2))


@elementwise("log10", to_float=True, inplace="public")
def log10(x):
    """The logarithm to base 10 of each element.

    >>> import tidu
    >>> tidu.tensor([1, 100]).log10()
    tensor([0., 2.])
    """


log10.vjp(x=lambda g, x: g / (x * _LN10))


@elementwise("log1p", to_float=True, inplace="public", node="Log1PBackward0")
def log1p(x):
    """The natural logarithm of 1 plus each element; exact for small elements.

    >>> import tidu
    >>> tidu.tensor([0.0, 1.0]).log1p()
    tensor([0.0000, 0.6931])
    """


log1p.vjp(x=lambda g, x: g / (x + 1))


@elementwise(strict=True, check=only("fc", "logaddexp_cpu"))
def logaddexp(k, x, y):
    """log(exp(x) + exp(y)), without overflow.

    >>> import tidu
    >>> tidu.logaddexp(tidu.tensor([3.0]), tidu.tensor([3.0]))
    tensor([3.6931])
    """
    if x.dtype.kind != "c":
        return k.xp.logaddexp(x, y)
    first = x.real >= y.real
    large, small = k.xp.where(first, x, y), k.xp.where(first, y, x)
    return large + k.xp.log1p(k.xp.exp(small - large))


logaddexp.vjp(
    x=lambda k, g, x, y: g / (1 + k.exp(y - x)), y=lambda k, g, x, y: g / (1 + k.exp(x - y))
)


@elementwise("logaddexp2", strict=True, check=only(FLOATS, "logaddexp2_cpu"))
def logaddexp2(x, y):
    """log2(2**x + 2**y), without overflow.

    >>> import tidu
    >>> tidu.logaddexp2(tidu.tensor([3.0]), tidu.tensor([3.0]))
    tensor([4.])
    """


logaddexp2.vjp(
    x=lambda k, g, x, y: g / (1 + k.exp2(y - x)), y=lambda k, g, x, y: g / (1 + k.exp2(x - y))
)


def _xlogy_node(x, y):
    if isinstance(x, Tensor):
        return f"XlogyBackward{0 if isinstance(y, Tensor) else 2}"
    return "XlogyBackward1"


@elementwise(to_float=True, inplace="public", forms="one", check=only("biuf", "xlogy_cpu"),
             node=_xlogy_node)  # fmt: skip
def xlogy(k, x, y):
    """x * log(y), and 0 where x is 0 (unless y is NaN).

    >>> import tidu
    >>> tidu.xlogy(tidu.tensor([0.0, 2.0]), tidu.tensor([0.0, 1.0]))
    tensor([0., 0.])
    """
    xp = k.xp
    product = x * xp.log(y)
    return xp.where((x == 0) & ~xp.isnan(y), product.dtype.type(0), product)


xlogy.vjp(
    x=lambda k, g, x, y: k.keep(k.xlogy(g, y), k.logical_not((x == 0) & (y <= 0))),
    y=lambda g, x, y: g * x / y,
)


@elementwise(to_float=True, inplace="public")
def sigmoid(k, x):
    """1 / (1 + exp(-x)).

    >>> import tidu
    >>> tidu.tensor([0.0, 2.0]).sigmoid()
    tensor([0.5000, 0.8808])
    """
    xp, constants = k.xp, CONSTANTS.get(x.dtype)
    if constants is None:
        return 1 / (1 + xp.exp(-x))
    out = xp.empty_like(x)
    xp.negative(x, out=out)
    xp.exp(out, out=out)
    xp.add(out, constants[1], out=out)
    return xp.reciprocal(out, out=out)


sigmoid.vjp(x=lambda g, out: g * ((1 - out) * out))


@elementwise(to_float=True, inplace="public", check=only("biuf", "logit_cpu"))
def logit(k, x, eps=None):
    """log(x / (1 - x)): the inverse of `sigmoid`. `eps`: x is clamped to [eps, 1 - eps] first.

    >>> import tidu
    >>> tidu.tensor([0.5, 0.75]).logit()
    tensor([0.0000, 1.0986])
    """
    if eps is not None:
        low, high = x.dtype.type(eps), x.dtype.type(1 - eps)
        x = k.xp.where(x < low, low, k.xp.where(x > high, high, x))
    return k.xp.log(x / (1 - x))


def _logit(k, g, x, eps):
    slope = g / (x * (1 - x))
    if eps is None or eps < 0:
        return k.where((x >= 0) & (x <= 1), slope, math.nan)
    return k.keep(slope, (x >= eps) & (x <= 1 - eps))


logit.vjp(x=_logit)
