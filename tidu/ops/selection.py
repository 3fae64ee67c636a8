"""Reductions that pick elements: the largest, the smallest, the middle one, the most frequent."""

from __future__ import annotations

import numpy as np

from .. import dtypes, return_types
from ..autograd.op import Array, op
from ..autograd.public import composite, operations
from ..tensor import Tensor
from .reduction import dims_of, restore, spread

F16, I64 = np.dtype("float16"), np.dtype("int64")


# Picking along one dimension


@op(public=False, method=False, node="GatherBackward0")
def pick(k, x: Array, indices, dim, keepdim):
    """The elements of `x` at `indices` (an array with the sizes of x but along `dim`)."""
    if x.ndim == 0:
        return x.copy()
    taken = k.xp.take_along_axis(x, indices, dim)
    return (
        taken if keepdim else taken.reshape([n for i, n in enumerate(x.shape) if i != dim % x.ndim])
    )


@op(public=False, method=False, node="ValueSelectingReductionBackward0")
def unpick(k, x: Array, indices, dim, shape, keepdim):
    """Zeros of `shape` with `x` put at `indices`: the adjoint of `pick`."""
    if not shape:
        return x.reshape(())
    whole = k.xp.zeros(shape, x.dtype)
    if not keepdim:
        x = k.xp.expand_dims(x, dim)
    k.xp.put_along_axis(whole, indices, x, dim)
    return whole


pick.vjp(x=lambda k, g, x_shape, indices, dim, keepdim: k.unpick(
    g, indices, dim, tuple(x_shape), keepdim
))  # fmt: skip
unpick.vjp(x=lambda k, g, indices, dim, keepdim: k.pick(g, indices, dim, keepdim))


def _indices(out):
    """Saved indices as an array, with `dim` in them."""
    return out._array if isinstance(out, Tensor) else out


def put_back(k, g, indices, shape, dim, keepdim):
    """The gradient of elements picked along `dim`, zero for all others."""
    where = _indices(indices)
    if not keepdim and shape:
        where = np.expand_dims(where, dim)
    return k.unpick(g, where, dim, tuple(shape), keepdim)


def take(x, where, dim, keepdim):
    """Elements along `dim` and their places, for `where` that has `dim` with size 1."""
    values = np.take_along_axis(x, where, dim)
    if keepdim:
        return values, where
    shape = [n for i, n in enumerate(x.shape) if i != dim]
    return values.reshape(shape), where.reshape(shape)


def one_dim(name, x, dim, keepdim=False, empty=True):
    """`dim` of `x` as an axis, checked not to be empty; None for a 0-d array."""
    axes = dims_of((dim,), x.ndim, keepdim)
    if not axes:
        return None
    if empty and x.shape[axes[0]] == 0:
        raise IndexError(f"{name}: Expected reduction dim {axes[0]} to have non-zero size.")
    return axes[0]


def _refuse(kinds, kernel, x):
    if x.dtype.kind in kinds:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtypes.of(x).title}'")


def _need_elements(name, x, dim):
    """PyTorch's errors for the extreme of nothing."""
    if x.size:
        return
    if dim is None or dim == ():
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the "
            "reduction dim with the 'dim' argument."
        )
    for axis in dims_of(dim, x.ndim):
        if x.shape[axis] == 0:
            raise IndexError(f"{name}(): Expected reduction dim {axis} to have non-zero size.")


def _selecting(name, find, node, kernel=None):
    """Declares an operation `<name>_dim` with results (values, indices) from `find`'s indices."""

    @op(name=f"{name}_dim", public=False, method=False, outputs=("values", "indices"),
        differentiable=1, node=node)  # fmt: skip
    def declared(k, x: Array, dim, keepdim):
        axis = one_dim(f"{name}()", x, dim, keepdim)
        if kernel is None and x.dtype.kind == "c":
            raise RuntimeError(f"{name}(): does not support complex input")
        if kernel:
            _refuse("bc" if kernel == "median_out" else "c", kernel, x)
        if axis is None:
            return x.copy(), np.zeros((), I64)
        return take(x, find(x, axis).astype(I64, copy=False), axis, keepdim)

    declared.vjp(
        x=lambda k, g, x_shape, indices, dim, keepdim: put_back(
            k, g, indices, x_shape, dim, keepdim
        )
    )
    return declared.op.apply


# The largest and the smallest


def _first_largest(x, axis):
    return np.expand_dims(x.argmax(axis), axis)


def _first_smallest(x, axis):
    return np.expand_dims(x.argmin(axis), axis)


_max_dim = _selecting("max", _first_largest, "MaxBackward0")
_min_dim = _selecting("min", _first_smallest, "MinBackward0")


def _shared(k, g, x, out, dim, keepdim):
    """The gradient of an extreme, shared evenly among the elements that attain it."""
    shape = x.shape
    hit = x == restore(k, out, shape, dim, keepdim)
    number = k.sum(hit, dim, True)
    return k.keep(restore(k, g, shape, dim, keepdim) / number, hit)


def _whole(name, ufunc, node):
    @op(name=f"{name}_all", public=False, method=False, node=node)
    def declared(k, x: Array):
        _need_elements(name, x, None)
        _refuse("c", f"{name}_all", x)
        return getattr(k.xp, ufunc).reduce(x, None)

    @declared.vjp_joint("x")
    def _(k, g, x, out):
        hit = (x == out) | (x != x)
        return k.keep(spread(k, g / k.sum(hit), x.shape, None, False), hit)

    return declared.op.apply


_max_all = _whole("max", "maximum", "MaxBackward1")
_min_all = _whole("min", "minimum", "MinBackward1")


@composite(method=True)
def max(input, dim=None, keepdim=False, *, other=None):
    """The largest element; with `dim`, the largest along it and their indices.

    With a second tensor, the larger of two elements (`maximum`). NaN counts as the largest.

    >>> import tidu
    >>> x = tidu.tensor([[1, 5], [7, 2]])
    >>> x.max()
    tensor(7)
    >>> x.max(dim=1).indices
    tensor([1, 0])
    """
    if dim is None:
        return _max_all(input) if other is None else operations.maximum(input, other)
    if isinstance(dim, Tensor):
        return operations.maximum(input, dim)
    return return_types.max(_max_dim(input, dim, keepdim))


@composite(method=True)
def min(input, dim=None, keepdim=False, *, other=None):
    """The smallest element; with `dim`, the smallest along it and their indices.

    With a second tensor, the smaller of two elements (`minimum`). NaN counts as the smallest.

    >>> import tidu
    >>> x = tidu.tensor([[1, 5], [7, 2]])
    >>> x.min()
    tensor(1)
    >>> x.min(dim=1).indices
    tensor([0, 1])
    """
    if dim is None:
        return _min_all(input) if other is None else operations.minimum(input, other)
    if isinstance(dim, Tensor):
        return operations.minimum(input, dim)
    return return_types.min(_min_dim(input, dim, keepdim))


def _extreme(k, name, x, dim, keepdim):
    _need_elements("amax" if name == "maximum" else "amin", x, dim)
    _refuse("c", "max_values_cpu" if name == "maximum" else "min_values_cpu", x)
    return getattr(k.xp, name).reduce(x, dims_of(dim, x.ndim, keepdim), None, None, keepdim)


@op(row_order=True)
def amax(k, x: Array, dim=(), keepdim=False):
    """The largest element over `dim` (an int or several; all by default).

    Equal ones share the gradient.

    >>> import tidu
    >>> tidu.tensor([[1, 5], [7, 2]]).amax(0)
    tensor([7, 5])
    """
    return _extreme(k, "maximum", x, dim, keepdim)


@op(row_order=True)
def amin(k, x: Array, dim=(), keepdim=False):
    """The smallest element over `dim` (an int or several; all by default).

    Equal ones share the gradient.

    >>> import tidu
    >>> tidu.tensor([[1, 5], [7, 2]]).amin(0)
    tensor([1, 2])
    """
    return _extreme(k, "minimum", x, dim, keepdim)


amax.vjp(x=lambda k, g, x, out, dim, keepdim: _shared(k, g, x, out, dim, keepdim))
amin.vjp(x=lambda k, g, x, out, dim, keepdim: _shared(k, g, x, out, dim, keepdim))


@op(public=False, method=False, outputs=("low", "high"), node="AminmaxBackward0", row_order=True)
def both_extremes(k, x: Array, dim, keepdim):
    """The smallest and the largest, over all or over one dimension."""
    if dim is None and not x.size:
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no "
            "identity."
        )
    if dim is not None:
        one_dim("aminmax", x, dim)
    axes = dims_of(dim, x.ndim)
    return k.amin(x, axes, keepdim), k.amax(x, axes, keepdim)


@both_extremes.vjp_joint("x")
def _(k, g, x, low, high, dim, keepdim):
    return _shared(k, g[0], x, low, dim, keepdim) + _shared(k, g[1], x, high, dim, keepdim)


@composite(method=True)
def aminmax(input, *, dim=None, keepdim=False):
    """The smallest and the largest element, over all dimensions or over one.

    >>> import tidu
    >>> tidu.tensor([3, 1, 2]).aminmax().min
    tensor(1)
    """
    return return_types.aminmax(both_extremes.op.apply(input, dim, keepdim))


def _place(name, find, x, dim, keepdim):
    if x.dtype.kind == "c":
        raise RuntimeError(f"{name}(): does not support complex input")
    if x.dtype.kind == "b":
        raise RuntimeError(f"{name}(): does not support bool input")
    if dim is None:
        if not x.size:
            raise IndexError(
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0."
            )
        where = np.asarray(find(x, None), I64)
        return where.reshape((1,) * x.ndim) if keepdim else where
    axis = one_dim(f"{name}()", x, dim, keepdim)
    if axis is None:
        return np.zeros((), I64)
    where = find(x, axis).astype(I64, copy=False)
    return np.expand_dims(where, axis) if keepdim else where


@op(row_order=True)
def argmax(k, x: Array, dim=None, keepdim=False):
    """The index of the largest element, in the flattened tensor or along `dim`.

    >>> import tidu
    >>> tidu.tensor([[1, 5], [7, 2]]).argmax(1)
    tensor([1, 0])
    """
    return _place("argmax", k.xp.argmax, x, dim, keepdim)


@op(row_order=True)
def argmin(k, x: Array, dim=None, keepdim=False):
    """The index of the smallest element, in the flattened tensor or along `dim`.

    >>> import tidu
    >>> tidu.tensor([[1, 5], [7, 2]]).argmin(1)
    tensor([0, 1])
    """
    return _place("argmin", k.xp.argmin, x, dim, keepdim)


# The middle one, the k-th, the most frequent


def _middle(x, axis):
    """The index of the lower median, or of a NaN if there is one."""
    n = x.shape[axis]
    where = np.take(np.argpartition(x, (n - 1) // 2, axis), [(n - 1) // 2], axis)
    if x.dtype.kind == "f":
        nan = np.isnan(x)
        where = np.where(nan.any(axis, keepdims=True), _first_largest(nan, axis), where)
    return where


def _middle_of_numbers(x, axis):
    """The index of the lower median of what is not NaN."""
    if x.dtype.kind != "f":
        return _middle(x, axis)
    order = np.argsort(x, axis, kind="stable")
    valid = np.add.reduce(~np.isnan(x), axis, I64, keepdims=True)
    return np.take_along_axis(order, np.maximum(valid - 1, 0) // 2, axis)


def _most_frequent(x, axis):
    """The index of the last of the most frequent elements; the smallest such element if several."""
    order = np.moveaxis(np.argsort(x, axis, kind="stable"), axis, -1)
    line = np.take_along_axis(np.moveaxis(x, axis, -1), order, -1)
    n = line.shape[-1]
    starts = np.ones(line.shape, bool)
    starts[..., 1:] = line[..., 1:] != line[..., :-1]
    places = np.arange(n)
    first = np.maximum.accumulate(np.where(starts, places, 0), -1)
    run = places - first + 1  # how many equal ones so far
    found = np.expand_dims(run.argmax(-1), -1)
    return np.moveaxis(np.take_along_axis(order, found, -1), -1, axis)


_median_dim = _selecting("median", _middle, "MedianBackward1", "median_out")
_nanmedian_dim = _selecting("nanmedian", _middle_of_numbers, "NanmedianBackward1", "median_out")
_mode_dim = _selecting("mode", _most_frequent, "ModeBackward0", "mode_cpu")


def _median_all(name, find):
    @op(name=f"{name}_all", public=False, method=False, node=f"{name.capitalize()}Backward0")
    def declared(k, x: Array):
        _refuse("bc", "median_cpu", x)
        if not x.size:
            return np.asarray(np.nan if x.dtype.kind == "f" else np.iinfo(x.dtype).min, x.dtype)
        flat = x.reshape(-1)
        return flat[find(flat, 0)[0]]

    @declared.vjp_joint("x")
    def _(k, g, x, out):
        hit = (x == out) | ((out != out) & (x != x))
        return k.keep(spread(k, g / k.sum(hit), x.shape, None, False), hit)

    return declared.op.apply


_median_whole = _median_all("median", _middle)
_nanmedian_whole = _median_all("nanmedian", _middle_of_numbers)


@composite(method=True)
def median(input, dim=None, keepdim=False):
    """The median (of an even number the lower); with `dim`, also the indices. NaN if any is NaN.

    >>> import tidu
    >>> tidu.tensor([1, 4, 2, 3]).median()
    tensor(2)
    """
    if dim is None:
        return _median_whole(input)
    return return_types.median(_median_dim(input, dim, keepdim))


@composite(method=True)
def nanmedian(input, dim=None, keepdim=False):
    """The median of the elements that are not NaN; with `dim`, also the indices.

    >>> import tidu
    >>> tidu.tensor([1.0, float("nan"), 3.0, 2.0]).nanmedian()
    tensor(2.)
    """
    if dim is None:
        return _nanmedian_whole(input)
    return return_types.nanmedian(_nanmedian_dim(input, dim, keepdim))


@composite(method=True)
def mode(input, dim=-1, keepdim=False):
    """The most frequent elements along `dim` (the smallest if several are) and their indices.

    >>> import tidu
    >>> tidu.tensor([6, 5, 1, 0, 2, 5]).mode().values
    tensor(5)
    """
    return return_types.mode(_mode_dim(input, dim, keepdim))


@op(public=False, method=False, outputs=("values", "indices"), differentiable=1,
    node="KthvalueBackward0")  # fmt: skip
def kth(k, x: Array, number, dim, keepdim):
    """The `number`-th smallest along `dim` and its place."""
    axis = one_dim("kthvalue()", x, dim, keepdim)
    size = 1 if axis is None else x.shape[axis]
    if not 1 <= number <= size:
        raise RuntimeError(
            f"kthvalue(): selected number k out of range for dimension {dim % (x.ndim or 1)}"
        )
    _refuse("bc", "kthvalue_cpu", x)
    if axis is None:
        return x.copy(), np.zeros((), I64)
    where = np.take(np.argpartition(x, number - 1, axis), [number - 1], axis)
    return take(x, where, axis, keepdim)


kth.vjp(
    x=lambda k, g, x_shape, indices, dim, keepdim: put_back(k, g, indices, x_shape, dim, keepdim)
)


@composite(method=True)
def kthvalue(input, k, dim=-1, keepdim=False):
    """The k-th smallest elements along `dim` (k counts from 1) and their indices.

    >>> import tidu
    >>> tidu.tensor([4, 1, 3]).kthvalue(2).values
    tensor(3)
    """
    return return_types.kthvalue(kth.op.apply(input, k, dim, keepdim))


# Quantiles


def _check_quantile(name, input, q):
    if input.dtype not in (dtypes.float32, dtypes.float64):
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype")
    if not isinstance(q, Tensor):
        if not 0 <= q <= 1:
            raise RuntimeError(f"{name}() q must be in the range [0, 1] but got {q:g}")
        return Tensor._wrap(np.asarray(q, input._array.dtype))
    if q.ndim > 1:
        raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
    if q.dtype is not input.dtype:
        raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
    if not ((q._array >= 0) & (q._array <= 1)).all():
        raise RuntimeError(f"{name}() q values must be in the range [0, 1]")
    return q


_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(name, input, q, dim, keepdim, interpolation, skip_nan):
    """The elements in order, and between the two next to rank q * (n - 1) as asked."""
    if not input._array.size:
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, "
            f"but got {interpolation}"
        )
    several = isinstance(q, Tensor) and q.ndim == 1
    q = _check_quantile(name, input, q)
    axis = None if dim is None else one_dim(f"{name}()", input._array, dim)
    line = input.reshape(-1) if axis is None else input.movedim(axis, -1)
    ordered = line.sort(-1)[0]
    n = ordered.shape[-1]
    nan = np.isnan(line._array)
    if skip_nan:
        last = np.maximum(n - 1 - nan.sum(-1, keepdims=True), 0)
    else:
        last = np.full((*line.shape[:-1], 1), n - 1)
    rank = q.reshape(-1) * Tensor._wrap(last.astype(q._array.dtype))
    if not skip_nan:  # any NaN makes the result NaN: it is last in order
        rank = operations.where(
            Tensor._wrap(nan.any(-1, keepdims=True)),
            operations.where(rank < 0, rank, n - 1.0),
            rank,
        )
    result = _between(ordered, rank, interpolation)
    if keepdim:
        shape = [1] * input.ndim
        if axis is not None:
            shape = [1 if i == axis else s for i, s in enumerate(input.shape)]
    else:
        shape = list(line.shape[:-1])
    if several:
        return result.movedim(-1, 0).reshape(q.shape[0], *shape)
    return result.reshape(shape)


def _between(ordered, rank, interpolation):
    """Interpolates between neighbours in order, at ranks that need not be whole."""
    at = rank._array
    if interpolation == "nearest":
        return ordered.gather(-1, Tensor._wrap(np.rint(at).astype(I64)))
    low = np.floor(at).astype(I64)
    if interpolation == "higher":
        return ordered.gather(-1, Tensor._wrap(np.ceil(at).astype(I64)))
    below = ordered.gather(-1, Tensor._wrap(low))
    if interpolation == "lower":
        return below
    above = ordered.gather(-1, Tensor._wrap(np.ceil(at).astype(I64)))
    if interpolation == "midpoint":
        return operations.lerp(below, above, Tensor._wrap(np.full_like(at, 0.5)))
    return operations.lerp(below, above, rank - Tensor._wrap(np.floor(at)))


@composite(method=True)
def quantile(input, q, dim=None, keepdim=False, *, interpolation="linear"):
    """The q-th quantiles along `dim` (q from 0 to 1, a number or 1-D tensor). NaN if any is NaN.

    >>> import tidu
    >>> tidu.tensor([1.0, 2.0, 3.0, 4.0]).quantile(0.5)
    tensor(2.5000)
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, skip_nan=False)


@composite(method=True)
def nanquantile(input, q, dim=None, keepdim=False, *, interpolation="linear"):
    """The q-th quantiles along `dim` of the elements that are not NaN.

    >>> import tidu
    >>> tidu.tensor([1.0, float("nan"), 3.0]).nanquantile(0.5)
    tensor(2.)
    """
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, skip_nan=True)
