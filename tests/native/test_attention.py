"""Attention: the kernel, which never has all scores, against the reference, which has."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tidu.ops.attention  # noqa: F401  (declares it)
from tidu.backend import native

from .kernels import FLOATS, assert_agree, kernel, reference_of, seeds, values

pytestmark = pytest.mark.skipif(not native.available, reason="without native kernels")
some = settings(max_examples=60, deadline=None)
NAME, RULE = "scaled_dot_product_attention", "scaled_dot_product_attention.query,key,value"
# Blocks are 64 or 128 queries and 128 keys.
length = st.one_of(st.integers(1, 9), st.sampled_from([63, 64, 65, 127, 128, 129, 150, 260]))
MASKS = ["none", "causal", "bool", "float", "bool of heads", "float of heads", "row"]


@st.composite
def cases(draw):
    """(query, key, value, mask, is_causal, scale) and a gradient of the result."""
    dtype, rows, columns = draw(st.sampled_from(FLOATS)), draw(length), draw(length)
    heads, group = draw(st.sampled_from([(1, 1), (2, 1), (3, 1), (2, 2), (1, 3)]))
    lead = draw(st.sampled_from([(), (heads * group,), (2, heads * group), (2, 2, heads * group)]))
    shared = (*lead[:-1], heads) if lead else ()
    n = draw(st.sampled_from([1, 3, 4, 8, 13, 16, 33]))
    n_value = draw(st.sampled_from([n, n, 5]))
    beside = draw(st.booleans())  # heads beside each other, as a projection has them

    def array(*shape):
        made = values(shape, dtype, draw(seeds)) / 3
        if beside and len(shape) > 2:
            made = np.ascontiguousarray(made.swapaxes(-3, -2)).swapaxes(-3, -2)
        return made

    kind = draw(st.sampled_from(MASKS))
    mask = None
    if kind.startswith(("bool", "float")):
        shape = (*(lead[-1:] if kind.endswith("heads") else ()), rows, columns)
        mask = values(shape, dtype, draw(seeds))
        if kind.startswith("bool"):
            mask = mask > draw(st.sampled_from([0, 3, 9]))  # at 9, there is nothing to look at
    elif kind == "row":
        mask = values((1, columns), dtype, draw(seeds), special=True)
    arguments = (
        array(*lead, rows, n),
        array(*shared, columns, n),
        array(*shared, columns, n_value),
        mask,
        kind == "causal",
        draw(st.sampled_from([0.4, 1.0, -0.3])),
    )
    return arguments, array(*lead, rows, n_value)


def agree(found, expected, tolerance):
    """Values within so many epsilons; the layout may differ."""
    assert_agree(np.array(found, order="C"), np.array(expected, order="C"), tolerance, scale=3)


@some
@given(case=cases())
def test_values_and_gradients(case):
    arguments, g = case
    with np.errstate(all="ignore"):
        expected = reference_of(NAME)(*arguments)
        found = kernel(NAME, falls_back=False)(*arguments)
        # Of a row without a result, the sum of its exponentials means nothing.
        numbers = np.isfinite(expected[0]).all(-1)
        agree(found[0], expected[0], 200)
        agree(found[1][numbers], expected[1][numbers], 200)
        for a, b in zip(found, expected):
            real = [d for d in range(a.ndim) if a.shape[d] > 1]
            assert [a.strides[d] for d in real] == [b.strides[d] for d in real]
        if not np.isfinite(expected[0]).all():
            return
        gradients = reference_of(RULE)(g, *arguments, *expected)
        for a, b in zip(kernel(RULE, falls_back=False)(g, *arguments, *found), gradients):
            agree(a, b, 2000)


def test_nothing_to_look_at():
    """No keys at all, and no queries."""
    q, k = np.ones((2, 3, 4), "float32"), np.ones((2, 0, 4), "float32")
    out, logsumexp = kernel(NAME, falls_back=False)(q, k, k, None, False, 1.0)
    assert (out == 0).all()
    assert (logsumexp == -np.inf).all()
    out, _ = kernel(NAME, falls_back=False)(k, q, q, None, True, 1.0)
    assert out.shape == (2, 0, 4)


def test_scores_that_overflow_exponentials():
    q = np.full((1, 1, 3, 2), 40, "float32")
    k = np.repeat(np.arange(150, dtype="float32")[None, None, :, None], 2, -1)
    out, _ = kernel(NAME, falls_back=False)(q, k, k, None, False, 1.0)
    np.testing.assert_allclose(out, np.full((1, 1, 3, 2), 149, "float32"))


def test_expanded_gradients_and_what_is_left_to_the_reference():
    x = values((1, 2, 5, 4), "float32", 1)
    out, logsumexp = kernel(NAME)(x, x, x, None, True, 0.5)
    g = np.broadcast_to(np.float32(1), out.shape)
    arguments = (g, x, x, x, None, True, 0.5, out, logsumexp)
    for a, b in zip(kernel(RULE, falls_back=False)(*arguments), reference_of(RULE)(*arguments)):
        agree(a, b, 100)
    backwards = np.ascontiguousarray(x.swapaxes(-1, -2)).swapaxes(
        -1, -2
    )  # the last one not innermost
    found = kernel(NAME)(backwards, x, x, None, True, 0.5)[0]
    agree(found, out, 100)
