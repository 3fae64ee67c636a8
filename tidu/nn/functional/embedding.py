"""Embedding."""

from __future__ import annotations

from ...autograd.grad_mode import no_grad
from ...ops.embedding import embedding as _embedding

__all__ = ["embedding"]


def embedding(
    input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False
):
    """The rows of `weight` (V, D) with the numbers `input` (*): a tensor (*, D).

    `padding_idx`: a row that receives no gradient. `max_norm`: rows that are used and longer than that
    are shortened first, in `weight` itself.
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
