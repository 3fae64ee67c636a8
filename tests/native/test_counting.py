"""Places in sorted sequences, occurrences, bins: native kernels against the references, every number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tidu
from tidu.backend import native

from .kernels import FLOATS, LAYOUTS, kernel, laid_out, reference_of, seeds, shapes, values
from .test_sorting import DTYPES, numbers

pytestmark = pytest.mark.skipif(not native.available, reason="without native kernels")
some = settings(max_examples=80, deadline=None)


def agree(name, *args):
    found, expected = kernel(name, falls_back=False)(*args), reference_of(name)(*args)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    np.testing.assert_array_equal(found, expected)


@some
@given(
    shape=shapes(), n=st.integers(0, 70), shared=st.booleans(), right=st.booleans(),
    dtype=st.sampled_from(DTYPES), kind=st.sampled_from(["plain", "few", "special"]),
    layout=st.sampled_from(LAYOUTS), seed=seeds,
)  # fmt: skip
def test_sorted_places(shape, n, shared, right, dtype, kind, layout, seed):
    x = numbers(shape, dtype, seed, kind)
    edges = np.sort(numbers((n,) if shared else (*shape[:-1], n), dtype, seed + 1, kind))
    agree("sorted_places", edges, laid_out(x, layout), right)


@some
@given(n=st.integers(1, 300), most=st.integers(1, 500), least=st.integers(0, 20), seed=seeds)
def test_occurrences(n, most, least, seed):
    agree("occurrences", np.random.default_rng(seed).integers(0, most, n), least)


@some
@given(
    shape=shapes(1, 1), bins=st.integers(1, 40), low=st.floats(-4, 0), width=st.floats(0.125, 9),
    dtype=st.sampled_from(FLOATS), special=st.booleans(), seed=seeds,
)  # fmt: skip
def test_bin_counts(shape, bins, low, width, dtype, special, seed):
    x = np.round(values(shape, dtype, seed, special), 1)
    agree("bin_counts", x, bins, low, low + width, width)


def test_left_to_the_reference():
    with pytest.raises(RuntimeError, match="non-negative"):
        tidu.bincount(tidu.tensor([1, -1]))
    assert tidu.bincount(tidu.tensor([1, 1 << 17])).sum() == 2
    assert tidu.bincount(tidu.tensor([1, 3]).to(tidu.uint8)).tolist() == [0, 1, 0, 1]
