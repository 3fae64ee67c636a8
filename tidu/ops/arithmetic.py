"""Arithmetic, element by element: + - * / // % ** and what is made of them."""

from __future__ import annotations

from .. import dtypes
from ..autograd.op import elementwise
from ..autograd.public import PUBLIC, composite, operations
from ..backend.half import F16, F32
from ..tensor import Tensor
from .checks import NUMBERS, REALS, common, only, refuse

_BOOL_SUB = (
    "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to "
    "invert a mask, use the `~` or `logical_not()` operator instead."
)


def undefined(name):
    """A gradient rule for operations of which PyTorch knows no derivative."""

    def rule(g):
        raise RuntimeError(f"derivative for aten::{name} is not implemented")

    return rule


# Addition and subtraction


def _check_alpha(input, other, alpha):
    if type(alpha) is float and isinstance(input, Tensor) and input._array.dtype.kind in "fc":
        return  # the usual case, found out quickly
    dtype = common([t._array if isinstance(t, Tensor) else t for t in (input, other)])
    if isinstance(alpha, bool) and dtype is not dtypes.bool:
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if isinstance(alpha, float) and dtype.kind < dtypes.FLOAT:
        raise RuntimeError(
            "For integral input tensors, argument alpha must not be a floating point number."
        )
    if isinstance(alpha, complex) and dtype.kind < dtypes.COMPLEX:
        raise RuntimeError(
            "For non-complex input tensors, argument alpha must not be a complex number."
        )


@elementwise(public=False, method=False, node="AddBackward0")
def add_scaled(k, x, y, alpha):
    """x + alpha * y."""
    return x + (y if x.dtype.kind == "b" else y * alpha)


add_scaled.vjp(x=lambda g: g, y=lambda g, alpha: g * alpha)


def _add_scaled(input, other, *, alpha):
    _check_alpha(input, other, alpha)
    return add_scaled(input, other, alpha) if alpha != 1 else add(input, other)


_add_scaled.op = add_scaled.op  # type: ignore[attr-defined]


@elementwise("add", inplace=True, symbol="add", overload=_add_scaled)
def add(x, y):
    """The sum of two tensors, or of a tensor and a number, element by element.

    `alpha=`: a number that `other` is multiplied by first.

    >>> import tidu
    >>> tidu.tensor([1, 2]) + tidu.tensor(0.5)
    tensor([1.5000, 2.5000])
    >>> tidu.add(tidu.tensor([1, 2]), tidu.tensor([1, 1]), alpha=10)
    tensor([11, 12])
    """


add.vjp(x=lambda g: g, y=lambda g: g)


def _check_sub(x, y):
    kinds = [dtypes.of(v) if hasattr(v, "dtype") else dtypes.of_number(v) for v in (x, y)]
    if kinds == [dtypes.bool, dtypes.bool]:
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
            "`logical_xor()` operator instead."
        )
    if dtypes.bool in kinds:
        raise RuntimeError(_BOOL_SUB)


@elementwise(public=False, method=False, node="SubBackward0", check=lambda x, y: _check_sub(x, y))
def sub_scaled(k, x, y, alpha):
    """x - alpha * y."""
    return x - y * alpha


sub_scaled.vjp(x=lambda g: g, y=lambda g, alpha: g * -alpha)


def _sub_scaled(input, other, *, alpha):
    _check_alpha(input, other, alpha)
    return sub_scaled(input, other, alpha) if alpha != 1 else sub(input, other)


_sub_scaled.op = sub_scaled.op  # type: ignore[attr-defined]


@elementwise("subtract", inplace=True, symbol="sub", aliases=("subtract",), check=_check_sub,
             overload=_sub_scaled)  # fmt: skip
def sub(x, y):
    """The difference of two tensors, or of a tensor and a number, element by element.

    `alpha=`: a number that `other` is multiplied by first.

    >>> import tidu
    >>> tidu.tensor([1.0, 2.0]) - 4
    tensor([-3., -2.])
    """


sub.vjp(x=lambda g: g, y=lambda g: -g)


def _rsub_scaled(input, other, *, alpha):
    return _sub_scaled(other, input, alpha=alpha)


@elementwise(
    method=False,
    symbol="rsub",
    forms="first",
    check=_check_sub,
    overload=_rsub_scaled,
    node=lambda x, y: "RsubBackward0" if isinstance(y, Tensor) else "RsubBackward1",
    inputs={"RsubBackward1": ("x",)},
)
def rsub(k, x, y):
    """`other - input`: subtraction with its operands exchanged.

    >>> import tidu
    >>> tidu.rsub(tidu.tensor([1.0, 2.0]), 4)
    tensor([3., 2.])
    """
    return k.sub(y, x)


rsub.vjp(x=lambda g: -g, y=lambda g: g)


@elementwise("multiply", inplace=True, symbol="mul", aliases=("multiply",), unrounded=True)
def mul(x, y):
    """The product of two tensors, or of a tensor and a number, element by element.

    >>> import tidu
    >>> tidu.tensor([1, 2]) * 1.5
    tensor([1.5000, 3.0000])
    """


mul.vjp(x=lambda g, y: g * y, y=lambda g, x: g * x)


@elementwise("negative", inplace="public", symbol="neg", aliases=("negative",),
             check=refuse("b", RuntimeError, "Negation, the `-` operator, on a bool tensor is not "
                          "supported. If you are trying to invert a mask, use the `~` or "
                          "`logical_not()` operator instead."))  # fmt: skip
def neg(x):
    """The elements with the opposite sign.

    >>> import tidu
    >>> -tidu.tensor([1.0, -2.0])
    tensor([-1.,  2.])
    """


neg.vjp(x=lambda g: -g)


@composite(method=True, out=False, symbol="pos")
def positive(input):
    """The tensor itself, as `+x` gives it; bool tensors are refused.

    >>> import tidu
    >>> +tidu.tensor([1.0, -2.0])
    tensor([ 1., -2.])
    """
    if input.dtype is dtypes.bool:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


# Division


def _div_rounded(input, other, *, rounding_mode):
    if rounding_mode is None:
        return div(input, other)
    if rounding_mode == "floor":
        return div_floor(input, other)
    if rounding_mode == "trunc":
        return div_trunc(input, other)
    raise RuntimeError(
        "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
        f"'{rounding_mode}'"
    )


@elementwise("true_divide", to_float=True, inplace=True, symbol="truediv", overload=_div_rounded,
             aliases=("true_divide", "divide"), unrounded=True)  # fmt: skip
def div(x, y):
    """The quotient of two tensors, or of a tensor and a number, element by element.

    Integers are divided as the default dtype. `rounding_mode="floor"` or `"trunc"` rounds the
    quotient and keeps integers; then integer division by zero raises RuntimeError.

    >>> import tidu
    >>> tidu.tensor([7, -7]) / 2
    tensor([ 3.5000, -3.5000])
    >>> tidu.div(tidu.tensor([7, -7]), 2, rounding_mode="trunc")
    tensor([ 3, -3])
    """


div.vjp(x=lambda g, y: g / y, y=lambda g, x, y: -g * ((x / y) / y))


@elementwise(public=False, method=False, symbol="rtruediv", to_float=True, node="MulBackward0",
             unrounded=True)  # fmt: skip
def rdiv(k, x, y):
    """`y / x` as PyTorch computes it for a number y: the reciprocal of x, times y."""
    return k.xp.reciprocal(x) * y


# PyTorch also has the names of Python 2.
Tensor.__rdiv__ = Tensor.__rtruediv__
Tensor.__div__, Tensor.__idiv__ = Tensor.__truediv__, Tensor.__itruediv__
rdiv.vjp(x=lambda g, x, y: -g * y / (x * x), y=lambda g, x: g / x)


def _check_zero(k, y):
    if y.dtype.kind in "iu" and not k.xp.all(y):
        raise RuntimeError("ZeroDivisionError")


def _floor_divide(k, x, y):
    _check_zero(k, y)
    return k.xp.floor_divide(x, y)


_div_floor_options = {"check": only(REALS, "div_floor_cpu")}


@elementwise(public=False, method=False, node="DivBackward2", **_div_floor_options)
def div_floor(k, x, y):
    """The quotient, rounded down."""
    return _floor_divide(k, x, y)


div_floor.vjp(x=lambda k, g: k.zero_gradient(g), y=lambda k, g: k.zero_gradient(g))


@elementwise(public=False, method=False, node="DivBackward2", check=only(REALS, "div_trunc_cpu"))
def div_trunc(k, x, y):
    """The quotient, rounded towards zero."""
    _check_zero(k, y)
    if x.dtype.kind in "iu":
        return (x - k.xp.fmod(x, y)) // y
    return k.xp.trunc(x / y)


div_trunc.vjp(x=lambda k, g: k.zero_gradient(g), y=lambda k, g: k.zero_gradient(g))


@elementwise(inplace=True, symbol="floordiv", node="NotImplemented", **_div_floor_options)
def floor_divide(k, x, y):
    """The quotient, rounded down, element by element: `x // y`.

    Integer division by zero raises RuntimeError. PyTorch defines no gradient for it; `div` with
    `rounding_mode="floor"` has one (zero).

    >>> import tidu
    >>> tidu.tensor([7, -7]) // 2
    tensor([ 3, -4])
    """
    return _floor_divide(k, x, y)


floor_divide.vjp(x=undefined("floor_divide"), y=undefined("floor_divide"))


@elementwise(inplace=True, symbol="mod", forms="one", check=only(REALS, "remainder_cpu"),
             node=lambda x, y: _scalar_last("Remainder", x, y))  # fmt: skip
def remainder(k, x, y):
    """What is left of `x` after `x // y` times `y`; it has the sign of `y`: `x % y`.

    >>> import tidu
    >>> tidu.tensor([7, -7]) % 4
    tensor([3, 1])
    """
    _check_zero(k, y)
    return k.xp.remainder(x, y)


def _scalar_last(name, x, y):
    return f"{name}Backward{1 if isinstance(y, Tensor) else 0}"


remainder.vjp(x=lambda g: g, y=lambda k, g, x, y: -g * k.div_floor(x, y))


@elementwise(inplace=True, forms="first", check=only(REALS, "fmod_cpu"),
             node=lambda x, y: _scalar_last("Fmod", x, y))  # fmt: skip
def fmod(k, x, y):
    """What is left of `x` after the division by `y`, rounded to zero; it has the sign of `x`.

    >>> import tidu
    >>> tidu.fmod(tidu.tensor([7, -7]), 4)
    tensor([ 3, -3])
    """
    _check_zero(k, y)
    return k.xp.fmod(x, y)


fmod.vjp(x=lambda g: g, y=lambda k, g, x, y: -g * k.div_trunc(x, y))


@elementwise("reciprocal", to_float=True, inplace="public")
def reciprocal(x):
    """One divided by each element.

    >>> import tidu
    >>> tidu.tensor([2, 4]).reciprocal()
    tensor([0.5000, 0.2500])
    """


reciprocal.vjp(x=lambda g, out: -g * (out * out))

# Powers


def _pow_node(x, y):
    if not isinstance(y, Tensor):
        return "PowBackward0"
    return "PowBackward1" if isinstance(x, Tensor) else "PowBackward2"


def _check_pow(x, y):
    if common((x, y)) is dtypes.bool:
        raise NotImplementedError("\"pow\" not implemented for 'Bool'")
    if isinstance(y, int) and y < 0 and common((x, y)).kind == dtypes.INTEGER:
        raise RuntimeError("Integers to negative integer powers are not allowed.")


def _power(k, x, exponent):
    """x to the power of one number: products and roots where they do, for `power` is slow."""
    xp = k.xp
    if x.dtype == F16:  # rounded once
        return _power(k, x.astype(F32), exponent).astype(F16)
    if exponent == 2:
        return xp.square(x)
    if exponent == 3:
        return xp.square(x) * x
    if exponent == 0.5:
        return xp.sqrt(x)
    if exponent == 1:
        return x.copy()
    if exponent == -1:
        return xp.reciprocal(x)
    if exponent == -2:
        return xp.reciprocal(xp.square(x))
    if exponent == -0.5:
        return xp.reciprocal(xp.sqrt(x))
    return xp.power(x, exponent)


def _integer_power(k, x, y):
    """Integers to integer powers; a negative one leaves only of 1 and -1 something."""
    negative = y < 0
    if not negative.any():
        return k.xp.power(x, y)
    positive = k.xp.power(x, k.xp.abs(y))
    ones = (x == 1) | (x == -1)
    return k.xp.where(negative & ~ones, x.dtype.type(0), positive)


@elementwise(
    inplace=True,
    symbol="pow",
    forms="one",
    names={"y": "exponent"},
    node=_pow_node,
    inputs={"PowBackward0": ("x",), "PowBackward2": ("y",)},
    check=_check_pow,
)
def pow(k, x, y):
    """`input` to the power of `exponent`, element by element: `x ** y`.

    Integers to negative powers raise RuntimeError.

    >>> import tidu
    >>> tidu.tensor([1.0, 2.0, 3.0]) ** 2
    tensor([1., 4., 9.])
    """
    if isinstance(y, (int, float, complex)):  # only gradient rules hand on numbers
        return _power(k, x, y)
    if x.dtype.kind == "i":
        return _integer_power(k, x, y)
    if y.shape == () and x.shape != ():
        return _power(k, x, y.item())
    return k.xp.power(x, y)


def _pow_x(k, g, x, y):
    if not isinstance(y, (int, float, complex)):
        return k.keep(g * (y * k.pow(x, y - 1)), y != 0)
    if y == 0:
        return k.zero_gradient(g)
    if y == 1:
        return g
    if y == 2:
        return g * (x + x)
    return g * (k.pow(x, y - 1) * y)


def _pow_y(k, g, x, y, y_dtype, out):
    real = k.real(y) if y_dtype.kind == "c" else y
    if isinstance(x, (int, float, complex)):
        gradient = g * (out * _log(x))
        return k.keep(gradient, real < 0) if x == 0 else gradient
    # 0 to a power that is not negative stays 0 (or 1) whatever the exponent does.
    return k.keep(g * (out * k.log(x)), (x != 0) | (real < 0))


def _log(number):
    """The natural logarithm of a Python number, as arrays have it (0 gives -inf)."""
    import cmath
    import math

    if isinstance(number, complex):
        return cmath.log(number)
    if number > 0:
        return math.log(number)
    return -math.inf if number == 0 else math.nan


pow.vjp(x=_pow_x, y=_pow_y)


@composite(method=True, inplace="public")
def square(input):
    """The square of each element.

    >>> import tidu
    >>> tidu.tensor([1.0, -2.0]).square()
    tensor([1., 4.])
    """
    return pow(input, 2)


@composite(method=True)
def float_power(input, exponent):
    """`input` to the power of `exponent`, computed as float64 or complex128.

    >>> import tidu
    >>> tidu.tensor([1, 2]).float_power(-1)
    tensor([1.0000, 0.5000], dtype=tidu.float64)
    """
    if not isinstance(input, Tensor) and not isinstance(exponent, Tensor):
        from ..errors import invalid_combination

        raise invalid_combination(pow.op, (input, exponent), "float_power")
    wide = _power_dtype(input, exponent)
    return pow(_widen(input, wide), _widen(exponent, wide))


def _power_dtype(*operands):
    for x in operands:
        if isinstance(x, complex) or (isinstance(x, Tensor) and x.dtype.is_complex):
            return dtypes.complex128
    return dtypes.float64


def _widen(x, dtype):
    if not isinstance(x, Tensor):
        return complex(x) if dtype.is_complex else float(x)
    return x if x.dtype is dtype else operations.to_dtype(x, dtype)


def _float_power_(self, exponent):
    """In-place version of `float_power`: only for tensors that have its result's dtype."""
    wide = _power_dtype(self, exponent)
    if self.dtype is not wide:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {self.dtype.title} but the operation's "
            f"result requires dtype {wide.title}"
        )
    return self.pow_(_widen(exponent, wide))


_float_power_.__name__ = _float_power_.__qualname__ = "float_power_"
Tensor.float_power_ = _float_power_


@elementwise("sqrt", to_float=True, inplace="public")
def sqrt(x):
    """The square root of each element.

    >>> import tidu
    >>> tidu.tensor([4.0, 9.0]).sqrt()
    tensor([2., 3.])
    """


sqrt.vjp(x=lambda g, out: g / (out + out))


@elementwise(to_float=True, inplace="public")
def rsqrt(k, x):
    """One divided by the square root of each element.

    >>> import tidu
    >>> tidu.tensor([4.0, 16.0]).rsqrt()
    tensor([0.5000, 0.2500])
    """
    return k.xp.reciprocal(k.xp.sqrt(x))


rsqrt.vjp(x=lambda g, out: g * (out * out * out) * -0.5)

# Sign and size


@elementwise("absolute", inplace="public", symbol="abs", aliases=("absolute",), holomorphic=False,
             check=only(NUMBERS, "abs_cpu"))  # fmt: skip
def abs(x):
    """The absolute value of each element; of complex numbers, their distance from 0.

    The gradient at 0 is 0.

    >>> import tidu
    >>> tidu.tensor([-1.5, 2.0]).abs()
    tensor([1.5000, 2.0000])
    """


abs.vjp(x=lambda k, g, x: g * k.sgn(x))


def _abs_(input, method=Tensor.abs_):
    """In-place version of `abs`; not for complex tensors, whose absolute values are real."""
    if input._array.dtype.kind == "c":
        raise RuntimeError("In-place abs is not supported for complex tensors.")
    return method(input)


_abs_.__name__ = _abs_.__qualname__ = "abs_"
Tensor.abs_ = PUBLIC["abs_"] = _abs_
Tensor.absolute_ = _abs_


@elementwise(inplace=True, check=refuse("c", NotImplementedError, "Unlike NumPy, torch.sign is not "
             "intended to support complex numbers. Please use torch.sgn instead."))  # fmt: skip
def sign(k, x):
    """-1, 0 or 1, by the sign of each element.

    >>> import tidu
    >>> tidu.tensor([-1.5, 0.0, 2.0]).sign()
    tensor([-1.,  0.,  1.])
    """
    return _sign(k, x)


def _sign(k, x):
    if x.dtype.kind == "b":
        return x.copy()
    if x.dtype.kind == "f":  # a NaN has no sign: PyTorch gives 0
        return k.xp.subtract(x > 0, x < 0, dtype=x.dtype)
    return k.xp.sign(x)


sign.vjp(x=lambda k, g: k.zero_gradient(g))


@elementwise(inplace=True, holomorphic=False)
def sgn(k, x):
    """`sign` for complex numbers too: each divided by its absolute value, and 0 for 0.

    >>> import tidu
    >>> tidu.tensor([3 + 4j, 0]).sgn()
    tensor([0.6000+0.8000j, 0.0000+0.0000j])
    """
    if x.dtype.kind != "c":
        return k.sign(x)
    size = k.xp.abs(x)
    return k.xp.where(size == 0, x.dtype.type(0), x / k.xp.where(size == 0, 1, size))


def _sgn_x(k, g, x, x_dtype, out):
    if x_dtype.kind != "c":
        return k.zero_gradient(g)
    # PyTorch's convention: the part of g along the radius does not change the sign.
    size = k.abs(x)
    along = k.real(g * k.conj_physical(out))
    return k.keep((g - along * out) / (size + (size == 0)), size != 0)


sgn.vjp(x=_sgn_x)


@elementwise(
    check=refuse("c", NotImplementedError, "signbit is not implemented for complex tensors.")
)
def signbit(k, x):
    """Whether the sign bit of each element is set (it is for -0.0).

    >>> import tidu
    >>> tidu.tensor([-0.0, 0.0]).signbit()
    tensor([ True, False])
    """
    return k.xp.signbit(x) if x.dtype.kind == "f" else x < 0


@elementwise(
    "copysign",
    inplace=True,
    forms="first",
    to_float=True,
    check=only("biuf", "copysign_cpu"),
    node=lambda x, y: f"CopysignBackward{0 if isinstance(y, Tensor) else 1}",
)
def copysign(x, y):
    """The size of each element of `input` with the sign of `other`.

    >>> import tidu
    >>> tidu.copysign(tidu.tensor([1.0, -2.0]), -1)
    tensor([-1., -2.])
    """


copysign.vjp(
    x=lambda k, g, x, out: k.keep(g * (out / x), x != 0),
    y=lambda k, g: k.zero_gradient(g),
)
