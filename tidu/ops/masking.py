"""Masks: elements chosen by bools, by being nonzero, or by lying above or below a diagonal."""

from __future__ import annotations

from operator import index as as_int
from typing import Literal

import numpy as np

from .. import dtypes
from ..autograd.inplace import not_within, write
from ..autograd.op import Array, op
from ..autograd.public import composite, operations
from ..backend.table import FORWARDS, table_of
from ..tensor import Tensor
from .creation import number_of
from .indexing import as_number
from .shape import broadcast_tensors, common_shape, expand

# masked_fill


def _check_mask(name, mask):
    if mask.dtype.kind != "b":
        raise RuntimeError(
            f"{name} only supports boolean masks, but got mask with dtype "
            f"{_C_NAMES[mask.dtype.name]}"
        )


_C_NAMES = {
    "uint8": "unsigned char", "int8": "signed char", "int16": "short int", "int32": "int",
    "int64": "long int", "uint16": "short unsigned int", "uint32": "unsigned int",
    "uint64": "long unsigned int", "float16": "c10::Half", "float32": "float",
    "float64": "double", "complex64": "c10::complex<float>", "complex128": "c10::complex<double>",
}  # fmt: skip


@op(public=False, method=False, name="masked_fill", node="MaskedFillBackward0")
def fill_where(k, x: Array, mask: Array, value):
    """A copy of `x` with a number where `mask` is True."""
    return _filled(k, x, mask, as_number(value, x.dtype))


def _filled(k, x, mask, value):
    _check_mask("masked_fill_", mask)
    if mask.shape == x.shape:
        full = k.xp.array(x, order="C")
    else:
        shape = k.xp.broadcast_shapes(x.shape, mask.shape)
        full = k.xp.array(k.xp.broadcast_to(x, shape), order="C")
    k.xp.copyto(full, value, casting="unsafe", where=mask)
    return full


fill_where.vjp(x=lambda k, g, mask: k.masked_fill(g, mask, 0))


@op(public=False, method=False, node="MaskedFillBackward1")
def masked_fill_with(k, x: Array, mask: Array, value: Array):
    """A copy of `x` with the element of a 0-d tensor where `mask` is True."""
    return _filled(k, x, mask, as_number(value.item(), x.dtype))


masked_fill_with.vjp(
    x=lambda k, g, mask: k.masked_fill(g, mask, 0),
    value=lambda k, g, mask: k.sum(k.masked_fill(g, ~mask, 0)),
)


@composite(method=True, inplace=True, out=False, name="masked_fill")
def masked_fill(input, mask, value):
    """A copy of `input` with `value`, a number or 0-d tensor, where `mask` is True.

    >>> import tidu
    >>> x = tidu.tensor([1.0, -2.0])
    >>> x.masked_fill(x < 0, 0)
    tensor([1., 0.])
    """
    if not isinstance(value, Tensor):
        return fill_where.op.apply(input, mask, value)
    if value._array.ndim:
        raise RuntimeError(
            "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value._array.ndim} dimension(s)."
        )
    return masked_fill_with.op.apply(input, mask, value)


# masked_select and masked_scatter


@op(public=False, method=False, node="MaskedSelectBackward0")
def masked_pick(k, x: Array, mask: Array):
    """The elements of `x` where a `mask` of its shape is True."""
    return x[mask]


masked_pick.vjp(x=lambda k, g, mask: k.masked_place(g, mask))


@op(public=False, method=False)
def masked_place(k, x: Array, mask: Array):
    """Zeros with the elements of `x`, in order, where `mask` is True."""
    full = k.xp.zeros(mask.shape, x.dtype)
    full[mask] = x.reshape(-1)[: k.xp.count_nonzero(mask)]
    return full


masked_place.vjp(x=lambda k, g, x_shape, mask: _first(k, g, mask, x_shape))


def _first(k, g, mask, shape):
    """What `masked_place` took: the first elements of a tensor of `shape`, zeros after them."""
    found, size = k.masked_pick(g, mask), int(np.prod(shape))
    if found.shape[0] != size:
        found = k.embed(found, (size,), "basic_index", (slice(found.shape[0]),))
    return k.reshape(found, shape)


@composite(method=True)
def masked_select(input, mask):
    """The elements where `mask` is True, as one dimension; the two are broadcast.

    >>> import tidu
    >>> x = tidu.arange(4)
    >>> x.masked_select(x > 1)
    tensor([2, 3])
    """
    if mask._array.dtype.kind != "b":
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    input, mask = broadcast_tensors(input, mask)
    return masked_pick.op.apply(input, mask)


@composite(method=True, inplace=True, out=False)
def masked_scatter(input, mask, source):
    """A copy of `input` with the elements of `source`, in order, where `mask` is True.

    >>> import tidu
    >>> mask = tidu.tensor([True, False, True])
    >>> tidu.zeros(3).masked_scatter(mask, tidu.tensor([1.0, 2.0]))
    tensor([1., 0., 2.])
    """
    have, got = input._array, source._array
    if have.dtype != got.dtype:
        raise RuntimeError(
            "masked_scatter: expected self and source to have same dtypes but got"
            f"{dtypes.of(have).title} and {dtypes.of(got).title}"
        )
    if mask._array.dtype.kind != "b":
        raise RuntimeError(
            "masked_scatter_ only supports boolean masks, but got mask with dtype "
            f"{dtypes.of(mask._array).title}"
        )
    shape = common_shape((input, mask))
    if have.shape != shape:
        input = expand.op.apply(input, shape)
    if mask._array.shape != shape:
        mask = expand.op.apply(mask, shape)
    count = int(np.count_nonzero(mask._array))
    if count > got.size:
        raise RuntimeError(
            "masked_scatter: expected self to have fewer or equal elements than source, but the "
            f"mask has {count} True values and source has {got.size} elements"
        )
    return masked_replace.op.apply(input, mask, source)


@op(public=False, method=False, node="MaskedScatterBackward0")
def masked_replace(k, x: Array, mask: Array, source: Array):
    """A copy of `x` with the elements of `source` where a `mask` of its shape is True."""
    full = k.xp.array(x, order="C")
    full[mask] = source.reshape(-1)[: k.xp.count_nonzero(mask)]
    return full


masked_replace.vjp(
    x=lambda k, g, mask: k.masked_fill(g, mask, 0),
    source=lambda k, g, source_shape, mask: _first(k, g, mask, source_shape),
)

# Positions of nonzero elements


@op(public=False, method=False, name="nonzero")
def _nonzero(k, x: Array):
    """The positions of the nonzero elements, one a row."""
    return k.xp.argwhere(x).astype(np.int64, copy=False)


@composite(method=True, name="nonzero")
def nonzero(input, *, as_tuple=False):
    """The positions of the nonzero elements: one a row, or a tensor for each dimension.

    >>> import tidu
    >>> tidu.tensor([0, 3, 4]).nonzero()
    tensor([[1],
            [2]])
    >>> tidu.tensor([0, 3, 4]).nonzero(as_tuple=True)
    (tensor([1, 2]),)
    """
    if not as_tuple:
        return _nonzero.op.apply(input)
    array = input._array
    found = table_of(array).nonzero(array if array.ndim else array.reshape(1))
    return tuple([Tensor._wrap(column) for column in found.T])


@composite(method=True)
def nonzero_static(input, *, size, fill_value=-1):
    """The positions of the first `size` nonzero elements, one a row; `fill_value` in rows left over.

    >>> import tidu
    >>> tidu.tensor([0, 3, 4]).nonzero_static(size=3)
    tensor([[ 1],
            [ 2],
            [-1]])
    """
    if size < 0:
        raise RuntimeError("nonzero_static: 'size' must be an non-negative integer")
    found = nonzero(input)[:size]
    left = found.new_full((size - len(found), input.ndim), fill_value)
    return operations.cat([found, left])


@composite(public=False, out=False)
def _with_diagonal(input, value, wrap):
    """A copy of `input` with `value` along its main diagonal."""
    mask = np.zeros(input.shape, bool)
    if input.ndim == 2:
        np.fill_diagonal(mask, True, wrap)
    else:
        mask[(np.arange(len(mask)),) * mask.ndim] = True
    return masked_fill(input, Tensor._wrap(mask), value)


def fill_diagonal_(self, fill_value, wrap=False):
    """Sets the elements along the main diagonal; `wrap`: of a tall matrix again and again.

    >>> import tidu
    >>> tidu.zeros(2, 3).fill_diagonal_(5)
    tensor([[5., 0., 0.],
            [0., 5., 0.]])
    """
    number = number_of(fill_value, "fill_diagonal_", "fill_value", 1)
    if self.ndim < 2:
        raise RuntimeError("dimensions must larger than 1")
    if self.ndim > 2 and len(set(self.shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    if self.dtype is dtypes.bool:
        number = bool(number)
    elif self.dtype.kind < dtypes.FLOAT:
        number = int(number)
    return write("fill_diagonal_", self, _with_diagonal, (number, wrap), {})


Tensor.fill_diagonal_ = fill_diagonal_


@composite(method=True, out=False)
def argwhere(input):
    """The positions of the nonzero elements, one a row.

    >>> import tidu
    >>> tidu.argwhere(tidu.tensor([[0, 5], [6, 0]]))
    tensor([[0, 1],
            [1, 0]])
    """
    return _nonzero.op.apply(input)


# Triangles


def _triangle(name, where, example):
    def forward(k, x: Array, diagonal=0):
        if x.ndim < 2:
            raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
        return getattr(k.xp, name)(x, as_int(diagonal))

    forward.__name__ = name
    forward.__doc__ = f"""Matrices (*, m, n) with zeros {where} the given diagonal (0 is the main one).

    >>> import tidu
    >>> tidu.{name}(tidu.ones(2, 3))
    {example}
    """
    declared = op(inplace=True, row_order=True)(forward)
    if name == "tril":
        declared.vjp(x=lambda k, g, diagonal: k.tril(g, diagonal))
    else:
        declared.vjp(x=lambda k, g, diagonal: k.triu(g, diagonal))
    return declared


tril = _triangle("tril", "above", "tensor([[1., 0., 0.],\n            [1., 1., 0.]])")
FORWARDS.update(tril_=not_within, triu_=not_within)
triu = _triangle("triu", "below", "tensor([[1., 1., 1.],\n            [0., 1., 1.]])")


# Classes and sorted boundaries


@composite(public=False, out=False)
def one_hot(tensor, num_classes=-1):
    """For each class index a row with a one at that place: shape (..., num_classes), int64.

    >>> import tidu
    >>> tidu.nn.functional.one_hot(tidu.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    array = tensor._array
    if array.dtype != np.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    return Tensor._wrap(table_of(array).one_hot_of(array, num_classes))


def one_hot_of(k, array, num_classes):
    """`one_hot`, of an array."""
    if not array.size:
        if num_classes <= 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        return np.zeros((*array.shape, num_classes), np.int64)
    if array.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = int(array.max()) + 1
    elif num_classes < 1:
        raise RuntimeError("num_classes should be positive")
    elif array.max() >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return (array[..., None] == np.arange(num_classes)).astype(np.int64, "C")


FORWARDS["one_hot_of"] = one_hot_of


@composite()
def searchsorted(sorted_sequence, input, *, out_int32=False, right=False, side=None, sorter=None):
    """Where each value would go in a sorted sequence (the last dimension) so that it stays sorted.

    `right`: behind equal elements, not before them.

    >>> import tidu
    >>> tidu.searchsorted(tidu.tensor([1, 3, 5]), tidu.tensor([3, 4]))
    tensor([1, 2])
    """
    if side is not None:
        if side not in ("left", "right"):
            raise RuntimeError(
                f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}"
            )
        if right and side == "left":
            raise RuntimeError(
                "torch.searchsorted(): side and right can't be set to opposites, got side of left "
                "while right was True"
            )
        right = side == "right"
    edges = sorted_sequence._array
    values = input._array if isinstance(input, Tensor) else np.asarray(input)
    if not edges.ndim:
        raise RuntimeError(
            "torch.searchsorted(): input value can be a scalar only when boundaries tensor "
            "dimension is 1, but we got boundaries tensor dim(0) and input value's "
            f"dim({values.ndim}) numel({values.size})"
        )
    if edges.ndim > 1 and edges.shape[:-1] != values.shape[:-1]:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 "
            "dimensions "
            "of boundaries tensor and input value tensor must match, but we got boundaries tensor "
            f"{list(edges.shape)} and input value tensor {list(values.shape)}"
        )
    if sorter is not None:
        edges = np.take_along_axis(edges, sorter._array, -1)
    found = table_of(edges).sorted_places(edges, values, right)
    return Tensor._wrap(found.astype(np.int32 if out_int32 else np.int64, copy=False))


def sorted_places(k, edges, values, right):
    """`searchsorted`, of arrays."""
    side: Literal["left", "right"] = "right" if right else "left"
    if edges.ndim == 1:
        return np.asarray(np.searchsorted(edges, values, side), np.int64)
    found = np.empty(values.shape, np.int64)
    for place in np.ndindex(edges.shape[:-1]):
        found[place] = np.searchsorted(edges[place], values[place], side)
    return found


FORWARDS["sorted_places"] = sorted_places


@composite()
def bucketize(input, boundaries, *, out_int32=False, right=False):
    """Into which of the buckets between sorted `boundaries` each value falls.

    >>> import tidu
    >>> tidu.bucketize(tidu.tensor([0, 3, 9]), tidu.tensor([1, 5]))
    tensor([0, 1, 2])
    """
    if boundaries._array.ndim != 1:
        raise RuntimeError(
            f"boundaries tensor must be 1 dimension, but got dim({boundaries._array.ndim})"
        )
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)
