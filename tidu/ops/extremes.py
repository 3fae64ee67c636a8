"""The larger, the smaller, and between bounds, element by element."""

from __future__ import annotations

from .. import dtypes
from ..autograd.op import elementwise
from ..backend.clip import CONSTANTS, clip
from ..tensor import Tensor
from .checks import refuse


def _no_complex(name):
    return refuse("c", RuntimeError, f"{name} not implemented for complex tensors.")


def _share(k, g, x, y):
    """The gradient where x is below y; where they are equal, half of it."""
    return k.where(x == y, g / 2, k.keep(g, k.logical_not(x > y)))


@elementwise("maximum", strict=True, check=_no_complex("maximum"))
def maximum(x, y):
    """The larger of two elements; NaN if any is NaN. Equal ones get half the gradient each.

    >>> import tidu
    >>> tidu.maximum(tidu.tensor([1.0, 4.0]), tidu.tensor([3.0, 2.0]))
    tensor([3., 4.])
    """


maximum.vjp(x=lambda k, g, x, y: _share(k, g, y, x), y=lambda k, g, x, y: _share(k, g, x, y))


@elementwise("minimum", strict=True, check=_no_complex("minimum"))
def minimum(x, y):
    """The smaller of two elements; NaN if any is NaN. Equal ones get half the gradient each.

    >>> import tidu
    >>> tidu.minimum(tidu.tensor([1.0, 4.0]), tidu.tensor([3.0, 2.0]))
    tensor([1., 2.])
    """


minimum.vjp(x=lambda k, g, x, y: _share(k, g, x, y), y=lambda k, g, x, y: _share(k, g, y, x))


@elementwise("fmax", strict=True, check=_no_complex("fmax"))
def fmax(x, y):
    """The larger of two elements; NaN only if both are NaN.

    >>> import tidu
    >>> tidu.fmax(tidu.tensor([1.0, float("nan")]), tidu.tensor([3.0, 2.0]))
    tensor([3., 2.])
    """


fmax.vjp(
    x=lambda k, g, x, y: k.keep(g, (x >= y) | k.isnan(y)),
    y=lambda k, g, x, y: k.keep(g, k.logical_not((x >= y) | k.isnan(y))),
)


@elementwise("fmin", strict=True, check=_no_complex("fmin"))
def fmin(x, y):
    """The smaller of two elements; NaN only if both are NaN.

    >>> import tidu
    >>> tidu.fmin(tidu.tensor([1.0, float("nan")]), tidu.tensor([3.0, 2.0]))
    tensor([1., 2.])
    """


fmin.vjp(
    x=lambda k, g, x, y: k.keep(g, (x <= y) | k.isnan(y)),
    y=lambda k, g, x, y: k.keep(g, k.logical_not((x <= y) | k.isnan(y))),
)

# Bounds. PyTorch names the nodes of bounds that are tensors and of those that are numbers apart.

_refuse_complex = refuse("c", NotImplementedError, "clamp is not supported for complex types")


def _check_bounds(*operands):
    _refuse_complex(*operands)
    dtype = dtypes.result(*operands)
    if dtype.kind in "iu":
        from .indexing import as_number

        for value in operands:
            if type(value) is int:
                as_number(value, dtype)  # or it does not fit


def _clamp_node(x, min, max):
    return f"ClampBackward{0 if isinstance(min, Tensor) or isinstance(max, Tensor) else 1}"


@elementwise(inplace="public", aliases=("clip",), names={"y": "min", "z": "max"},
             check=_check_bounds, node=lambda x, y, z: _clamp_node(x, y, z),
             inputs={"ClampBackward1": ("x",)})  # fmt: skip
def clamp(k, x, y=None, z=None):
    """The elements, those below `min` raised to it, those above `max` lowered to it.

    Bounds are both numbers or both tensors; one may be None. If min > max, the result is max. The
    gradient passes where the element is within the bounds or on them.

    >>> import tidu
    >>> tidu.tensor([-1.0, 0.5, 3.0]).clamp(0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if y is None and z is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if y is not None and z is not None:
        return clip(x, y, z)
    infinite = CONSTANTS.get(x.dtype)
    if infinite is None:
        return k.xp.maximum(x, y) if z is None else k.xp.minimum(x, z)
    return clip(x, y, infinite[3]) if z is None else clip(x, infinite[2], z)


def _within(k, x, low, high):
    if high is None:
        return x >= low
    if low is None:
        return x <= high
    return (x >= low) & (x <= high)


def _clamp_min(k, g, x, y, z):
    below = x < y
    return k.keep(g, below if z is None else below & (y < z))


def _clamp_max(k, g, x, y, z):
    above = x > z
    return k.keep(g, above if y is None else above | (z < y))


clamp.vjp(x=lambda k, g, x, y, z: k.keep(g, _within(k, x, y, z)), y=_clamp_min, z=_clamp_max)


@elementwise(inplace="public", forms="first", names={"y": "min"}, check=_check_bounds,
             node=lambda x, y: f"ClampMinBackward{1 if isinstance(y, Tensor) else 0}")  # fmt: skip
def clamp_min(k, x, y):
    """The elements, those below `min` raised to it.

    >>> import tidu
    >>> tidu.tensor([-1.0, 2.0]).clamp_min(0)
    tensor([0., 2.])
    """
    return k.clamp(x, y, None)


clamp_min.vjp(x=lambda k, g, x, y: k.keep(g, x >= y), y=lambda k, g, x, y: k.keep(g, x < y))


@elementwise(inplace="public", forms="first", names={"y": "max"}, check=_check_bounds,
             node=lambda x, y: f"ClampMaxBackward{1 if isinstance(y, Tensor) else 0}")  # fmt: skip
def clamp_max(k, x, y):
    """The elements, those above `max` lowered to it.

    >>> import tidu
    >>> tidu.tensor([-1.0, 2.0]).clamp_max(0)
    tensor([-1.,  0.])
    """
    return k.clamp(x, None, y)


clamp_max.vjp(x=lambda k, g, x, y: k.keep(g, x <= y), y=lambda k, g, x, y: k.keep(g, x > y))
