"""Padding and resizing: native kernels against the references."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tidu.backend import native
from tidu.ops.resize import forward_taps, transposed_taps

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
some = settings(max_examples=100, deadline=None)
amounts = st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=1, max_size=3)


@some
@given(
    shape=shapes(max_dims=5), pairs=amounts, mode=st.sampled_from(["reflect", "replicate", "circular"]),
    dtype=st.sampled_from(FLOATS), layout=st.sampled_from(LAYOUTS), special=st.booleans(), seed=seeds,
)  # fmt: skip
def test_pad_from_self(shape, pairs, mode, dtype, layout, special, seed):
    pairs = pairs[: len(shape)]
    for n, pair in zip(shape[::-1], pairs):  # what `pad` lets through
        assume(max(pair) < n or mode == "replicate")
        assume(n + sum(pair) > 0)
    pad = tuple(n for pair in pairs for n in pair)
    x = laid_out(values(shape, dtype, seed, special), layout)
    try:
        expected = reference_of("pad_from_self")(x, pad, mode)
    except RuntimeError:
        with pytest.raises(RuntimeError):
            kernel("pad_from_self")(x, pad, mode)
        return
    found = kernel("pad_from_self")(x, pad, mode)
    np.testing.assert_array_equal(found, expected)
    assert found.strides == expected.strides
    g = laid_out(values(expected.shape, dtype, seed + 1), layout)
    found, expected = (f(g, shape, pad, mode) for f in (kernel("unpad"), reference_of("unpad")))
    assert_agree(found.copy(), expected.copy(), 16)  # of which the reference leaves open how it lies


@some
@given(
    shape=shapes(max_dims=5), pairs=amounts, value=st.sampled_from([0, 1.5, float("inf"), 7]),
    dtype=st.sampled_from(FLOATS), layout=st.sampled_from(LAYOUTS), seed=seeds,
)  # fmt: skip
def test_pad_constant(shape, pairs, value, dtype, layout, seed):
    pairs = pairs[: len(shape)]
    for n, pair in zip(shape[::-1], pairs):
        assume(n + min(pair[0], 0) + min(pair[1], 0) >= 0)
        assume(n + sum(pair) >= 0)
    pad = tuple(n for pair in pairs for n in pair)
    x = laid_out(values(shape, dtype, seed), layout)
    found, expected = (f(x, pad, value) for f in (kernel("pad_constant"), reference_of("pad_constant")))
    assert_agree(found, expected, 0)


@pytest.mark.parametrize(
    ("pad", "mode"), [((3, 2, 0, 4), "reflect"), ((1, 1), "circular"), ((2, 3, 1, 0, 1, 1), "replicate")]
)
def test_taken(pad, mode):
    """The common cases are the kernel's."""
    x = values((2, 3, 4, 5, 6), "float32", 1)
    g = kernel("pad_from_self", falls_back=False)(x, pad, mode)
    kernel("unpad", falls_back=False)(g, x.shape, pad, mode)
    kernel("pad_constant", falls_back=False)(x, pad, 0)


def test_overflow():
    """A number that the dtype cannot hold is an error of the reference's."""
    with pytest.raises(RuntimeError, match="without overflow"):
        kernel("pad_constant")(np.zeros(3, np.float32), (1, 1), 1e300)
    with pytest.raises(RuntimeError, match="without overflow"):
        kernel("fill_slices")(np.zeros(3, np.float32), 0, np.array([1]), 1e300)


@some
@given(
    shape=shapes(), axis=st.integers(0, 3), results=st.one_of(st.integers(1, 12), st.integers(30, 50)),
    mode=st.sampled_from(["nearest", "linear", "bicubic", "filtered"]), corners=st.booleans(),
    transposed=st.booleans(), dtype=st.sampled_from(FLOATS), layout=st.sampled_from(LAYOUTS), seed=seeds,
)  # fmt: skip
def test_resample(shape, axis, results, mode, corners, transposed, dtype, layout, seed):
    axis %= len(shape)
    n, filtered = shape[axis], mode == "filtered"
    x_shape = tuple(results if i == axis and transposed else m for i, m in enumerate(shape))
    taps = transposed_taps if transposed else forward_taps
    mode = "bicubic" if filtered else mode
    table = taps(mode, n, results, corners and not filtered, None, filtered, np.dtype(dtype))
    x = laid_out(values(x_shape, dtype, seed), layout)
    found = kernel("resample", falls_back=False)(x, axis, *table)
    expected = reference_of("resample")(x, axis, *table).copy()
    terms = 1 if table[1] is None else np.abs(table[1]).sum(1).max()
    assert_agree(found, expected, 32, terms * np.abs(x).max())
