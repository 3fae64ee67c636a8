"""Embedding."""

from __future__ import annotations

import numpy as np

from ...autograd.grad_mode import no_grad
from ...autograd.public import operations as ops
from ...ops.embedding import check_indices, largest_in_bags
from ...ops.embedding import embedding as _embedding
from ...tensor import Tensor

__all__ = ["embedding", "embedding_bag"]


def embedding(
    input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False
):
    """The rows of `weight` (V, D) with the numbers `input` (*), int64 or int32: a tensor (*, D).

    `padding_idx`: a row that receives no gradient. `max_norm`: rows that are used and longer than
    that are shortened first, in `weight` itself. `scale_grad_by_freq`: a row's gradient is divided
    by how often it was used. Raises IndexError for a number that is no row's.

    >>> import tidu
    >>> words = tidu.tensor([[0.5, 0.0], [0.0, 0.25], [1.0, 1.0]])
    >>> tidu.nn.functional.embedding(tidu.tensor([2, 0, 2]), words)
    tensor([[1.0000, 1.0000],
            [0.5000, 0.0000],
            [1.0000, 1.0000]])
    """
    if padding_idx is not None:
        rows = weight.size(0)
        if not -rows <= padding_idx < rows:
            raise AssertionError("Padding_idx must be within num_embeddings")
        padding_idx %= rows
    else:
        padding_idx = -1
    if max_norm is not None:
        input = input.contiguous()
        _shorten(weight, input, max_norm, norm_type)
    return _embedding(weight, input, padding_idx, scale_grad_by_freq, sparse)


def _shorten(weight, indices, max_norm, norm_type):
    """Scales the rows in use to at most `max_norm`."""
    with no_grad():
        used = indices.unique()
        rows = weight[used]
        norms = rows.norm(norm_type, 1, True)
        factors = (max_norm / (norms + 1e-7)).where(norms > max_norm, norms.new_ones(()))
        weight[used] = rows * factors


def embedding_bag(
    input, weight, offsets=None, max_norm=None, norm_type=2, scale_grad_by_freq=False, mode="mean",
    sparse=False, per_sample_weights=None, include_last_offset=False, padding_idx=None,
):  # fmt: skip
    """The sum, mean or maximum (`mode`) of the rows of `weight` (V, D) in each bag of numbers: (B, D).

    `input`: (B, N), or (N) with the bags' first positions `offsets` (B; with `include_last_offset`
    (B + 1), the last of which is where the last bag ends). Empty bags give zeros. Numbers equal to
    `padding_idx` do not count. `per_sample_weights` multiply the rows (only for "sum").

    >>> import tidu
    >>> bags = tidu.tensor([[0, 1], [2, 2]])
    >>> tidu.nn.functional.embedding_bag(bags, tidu.eye(3), mode="sum")
    tensor([[1., 1., 0.],
            [0., 0., 2.]])
    """
    _check_bags(input, weight, offsets, per_sample_weights)
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError("max mode does not support scaling the gradient by the frequency")
    if mode == "max" and sparse:
        raise ValueError("max mode does not support sparse weights")
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for "
            f"mode='sum' (got mode='{mode}'). Please open a feature request on GitHub."
        )
    if sparse:
        raise NotImplementedError("tidu has no sparse gradients yet: embedding_bag(..., sparse=False)")
    padding_idx = -1 if padding_idx is None else padding_idx % weight.size(0)
    indices = input.reshape(-1)
    check_indices(indices._array, "embedding_bag")
    if max_norm is not None:
        _shorten(weight, indices, max_norm, norm_type)
    bags, n = _bags(input, offsets, include_last_offset)
    indices = indices[: len(bags)]
    used = indices._array != padding_idx
    counts = np.bincount(bags[used], minlength=n)
    if mode == "max":
        picked = largest_in_bags(weight._array, indices._array, bags, n, used)
        filled = Tensor._wrap((counts > 0)[:, None])
        return weight.gather(0, Tensor._wrap(picked)).where(filled, weight.new_zeros(()))
    factors = used.astype(weight._array.dtype)
    if mode == "mean":
        factors /= np.maximum(counts, 1)[bags].astype(factors.dtype)
    factors = Tensor._wrap(factors)
    if per_sample_weights is not None:
        factors = factors * per_sample_weights.reshape(-1)[: len(bags)]
    return ops.embedding_bag_sum(
        weight, indices, Tensor._wrap(bags), factors, n, padding_idx, scale_grad_by_freq
    )


def _bags(input, offsets, include_last_offset):
    """(the bag of each index, the number of bags)."""
    if input.dim() == 2:
        n, each = input.shape
        return np.repeat(np.arange(n), each), n
    size = input.numel()
    starts = offsets._array
    if starts.size and starts[0] != 0:
        raise RuntimeError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from "
            f"position 0. However, got {starts[0]}\n[ torch.{offsets.dtype.title}Tensor{{}} ]"
        )
    if starts.size and starts[-1] > size:
        raise RuntimeError(
            f"offsets[-1] can not be greater than input's length {size} but got offsets[-1] of "
            f"{starts[-1]}"
        )
    ends = np.append(starts[1:], size)
    if include_last_offset:
        starts, ends = starts[:-1], starts[1:]
    bags = np.repeat(np.arange(len(starts)), ends - starts)
    return bags, len(starts)


def _check_bags(input, weight, offsets, per_sample_weights):
    if per_sample_weights is not None and input.size() != per_sample_weights.size():
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({per_sample_weights.shape}) is not None, then it "
            f"must have the same shape as the input ({input.shape})"
        )
    if weight.dim() != 2:
        raise ValueError(f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.dim()}")
    if input.dim() == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of "
                f"fixed length sequences. However, found offsets of type {type(offsets)}"
            )
    elif input.dim() == 1:
        if offsets is None:
            raise ValueError("offsets has to be a 1D Tensor but got None")
        if offsets.dim() != 1:
            raise ValueError("offsets has to be a 1D Tensor")
    else:
        raise ValueError(
            f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.dim()}"
        )
