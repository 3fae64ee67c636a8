"""Trigonometric and hyperbolic functions, element by element. Angles are in radians."""

from __future__ import annotations

import math

from ..autograd.op import elementwise
from .checks import only, refuse

_DEGREE = math.pi / 180


def _unary(ufunc, *aliases):
    return elementwise(ufunc, to_float=True, inplace="public", aliases=aliases)


@_unary("sin")
def sin(x):
    """The sine of each element.

    >>> import tidu
    >>> tidu.tensor([0.0, 1.5708]).sin()
    tensor([0., 1.])
    """


sin.vjp(x=lambda k, g, x: g * k.cos(x))


@_unary("cos")
def cos(x):
    """The cosine of each element.

    >>> import tidu
    >>> tidu.tensor([0.0, 3.14159265]).cos()
    tensor([ 1., -1.])
    """


cos.vjp(x=lambda k, g, x: -g * k.sin(x))


@_unary("tan")
def tan(x):
    """The tangent of each element.

    >>> import tidu
    >>> tidu.tensor([0.0, 1.0]).tan()
    tensor([0.0000, 1.5574])
    """


tan.vjp(x=lambda g, out: g * (out * out + 1))


@_unary("arcsin", "arcsin")
def asin(x):
    """The angle whose sine the element is; NaN outside of [-1, 1].

    >>> import tidu
    >>> tidu.tensor([0.0, 1.0]).asin()
    tensor([0.0000, 1.5708])
    """


asin.vjp(x=lambda k, g, x: g * k.rsqrt(1 - x * x))


@_unary("arccos", "arccos")
def acos(x):
    """The angle whose cosine the element is; NaN outside of [-1, 1].

    >>> import tidu
    >>> tidu.tensor([0.0, 1.0]).acos()
    tensor([1.5708, 0.0000])
    """


acos.vjp(x=lambda k, g, x: -g * k.rsqrt(1 - x * x))


@_unary("arctan", "arctan")
def atan(x):
    """The angle whose tangent the element is.

    >>> import tidu
    >>> tidu.tensor([0.0, 1.0]).atan()
    tensor([0.0000, 0.7854])
    """


atan.vjp(x=lambda g, x: g / (x * x + 1))


@elementwise("arctan2", to_float=True, inplace=True, strict=True, aliases=("arctan2",),
             check=only("biuf", "atan2_cpu"))  # fmt: skip
def atan2(x, y):
    """The angle of the point with ordinate `input` and abscissa `other`, from -pi to pi.

    >>> import tidu
    >>> tidu.atan2(tidu.tensor([1.0, -1.0]), tidu.tensor([-1.0, -1.0]))
    tensor([ 2.3562, -2.3562])
    """


@atan2.vjp_joint("x", "y")
def _atan2(k, g, x, y):
    square = x * x + y * y
    inverse = k.keep(k.reciprocal(square), square != 0)
    return g * (y * inverse), g * (-x * inverse)


@_unary("sinh")
def sinh(x):
    """The hyperbolic sine of each element.

    >>> import tidu
    >>> tidu.tensor([0.0, 1.0]).sinh()
    tensor([0.0000, 1.1752])
    """


sinh.vjp(x=lambda k, g, x: g * k.cosh(x))


@_unary("cosh")
def cosh(x):
    """The hyperbolic cosine of each element.

    >>> import tidu
    >>> tidu.tensor([0.0, 1.0]).cosh()
    tensor([1.0000, 1.5431])
    """


cosh.vjp(x=lambda k, g, x: g * k.sinh(x))


@_unary("tanh")
def tanh(x):
    """The hyperbolic tangent of each element.

    >>> import tidu
    >>> tidu.tensor([0.0, 1.0]).tanh()
    tensor([0.0000, 0.7616])
    """


tanh.vjp(x=lambda g, out: g * (1 - out * out))


@_unary("arcsinh", "arcsinh")
def asinh(x):
    """The number whose hyperbolic sine the element is.

    >>> import tidu
    >>> tidu.tensor([0.0, 1.1752]).asinh()
    tensor([0.0000, 1.0000])
    """


asinh.vjp(x=lambda k, g, x: g * k.rsqrt(x * x + 1))


@_unary("arccosh", "arccosh")
def acosh(x):
    """The number that is not negative whose hyperbolic cosine the element is; NaN below 1.

    >>> import tidu
    >>> tidu.tensor([1.0, 1.5431]).acosh()
    tensor([0.0000, 1.0000])
    """


def _acosh(k, g, x, x_dtype):
    if x_dtype.kind == "c":  # x * x - 1 would take the root on the wrong side of its cut
        return g * (k.rsqrt(x + 1) * k.rsqrt(x - 1))
    return g * k.rsqrt(x * x - 1)


acosh.vjp(x=_acosh)


@_unary("arctanh", "arctanh")
def atanh(x):
    """The number whose hyperbolic tangent the element is; NaN outside of [-1, 1].

    >>> import tidu
    >>> tidu.tensor([0.0, 0.7616]).atanh()
    tensor([0.0000, 1.0000])
    """


atanh.vjp(x=lambda g, x: g / (1 - x * x))


@elementwise(
    to_float=True,
    inplace="public",
    node="Deg2RadBackward0",
    check=refuse("c", RuntimeError, "deg2rad is not supported for complex tensors."),
)
def deg2rad(k, x):
    """Degrees converted to radians.

    >>> import tidu
    >>> tidu.tensor([180.0]).deg2rad()
    tensor([3.1416])
    """
    return x * _DEGREE


deg2rad.vjp(x=lambda g: g * _DEGREE)


@elementwise(
    to_float=True,
    inplace="public",
    node="Rad2DegBackward0",
    check=refuse("c", RuntimeError, "rad2deg is not supported for complex tensors."),
)
def rad2deg(k, x):
    """Radians converted to degrees.

    >>> import tidu
    >>> tidu.tensor([3.14159265]).rad2deg()
    tensor([180.])
    """
    return x * (1 / _DEGREE)


rad2deg.vjp(x=lambda g: g * (1 / _DEGREE))
