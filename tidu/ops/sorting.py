"""Order: sorting, the largest k, distinct values, counting."""

from __future__ import annotations

import math

import numpy as np

from .. import dtypes, return_types
from ..autograd.op import Array, op
from ..autograd.public import PUBLIC, composite
from ..backend.table import FORWARDS, table_of
from ..tensor import Tensor
from .reduction import dims_of
from .selection import put_back

I64 = np.dtype("int64")


def order(x, axis, descending):
    """The indices that sort `x` along `axis`; NaN counts as the largest, equal ones keep order."""
    if not descending:
        return np.argsort(x, axis, "stable")
    if x.dtype.kind == "b":
        return np.argsort(~x, axis, "stable")
    if x.dtype.kind == "u":
        return np.argsort(np.iinfo(x.dtype).max - x, axis, "stable")
    if x.dtype.kind == "i":
        return np.argsort(-1 - x, axis, "stable")  # ~x: reverses the order without overflow
    # Reversed twice, so that equal ones keep their order and NaN comes first.
    flipped = np.flip(x, axis)
    return x.shape[axis] - 1 - np.flip(np.argsort(flipped, axis, "stable"), axis)


@op(public=False, method=False, outputs=("values", "indices"), differentiable=1,
    node="SortBackward0")  # fmt: skip
def sort_both(k, x: Array, dim, descending):
    """The elements in order along `dim`, and where they were."""
    axes = dims_of((dim,), x.ndim)
    if x.dtype.kind == "c":
        raise RuntimeError(" Sort does not support complex dtypes on CPU")
    if not axes:
        return x.copy(), np.zeros((), I64)
    where = order(x, axes[0], descending).astype(I64, copy=False)
    return np.take_along_axis(x, where, axes[0]), where


sort_both.vjp(x=lambda k, g, x_shape, indices, dim: put_back(k, g, indices, x_shape, dim, True))


@composite(method=True)
def sort(input, dim=-1, descending=False, stable=False):
    """The elements in order along `dim`, and where they were; equal ones keep their order.

    NaN counts as the largest.

    >>> import tidu
    >>> tidu.tensor([3, 1, 2]).sort().values
    tensor([1, 2, 3])
    """
    return return_types.sort(sort_both.op.apply(input, dim, bool(descending)))


@composite(method=True)
def argsort(input, dim=-1, descending=False, stable=False):
    """The indices that put the elements in order along `dim`.

    >>> import tidu
    >>> tidu.tensor([3, 1, 2]).argsort()
    tensor([1, 2, 0])
    """
    return sort_both.op.apply(input, dim, bool(descending))[1]


@composite(method=True)
def msort(input):
    """The elements in order along the first dimension.

    >>> import tidu
    >>> tidu.msort(tidu.tensor([[3, 1], [2, 4]]))
    tensor([[2, 1],
            [3, 4]])
    """
    return sort_both.op.apply(input, 0, False)[0]


@op(public=False, method=False, outputs=("values", "indices"), differentiable=1,
    node="TopkBackward0")  # fmt: skip
def top(k, x: Array, number, dim, largest):
    """The `number` largest or smallest along `dim`, in order."""
    axes = dims_of((dim,), x.ndim)
    if x.dtype.kind == "c":
        raise RuntimeError(" topk does not support complex dtypes on CPU")
    if x.dtype.kind == "b":
        raise RuntimeError("topk does not support bool dtypes on CPU")
    size = x.shape[axes[0]] if axes else 1
    if not 0 <= number <= size:
        raise RuntimeError("selected index k out of range")
    if not axes:
        return (x.copy(), np.zeros((), I64))
    axis = axes[0]
    first = (slice(None),) * axis + (slice(0, number),)
    if number * 8 < size:  # a part of the whole: set the best apart, then sort only these
        ranked = -1 - x if x.dtype.kind == "i" else None
        if largest and x.dtype.kind == "f":
            ranked = np.where(np.isnan(x), x.dtype.type(-np.inf), -x)
        elif not largest:
            ranked = x
        if ranked is not None and not (largest and x.dtype.kind == "f" and np.isnan(x).any()):
            near = np.sort(np.argpartition(ranked, max(number - 1, 0), axis)[first], axis)
            best = order(np.take_along_axis(x, near, axis), axis, largest)
            where = np.take_along_axis(near, best, axis)
            return np.take_along_axis(x, where, axis), where
    where = order(x, axis, largest)[first].astype(I64, copy=False)
    return np.take_along_axis(x, where, axis), where


top.vjp(x=lambda k, g, x_shape, indices, dim: put_back(k, g, indices, x_shape, dim, True))


@composite(method=True)
def topk(input, k, dim=-1, largest=True, sorted=True):
    """The k largest elements along `dim` (or the smallest), in order, and where they were.

    >>> import tidu
    >>> tidu.tensor([1, 4, 3]).topk(2).values
    tensor([4, 3])
    """
    return return_types.topk(top.op.apply(input, k, dim, bool(largest)))


# Distinct values


def _by_value(x, sequence, starts, with_inverse, with_counts):
    """The first of each run in `x[sequence]`; where each element's run is, and how long each is."""
    places = np.flatnonzero(starts)
    inverse = counts = None
    if with_inverse:
        inverse = np.empty(x.shape, I64)
        inverse.reshape(-1)[sequence] = np.cumsum(starts) - 1
    if with_counts:
        counts = np.diff(places, append=x.size)
    return x.reshape(-1)[sequence[places]], inverse, counts


def distinct(k, x, with_inverse, with_counts):
    """The distinct elements in order; or None, where each went and how often each occurs."""
    flat = x.reshape(-1)
    sequence = np.argsort(flat, kind="stable")
    line = flat[sequence]
    return _by_value(x, sequence, _differ(line), with_inverse, with_counts)


def distinct_runs(k, x, with_inverse, with_counts):
    """The same of elements that equal the one before them."""
    flat = x.reshape(-1)
    return _by_value(x, np.arange(x.size), _differ(flat), with_inverse, with_counts)


def row_order(k, rows):
    """The indices that put rows in lexicographic order; where one differs from the one before it."""
    order = np.lexsort(rows.T[::-1]) if rows.shape[1] else np.arange(len(rows))
    return order, _differ(rows[order])


def _differ(rows):
    """True where a row (or a number) differs from the one before it."""
    starts = np.ones(len(rows), bool)
    starts[1:] = (rows[1:] != rows[:-1]).any(tuple(range(1, rows.ndim)))
    return starts


FORWARDS.update(distinct=distinct, distinct_runs=distinct_runs, row_order=row_order)


def _wide(x):
    """Small integers as int64, which kernels take."""
    return x.astype(I64) if x.dtype.kind in "biu" and x.dtype.itemsize < 8 else x


def _of_elements(name, x, with_inverse, with_counts):
    found, *rest = getattr(table_of(x), name)(_wide(x), with_inverse, with_counts)
    return _wrap_all(found.astype(x.dtype, copy=False), *rest)


def _of_slices(name, x, dim, with_inverse, with_counts):
    dims_of((dim,), x.ndim)
    if x.ndim and x.shape[dim] and 0 in x.shape:
        raise RuntimeError(
            "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied"
        )
    axis = dim % x.ndim if x.ndim else 0
    lines = (np.moveaxis(x, axis, 0) if axis else x) if x.ndim else x.reshape(1)
    numbers = np.arange(len(lines))
    rows = lines.reshape(len(lines), math.prod(lines.shape[1:]))
    if name == "distinct":
        order, starts = table_of(x).row_order(_wide(rows))
    else:
        order, starts = numbers, _differ(rows)
    found, *rest = _by_value(numbers, order, starts, with_inverse, with_counts)
    found = lines[found]
    return _wrap_all(np.moveaxis(found, 0, axis) if axis else found, *rest)


def _wrap_all(*arrays):
    wrapped = tuple(Tensor._wrap(np.asarray(a, order="C")) for a in arrays if a is not None)
    return wrapped if len(wrapped) > 1 else wrapped[0]


@composite(method=True, out=False)
def unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """The distinct elements in order, or the distinct slices along `dim`.

    `return_inverse`: also where each element went; `return_counts`: also how often each occurs.

    >>> import tidu
    >>> tidu.tensor([3, 1, 3]).unique(return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    if dim is None:
        return _of_elements("distinct", input._array, return_inverse, return_counts)
    return _of_slices("distinct", input._array, dim, return_inverse, return_counts)


@composite(method=True, out=False)
def unique_consecutive(input, return_inverse=False, return_counts=False, dim=None):
    """The elements (or slices along `dim`) without those that equal the one before them.

    >>> import tidu
    >>> tidu.tensor([1, 1, 2, 1]).unique_consecutive()
    tensor([1, 2, 1])
    """
    if dim is None:
        return _of_elements("distinct_runs", input._array, return_inverse, return_counts)
    return _of_slices("distinct_runs", input._array, dim, return_inverse, return_counts)


# Counting


def _check_counted(x):
    if x.ndim != 1 or x.min() < 0:
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")


def occurrences(k, x, least):
    """How often 0, 1, 2, ... occur: `least` numbers, or more."""
    _check_counted(x)
    return np.bincount(x, minlength=least).astype(I64, copy=False)


def bin_counts(k, x, bins, low, high, width):
    """How many elements from `low` to `high`, which is low + width, fall into each of equal parts."""
    inside = x[(x >= low) & (x <= high)]
    place = ((inside - low) / width * bins).astype(I64)
    place[place == bins] = bins - 1
    return np.bincount(place, minlength=bins)


FORWARDS.update(occurrences=occurrences, bin_counts=bin_counts)


@composite(method=True)
def bincount(input, weights=None, minlength=0):
    """How often each of 0, 1, 2, ... occurs; with `weights`, the sum of these instead.

    >>> import tidu
    >>> tidu.tensor([0, 2, 2]).bincount()
    tensor([1, 0, 2])
    """
    x = input._array
    if x.dtype.kind not in "iu":
        raise NotImplementedError(f"\"bincount_cpu\" not implemented for '{input.dtype.title}'")
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if x.ndim == 1 and not x.size:
        counted = weights is None or weights.dtype.kind < dtypes.FLOAT
        return Tensor._wrap(np.zeros(minlength, I64 if counted else weights._array.dtype))
    if weights is None:
        return Tensor._wrap(table_of(x).occurrences(x, minlength))
    _check_counted(x)
    if weights.shape != input.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    dtype = weights._array.dtype if weights._array.dtype == np.float32 else np.float64
    counted = np.bincount(x, weights._array.astype(np.float64), minlength)
    return Tensor._wrap(counted.astype(dtype, copy=False))


def _edges(low, high, x, name, margin):
    """The range to count in: of the data, if none was given."""
    if not (np.isfinite(low) and np.isfinite(high)):
        raise RuntimeError(f"range of [{low:g}, {high:g}] is not finite")
    if low > high:
        raise RuntimeError(f"{name}: max must be larger than min")
    if low == high and x.size:
        low, high = x.min(), x.max()
        if not (np.isfinite(low) and np.isfinite(high)):
            raise RuntimeError(f"range of [{low:g}, {high:g}] is not finite")
    if low == high:
        low, high = low - margin, high + margin
    return low, high


@composite(method=True)
def histc(input, bins=100, min=0, max=0):
    """How many elements fall into each of `bins` equal parts of [min, max].

    Elements outside are not counted; the range is that of the data if both ends are 0.

    >>> import tidu
    >>> tidu.tensor([1.0, 2.0, 1.0]).histc(bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])
    """
    x = input._array.reshape(-1)
    if x.dtype.kind != "f":
        raise NotImplementedError(f"\"histogram_cpu\" not implemented for '{input.dtype.title}'")
    if bins <= 0:
        raise RuntimeError("bins must be > 0")
    low, high = _edges(float(min), float(max), x, "torch.histc", 1)
    width = float(high - low)
    counted = table_of(x).bin_counts(x, bins, float(low), float(high), width)
    return Tensor._wrap(counted.astype(x.dtype))


@composite(method=True)
def histogram(input, bins=100, *, range=None, weight=None, density=False):
    """The counts (or sums of `weight`) in each bin, and the bins' edges.

    `bins`: how many equal ones, or a tensor of edges. `density`: scaled so that the integral is 1.

    >>> import tidu
    >>> tidu.histogram(tidu.tensor([1.0, 2.0, 1.0]), bins=4, range=(0.0, 3.0)).hist
    tensor([0., 2., 1., 0.])
    """
    x = input._array.reshape(-1)
    if x.dtype.kind != "f":
        raise NotImplementedError(f"\"histogramdd\" not implemented for '{input.dtype.title}'")
    if isinstance(bins, Tensor):
        edges = bins._array
    else:
        if bins <= 0:
            raise RuntimeError(
                f"torch.histogramdd(): bins must be > 0, but got {bins} for dimension 0"
            )
        low, high = (0.0, 0.0) if range is None else range
        if not x.size and low == high:
            high = low + 1
        low, high = _edges(low, high, x, "torch.histogramdd", 0.5)
        edges = PUBLIC["linspace"](float(low), float(high), bins + 1, dtype=input.dtype)._array
    if weight is None and x.size and len(edges) > 1:
        k = table_of(x)
        place = k.sorted_places(edges[:-1], x, True)  # 0 is below the first bin
        counted = k.occurrences(place, len(edges))[1:]
        counted[-1] -= np.count_nonzero(~(x <= edges[-1]))
        counted = counted.astype(x.dtype)
    else:
        weights = None if weight is None else weight._array.reshape(-1)
        place = np.searchsorted(edges, x, "right") - 1
        place[x == edges[-1]] = len(edges) - 2
        inside = (place >= 0) & (place < len(edges) - 1)
        counted = np.bincount(
            place[inside], None if weights is None else weights[inside], len(edges) - 1
        ).astype(x.dtype)
    if density:
        counted = counted / (counted.sum() * np.diff(edges))
    return return_types.histogram((Tensor._wrap(counted), Tensor._wrap(edges)))
