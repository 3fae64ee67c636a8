"""scaled_dot_product_attention: what a query looks at, and PyTorch's refusals."""

from __future__ import annotations

import math

import pytest

import tidu
import tidu.nn.functional as F

Q, K, V = (tidu.rand(2, 2, *shape, dtype=tidu.float64) for shape in ((3, 4), (5, 4), (5, 6)))


def by_hand(q, k, v, allowed, scale):
    """Each query by itself, over the keys that it may look at."""
    out = tidu.zeros(*q.shape[:-1], v.shape[-1], dtype=tidu.float64)
    for place in ((b, h, i) for b in range(2) for h in range(2) for i in range(q.shape[-2])):
        b, h, i = place
        keys = [j for j in range(k.shape[-2]) if allowed[i][j]]
        if keys:
            weights = (k[b, h, keys] @ q[place] * scale).exp()
            out[place] = weights / weights.sum() @ v[b, h, keys]
    return out


CAUSAL = tidu.ones(3, 5).tril().bool()
SOME = CAUSAL.clone()
SOME[0] = False


@pytest.mark.parametrize(
    ("options", "allowed"),
    [
        ({}, tidu.ones(3, 5)),
        ({"is_causal": True}, CAUSAL),
        ({"attn_mask": SOME}, SOME),
        ({"attn_mask": tidu.zeros(3, 5).masked_fill(~CAUSAL, -math.inf)}, CAUSAL),
        ({"scale": -0.3}, tidu.ones(3, 5)),
    ],
)
def test_values_and_gradients(options, allowed):
    found = F.scaled_dot_product_attention(Q, K, V, **options)
    assert tidu.allclose(found, by_hand(Q, K, V, allowed, options.get("scale", 0.5)))
    inputs = [t[:1, :1].clone().requires_grad_() for t in (Q, K, V)]
    assert tidu.autograd.gradcheck(lambda *x: F.scaled_dot_product_attention(*x, **options), inputs)


def test_shared_heads_and_dropout():
    q = tidu.ones(1, 4, 3, 4)
    shared = F.scaled_dot_product_attention(q, q[:, :2], q[:, :2], enable_gqa=True)
    assert tidu.allclose(shared, tidu.ones(1, 4, 3, 4))
    assert F.scaled_dot_product_attention(q, q, q, dropout_p=1.0).sum() == 0


@pytest.mark.parametrize(
    ("arguments", "options", "text"),
    [
        (
            (Q, K, V),
            {"attn_mask": CAUSAL, "is_causal": True},
            "Explicit attn_mask should not be set",
        ),
        ((Q, K.float(), V), {}, "query.dtype: double key.dtype: float and value.dtype: double"),
        ((Q[0, 0, 0], K, V), {}, "but got query.dim: 1 key.dim: 4 and value.dim: 4 instead"),
        (
            (Q, K, V),
            {"attn_mask": CAUSAL.long()},
            "but got attn_mask.dtype: long int and  query.dtype",
        ),
    ],
)
def test_refusals(arguments, options, text):
    with pytest.raises(RuntimeError) as caught:
        F.scaled_dot_product_attention(*arguments, **options)
    assert text in str(caught.value)
