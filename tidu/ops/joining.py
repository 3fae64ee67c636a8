"""Tensors made of others: joined, repeated, rolled, flipped."""

from __future__ import annotations

import math

import numpy as np

from .. import dtypes
from ..autograd.op import op
from ..autograd.public import composite
from ..tensor import Tensor
from .indexing import index
from .shape import (
    _int_argument,
    axes_of,
    axis_of,
    broadcast_tensors,
    reshape,
    sizes_of,
    transpose,
    unsqueeze,
)
from .slicing import ALL

# Joined


def _check_lists(name, tensors):
    if not isinstance(tensors, (tuple, list)):
        raise TypeError(
            f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, "
            f"not {type(tensors).__name__}"
        )
    for i, t in enumerate(tensors):
        if not isinstance(t, Tensor):
            raise TypeError(
                f"expected Tensor as element {i} in argument 0, but got {type(t).__name__}"
            )


def _is_legacy_empty(a):
    """A tensor of shape (0,) may be joined with anything, for PyTorch's history's sake."""
    return a.ndim == 1 and a.shape[0] == 0


def _joint_dtype(arrays):
    first = arrays[0].dtype
    if all(a.dtype is first or a.dtype == first for a in arrays):
        return first
    return dtypes.result(*arrays)


@op(method=False, names={"x": "tensors"}, aliases=("concat", "concatenate"))
def cat(k, x: list[Array], dim=0):  # noqa: F821
    """The tensors joined along an existing dimension.

    >>> import tidu
    >>> tidu.cat([tidu.ones(2, 1), tidu.zeros(2, 2)], dim=1)
    tensor([[1., 0., 0.],
            [1., 0., 0.]])
    """
    if not x:
        raise ValueError("expected a non-empty list of Tensors")
    parts = x
    for i, a in enumerate(x):
        if not a.ndim:
            raise RuntimeError(
                f"zero-dimensional tensor (at position {i}) cannot be concatenated"
            )
        if a.shape == (0,):
            parts = [b for b in x if not _is_legacy_empty(b)] or x[:1]
    axis = axis_of(dim, parts[0].ndim)
    try:
        return k.xp.concatenate(parts, axis, dtype=_joint_dtype(x))
    except ValueError:
        raise _cat_error(x, parts[0], axis) from None


def _cat_error(arrays, first, axis):
    for i, a in enumerate(arrays):
        if _is_legacy_empty(a):
            continue
        if a.ndim != first.ndim:
            return RuntimeError(
                f"Tensors must have same number of dimensions: got {first.ndim} and {a.ndim}"
            )
        for d, (n, m) in enumerate(zip(first.shape, a.shape)):
            if d != axis and n != m:
                return RuntimeError(
                    f"Sizes of tensors must match except in dimension {axis}. Expected size {n} "
                    f"but got size {m} for tensor number {i} in the list."
                )
    return RuntimeError("the tensors cannot be joined")


def _cut(k, g, shapes, needed, dim):
    axis = dim + len(g.shape) if dim < 0 else dim
    head, start, found = (ALL,) * axis, 0, []
    for shape, wanted in zip(shapes, needed):
        if shape == (0,) and len(g.shape) != 1:
            found.append(None)  # joined with anything, it has no elements
            continue
        end = start + shape[axis]
        found.append(k.basic_index(g, (*head, slice(start, end), ...)) if wanted else None)
        start = end
    return found


cat.vjp(x=lambda k, g, x_shape, x_needed, dim: _cut(k, g, x_shape, x_needed, dim))


@op(method=False, names={"x": "tensors"})
def stack(k, x: list[Array], dim=0):  # noqa: F821
    """The tensors, all of one shape, side by side in a new dimension.

    >>> import tidu
    >>> tidu.stack([tidu.tensor([1, 2]), tidu.tensor([3, 4])], dim=1)
    tensor([[1, 3],
            [2, 4]])
    """
    if not x:
        raise RuntimeError("stack expects a non-empty TensorList")
    first = x[0].shape
    axis = axis_of(dim, len(first) + 1)
    for i, a in enumerate(x):
        if a.shape != first:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 and "
                f"{list(a.shape)} at entry {i}"
            )
    head = (ALL,) * axis
    return k.xp.concatenate([a[(*head, None)] for a in x], axis, dtype=_joint_dtype(x))


def _unstack(k, g, needed, dim):
    axis = dim + len(g.shape) if dim < 0 else dim
    head = (ALL,) * axis
    return [k.basic_index(g, (*head, i, ...)) if n else None for i, n in enumerate(needed)]


stack.vjp(x=lambda k, g, x_needed, dim: _unstack(k, g, x_needed, dim))
