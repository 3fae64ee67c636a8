"""Running sums, products and extremes along one dimension; differences."""

from __future__ import annotations

import numpy as np

from .. import dtypes, return_types
from ..autograd.op import Array, op
from ..autograd.public import composite
from ..tensor import Tensor
from .matrices import array_of, constant, is_complex
from .reduction import dims_of

F16, F32, F64, I64 = (np.dtype(name) for name in ("float16", "float32", "float64", "int64"))


def _axis(x, dim):
    """`dim` as an axis; None for a 0-d array."""
    axes = dims_of((dim,), x.ndim)
    return axes[0] if axes else None


def _accumulate(ufunc, x, dim, dtype):
    """A running sum or product in PyTorch's dtype: integers as int64, float16 by way of float32."""
    if dtype is not None:
        target = dtype.numpy
    else:
        target = I64 if x.dtype.kind in "biu" else x.dtype
    axis = _axis(x, dim)
    if axis is None:
        return x.astype(target)
    # One element after another: in float32 that would lose digits, so PyTorch adds in float64.
    inner = {F16: F32, F32: F64}.get(target, target)
    if target.kind == "b":
        return ufunc.accumulate(x.astype(bool).astype(np.uint8), axis).astype(bool)
    return ufunc.accumulate(x.astype(target, copy=False), axis, inner).astype(target, copy=False)


@op(inplace=True, row_order=True)
def cumsum(k, x: Array, dim, *, dtype=None):
    """The sums of the first 1, 2, 3, ... elements along `dim`.

    >>> import tidu
    >>> tidu.tensor([1, 2, 3]).cumsum(0)
    tensor([1, 3, 6])
    """
    return _accumulate(k.xp.add, x, dim, dtype)


def _from_the_end(k, g, dim):
    """The sums of the last 1, 2, 3, ... elements."""
    return g if len(g.shape) == 0 else k.flip(k.cumsum(k.flip(g, (dim,)), dim), (dim,))


cumsum.vjp(x=lambda k, g, dim: _from_the_end(k, g, dim))


@op(inplace=True, row_order=True)
def cumprod(k, x: Array, dim, *, dtype=None):
    """The products of the first 1, 2, 3, ... elements along `dim`.

    >>> import tidu
    >>> tidu.tensor([1, 2, 3, 4]).cumprod(0)
    tensor([ 1,  2,  6, 24])
    """
    return _accumulate(k.xp.multiply, x, dim, dtype)


@cumprod.vjp_joint("x")
def _(k, g, x, out, dim):
    shape = x.shape
    if len(shape) == 0:
        return g
    if not (x == 0).any():
        return _from_the_end(k, g * out, dim) / x
    # Without division: (product of all before) * r, where r[i] = g[i] + x[i + 1] * r[i + 1]
    # collects what the products from i on contribute.
    axis = dim % len(shape)
    lead = (slice(None),) * axis
    n = shape[axis]
    r = g[(*lead, slice(n - 1, n))]
    column = [r]
    for i in range(n - 2, -1, -1):
        r = g[(*lead, slice(i, i + 1))] + x[(*lead, slice(i + 1, i + 2))] * r
        column.append(r)
    first = x[(*lead, slice(0, 1))]
    before = k.cat([first * 0 + 1, out[(*lead, slice(0, n - 1))]], axis)
    return before * k.cat(column[::-1], axis)


@op(row_order=True)
def logcumsumexp(k, x: Array, dim):
    """log(cumsum(exp(x))) along `dim`, computed without overflow.

    >>> import tidu
    >>> tidu.tensor([0.0, 0.0]).logcumsumexp(0)
    tensor([0.0000, 0.6931])
    """
    if x.dtype.kind in "biu":
        raise NotImplementedError(
            f"\"logcumsumexp_out_cpu\" not implemented for '{dtypes.of(x).title}'"
        )
    axis = _axis(x, dim)
    if axis is None or not x.size:
        return x.copy()
    if x.dtype.kind != "c":
        wide = x.astype(F32) if x.dtype == F16 else x
        return k.xp.logaddexp.accumulate(wide, axis).astype(x.dtype, copy=False)
    line = np.moveaxis(x, axis, 0)
    out = np.empty_like(line)
    out[0] = line[0]
    for i in range(1, len(line)):
        first = out[i - 1].real >= line[i].real
        high, low = np.where(first, out[i - 1], line[i]), np.where(first, line[i], out[i - 1])
        # The larger one's phase stays as it is: the result is not brought back to (-pi, pi].
        out[i] = np.where(high == low, high + np.log(2), high + np.log1p(np.exp(low - high)))
    return np.moveaxis(out, 0, axis)


@logcumsumexp.vjp_joint("x")
def _(k, g, x, out, dim):
    if len(x.shape) == 0:
        return g
    # sum over j >= i of g[j] * exp(x[i] - out[j]): in logarithms, the positive and the negative
    # part of g each for itself, because exp(-out) alone may overflow.
    if is_complex(x):
        top = constant(x, array_of(x).real.max(dim, keepdims=True, initial=-np.inf))
        return k.exp(x - top) * _from_the_end(k, g * k.exp(top - out), dim)
    return _weighted(k, g, g > 0, x, out, dim) - _weighted(k, -g, g < 0, x, out, dim)


def _weighted(k, g, chosen, x, out, dim):
    logs = k.where(chosen, k.log(k.where(chosen, g, 1.0)), float("-inf")) - out
    if not chosen.any():
        return g * 0.0
    rest = k.flip(k.logcumsumexp(k.flip(logs, (dim,)), dim), (dim,))
    return k.exp(k.where(rest > float("-inf"), rest + x, float("-inf")))


# Running extremes


def _running(name, ufunc, node):
    @op(name=f"{name}_both", public=False, method=False, outputs=("values", "indices"),
        differentiable=1, node=node, row_order=True)  # fmt: skip
    def declared(k, x: Array, dim):
        if x.dtype.kind == "c":
            raise NotImplementedError(f"\"{name}_cpu\" not implemented for '{dtypes.of(x).title}'")
        axis = _axis(x, dim)
        if axis is None:
            return x.copy(), np.zeros((), I64)
        values = getattr(k.xp, ufunc).accumulate(x, axis)
        places = np.arange(x.shape[axis]).reshape([-1] + [1] * (x.ndim - 1 - axis))
        at = np.where((x == values) | (x != x), places, 0)
        return values, np.maximum.accumulate(at, axis)

    # Indices may repeat.
    declared.vjp(x=lambda k, g, x_shape, indices, dim: k.scatter_sum(g, tuple(x_shape), dim, indices))
    return declared.op.apply


_cummax = _running("cummax", "maximum", "CummaxBackward0")
_cummin = _running("cummin", "minimum", "CumminBackward0")


@composite(method=True)
def cummax(input, dim):
    """The largest of the first 1, 2, 3, ... elements along `dim`, and their indices.

    >>> import tidu
    >>> tidu.tensor([1, 3, 2]).cummax(0).values
    tensor([1, 3, 3])
    """
    return return_types.cummax(_cummax(input, dim))


@composite(method=True)
def cummin(input, dim):
    """The smallest of the first 1, 2, 3, ... elements along `dim`, and their indices.

    >>> import tidu
    >>> tidu.tensor([2, 3, 1]).cummin(0).values
    tensor([2, 2, 1])
    """
    return return_types.cummin(_cummin(input, dim))


# Differences


@composite(method=True)
def diff(input, n=1, dim=-1, prepend=None, append=None):
    """The differences of neighbours along `dim`, taken `n` times.

    >>> import tidu
    >>> tidu.tensor([1, 3, 2]).diff()
    tensor([ 2, -1])
    """
    from .joining import cat

    if not input.ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    _axis(input._array, dim)
    if n == 0:
        return input.clone()
    parts = [part for part in (prepend, input, append) if part is not None]
    for part in parts:
        if part.ndim != input.ndim:
            raise RuntimeError("diff expects prepend or append to be the same dimension as input")
    if len(parts) > 1:
        input = cat(parts, dim)
    size = input.shape[dim]
    for _ in range(min(n, size)):
        size = input.shape[dim]
        high, low = input.narrow(dim, 1, size - 1), input.narrow(dim, 0, size - 1)
        input = high != low if input.dtype is dtypes.bool else high - low
    return input


@composite(out=False)
def gradient(input, *, spacing=None, dim=None, edge_order=1):
    """Numerical derivatives along each dimension: central differences, one-sided at the edges.

    `spacing`: a distance, one for each dimension, or tensors with the coordinates. Second order
    accurate inside; `edge_order` 1 or 2 says how accurate at the edges (Fornberg's weights for
    points at uneven distances).

    >>> import tidu
    >>> tidu.gradient(tidu.tensor([1.0, 4.0, 9.0, 16.0]))[0]
    tensor([3., 4., 6., 7.])
    """
    dims = dims_of(dim, input.ndim)
    if isinstance(spacing, (tuple, list)):
        steps = list(spacing)
    else:
        steps = [1 if spacing is None else spacing] * len(dims)
    if len(steps) != len(dims):
        raise RuntimeError(
            "torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim "
            "arguments to have the same length, but got a spacing argument of length "
            f"{len(steps)} and a dim argument of length {len(dims)}."
        )
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    for d in dims:
        if input.shape[d] < edge_order + 1:
            raise RuntimeError(
                "torch.gradient expected each dimension size to be at least edge_order+1"
            )
    return tuple(_derivative(input, d, step, edge_order) for d, step in zip(dims, steps))


def _derivative(x, dim, step, edge_order):
    from .joining import cat

    n = x.shape[dim]

    def at(i, size=1):
        return x.narrow(dim, i % n if size == 1 else i, size)

    if isinstance(step, Tensor) and step.ndim:
        points = step._array.astype(np.float64)
        h = np.diff(points)
    else:
        h = np.full(n - 1, float(step), np.float64)
    shape = [-1 if i == dim else 1 for i in range(x.ndim)]

    def weight(values):
        array = np.asarray(values, x._array.dtype if x._array.dtype.kind in "fc" else F32)
        return Tensor._wrap(array.reshape(shape) if array.ndim else array)

    parts = []
    if n > 2:
        a, b = h[:-1], h[1:]
        parts.append(
            at(0, n - 2) * weight(-b / (a * (a + b)))
            + at(1, n - 2) * weight((b - a) / (a * b))
            + at(2, n - 2) * weight(a / (b * (a + b)))
        )
    if edge_order == 1:
        first = (at(1) - at(0)) * weight(1 / h[0])
        last = (at(-1) - at(-2)) * weight(1 / h[-1])
    else:
        first, last = (
            _edge(at, 0, 1, 2, h[0], h[1], weight),
            _edge(at, -1, -2, -3, -h[-1], -h[-2], weight),
        )
    return cat([first, *parts, last], dim)


def _edge(at, i, j, m, a, b, weight):
    """The derivative at point i from it and two more, at distances a and then b."""
    return (
        at(i) * weight(-(2 * a + b) / (a * (a + b)))
        + at(j) * weight((a + b) / (a * b))
        + at(m) * weight(-a / (b * (a + b)))
    )
