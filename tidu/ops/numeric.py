"""Arithmetic for particular needs: sums of products, distances, integers, parts of floats."""

from __future__ import annotations

import math

from .. import dtypes, return_types
from ..autograd.op import Array, elementwise, op
from ..autograd.public import composite
from ..tensor import Tensor
from .arithmetic import undefined
from .checks import FLOATS, only

# Three tensors


def _products(x, y, z):
    title = dtypes.of(dtypes.result(x, y, z))
    if title is dtypes.bool:
        raise NotImplementedError("\"addcmul_cpu_out\" not implemented for 'Bool'")


@elementwise(inplace=True, strict=True, names={"y": "tensor1", "z": "tensor2"}, check=_products)
def addcmul(k, x, y, z, *, value=1):
    """x + value * tensor1 * tensor2, element by element.

    >>> import tidu
    >>> tidu.addcmul(tidu.ones(2), tidu.tensor([1.0, 2.0]), tidu.tensor([3.0, 4.0]), value=0.5)
    tensor([2.5000, 5.0000])
    """
    return x + (y * z if value == 1 else _scale(x, value) * y * z)


def _scale(x, value):
    return x.dtype.type(value)  # an integer result takes the factor's integer part


addcmul.vjp(
    x=lambda g: g,
    y=lambda g, z, value: g * (z * value),
    z=lambda g, y, value: g * (y * value),
)

_INTEGER_ADDCDIV = (
    "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will "
    "perform a true division of tensor1 and tensor2. The historic addcdiv behavior can be "
    "implemented as (input + value * torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer "
    "inputs and as (input + value * tensor1 / tensor2) for float inputs. The future addcdiv "
    "behavior is just the latter implementation: (input + value * tensor1 / tensor2), for all "
    "dtypes."
)


def _no_integer_division(x, y, z):
    if y.dtype.kind in "biu" and z.dtype.kind in "biu":
        raise RuntimeError(_INTEGER_ADDCDIV)


@elementwise(inplace=True, strict=True, names={"y": "tensor1", "z": "tensor2"},
             check=_no_integer_division)  # fmt: skip
def addcdiv(k, x, y, z, *, value=1):
    """x + value * tensor1 / tensor2, element by element; not for integer tensor1 and tensor2.

    >>> import tidu
    >>> tidu.addcdiv(tidu.ones(2), tidu.tensor([1.0, 2.0]), tidu.tensor([4.0, 4.0]), value=2)
    tensor([1.5000, 2.0000])
    """
    return x + (y / z if value == 1 else _scale(x, value) * y / z)


addcdiv.vjp(
    x=lambda g: g,
    y=lambda g, z, value: g * (value / z),
    z=lambda g, y, z, value: -g * (value * y / (z * z)),
)


def _one_dtype(*operands):
    first = dtypes.of(operands[0])
    for name, other in zip(("end", "weight"), operands[1:]):
        if name == "weight" and not getattr(other, "ndim", 0):
            continue  # one number, of whatever dtype
        if hasattr(other, "dtype") and dtypes.of(other) is not first:
            titles = [d.title.lower() for d in (first, dtypes.of(other))]
            raise RuntimeError(f"expected dtype {titles[0]} for `{name}` but got dtype {titles[1]}")
    if first.kind < dtypes.FLOAT:
        raise NotImplementedError(f"\"lerp_kernel_scalar\" not implemented for '{first.title}'")


@elementwise(inplace=True, names={"y": "end", "z": "weight"}, check=_one_dtype,
             node=lambda x, y, z: f"LerpBackward{1 if isinstance(z, Tensor) else 0}")  # fmt: skip
def lerp(k, x, y, z):
    """input + weight * (end - input): what lies between, element by element.

    >>> import tidu
    >>> tidu.lerp(tidu.tensor([0.0, 10.0]), tidu.tensor([10.0, 20.0]), 0.25)
    tensor([ 2.5000, 12.5000])
    """
    xp = k.xp
    change = y - x
    # From the nearer end, so that weights 0 and 1 give the ends exactly.
    return xp.where(xp.abs(z) < 0.5, x + z * change, y - change * (1 - z))


lerp.vjp(x=lambda g, z: g * (1 - z), y=lambda g, z: g * z, z=lambda g, x, y: g * (y - x))

# Floating-point numbers


@elementwise(strict=True, inplace=True, check=only(FLOATS, "hypot_cpu"))
def hypot(k, x, y):
    """The length of the hypotenuse: sqrt(x² + y²), without overflow on the way.

    >>> import tidu
    >>> tidu.hypot(tidu.tensor([3.0]), tidu.tensor([4.0]))
    tensor([5.])
    """
    return k.xp.hypot(x, y)


hypot.vjp(x=lambda g, x, out: g * (x / out), y=lambda g, y, out: g * (y / out))


@elementwise("nextafter", strict=True, inplace=True, check=only(FLOATS, "nextafter_cpu"))
def nextafter(x, y):
    """The next number after `input` that a float of its size can hold, towards `other`.

    >>> import tidu
    >>> (tidu.nextafter(tidu.tensor([1.0]), tidu.tensor([2.0])) > 1).item()
    True
    """


nextafter.vjp(x=lambda k, g, x, y: k.keep(g, x != y), y=lambda k, g: k.zero_gradient(g))


@elementwise(strict=True, inplace="public", to_float=True)
def ldexp(k, x, y):
    """x * 2**other, element by element.

    >>> import tidu
    >>> tidu.ldexp(tidu.tensor([1.0, 3.0]), tidu.tensor([2, 3]))
    tensor([ 4., 24.])
    """
    return x * k.exp2(y)


ldexp.vjp(x=lambda k, g, y: g * k.exp2(y), y=lambda g, out: g * (out * math.log(2)))


@op(public=False, method=False, name="frexp", outputs=("mantissa", "exponent"), differentiable=1)
def _frexp(k, x: Array):
    """Mantissas and exponents."""
    if x.dtype.kind != "f":
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    return k.xp.frexp(x)


_frexp.vjp(x=lambda k, g, exponent: g / k.exp2(exponent))


@composite(method=True, name="frexp")
def frexp(input):
    """Mantissas m, at least 0.5 and below 1 in size, and exponents e: each element is m * 2**e.

    >>> import tidu
    >>> mantissa, exponent = tidu.frexp(tidu.tensor([3.0]))
    >>> mantissa, exponent
    (tensor([0.7500]), tensor([2], dtype=tidu.int32))
    """
    return return_types.frexp(_frexp.op.apply(input))


@elementwise(inplace="public")
def nan_to_num(k, x, nan=None, posinf=None, neginf=None):
    """The elements, with `nan` in place of NaN, `posinf` of inf, `neginf` of -inf.

    By default these are 0 and the largest and smallest numbers of the dtype.

    >>> import tidu
    >>> tidu.tensor([1.0, float("nan")]).nan_to_num()
    tensor([1., 0.])
    """
    if x.dtype.kind not in "fc":
        return x.copy()
    if x.dtype.kind == "c":
        parts = k.xp.empty_like(x)
        parts.real = nan_to_num_real(k.xp, x.real, nan, posinf, neginf)
        parts.imag = nan_to_num_real(k.xp, x.imag, nan, posinf, neginf)
        return parts
    return nan_to_num_real(k.xp, x, nan, posinf, neginf)


def nan_to_num_real(xp, x, nan, posinf, neginf):
    """`nan_to_num` of an array of floats."""
    limits = xp.finfo(x.dtype)
    values = xp.array(x)
    values[xp.isnan(x)] = 0 if nan is None else nan
    values[x == xp.inf] = limits.max if posinf is None else posinf
    values[x == -xp.inf] = limits.min if neginf is None else neginf
    return values


nan_to_num.vjp(x=lambda k, g, x: k.keep(g, k.isfinite(x)))


def _heaviside_check(x, y):
    if "c" in (x.dtype.kind, y.dtype.kind):
        raise RuntimeError("heaviside is not yet implemented for complex tensors.")
    if x.dtype != y.dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")


@elementwise(strict=True, inplace=True, check=_heaviside_check, names={"y": "values"},
             node="NotImplemented")  # fmt: skip
def heaviside(k, x, y):
    """0 below zero, 1 above, and `values` where the element is 0.

    >>> import tidu
    >>> tidu.heaviside(tidu.tensor([-1.0, 0.0, 2.0]), tidu.tensor(0.5))
    tensor([0.0000, 0.5000, 1.0000])
    """
    return k.xp.where(x == 0, y, (x > 0).astype(x.dtype))


heaviside.vjp(x=undefined("heaviside"), y=undefined("heaviside"))

# Integers


@elementwise("gcd", strict=True, inplace="public", check=only("iu", "gcd_cpu"))
def gcd(x, y):
    """The greatest common divisor of integers.

    >>> import tidu
    >>> tidu.gcd(tidu.tensor([12, 7]), tidu.tensor([18, 14]))
    tensor([6, 7])
    """


@elementwise("lcm", strict=True, inplace="public", check=only("iu", "lcm_cpu"))
def lcm(x, y):
    """The least common multiple of integers.

    >>> import tidu
    >>> tidu.lcm(tidu.tensor([4, 7]), tidu.tensor([6, 14]))
    tensor([12, 14])
    """
