"""The middle, the k-th, the most frequent, distinct values: native kernels against the references."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tidu
from tidu.backend import native

from .kernels import LAYOUTS, kernel, laid_out, reference_of, seeds, shapes
from .test_sorting import DTYPES, numbers

pytestmark = pytest.mark.skipif(not native.available, reason="without native kernels")
some = settings(max_examples=80, deadline=None)
kinds = st.sampled_from(["plain", "few", "special"])


def assert_picked(name, args, x, dim, keepdim):
    """Equal values; of equal elements any place will do, but for `mode`."""
    found, expected = kernel(name, falls_back=False)(*args), reference_of(name)(*args)
    for a, b in zip(found, expected, strict=True):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        assert a.flags.c_contiguous
    np.testing.assert_array_equal(found[0], expected[0])
    where = found[1] if keepdim else np.expand_dims(found[1], dim)
    picked = np.take_along_axis(x, where, dim)
    np.testing.assert_array_equal(picked if keepdim else picked.squeeze(dim), found[0])
    if name == "mode_dim":
        np.testing.assert_array_equal(found[1], expected[1])


@some
@given(
    name=st.sampled_from(["median_dim", "nanmedian_dim", "mode_dim", "kth"]), shape=shapes(),
    dim=st.integers(-4, 3), keepdim=st.booleans(), number=st.integers(1, 40),
    dtype=st.sampled_from(DTYPES), kind=kinds, layout=st.sampled_from(LAYOUTS), seed=seeds,
)  # fmt: skip
def test_picked(name, shape, dim, keepdim, number, dtype, kind, layout, seed):
    dim = max(min(dim, len(shape) - 1), -len(shape))
    x = laid_out(numbers(shape, dtype, seed, kind), layout)
    args = (x, min(number, x.shape[dim]), dim, keepdim) if name == "kth" else (x, dim, keepdim)
    assert_picked(name, args, x, dim, keepdim)


@some
@given(
    name=st.sampled_from(["median_all", "nanmedian_all"]), shape=shapes(min_dims=0), kind=kinds,
    dtype=st.sampled_from(DTYPES), layout=st.sampled_from(LAYOUTS), seed=seeds,
)  # fmt: skip
def test_picked_of_all(name, shape, kind, dtype, layout, seed):
    x = np.asarray(laid_out(np.asarray(numbers(shape, dtype, seed, kind)), layout))
    found = kernel(name, falls_back=False)(x)
    assert found.shape == ()
    np.testing.assert_array_equal(found, reference_of(name)(x))


@pytest.mark.parametrize("kind", ["plain", "few", "special", "sorted"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_many(dtype, kind):
    for shape, dim in [((3, 5000), 1), ((2001, 19), 0)]:
        x = numbers(shape, dtype, 1, kind)
        if kind == "sorted":
            x.sort(dim)
        for name in ("median_dim", "nanmedian_dim", "mode_dim"):
            assert_picked(name, (x, dim, False), x, dim, False)
        for number in (1, 700, 2001):
            assert_picked("kth", (x, number, dim, True), x, dim, True)


def assert_distinct(name, args):
    found, expected = kernel(name, falls_back=False)(*args), reference_of(name)(*args)
    for a, b in zip(found, expected, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            assert (a.dtype, a.shape, a.strides) == (b.dtype, b.shape, b.strides)
            np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(np.signbit(found[0]), np.signbit(expected[0]))


@some
@given(
    name=st.sampled_from(["distinct", "distinct_runs"]), shape=shapes(min_dims=0), inverse=st.booleans(),
    counts=st.booleans(), dtype=st.sampled_from(DTYPES), kind=kinds, layout=st.sampled_from(LAYOUTS),
    seed=seeds,
)  # fmt: skip
def test_distinct(name, shape, inverse, counts, dtype, kind, layout, seed):
    x = np.asarray(laid_out(np.abs(numbers(shape, dtype, seed, kind)), layout))  # NaN has no sign then
    x = np.where(x == 0, np.copysign(x, np.random.default_rng(seed).normal(size=shape)), x).astype(dtype)
    assert_distinct(name, (x, inverse, counts))


@pytest.mark.parametrize("dtype", DTYPES)
def test_distinct_of_many(dtype):
    for kind in ("plain", "few"):
        for name in ("distinct", "distinct_runs"):
            assert_distinct(name, (numbers((70, 100), dtype, 1, kind), True, True))
            assert_distinct(name, (numbers((70, 100), dtype, 1, kind), False, False))


@pytest.mark.parametrize("low", [-(1 << 63), (1 << 63) - 9, -4, 0])
def test_integers_in_a_short_range(low):
    x = low + np.random.default_rng(0).integers(0, 9, 200)
    assert_distinct("distinct", (x, True, True))
    assert_distinct("distinct", (np.append(x, x[0] ^ np.int64(-1 << 62)), True, False))


@some
@given(
    rows=st.integers(1, 300), columns=st.integers(1, 4), dtype=st.sampled_from(DTYPES), kind=kinds,
    layout=st.sampled_from(LAYOUTS), seed=seeds,
)  # fmt: skip
def test_row_order(rows, columns, dtype, kind, layout, seed):
    x = laid_out(numbers((rows, columns), dtype, seed, kind), layout)
    found, expected = kernel("row_order", falls_back=False)(x), reference_of("row_order")(x)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "int32", "float16"])
def test_other_dtypes(dtype):
    x = tidu.from_numpy(np.array([1, 0, 1, 0, 0, 5]).astype(dtype))
    values, inverse, counts = x.unique(return_inverse=True, return_counts=True)
    assert values.dtype == x.dtype
    assert values[inverse].equal(x)
    assert counts.tolist() == ([3, 3] if dtype == "bool" else [3, 2, 1])
    assert x.unique_consecutive().dtype == x.dtype
    assert x.reshape(3, 2).unique(dim=0).dtype == x.dtype


@pytest.mark.parametrize(
    ("name", "args", "error"),
    [
        ("median_dim", (np.zeros((2, 3)), 2, False), IndexError),
        ("mode_dim", (np.zeros((2, 0)), 1, False), IndexError),
        ("kth", (np.zeros((2, 3)), 4, 1, False), RuntimeError),
        ("kth", (np.zeros((2, 3)), 0, 1, False), RuntimeError),
    ],
)
def test_refused_by_the_reference(name, args, error):
    with pytest.raises(error):
        kernel(name)(*args)
