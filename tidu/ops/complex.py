"""Complex numbers: parts, conjugates, angles.

A conjugate is a tensor of its own here: PyTorch's `conj()` marks a view as conjugated and computes
it later, so that there `resolve_conj` has something to do.
"""

from __future__ import annotations

from .. import dtypes
from ..autograd.op import Array, elementwise, op
from ..autograd.public import composite, operations
from ..tensor import Tensor


@op(public=False, method=False, view=True, holomorphic=False, node="SelectBackward0")
def real(k, x: Array):
    """The real parts, as a view."""
    return x.real


real.vjp(x=lambda g: g)  # the engine makes it complex


@op(public=False, method=False, view=True, holomorphic=False, node="SelectBackward0")
def imag(k, x: Array):
    """The imaginary parts, as a view."""
    return x.imag


imag.vjp(x=lambda g: g * 1j)


@composite(name="real", out=False)
def _real(input):
    """A view of the real parts; a tensor that is not complex is its own.

    >>> import tidu
    >>> tidu.real(tidu.tensor([1 + 2j]))
    tensor([1.])
    """
    return operations.real(input) if input._array.dtype.kind == "c" else input


@composite(name="imag", out=False)
def _imag(input):
    """A view of the imaginary parts of a complex tensor.

    >>> import tidu
    >>> tidu.imag(tidu.tensor([1 + 2j]))
    tensor([2.])
    """
    if input._array.dtype.kind != "c":
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return operations.imag(input)


Tensor.real = property(
    _real, lambda self, value: _real(self).copy_(value), doc="A view of the real parts."
)
Tensor.imag = property(
    _imag, lambda self, value: _imag(self).copy_(value), doc="A view of the imaginary parts."
)


@op(view=True, method=False, holomorphic=False)
def view_as_real(k, x: Array):
    """A complex tensor as a real one with a last dimension of size 2; it shares the memory.

    >>> import tidu
    >>> tidu.view_as_real(tidu.tensor([1 + 2j]))
    tensor([[1., 2.]])
    """
    if x.dtype.kind != "c":
        raise RuntimeError("view_as_real is only supported for complex tensors")
    part = x.real
    shape, strides = (*x.shape, 2), (*x.strides, part.itemsize)
    return k.xp.lib.stride_tricks.as_strided(part, shape, strides)


view_as_real.vjp(x=lambda k, g: k.complex(g[..., 0], g[..., 1]))


@op(view=True, method=False, holomorphic=False)
def view_as_complex(k, x: Array):
    """A real tensor with a last dimension of size 2 as a complex one; it shares the memory.

    >>> import tidu
    >>> tidu.view_as_complex(tidu.tensor([[1.0, 2.0]]))
    tensor([1.+2.j])
    """
    if x.dtype.kind != "f":
        raise RuntimeError(
            "view_as_complex is only supported for floating point tensors, but got a tensor of "
            f"scalar type: {dtypes.of(x).title}"
        )
    if x.ndim == 0:
        raise RuntimeError("Input tensor must have one or more dimensions")
    if x.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    if x.strides[-1] != x.itemsize:
        raise RuntimeError("Tensor must have a last dimension with stride 1")
    if any(s % (2 * x.itemsize) for s in x.strides[:-1]):
        raise RuntimeError("Tensor must have a stride divisible by 2 for all but last dimension")
    return x.view("complex64" if x.itemsize == 4 else "complex128")[..., 0]


view_as_complex.vjp(x=lambda k, g: k.view_as_real(g))


@elementwise(holomorphic=False, public=False, method=False, node="ConjBackward0")
def conj(k, x):
    """The complex conjugate of each element."""
    return k.xp.asarray(k.xp.conjugate(x))  # the engine needs arrays, also without dimensions


conj.vjp(x=lambda k, g: k.conj(g))


@composite(name="conj", method=True, out=False)
def _conj(input):
    """The complex conjugate of each element; a tensor that is not complex is its own.

    >>> import tidu
    >>> tidu.tensor([1 + 2j]).conj()
    tensor([1.-2.j])
    """
    return operations.conj(input) if input._array.dtype.kind == "c" else input


@elementwise(holomorphic=False, public=False, method=False)
def conj_physical(k, x):
    """The complex conjugate of each element."""
    return k.xp.conjugate(x)


conj_physical.vjp(x=lambda k, g: k.conj_physical(g))


@composite(name="conj_physical", method=True, inplace="public")
def _conj_physical(input):
    """The complex conjugate of each element, as a tensor of its own.

    >>> import tidu
    >>> tidu.tensor([1 + 2j]).conj_physical()
    tensor([1.-2.j])
    """
    return operations.conj_physical(input) if input._array.dtype.kind == "c" else input


@elementwise(to_float=True, holomorphic=False)
def angle(k, x):
    """The angle of each element in the complex plane: 0 or pi for real numbers.

    >>> import tidu
    >>> tidu.tensor([1j, -1.0]).angle()
    tensor([1.5708, 3.1416])
    """
    xp = k.xp
    if x.dtype.kind == "c":
        return xp.arctan2(x.imag, x.real)
    flat = xp.where(x < 0, x.dtype.type(xp.pi), x.dtype.type(0))
    return xp.where(xp.isnan(x), x, flat)


def _angle(k, g, x, x_dtype):
    if x_dtype.kind != "c":
        return k.zero_gradient(g)
    size = k.abs(x)
    return k.keep(g * x / (size * size) * 1j, x != 0)


angle.vjp(x=_angle)


def _pair_check(x, y):
    first, second = dtypes.of(x), dtypes.of(y)
    if first.kind != dtypes.FLOAT or second.kind != dtypes.FLOAT:
        raise RuntimeError(
            "Expected both inputs to be Half, Float or Double tensors but got "
            f"{first.title} and {second.title}"
        )
    if first is not second:
        raise RuntimeError(
            f"Expected object of scalar type {first.title} but got scalar type {second.title} for "
            "second argument"
        )


def _join(xp, real, imag):
    shape = xp.broadcast_shapes(real.shape, imag.shape)
    joined = xp.empty(shape, "complex128" if real.itemsize == 8 else "complex64")
    joined.real, joined.imag = real, imag
    return joined


@elementwise(strict=True, method=False, holomorphic=False, check=_pair_check,
             names={"x": "real", "y": "imag"})  # fmt: skip
def complex(k, x, y):
    """Complex numbers from their real and imaginary parts.

    >>> import tidu
    >>> tidu.complex(tidu.tensor([1.0]), tidu.tensor([2.0]))
    tensor([1.+2.j])
    """
    return _join(k.xp, x, y)


complex.vjp(x=lambda k, g: k.real(g), y=lambda k, g: k.imag(g))


@elementwise(strict=True, method=False, holomorphic=False, check=_pair_check,
             names={"x": "abs", "y": "angle"})  # fmt: skip
def polar(k, x, y):
    """Complex numbers from their absolute values and angles.

    >>> import tidu
    >>> tidu.polar(tidu.tensor([2.0]), tidu.tensor([0.0]))
    tensor([2.+0.j])
    """
    return _join(k.xp, x * k.xp.cos(y), x * k.xp.sin(y))


polar.vjp(
    x=lambda k, g, y: k.real(g) * k.cos(y) + k.imag(g) * k.sin(y),
    y=lambda k, g, x, y: x * (k.imag(g) * k.cos(y) - k.real(g) * k.sin(y)),
)
