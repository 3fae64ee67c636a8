"""Sorting: native kernels against the references, every bit and index."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidu.backend import native

from .kernels import FLOATS, LAYOUTS, kernel, laid_out, reference_of, seeds, shapes, values

pytestmark = pytest.mark.skipif(not native.available, reason="without native kernels")
some = settings(max_examples=80, deadline=None)
DTYPES = ["float32", "float64", "int64"]


def numbers(shape, dtype, seed, kind):
    """`few`: many are equal, zeros of both signs among them; `special`: some are nan or infinite."""
    if dtype == "int64":
        wide = 3 if kind == "few" else 1 << 62
        return np.random.default_rng(seed).integers(-wide, wide, shape)
    x = values(shape, dtype, seed, kind == "special")
    return np.trunc(x) * np.asarray(0.5, dtype) if kind == "few" else x


def assert_same(found, expected):
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == b.dtype
        assert a.strides == b.strides
        np.testing.assert_array_equal(a, b)


@some
@given(
    shape=shapes(), dim=st.integers(-4, 3), descending=st.booleans(), dtype=st.sampled_from(DTYPES),
    kind=st.sampled_from(["plain", "few", "special"]), seed=seeds,
)  # fmt: skip
def test_sort(shape, dim, descending, dtype, kind, seed):
    dim = max(min(dim, len(shape) - 1), -len(shape))
    x = numbers(shape, dtype, seed, kind)
    args = (x, dim, descending)
    assert_same(kernel("sort_both", falls_back=False)(*args), reference_of("sort_both")(*args))


@some
@given(
    shape=shapes(), dim=st.integers(-4, 3), number=st.integers(0, 40), largest=st.booleans(),
    dtype=st.sampled_from(DTYPES), kind=st.sampled_from(["plain", "few", "special"]), seed=seeds,
)  # fmt: skip
def test_top(shape, dim, number, largest, dtype, kind, seed):
    """The first of what a stable sort gives (the reference leaves it open which of equal ones come)."""
    dim = max(min(dim, len(shape) - 1), -len(shape))
    number = min(number, shape[dim])
    x = numbers(shape, dtype, seed, kind)
    full = reference_of("sort_both")(x, dim, largest)
    expected = [np.ascontiguousarray(np.take(a, range(number), dim)) for a in full]
    found = kernel("top", falls_back=False)(x, number, dim, largest)
    assert_same(found, expected)
    np.testing.assert_array_equal(reference_of("top")(x, number, dim, largest)[0], expected[0])


@some
@given(
    shape=shapes(), dim=st.integers(-4, 3), keepdim=st.booleans(), dtype=st.sampled_from(FLOATS),
    layout=st.sampled_from(LAYOUTS), seed=seeds,
)  # fmt: skip
def test_unpick(shape, dim, keepdim, dtype, layout, seed):
    dim = max(min(dim, len(shape) - 1), -len(shape))
    rng = np.random.default_rng(seed)
    kept = rng.integers(1, shape[dim] + 1) if keepdim else 1
    where = np.argsort(rng.random(shape), dim).take(range(kept), dim)
    where = np.ascontiguousarray(where)
    g = values(where.shape, dtype, seed)
    g = np.asarray(laid_out(np.asarray(g if keepdim else g.take(0, dim)), layout))
    args = (g, where, dim, shape, keepdim)
    assert_same([kernel("unpick", falls_back=False)(*args)], [reference_of("unpick")(*args)])
    if shape[dim] > 1:
        with pytest.raises(IndexError):
            kernel("unpick")(g, where + shape[dim], *args[2:])


@pytest.mark.parametrize("kind", ["plain", "few", "special"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_many(dtype, kind):
    """Rows and columns that are sorted by digits."""
    for shape, dim in [((3, 5000), 1), ((2001, 19), 0)]:
        x = numbers(shape, dtype, 1, kind)
        for descending in (False, True):
            args = (x, dim, descending)
            assert_same(kernel("sort_both", falls_back=False)(*args), reference_of("sort_both")(*args))
            few = kernel("top", falls_back=False)(x, 9, dim, descending)
            expected = [np.take(a, range(9), dim) for a in reference_of("sort_both")(*args)]
            assert_same(few, [np.ascontiguousarray(a) for a in expected])


@pytest.mark.parametrize(
    ("name", "args", "error"),
    [
        ("sort_both", (np.zeros((2, 3)), 2, False), IndexError),
        ("top", (np.zeros((2, 3)), 4, 1, True), RuntimeError),
        ("top", (np.zeros((2, 3)), -1, 1, True), RuntimeError),
    ],
)
def test_refused_by_the_reference(name, args, error):
    with pytest.raises(error):
        kernel(name)(*args)
