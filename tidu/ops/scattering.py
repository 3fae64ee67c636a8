"""Elements picked by, or written to, positions that another tensor holds.

The two pairs that everything here is made of: `gather` and `scatter_sum` (an index for each
element, along one dimension), `take` and `take_sum` (an index into the flat tensor). Each is the
other's gradient.
"""

from __future__ import annotations

import math

import numpy as np

from .. import dtypes
from ..autograd.inplace import not_within
from ..autograd.op import Array, op
from ..autograd.public import composite
from ..backend.table import FORWARDS
from ..tensor import Tensor
from .adding import add_at
from .indexing import as_number
from .shape import axis_of, expand, reshape
from .slicing import ALL

# Checks


def _check_index(name, index, kinds="int64"):
    if index.dtype.kind != "i" or index.dtype.itemsize < (8 if kinds == "int64" else 4):
        raise RuntimeError(f"{name}(): Expected dtype {kinds} for index")


def _check_bounds(index, n, dim, error=RuntimeError):
    if index.size and (index.min() < 0 or index.max() >= n):
        bad = index[(index < 0) | (index >= n)].flat[0]
        raise error(f"index {bad} is out of bounds for dimension {dim} with size {n}")


def _along(index, axis):
    """The key of `index`'s elements in an array that it indexes along `axis`."""
    key = [
        np.arange(n).reshape((1,) * i + (n,) + (1,) * (index.ndim - 1 - i))
        for i, n in enumerate(index.shape)
    ]
    if not key:
        return (index.reshape(1),)
    key[axis] = index
    return tuple(key)


def _corner(array, shape):
    """The first elements of an array, as many as `shape` has along each dimension."""
    return array if array.shape == shape else array[tuple(slice(n) for n in shape)]


def _at_least_1d(*arrays):
    return [a if a is None or a.ndim else a.reshape(1) for a in arrays]


# gather and its opposite


@op()
def gather(k, x: Array, dim, index: Array, *, sparse_grad=False):
    """The elements of `input` at `index` along `dim`: `out[i][j] = input[index[i][j]][j]`.

    >>> import tidu
    >>> tidu.tensor([[1, 2], [3, 4]]).gather(1, tidu.tensor([[1], [0]]))
    tensor([[2],
            [3]])
    """
    axis = axis_of(dim, x.ndim)
    if not index.size:
        return k.xp.empty(index.shape, x.dtype)
    _check_index("gather", index, "int32/int64")
    x1, index1 = _at_least_1d(x, index)
    if x1.ndim != index1.ndim:
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    for d, (n, m) in enumerate(zip(index1.shape, x1.shape)):
        if d != axis and n > m:
            raise RuntimeError(
                f"Size does not match at dimension {d} expected index {list(index.shape)} to be no "
                f"larger than self {list(x.shape)} apart from dimension {axis}"
            )
    _check_bounds(index1, x1.shape[axis], axis)
    return x1[_along(index1, axis)].reshape(index.shape)


gather.vjp(x=lambda k, g, x_shape, dim, index: k.scatter_sum(g, x_shape, dim, index))


@op(public=False, method=False, node="ScatterAddBackward0")
def scatter_sum(k, x: Array, shape, dim, index: Array):
    """Zeros of `shape` with `x` added at `index` along `dim`: the gradient of `gather`."""
    full = k.xp.zeros(shape, x.dtype)
    _add_along(full, axis_of(dim, len(shape)), index, x)
    return full


scatter_sum.vjp(x=lambda k, g, dim, index: k.gather(g, dim, index))


def _add_along(full, axis, index, values):
    if index.size:
        target, index, values = _at_least_1d(full, index, values)
        add_at(target, _along(index, axis), values)


@op(public=False, method=False)
def scatter_count(k, index: Array, shape, dim, dtype):
    """How often each place of `shape` is named by `index` along `dim`."""
    full = k.xp.zeros(shape, dtype)
    _add_along(full, axis_of(dim, len(shape)), index, k.xp.ones(index.shape, dtype))
    return full


@composite(method=True)
def take_along_dim(input, indices, dim=None):
    """The elements at `indices` along `dim`, with broadcasting; without `dim`: of the flat tensor.

    >>> import tidu
    >>> x = tidu.tensor([[30, 10, 20]])
    >>> tidu.take_along_dim(x, x.argsort(1), 1)
    tensor([[10, 20, 30]])
    """
    if indices._array.dtype != np.int64:
        raise RuntimeError(
            "torch.take_along_dim(): dtype of indices should be Long but got "
            f"{dtypes.of(indices._array).title}"
        )
    if dim is None:
        return gather.op.apply(reshape(input, (-1,)), 0, reshape(indices, (-1,)))
    have, want = input._array, indices._array
    if have.ndim != want.ndim:
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, "
            f"but got {have.ndim} dimensions for input, and {want.ndim} dimensions for indices"
        )
    axis = axis_of(dim, have.ndim)
    if want.size and want.min() < 0:
        indices = Tensor._wrap(np.where(want < 0, want + have.shape[axis], want))
    n, m = have.shape[axis], want.shape[axis]
    head, tail = have.shape[:axis], have.shape[axis + 1 :]
    wide = np.broadcast_shapes((*head, 1, *tail), (*want.shape[:axis], 1, *want.shape[axis + 1 :]))
    input = expand.op.apply(input, (*wide[:axis], n, *wide[axis + 1 :]))
    indices = expand.op.apply(indices, (*wide[:axis], m, *wide[axis + 1 :]))
    return gather.op.apply(input, axis, indices)


# scatter


def _check_scatter(name, x, dim, index, src):
    axis = axis_of(dim, x.ndim)
    if not index.size:
        return axis
    _check_index(name, index, "int32/int64")
    if src is not None and src.dtype != x.dtype:
        raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")
    for other, title in ((x, "self"), (src, "src")):
        if other is not None and max(other.ndim, 1) != max(index.ndim, 1):
            raise RuntimeError(
                f"Index tensor must have the same number of dimensions as {title} tensor"
            )
    too_large = any(d != axis and n > m for d, (n, m) in enumerate(zip(index.shape, x.shape)))
    if src is not None:
        too_large = too_large or any(n > m for n, m in zip(index.shape, src.shape))
    if too_large:
        tail = "" if src is None else f" and to be no larger size than src {list(src.shape)}"
        raise RuntimeError(
            f"Expected index {list(index.shape)} to be no larger than self {list(x.shape)} apart "
            f"from dimension {axis}{tail}"
        )
    _check_bounds(index, x.shape[axis] if x.ndim else 1, axis)
    return axis


def _written(name, x, dim, index, src, ufunc=None, number=False):
    """A copy of `x` with `src` (a `number`?) written at `index`, or combined by `ufunc`."""
    axis = _check_scatter(name, x, dim, index, None if number else src)
    full = np.array(x, order="C")
    if not index.size:
        return full
    if src.ndim:
        src = _corner(src, index.shape)
    target, index = _at_least_1d(full, index)
    key = _along(index, axis)
    if ufunc is None:
        target[key] = src
    elif ufunc is np.add and full.flags.c_contiguous:
        add_at(target, key, np.broadcast_to(src, index.shape))
    else:
        ufunc.at(target, key, src)
    return full


@op(public=False, method=False, name="scatter_value", node="ScatterBackward1")
def scatter_value(k, x: Array, dim, index: Array, value):
    """A copy of `x` with a number at `index` along `dim`."""
    return _written("scatter", x, dim, index, as_number(value, x.dtype), number=True)


scatter_value.vjp(x=lambda k, g, dim, index: k.scatter_value(g, dim, index, 0))


@op(public=False, method=False, name="scatter_src", node="ScatterBackward0")
def scatter_src(k, x: Array, dim, index: Array, src: Array):
    """A copy of `x` with the elements of `src` at `index` along `dim`."""
    return _written("scatter", x, dim, index, src)


def _picked(k, g, dim, index, shape):
    """The gradient of a `src` of `shape`: what its elements became; unused ones get zeros."""
    found = k.gather(g, dim, index)
    if tuple(index.shape) == tuple(shape):
        return found
    return k.embed(found, shape, "basic_index", ((*[slice(n) for n in index.shape], ...),))


scatter_src.vjp(
    x=lambda k, g, dim, index: k.scatter_value(g, dim, index, 0),
    src=lambda k, g, src_shape, dim, index: _picked(k, g, dim, index, src_shape),
)

_UFUNCS = {"add": np.add, "multiply": np.multiply}


@op(public=False, method=False)
def scatter_combined(k, x: Array, dim, index: Array, src: Array, reduce):
    """A copy of `x` with `src` added or multiplied at `index`: PyTorch has no gradient for it."""
    return _written("scatter", x, dim, index, src, _UFUNCS[reduce])


@composite(method=True, inplace=True)
def scatter(input, dim, index, src=None, *, reduce=None, value=None):
    """A copy of `input` with `src` (a tensor or a number) at `index` along `dim`.

    `out[index[i][j]][j] = src[i][j]` for dim 0; `reduce` ("add" or "multiply") combines instead.

    >>> import tidu
    >>> tidu.zeros(2, 2).scatter(1, tidu.tensor([[1], [0]]), 5.0)
    tensor([[0., 5.],
            [5., 0.]])
    """
    if value is not None:
        src = value
    number = not isinstance(src, Tensor)
    if reduce is not None:
        if reduce not in _UFUNCS:
            raise RuntimeError("reduce argument must be either add or multiply.")
        if number:
            src = Tensor._wrap(np.full(index._array.shape, as_number(src, input._array.dtype)))
        if not index._array.size:
            return input.clone()
        return scatter_combined.op.apply(input, dim, index, src, reduce)
    if number:
        return scatter_value.op.apply(input, dim, index, src)
    return scatter_src.op.apply(input, dim, index, src)


@op(inplace=True)
def scatter_add(k, x: Array, dim, index: Array, src: Array):
    """A copy of `input` with the elements of `src` added at `index` along `dim`.

    >>> import tidu
    >>> tidu.zeros(3).scatter_add(0, tidu.tensor([0, 0, 2]), tidu.ones(3))
    tensor([2., 0., 1.])
    """
    return _written("scatter", x, dim, index, src, np.add)


scatter_add.vjp(
    x=lambda g: g,
    src=lambda k, g, src_shape, dim, index: _picked(k, g, dim, index, src_shape),
)

# scatter_reduce and index_reduce

_REDUCTIONS = {
    "sum": (np.add, 0),
    "prod": (np.multiply, 1),
    "mean": (np.add, 0),
    "amax": (np.maximum, None),
    "amin": (np.minimum, None),
}


def _start(reduce, dtype):
    """The neutral element of a reduction."""
    neutral = _REDUCTIONS[reduce][1]
    if neutral is not None:
        return neutral
    if dtype.kind == "f":
        return -np.inf if reduce == "amax" else np.inf
    if dtype.kind == "b":
        return reduce != "amax"
    return np.iinfo(dtype).min if reduce == "amax" else np.iinfo(dtype).max


@op(inplace=True)
def scatter_reduce(k, x: Array, dim, index: Array, src: Array, reduce, *, include_self=True):
    """A copy of `input` in which all of `src` that `index` sends to one place is reduced there.

    `reduce`: "sum", "prod", "mean", "amax" or "amin". `include_self=False`: what was there before
    does not take part.

    >>> import tidu
    >>> x, index = tidu.tensor([1.0, 2.0, 3.0]), tidu.tensor([0, 1, 0])
    >>> tidu.zeros(2).scatter_reduce(0, index, x, "amax")
    tensor([3., 2.])
    """
    if reduce not in _REDUCTIONS:
        raise RuntimeError(
            f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}"
        )
    return _reduced(k, "scatter", x, dim, index, src, reduce, include_self)


def _reduced(k, name, x, dim, index, src, reduce, include_self):
    if not index.size:
        return x.copy()
    base = x
    if not include_self:
        start = np.asarray(_start(reduce, x.dtype), x.dtype)
        base = _written(name, x, dim, index, start, number=True)
    full = _written(name, base, dim, index, src, _REDUCTIONS[reduce][0])
    if reduce == "mean":
        count = k.scatter_count(index, x.shape, dim, np.dtype(np.int64)) + int(include_self)
        count = np.maximum(count, 1)
        full = full // count if x.dtype.kind in "iu" else (full / count).astype(x.dtype)
        full = np.asarray(full, x.dtype)
    return full


@scatter_reduce.vjp_joint("x", "src")
def _scatter_reduce_grad(k, g, x, src, out, dim, index, reduce, include_self):
    if not math.prod(index.shape):
        return g, src * 0
    if reduce == "sum":
        grad_x, grad_src = g, k.gather(g, dim, index)
    elif reduce == "mean":
        count = k.scatter_count(index, tuple(x.shape), dim, np.dtype(np.float64))
        count = count + 1 if include_self else k.masked_fill(count, count == 0, 1)
        grad_x = g / count
        grad_src = k.gather(grad_x, dim, index)
    elif reduce == "prod":
        grad_x, grad_src = _prod_grad(k, g, x, src, out, dim, index, include_self)
    else:
        # Where several are the extreme, they share the gradient.
        corner = (*[slice(n) for n in index.shape], ...)
        x_is = _as_numbers(k, x == out, g)
        src_is = _as_numbers(k, k.basic_index(src, corner) == k.gather(out, dim, index), g)
        ways = x_is + k.scatter_sum(src_is, tuple(x.shape), dim, index)
        share = g / ways
        grad_x, grad_src = share * x_is, k.gather(share, dim, index) * src_is
    if not include_self:
        grad_x = k.scatter_value(grad_x, dim, index, 0)
    if tuple(index.shape) != tuple(src.shape):
        corner = (*[slice(n) for n in index.shape], ...)
        grad_src = k.embed(grad_src, tuple(src.shape), "basic_index", (corner,))
    return grad_x, grad_src


def _as_numbers(k, mask, like):
    return k.where(mask, 1.0, 0.0)


def _prod_grad(k, g, x, src, out, dim, index, include_self):
    """As in PyTorch: exact to the second order unless two of the factors are zero."""
    shape = tuple(x.shape)
    src = k.basic_index(src, (*[slice(n) for n in index.shape], ...))
    safe_x = k.masked_fill(x, x == 0, 1)
    without_x = k.scatter_reduce(safe_x, dim, index, src, "prod", include_self)
    grad_x = g * without_x / safe_x
    zero = src == 0
    zeros = k.gather(k.scatter_sum(_as_numbers(k, zero, g), shape, dim, index), dim, index)
    single = zero & (zeros == 1)
    without = k.scatter_reduce(x, dim, index, k.masked_fill(src, single, 1), "prod", include_self)
    grad_src = k.where(
        single,
        k.gather(g * without, dim, index),
        k.gather(g * out, dim, index) / k.masked_fill(src, zero, 1),
    )
    return grad_x, grad_src


@op(inplace=True)
def index_reduce(k, x: Array, dim, index: Array, source: Array, reduce, *, include_self=True):
    """A copy of `input` in which the slices of `source` are reduced into those at `index`.

    `reduce`: "prod", "mean", "amax" or "amin"; see `scatter_reduce`.

    >>> import tidu
    >>> x, index = tidu.ones(2), tidu.tensor([0, 0])
    >>> x.index_reduce(0, index, tidu.tensor([3.0, 4.0]), "prod")
    tensor([12.,  1.])
    """
    if reduce not in _REDUCTIONS or reduce == "sum":
        raise RuntimeError(
            "index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got "
            f"{reduce}."
        )
    _check_slices("index_reduce", x, dim, index, source)
    axis = axis_of(dim, x.ndim)
    wide = _widened(index, source, axis)
    if not x.ndim:
        full = _reduced(
            k,
            "index_reduce",
            x.reshape(1),
            0,
            wide.reshape(-1),
            source.reshape(-1),
            reduce,
            include_self,
        )
        return full.reshape(())
    return _reduced(k, "index_reduce", x, axis, wide, source, reduce, include_self)


def _widened(index, source, axis):
    """An index of slices as one index for each element of `source`."""
    if not source.ndim:
        return index.reshape(())
    shape = [1] * source.ndim
    shape[axis] = -1
    return np.broadcast_to(index.reshape(shape), source.shape)


@index_reduce.vjp_joint("x", "source")
def _index_reduce_grad(k, g, x, source, out, dim, index, reduce, include_self):
    shape = tuple(source.shape)
    if shape:
        axis = dim % len(shape)
        index = k.reshape(index, (*(1,) * axis, -1, *(1,) * (len(shape) - 1 - axis)))
        index = k.expand(index, shape)
    else:
        index = k.reshape(index, ())
    return _scatter_reduce_grad(k, g, x, source, out, dim, index, reduce, include_self)


# Whole slices


@op(names={"x": "input"})
def index_select(k, x: Array, dim, index: Array):
    """The slices along `dim` that a 1-d `index` names, in its order.

    >>> import tidu
    >>> tidu.tensor([10, 20, 30]).index_select(0, tidu.tensor([2, 0]))
    tensor([30, 10])
    """
    axis = axis_of(dim, x.ndim)
    if index.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    if index.dtype.kind != "i" or index.dtype.itemsize < 4:
        raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
    n = x.shape[axis] if x.ndim else 1
    if index.size and (index.min() < 0 or index.max() >= n):
        raise IndexError("index out of range in self")
    if not x.ndim:
        return k.xp.take(x.reshape(1), index.reshape(-1)).reshape(())
    return k.xp.take(x, index.reshape(-1), axis)


index_select.vjp(x=lambda k, g, x_shape, dim, index: k.select_sum(g, x_shape, dim, index))


@op(public=False, method=False, node="IndexAddBackward0")
def select_sum(k, x: Array, shape, dim, index: Array):
    """Zeros of `shape` to which slices are added: the gradient of `index_select`."""
    full = k.xp.zeros(shape, x.dtype)
    _add_slices(full, dim, index, x)
    return full


select_sum.vjp(x=lambda k, g, dim, index: k.index_select(g, dim, index))


def _add_slices(full, dim, index, values):
    if not full.ndim:
        full[...] += values.sum()
    elif values.size:
        add_at(full, (*(ALL,) * axis_of(dim, full.ndim), index.reshape(-1)), values)


def _check_slices(name, x, dim, index, source):
    axis = axis_of(dim, x.ndim)
    name += "_"  # PyTorch's own name for both forms
    if index.ndim > 1:
        raise IndexError(
            f"{name}(): Index is supposed to be a vector, but got dim: {index.ndim} with type: "
            f"{dtypes.of(index).title} and size: {list(index.shape)}"
        )
    if index.dtype.kind != "i" or index.dtype.itemsize < 4:
        raise RuntimeError(
            f"{name}(): Expected dtype int32/int64 for index but got: {dtypes.of(index).title}"
        )
    if source.dtype != x.dtype:
        raise RuntimeError(
            f"{name}(): self ({dtypes.of(x).title}) and source ({dtypes.of(source).title}) must "
            "have the same scalar type"
        )
    if axis and axis >= source.ndim:
        raise RuntimeError(
            f"{name}(): Indexing dim {axis} is out of bounds of the source tensor with dim "
            f"{source.ndim}"
        )
    n = source.shape[axis] if source.ndim else 1
    if index.size != n:
        if not source.ndim:
            raise IndexError(f"Dimension specified as {axis} but tensor has no dimensions")
        raise RuntimeError(
            f"{name}(): Number of indices ({index.size}) should be equal to source.size(dim): "
            f"({n}), for dim: {axis}"
        )
    have = [m for d, m in enumerate(x.shape) if d != axis]
    if x.ndim != source.ndim or have != [m for d, m in enumerate(source.shape) if d != axis]:
        raise RuntimeError(
            f"source tensor shape must match self tensor shape, excluding the specified dimension. "
            f"Got self.shape = {list(x.shape)} source.shape = {list(source.shape)}"
        )
    n = x.shape[axis] if x.ndim else 1
    wrong = index[(index < 0) | (index >= n)]
    if wrong.size and name == "index_add_" and x.ndim > 1:
        raise RuntimeError(
            f"index {wrong.flat[0]} is out of bounds for dimension {axis} with size {n}"
        )
    if wrong.size:
        raise IndexError("index out of range in self")


@op(inplace=True)
def index_add(k, x: Array, dim, index: Array, source: Array, *, alpha=1):
    """A copy of `input` with the slices of `source`, times `alpha`, added to those at `index`.

    >>> import tidu
    >>> tidu.zeros(3).index_add(0, tidu.tensor([0, 0]), tidu.tensor([1.0, 2.0]))
    tensor([3., 0., 0.])
    """
    _check_slices("index_add", x, dim, index, source)
    full = k.xp.array(x, order="C")
    values = (
        source if isinstance(alpha, int) and alpha == 1 else (source * as_number(alpha, x.dtype))
    )
    _add_slices(full, dim, index, values)
    return full


index_add.vjp(
    x=lambda g: g,
    source=lambda k, g, source_shape, dim, index, alpha: k.reshape(
        k.index_select(g, dim, index) * alpha, source_shape
    ),
)


@op(inplace=True)
def index_copy(k, x: Array, dim, index: Array, source: Array):
    """A copy of `input` with the slices of `source` in place of those at `index`.

    >>> import tidu
    >>> tidu.zeros(3).index_copy(0, tidu.tensor([2, 0]), tidu.tensor([1.0, 5.0]))
    tensor([5., 0., 1.])
    """
    axis = axis_of(dim, x.ndim)
    if index.ndim > 1:
        raise IndexError(f"index_copy_(): Index should have dimension 1 or 0 (got {index.ndim})")
    n = source.shape[axis] if source.ndim else 1
    if not source.ndim and index.size != 1:
        raise IndexError(
            "index_copy_(): When source is scalar, index should have one element (got "
            f"{index.size})"
        )
    if source.ndim != x.ndim and source.ndim and x.ndim:
        raise IndexError(
            "index_copy_(): When source and destination are not scalars, their dimensionality "
            "must "
            f"match. Source dimensionality ({source.ndim}), destination dimensionality ({x.ndim})"
        )
    if index.dtype != np.int64:
        raise IndexError(
            "index_copy_(): Expected a long tensor for index, but got " + dtypes.of(index).title
        )
    if source.dtype != x.dtype:
        raise RuntimeError(
            "index_copy_(): self and source expected to have the same dtype, but got (self) "
            f"{dtypes.of(x).title} and (source) {dtypes.of(source).title}"
        )
    if source.ndim and x.ndim:
        a = [m for d, m in enumerate(x.shape) if d != axis]
        b = [m for d, m in enumerate(source.shape) if d != axis]
        if a != b:
            raise RuntimeError(
                "index_copy_(): Source/destination tensor must have same slice shapes. "
                f"Destination slice shape: {a} at dimension {axis} and source slice shape: {b} at "
                "dimension 0."
            )
    if index.size != n:
        raise IndexError(
            f"index_copy_(): Number of indices ({index.size}) should be equal to source.size(dim) "
            f"({n})"
        )
    full = np.array(x, order="C")
    m = x.shape[axis] if x.ndim else 1
    if index.size and (index.min() < 0 or index.max() >= m):
        raise IndexError(
            f"index_copy_(): index {index[(index < 0) | (index >= m)].flat[0]} is out of bounds "
            f"for dimension {axis} with size {m}"
        )
    if not x.ndim:
        full[...] = source.reshape(())
    else:
        full[(*(ALL,) * axis, index.reshape(-1))] = source
    return full


index_copy.vjp(
    x=lambda k, g, dim, index: k.fill_slices(g, dim, index, 0),
    source=lambda k, g, source_shape, dim, index: k.reshape(
        k.index_select(g, dim, index), source_shape
    ),
)


@op(public=False, method=False, node="IndexFillBackward0")
def fill_slices(k, x: Array, dim, index: Array, value):
    """A copy of `x` with a number in the slices at `index`."""
    return _filled(x, dim, index, _fill_number(value, x.dtype))


def _fill_number(value, dtype):
    if isinstance(value, complex) and dtype.kind != "c":
        raise RuntimeError(
            "index_fill_(): Converting complex Scalar to non-complex type is not supported"
        )
    return as_number(value, dtype)


def _filled(x, dim, index, value):
    axis = axis_of(dim, x.ndim)
    if index.dtype != np.int64:
        raise IndexError("index_fill_(): Expected dtype int64 for index.")
    if index.ndim > 1:
        raise IndexError("Index has to be a vector/scalar")
    full = np.array(x, order="C")
    if not x.ndim:
        if index.size:
            full[...] = value
        return full
    n = x.shape[axis]
    if index.size and (index.min() < -n or index.max() >= n):
        raise IndexError("index out of range in self")
    full[(*(ALL,) * axis, index.reshape(-1))] = value
    return full


fill_slices.vjp(x=lambda k, g, dim, index: k.fill_slices(g, dim, index, 0))


@op(public=False, method=False)
def outside_slices(k, index: Array, shape, dim):
    """True outside the slices at `index`, in a tensor of `shape`."""
    return _filled(k.xp.ones(shape, bool), dim, index, False)


@op(public=False, method=False, node="IndexFillBackward1")
def fill_slices_with(k, x: Array, dim, index: Array, value: Array):
    """A copy of `x` with the element of a 0-d tensor in the slices at `index`."""
    return _filled(x, dim, index, _fill_number(value.item(), x.dtype))


fill_slices_with.vjp(
    x=lambda k, g, dim, index: k.fill_slices(g, dim, index, 0),
    value=lambda k, g, dim, index: k.sum(
        k.masked_fill(g, k.outside_slices(index, tuple(g.shape), dim), 0)
    ),
)


@composite(method=True, inplace=True, out=False)
def index_fill(input, dim, index, value):
    """A copy of `input` with `value`, a number or 0-d tensor, in the slices at `index`.

    >>> import tidu
    >>> tidu.zeros(3).index_fill(0, tidu.tensor([0, 2]), 1)
    tensor([1., 0., 1.])
    """
    if not isinstance(value, Tensor):
        return fill_slices.op.apply(input, dim, index, value)
    if value._array.ndim:
        raise RuntimeError(
            "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value._array.ndim} dimension(s)."
        )
    return fill_slices_with.op.apply(input, dim, index, value)


# Positions in the flat tensor


@op()
def take(k, x: Array, index: Array):
    """The elements at `index` of the tensor read as one dimension.

    >>> import tidu
    >>> tidu.tensor([[1, 2], [3, 4]]).take(tidu.tensor([0, 3]))
    tensor([1, 4])
    """
    if index.dtype != np.int64:
        raise RuntimeError(
            f"take(): Expected a long tensor for index, but got {dtypes.of(index).title}"
        )
    if not x.size and index.size:
        raise IndexError("take(): tried to take from an empty tensor")
    _check_flat(index, x.size)
    return k.xp.take(x, index)


def _check_flat(index, n):
    if index.size and (index.min() < -n or index.max() >= n):
        bad = index[(index < -n) | (index >= n)].flat[0]
        raise IndexError(f"out of range: tried to access index {bad} on a tensor of {n} elements.")


take.vjp(x=lambda k, g, x_shape, index: k.take_sum(g, x_shape, index))


@op(public=False, method=False, node="PutBackward0")
def take_sum(k, x: Array, shape, index: Array):
    """Zeros of `shape` to which `x` is added at flat positions: the gradient of `take`."""
    full = k.xp.zeros(math.prod(shape), x.dtype)
    k.xp.add.at(full, index.reshape(-1), x.reshape(-1))
    return full.reshape(shape)


take_sum.vjp(x=lambda k, g, index: k.take(g, index))


@op(inplace=True, public=True)
def put(k, x: Array, index: Array, source: Array, accumulate=False):
    """A copy of `input` with the elements of `source` at the flat positions `index`.

    >>> import tidu
    >>> tidu.put(tidu.zeros(2, 2), tidu.tensor([3]), tidu.tensor([7.0]))
    tensor([[0., 0.],
            [0., 7.]])
    """
    if index.dtype != np.int64:
        raise RuntimeError(
            f"put_(): Expected a long tensor for index, but got {dtypes.of(index).title}"
        )
    if source.dtype != x.dtype:
        raise RuntimeError(
            f"put_(): self and source expected to have the same dtype, but got self.dtype = "
            f"{dtypes.of(x).title} and source.dtype = {dtypes.of(source).title}"
        )
    if index.size != source.size:
        raise RuntimeError(
            "put_(): Expected source and index to have the same number of elements, but got "
            f"source.numel() = {source.size}, index.numel() = {index.size}"
        )
    if not x.size and index.size:
        raise IndexError("put_(): Tried to put elements into an empty tensor")
    _check_flat(index, x.size)
    full = k.xp.array(x, order="C")
    flat = full.reshape(-1)
    if accumulate:
        k.xp.add.at(flat, index.reshape(-1), source.reshape(-1))
    else:
        flat[index.reshape(-1)] = source.reshape(-1)
    return full


put.vjp(
    x=lambda k, g, index, accumulate: g if accumulate else k.put_flat_zeros(g, index),
    source=lambda k, g, source_shape, index: k.reshape(k.take(g, index), source_shape),
)


@op(public=False, method=False, node="PutBackward0")
def put_flat_zeros(k, x: Array, index: Array):
    """A copy of `x` with zeros at the flat positions `index`."""
    full = k.xp.array(x, order="C")
    full.reshape(-1)[index.reshape(-1)] = 0
    return full


put_flat_zeros.vjp(x=lambda k, g, index: k.put_flat_zeros(g, index))

for _name in ("index_add_", "index_copy_", "index_fill_", "put_", "scatter_add_"):
    FORWARDS[_name] = not_within
