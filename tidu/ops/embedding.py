"""Embedding: rows of a table, by number."""

from __future__ import annotations

import numpy as np

from .. import dtypes
from ..autograd.op import Array, op


@op(method=False)
def embedding(
    k, weight: Array, indices: Array, padding_idx=-1, scale_grad_by_freq=False, sparse=False
):
    """The rows of `weight` (V, D) with the numbers `indices` (*): a tensor (*, D).

    Row `padding_idx` receives no gradient; `scale_grad_by_freq` divides each row's gradient by how
    often it was picked.

    >>> import tidu
    >>> tidu.embedding(tidu.eye(3), tidu.tensor([2, 0]))
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
    """
    if weight.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    check_indices(indices, "embedding")
    if sparse:
        raise NotImplementedError("tidu has no sparse gradients yet: embedding(..., sparse=False)")
    if indices.size and (indices.min() < 0 or indices.max() >= len(weight)):
        raise IndexError("index out of range in self")
    return weight.take(indices, 0)


def check_indices(indices, name):
    """PyTorch takes int32 and int64 as numbers of rows."""
    if indices.dtype.kind != "i" or indices.dtype.itemsize < 4:
        title = dtypes.of(indices).title
        found = "CPUBoolType" if title == "Bool" else f"torch.{title}Tensor"
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, "
            f"Int; but got {found} instead (while checking arguments for {name})"
        )


embedding.vjp(
    weight=lambda k, g, weight_shape, indices, padding_idx, scale_grad_by_freq: k.embedding_backward(
        g, indices, weight_shape[0], padding_idx, scale_grad_by_freq
    )
)


@op(public=False, method=False, node="EmbeddingDenseBackwardBackward0")
def embedding_backward(k, g: Array, indices: Array, rows, padding_idx, scale_grad_by_freq):
    """The sum of g's rows that belong to each row of the table."""
    flat = indices.reshape(-1)
    g = _weighted(g.reshape(flat.size, g.shape[-1]), flat, rows, padding_idx, scale_grad_by_freq)
    out = np.zeros((rows, g.shape[1]), g.dtype)
    # Sorted by row, the parts of each sum lie together: far quicker than np.add.at.
    order = np.argsort(flat, kind="stable")
    picked = flat[order]
    starts = np.flatnonzero(np.diff(picked, prepend=-1))
    if starts.size:
        out[picked[starts]] = np.add.reduceat(g[order], starts, axis=0)
    return out


embedding_backward.vjp(
    g=lambda k, g, indices, rows, padding_idx, scale_grad_by_freq: k.embedding_weighted(
        k.embedding(g, indices, -1, False, False), indices, rows, padding_idx, scale_grad_by_freq
    )
)


@op(public=False, method=False)
def embedding_weighted(k, g: Array, indices: Array, rows, padding_idx, scale_grad_by_freq):
    """g's rows with the factors that they have in `embedding_backward`."""
    flat = indices.reshape(-1)
    out = _weighted(g.reshape(flat.size, g.shape[-1]), flat, rows, padding_idx, scale_grad_by_freq)
    return out.reshape(g.shape)


embedding_weighted.vjp(
    g=lambda k, g, indices, rows, padding_idx, scale_grad_by_freq: k.embedding_weighted(
        g, indices, rows, padding_idx, scale_grad_by_freq
    )
)


@op(public=False, method=False, node="EmbeddingBagBackward0")
def embedding_bag_sum(
    k, weight: Array, indices: Array, bags: Array, factors: Array, n, padding_idx, by_freq
):
    """The sum of factor * row over each of `n` bags; `bags` says where each index belongs."""
    bad = _outside(weight, indices)
    if bad.size:
        raise RuntimeError(
            f"Index {bad[0]} of input takes value {indices[bad[0]]} which is not in the valid range "
            f"[0, {len(weight)})"
        )
    rows = weight.take(indices, 0) * factors[:, None]
    return k.embedding_backward(rows, bags, n, -1, False)


embedding_bag_sum.vjp(
    weight=lambda k, g, weight_shape, indices, bags, factors, padding_idx, by_freq: (
        k.embedding_backward(
            k.embedding(g, bags, -1, False, False) * factors[:, None],
            indices, weight_shape[0], padding_idx, by_freq,
        )
    ),
    factors=lambda k, g, weight, indices, bags: k.sum(
        k.embedding(g, bags, -1, False, False) * k.embedding(weight, indices, -1, False, False), 1, False
    ),
)  # fmt: skip


def largest_in_bags(weight, indices, bags, n, used):
    """The rows' numbers (n, D) where each bag has its largest elements, the first if there are several.

    Elements that are not `used` do not count; bags without any get row 0.
    """
    bad = _outside(weight, indices)
    if bad.size:
        raise RuntimeError(
            "embedding_bag: Expected idx >= 0 && idx < num_embeddings but found idx to be "
            f"{indices[bad[0]]}"
        )
    rows = np.zeros((n, weight.shape[1]), np.int64)
    indices, bags = indices[used], bags[used]
    starts = np.flatnonzero(np.diff(bags, prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(bags)]):
        members = indices[start:end]
        rows[bags[start]] = members[weight[members].argmax(0)]
    return rows


def _outside(weight, indices):
    """The positions of numbers that no row has."""
    return np.flatnonzero((indices < 0) | (indices >= len(weight)))


def _weighted(g, flat, rows, padding_idx, scale_grad_by_freq):
    if padding_idx >= 0:
        g = np.where((flat == padding_idx)[:, None], g.dtype.type(0), g)
    if scale_grad_by_freq:
        counts = np.bincount(flat, minlength=rows)
        g = g / counts[flat].astype(g.dtype)[:, None]
    return g
