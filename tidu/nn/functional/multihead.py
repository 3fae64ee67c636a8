"""Attention by several heads: each attends in its own projection of queries, keys and values."""

from __future__ import annotations

import math
import warnings

from ... import dtypes
from ...ops.creation import zeros, zeros_like
from ...ops.joining import cat
from ...ops.matmul import linear
from ...ops.padding import pad
from .attention import scaled_dot_product_attention
from .dropout import dropout


def multi_head_attention_forward(
    query, key, value, embed_dim_to_check, num_heads, in_proj_weight, in_proj_bias, bias_k, bias_v,
    add_zero_attn, dropout_p, out_proj_weight, out_proj_bias, training=True, key_padding_mask=None,
    need_weights=True, attn_mask=None, use_separate_proj_weight=False, q_proj_weight=None,
    k_proj_weight=None, v_proj_weight=None, static_k=None, static_v=None, average_attn_weights=True,
    is_causal=False,
):  # fmt: skip
    """What `nn.MultiheadAttention` computes, of the tensors that it has.

    Shapes: query (L, batch, E), key and value (S, batch, ...), all without the batch too; the result is
    (L, batch, E) and, with `need_weights`, the weights (batch, L, S), averaged over the heads or
    (batch, heads, L, S). `key_padding_mask` (batch, S) and `attn_mask` (L, S) or (batch * heads, L, S)
    are True where a query may not look, or are added. `is_causal` says that `attn_mask` is the causal
    one. `static_k` and `static_v` replace projected keys and values. Raises AssertionError or
    RuntimeError for shapes that do not fit.

    >>> import tidu
    >>> x, w = tidu.ones(3, 1, 2), tidu.ones(6, 2)
    >>> out, weights = tidu.nn.functional.multi_head_attention_forward(
    ...     x, x, x, 2, 1, w, None, None, None, False, 0.0, tidu.eye(2), None)
    >>> out.shape, weights[0, 0]
    (tidu.Size([3, 1, 2]), tensor([0.3333, 0.3333, 0.3333]))
    """
    batched = _check_dims(query, key, value, key_padding_mask, attn_mask, num_heads)
    same = key is value, query is key
    if not batched:
        query, key, value = query.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, batch, size = query.shape
    key_padding_mask, attn_mask, is_causal = _masks(
        query, key_padding_mask, attn_mask, is_causal, need_weights
    )
    _check_sizes(key, value, size, embed_dim_to_check, num_heads, use_separate_proj_weight)
    if use_separate_proj_weight:
        weights = q_proj_weight, k_proj_weight, v_proj_weight
        q, k, v = _project_apart(query, key, value, weights, in_proj_bias)
    else:
        assert in_proj_weight is not None, (
            "use_separate_proj_weight is False but in_proj_weight is None"
        )
        q, k, v = _project(query, key, value, same, in_proj_weight, in_proj_bias)
    attn_mask = _check_mask(attn_mask, length, key.shape[0], batch * num_heads)

    more = 0  # keys that are not in the input
    if bias_k is not None and bias_v is not None:
        assert static_k is None, "bias cannot be added to static key."
        assert static_v is None, "bias cannot be added to static value."
        k, v = cat([k, bias_k.repeat(1, batch, 1)]), cat([v, bias_v.repeat(1, batch, 1)])
        more += 1
    else:
        assert bias_k is None, "bias_k is set but bias_v is None"
        assert bias_v is None, "bias_v is set but bias_k is None"
    shape = batch, num_heads, size // num_heads
    q = _heads(q, shape)
    k = _heads(k, shape) if static_k is None else _static(static_k, "k", shape)
    v = _heads(v, shape) if static_v is None else _static(static_v, "v", shape)
    if add_zero_attn:
        nothing = zeros(batch, num_heads, 1, shape[2], dtype=k.dtype)
        k, v = cat([k, nothing], 2), cat([v, nothing], 2)
        more += 1
    mask = _merged(attn_mask, key_padding_mask, more, (batch, num_heads, length, k.shape[2]))

    dropout_p = dropout_p if training else 0.0
    attention = None
    if need_weights:
        out, attention = _attend(q, k, v, mask, dropout_p)
        attention = attention.mean(dim=1) if average_attn_weights else attention
        attention = attention if batched else attention.squeeze(0)
    else:
        out = scaled_dot_product_attention(q, k, v, mask, dropout_p, is_causal)
    out = out.permute(2, 0, 1, 3).reshape(length * batch, size)
    out = linear(out, out_proj_weight, out_proj_bias)
    out = out.view(length, batch, out.shape[1])
    return out if batched else out.squeeze(1), attention


def _attend(q, k, v, mask, dropout_p):
    """The averages of values, and the weights."""
    scores = (q * math.sqrt(1.0 / q.shape[-1])) @ k.mT
    weights = (scores if mask is None else scores + mask).softmax(-1)
    if dropout_p > 0.0:
        weights = dropout(weights, p=dropout_p)
    return weights @ v, weights


def _heads(x, shape):
    """(length, batch, heads * size) as (batch, heads, length, size)."""
    return x.view(x.shape[0], *shape).permute(1, 2, 0, 3)


def _static(x, name, shape):
    batch, heads, size = shape
    assert x.size(0) == batch * heads, (
        f"expecting static_{name}.size(0) of {batch * heads}, but got {x.size(0)}"
    )
    assert x.size(2) == size, f"expecting static_{name}.size(2) of {size}, but got {x.size(2)}"
    return x.view(batch, heads, -1, size)


def _project(query, key, value, same, weight, bias):
    """Queries, keys and values by one weight that has all three; equal inputs together."""
    same_values, same_queries = same
    if same_values and same_queries:
        return linear(query, weight, bias).chunk(3, -1)
    weights, biases = weight.chunk(3), (None,) * 3 if bias is None else bias.chunk(3)
    if same_values:
        size = query.shape[-1]
        both = linear(key, weight[size:], None if bias is None else bias[size:])
        return linear(query, weights[0], biases[0]), *both.chunk(2, -1)
    return [linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases)]


def _project_apart(query, key, value, weights, bias):
    biases = (None,) * 3 if bias is None else bias.chunk(3)
    size = query.shape[-1]
    for letter, weight in zip("qkv", weights):
        assert weight is not None, (
            f"use_separate_proj_weight is True but {letter}_proj_weight is None"
        )
    parts = list(zip(("query", "key", "value"), (query, key, value), weights, biases))
    for name, x, weight, _ in parts:
        wanted = size, x.shape[-1]
        assert tuple(weight.shape) == wanted, (
            f"expecting {name} weights shape of {wanted}, but got {weight.shape}"
        )
    for name, _, _, b in parts:
        assert b is None or tuple(b.shape) == (size,), (
            f"expecting {name} bias shape of {(size,)}, but got {b.shape}"
        )
    return [linear(x, w, b) for _, x, w, b in parts]


# Masks


def canonical_mask(mask, mask_name, other, other_name, target_type, check_other=True, depth=2):
    """A mask as numbers to add: -inf where one of bools is True. `other`: one of the same dtype."""
    if mask is None:
        return None
    is_float = mask.is_floating_point()
    if mask.dtype is not dtypes.bool and not is_float:
        raise AssertionError(f"only bool and floating types of {mask_name} are supported")
    if check_other and other is not None and mask.dtype is not other.dtype:
        warnings.warn(
            f"Support for mismatched {mask_name} and {other_name} is deprecated. Use same type for both "
            "instead.",
            stacklevel=depth,
        )
    return mask if is_float else zeros_like(mask, dtype=target_type).masked_fill_(mask, -math.inf)


def _masks(query, padding, mask, is_causal, need_weights):
    """Both masks as numbers; None for a causal mask that need not be looked at."""
    padding = canonical_mask(padding, "key_padding_mask", mask, "attn_mask", query.dtype, depth=3)
    if is_causal and mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
            "`generate_square_subsequent_mask` to create this mask."
        )
    if is_causal and padding is None and not need_weights:
        return None, None, True
    mask = canonical_mask(mask, "attn_mask", None, "", query.dtype, check_other=False)
    return padding, mask, False


def _check_mask(mask, length, keys, rows):
    if mask is None:
        return None
    if mask.dim() not in (2, 3):
        raise RuntimeError(f"attn_mask's dimension {mask.dim()} is not supported")
    wanted = (rows, length, keys)[3 - mask.dim() :]
    if tuple(mask.shape) != wanted:
        raise RuntimeError(
            f"The shape of the {mask.dim()}D attn_mask is {mask.shape}, but should be {wanted}."
        )
    return mask


def _merged(mask, padding, more, shape):
    """The sum of both masks, to be added to the scores of this shape; `more` keys come last."""
    batch, _, length, keys = shape
    if mask is not None:
        mask = pad(mask, (0, more)) if more else mask
        mask = mask.view(1, 1, length, keys) if mask.dim() == 2 else mask.view(shape)
    if padding is None:
        return mask
    padding = pad(padding, (0, more)) if more else padding
    for i, n in enumerate((batch, keys)):
        assert padding.shape[i] == n, (
            f"Expected key_padded_mask.shape[{i}] to be {n}, but got {padding.shape[i]}"
        )
    padding = padding.view(batch, 1, 1, keys)
    return padding if mask is None else mask + padding


# What PyTorch refuses


def _check_sizes(key, value, size, expected, heads, apart):
    assert size == expected, f"was expecting embedding dimension of {expected}, but got {size}"
    assert size % heads == 0, f"embed_dim {size} not divisible by num_heads {heads}"
    if apart:
        assert key.shape[:2] == value.shape[:2], (
            f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}"
        )
    else:
        assert key.shape == value.shape, (
            f"key shape {key.shape} does not match value shape {value.shape}"
        )


def _check_dims(query, key, value, padding, mask, heads):
    """Whether there is a dimension for the batch."""
    n = query.dim()
    assert n in (2, 3), (
        f"query should be unbatched 2D or batched 3D tensor but received {n}-D query tensor"
    )
    start = f"For {'batched (3-D)' if n == 3 else 'unbatched (2-D)'} `query`, expected"
    assert key.dim() == n == value.dim(), (
        f"{start} `key` and `value` to be {n}-D but found {key.dim()}-D and {value.dim()}-D tensors "
        "respectively"
    )
    assert padding is None or padding.dim() == n - 1, (
        f"{start} `key_padding_mask` to be `None` or {n - 1}-D but found {padding.dim()}-D tensor instead"
    )
    if mask is not None:
        assert mask.dim() in (2, 3), (
            f"{start} `attn_mask` to be `None`, 2-D or 3-D but found {mask.dim()}-D tensor instead"
        )
        if n == 2 and mask.dim() == 3:
            wanted = heads, query.shape[0], key.shape[0]
            assert tuple(mask.shape) == wanted, (
                f"Expected `attn_mask` shape to be {wanted} but got {mask.shape}"
            )
    return n == 3
