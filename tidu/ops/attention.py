"""Attention: averages of values, weighted by how well keys fit queries (Vaswani et al., 2017)."""

from __future__ import annotations

import math

import numpy as np

from ..autograd.op import Array, op
from .matmul import transposed
from .matrices import constant


def _node(query, key, value, mask, is_causal, scale):
    """PyTorch's name: that of its kernel, or of the last step where it computes in steps."""
    if query.ndim == 2:
        return "MmBackward0"
    if _has_kernel(query, value, mask):
        return "ScaledDotProductFlashAttentionForCpuBackward0"
    return "UnsafeViewBackward0"


def _has_kernel(query, value, mask):
    """Whether PyTorch has a kernel: the result then lies in memory as the query does."""
    same = query.ndim == 4 and query.shape[3] == value.shape[3]
    return same and (mask is None or mask.ndim in (2, 4))


@op(
    public=False,
    method=False,
    outputs=("out", "logsumexp"),
    differentiable=1,
    node=_node,
)
def scaled_dot_product_attention(
    k, query: Array, key: Array, value: Array, mask: Array | None, is_causal, scale
):
    """softmax(query @ key^T * scale + mask) @ value, and the logsumexp of what the softmax is of."""
    n = _heads_per_key(query, key)
    weights, logsumexp = _weights(k, query, _repeated(k, key, n), mask, is_causal, scale)
    out = k.matmul(weights, _repeated(k, value, n))
    if _has_kernel(query, value, mask):
        out, product = np.empty_like(query), out
        out[...] = product
    return out, logsumexp


@scaled_dot_product_attention.vjp_joint("query", "key", "value")
def attention_vjp(k, g, query, key, value, mask, is_causal, scale, out, logsumexp):
    """A kernel finds the weights of a block anew from `logsumexp`; here all are computed once more."""
    n = _heads_per_key(query, key)
    keys, values = _repeated(k, key, n), _repeated(k, value, n)
    weights, _ = _weights(k, query, keys, mask, is_causal, scale)
    g_weights = k.matmul(g, transposed(k, values))
    g_scores = weights * (g_weights - k.sum(g * out, -1, True)) * scale
    return (
        k.matmul(g_scores, keys),
        _summed(k, k.matmul(transposed(k, g_scores), query), n),
        _summed(k, k.matmul(transposed(k, weights), g), n),
    )


def _weights(k, query, key, mask, is_causal, scale):
    """How much of each value each query takes, and the logsumexp of the scores."""
    scores = k.matmul(query, transposed(k, key)) * scale
    if is_causal:
        later = np.triu(np.ones(scores.shape[-2:], "bool"), 1)
        scores = k.masked_fill(scores, constant(scores, later), -math.inf)
    elif mask is not None and "bool" in str(mask.dtype):
        scores = k.masked_fill(scores, ~mask, -math.inf)
    elif mask is not None:
        scores = scores + mask
    logsumexp = k.logsumexp(scores, -1, False)
    # Of a query that may look at nothing, all weights are exp(-inf - 0).
    finite = k.masked_fill(logsumexp, logsumexp == -math.inf, 0.0)
    return k.exp(scores - k.unsqueeze(finite, -1)), logsumexp


def _heads_per_key(query, key):
    return query.shape[-3] // key.shape[-3] if len(query.shape) > 2 and key.shape[-3] else 1


def _repeated(k, x, n):
    """The matrices of every head `n` times, one after the other."""
    if n == 1:
        return x
    *lead, heads, rows, columns = x.shape
    x = k.expand(k.unsqueeze(x, -3), (*lead, heads, n, rows, columns))
    return k.reshape(x, (*lead, heads * n, rows, columns))


def _summed(k, g, n):
    """The gradient of `_repeated`."""
    if n == 1:
        return g
    *lead, heads, rows, columns = g.shape
    return k.sum(k.reshape(g, (*lead, heads // n, n, rows, columns)), -3)
