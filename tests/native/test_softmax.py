"""Softmax and its relatives: native kernels against the references."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidu.backend import native

from .kernels import (
    FLOATS,
    LAYOUTS,
    assert_agree,
    kernel,
    laid_out,
    reference_of,
    seeds,
    shapes,
    values,
)

pytestmark = pytest.mark.skipif(not native.available, reason="without native kernels")
some = settings(max_examples=60, deadline=None)
drawn = {
    "shape": shapes(),
    "data": st.data(),
    "dtype": st.sampled_from(FLOATS),
    "layout": st.sampled_from(LAYOUTS),
    "special": st.booleans(),
    "seed": seeds,
}
# The difference to the largest element rounds: by half an epsilon of that difference, some 20 here.
TOLERANCE = 32


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@some
@given(**drawn)
def test_softmax(name, shape, data, dtype, layout, special, seed):
    x = laid_out(values(shape, dtype, seed, special), layout)
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    with np.errstate(all="ignore"):
        expected = reference_of(name)(x, dim, None)
    expected = np.ascontiguousarray(expected)
    assert_agree(kernel(name, falls_back=False)(x, dim, None), expected, TOLERANCE)
    if special:
        return
    g = laid_out(values(shape, dtype, seed + 1), layout)
    if seed % 3 == 0:
        g = np.broadcast_to(g[(0,) * len(shape)], shape)
    rule = f"{name}.x"
    assert_agree(
        kernel(rule, falls_back=False)(g, expected, dim),
        np.ascontiguousarray(reference_of(rule)(g, expected, dim)),
        TOLERANCE,
        np.abs(g).max(),
    )


@some
@given(**drawn, keepdim=st.booleans())
def test_logsumexp(shape, data, dtype, layout, special, seed, keepdim):
    x = laid_out(values(shape, dtype, seed, special), layout)
    first = data.draw(st.integers(0, len(shape) - 1))
    last = data.draw(st.integers(first, len(shape) - 1))
    dim = first if first == last and seed % 2 else tuple(range(first, last + 1))
    with np.errstate(all="ignore"):
        expected = np.ascontiguousarray(reference_of("logsumexp")(x, dim, keepdim))
        expected = expected.reshape(kept(shape, first, last, keepdim))
        found = kernel("logsumexp", falls_back=False)(x, dim, keepdim)
        assert_agree(found, expected, TOLERANCE)
        g = np.broadcast_to(values((), dtype, seed + 1), expected.shape)
        args = (g, x, expected, dim, keepdim)
        gradient = np.ascontiguousarray(reference_of("logsumexp.x")(*args))
    assert_agree(kernel("logsumexp.x", falls_back=False)(*args), gradient, TOLERANCE)


def kept(shape, first, last, keepdim):
    if keepdim:
        return tuple(1 if first <= i <= last else n for i, n in enumerate(shape))
    return shape[:first] + shape[last + 1 :]


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("softmax", (np.zeros((0, 3), "float32"), 1, None)),
        ("softmax", (np.zeros((), "float32"), 0, None)),
        ("softmax", (np.zeros((2, 3), "float16"), 1, None)),
        ("log_softmax", (np.zeros((3, 0), "float64"), 1, None)),
        ("logsumexp", (np.zeros((3, 0), "float64"), 1, False)),
        ("logsumexp", (np.ones((2, 3, 4), "float64"), (0, 2), False)),
        ("logsumexp", (np.ones((2, 3)), (), False)),
        ("logsumexp", (np.ones((2, 3), "int64"), 1, False)),
    ],
)
def test_left_to_the_reference(name, args):
    """What the kernels are not for: no elements or dimensions, other types, dimensions apart."""
    with np.errstate(all="ignore"):
        found, expected = kernel(name)(*args), reference_of(name)(*args)
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("shape", "dim"), [((700, 600), 1), ((600, 700), 0), ((9, 300, 40), 1)])
def test_threads(shape, dim, dtype):
    """Work that is shared between threads, against twice the precision."""
    x = values(shape, dtype, 1)
    wide = x.astype(np.longdouble)
    e = np.exp(wide - wide.max(dim, keepdims=True))
    expected = (e / e.sum(dim, keepdims=True)).astype(dtype)
    assert_agree(kernel("softmax", falls_back=False)(x, dim, None), expected, 8)
    sums = (np.log(e.sum(dim)) + wide.max(dim)).astype(dtype)
    assert_agree(kernel("logsumexp", falls_back=False)(x, dim, False), sums, 2)
