"""Attention: averages of values, weighted by how well keys fit queries."""

from __future__ import annotations

import math

from ... import dtypes
from ...autograd.public import operations as ops
from ...ops.attention import scaled_dot_product_attention as one_operation
from ...ops.creation import ones
from .dropout import dropout

__all__ = ["scaled_dot_product_attention"]


def scaled_dot_product_attention(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False
):
    """softmax(query @ key^T * scale + mask) @ value (Vaswani et al., 2017).

    `query` has shape (..., L, E), `key` (..., S, E), `value` (..., S, F). `attn_mask` (L, S): True
    where a query may look at a key, or numbers to add. `is_causal`: only at keys that are not later.
    `scale` is 1/sqrt(E) if not given. `enable_gqa`: several heads of the query share one of the keys.
    A query that may look at nothing gives 0. `dropout_p` holds in evaluation too.

    >>> import tidu
    >>> x = tidu.eye(2)
    >>> tidu.nn.functional.scaled_dot_product_attention(x, x, x, is_causal=True)
    tensor([[1.0000, 0.0000],
            [0.3302, 0.6698]])
    """
    _check(query, key, value, attn_mask, is_causal)
    if scale is None:
        scale = 1 / math.sqrt(query.shape[-1])
    if dropout_p == 0 and _is_one_operation(query, key, value, attn_mask, enable_gqa):
        if attn_mask is not None and attn_mask.dtype is not dtypes.bool:
            attn_mask = attn_mask.to(query.dtype)
        apply = one_operation.op.apply
        return apply(query, key, value, attn_mask, bool(is_causal), float(scale))[0]
    return _in_steps(query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa)


def _is_one_operation(query, key, value, mask, enable_gqa):
    """Whether nothing broadcasts but the mask, and the mask needs no gradient."""
    q, k, v = query.shape, key.shape, value.shape
    if not (len(q) == len(k) == len(v) and q[-1] == k[-1] and k[:-1] == v[:-1]):
        return False
    if enable_gqa and len(q) > 2 and k[-3] and q[-3] % k[-3] == 0:
        k = (*k[:-3], q[-3], *k[-2:])
    if q[:-2] != k[:-2] or not q[-1]:
        return False
    if mask is None:
        return True
    wanted = (*q[:-1], k[-2])
    return (
        2 <= mask.dim() <= len(wanted)
        and not mask.requires_grad
        and all(n in (1, m) for n, m in zip(mask.shape[::-1], wanted[::-1]))
    )


def _in_steps(query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa):
    if enable_gqa:
        key = key.repeat_interleave(query.shape[-3] // key.shape[-3], -3)
        value = value.repeat_interleave(query.shape[-3] // value.shape[-3], -3)
    if is_causal:
        shape = query.shape[-2], key.shape[-2]
        attn_mask = ops.tril(ones(shape, dtype=dtypes.bool), 0)
    root = math.sqrt(abs(scale))  # on both sides, so that neither product overflows
    scores = (query * math.copysign(root, scale)) @ (key.mT * root)
    if attn_mask is None:
        weights = scores.softmax(-1)
    else:
        if attn_mask.dtype is dtypes.bool:
            scores = scores.masked_fill(~attn_mask, -math.inf)
        else:
            scores = scores + attn_mask
        nothing = (scores == -math.inf).all(-1, keepdim=True)
        weights = scores.softmax(-1).masked_fill(nothing, 0.0)
    return (dropout(weights, dropout_p) if dropout_p > 0 else weights) @ value


def _check(query, key, value, mask, is_causal):
    from ...ops.conversion import C_NAMES

    if mask is not None and is_causal:
        raise RuntimeError(
            "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True"
        )
    if min(query.dim(), key.dim(), value.dim()) < 2:
        raise RuntimeError(
            "Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: "
            f"{query.dim()} key.dim: {key.dim()} and value.dim: {value.dim()} instead."
        )
    if not query.dtype == key.dtype == value.dtype:
        names = [C_NAMES[t.dtype.name] for t in (query, key, value)]
        raise RuntimeError(
            "Expected query, key, and value to have the same dtype, but got query.dtype: "
            f"{names[0]} key.dtype: {names[1]} and value.dtype: {names[2]} instead."
        )
    if mask is not None and mask.dtype not in (dtypes.bool, dtypes.float32, query.dtype):
        raise RuntimeError(
            "Expected attn_mask dtype to be bool or float or to match query dtype, but got "
            f"attn_mask.dtype: {C_NAMES[mask.dtype.name]} and  query.dtype: "
            f"{C_NAMES[query.dtype.name]} instead."
        )
