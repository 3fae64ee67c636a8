"""Rounding, element by element."""

from __future__ import annotations

from ..autograd.op import elementwise
from .checks import FLOATS, REALS, both, only, refuse


def _check(name):
    text = f"{name} is not supported for complex inputs"
    return both(refuse("c", NotImplementedError, text), only(REALS, f"{name}_vml_cpu"))


@elementwise(inplace="public", check=_check("floor"))
def floor(k, x):
    """The largest integer that is not greater than the element.

    >>> import tidu
    >>> tidu.tensor([-1.5, 1.5]).floor()
    tensor([-2.,  1.])
    """
    return k.xp.floor(x) if x.dtype.kind == "f" else x.copy()


@elementwise(inplace="public", check=_check("ceil"))
def ceil(k, x):
    """The smallest integer that is not less than the element.

    >>> import tidu
    >>> tidu.tensor([-1.5, 1.5]).ceil()
    tensor([-1.,  2.])
    """
    return k.xp.ceil(x) if x.dtype.kind == "f" else x.copy()


@elementwise(inplace="public", aliases=("fix",), check=_check("trunc"))
def trunc(k, x):
    """The integer part of each element.

    >>> import tidu
    >>> tidu.tensor([-1.5, 1.5]).trunc()
    tensor([-1.,  1.])
    """
    return k.xp.trunc(x) if x.dtype.kind == "f" else x.copy()


def _round_decimals(input, *, decimals):
    return round_decimals(input, decimals)


@elementwise(inplace="public", check=only(REALS, "round_vml_cpu"), overload=_round_decimals)
def round(k, x):
    """The nearest integer; halves go to the even one.

    `decimals=`: the number of decimal places to round to, also negative.

    >>> import tidu
    >>> tidu.tensor([0.5, 1.5, -1.2]).round()
    tensor([ 0.,  2., -1.])
    >>> tidu.tensor([12.345]).round(decimals=1)
    tensor([12.3000])
    """
    return k.xp.rint(x) if x.dtype.kind == "f" else x.copy()


@elementwise(public=False, method=False, node="RoundBackward1", check=only(FLOATS, "round_cpu"))
def round_decimals(k, x, decimals):
    """`x` rounded to this many decimal places."""
    if decimals == 0:
        return k.xp.rint(x)
    factor = 10.0 ** (decimals if decimals >= 0 else -decimals)
    if decimals < 0:
        return k.xp.rint(x / factor) * factor
    return k.xp.rint(x * factor) / factor


@elementwise(inplace="public", check=only(FLOATS, "frac_cpu"))
def frac(k, x):
    """What is left of each element without its integer part.

    >>> import tidu
    >>> tidu.tensor([-1.5, 1.25]).frac()
    tensor([-0.5000,  0.2500])
    """
    return x - k.xp.trunc(x)


for _flat in (floor, ceil, trunc, round, round_decimals):
    _flat.vjp(x=lambda k, g: k.zero_gradient(g))
frac.vjp(x=lambda g: g)
