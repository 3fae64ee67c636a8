"""Reductions: native kernels against the references, and sums in PyTorch's order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidu.backend import native

from ..test_summation import expected as in_order
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
some = settings(max_examples=25, deadline=None)
drawn = {
    "shape": shapes(),
    "data": st.data(),
    "dtype": st.sampled_from(FLOATS),
    "layout": st.sampled_from(LAYOUTS),
    "keepdim": st.booleans(),
    "special": st.booleans(),
    "seed": seeds,
}
# Sums of some hundred numbers in another order: epsilons of the sum of their absolute values.
TOLERANCE = 4

# name -> its arguments between `dim` and `keepdim`, or before and after them
SUMS = {
    "sum": lambda x, dim, keepdim: (x, dim, keepdim, None),
    "mean": lambda x, dim, keepdim: (x, dim, keepdim, None),
    "variance": lambda x, dim, keepdim: (x, dim, 1, keepdim),
    "deviation": lambda x, dim, keepdim: (x, dim, 0, keepdim),
    "linalg_vector_norm": lambda x, dim, keepdim: (x, 2, dim, keepdim, None),
}


def some_dims(data, shape):
    dims = st.lists(st.integers(0, len(shape) - 1), unique=True, min_size=1)
    return data.draw(st.one_of(st.none(), dims.map(tuple)))


def contiguous(expected):
    return np.array(expected, order="C")


@pytest.mark.parametrize("name", SUMS)
@some
@given(**drawn)
def test_sums(name, shape, data, dtype, layout, keepdim, special, seed):
    x = laid_out(values(shape, dtype, seed, special), layout)
    args = SUMS[name](x, some_dims(data, shape), keepdim)
    with np.errstate(all="ignore"):
        expected = contiguous(reference_of(name)(*args))
    found = kernel(name, falls_back=False)(*args)
    assert_agree(found, expected, TOLERANCE, np.abs(x[np.isfinite(x)]).sum())


@pytest.mark.parametrize("name", ["variance_and_mean", "deviation_and_mean"])
@some
@given(**drawn)
def test_with_mean(name, shape, data, dtype, layout, keepdim, special, seed):
    x = laid_out(values(shape, dtype, seed), layout)
    args = (x, some_dims(data, shape), 1, keepdim)
    with np.errstate(all="ignore"):
        both = reference_of(name)(*args)
    for found, expected in zip(kernel(name, falls_back=False)(*args), both, strict=True):
        assert_agree(found, contiguous(expected), TOLERANCE, np.abs(x).sum())


@some
@given(**{**drawn, "shape": shapes(1, 3, 30)})
def test_order(shape, data, dtype, layout, keepdim, special, seed):
    """All digits agree where the reference adds in PyTorch's order."""
    x = values(shape, dtype, seed)
    total = kernel("sum", falls_back=False)
    for dim in (None, len(shape) - 1):
        expected = contiguous(reference_of("sum")(x, dim, keepdim, None))
        np.testing.assert_array_equal(total(x, dim, keepdim, None), expected)
    every = tuple(range(len(shape)))
    assert total(x, every, keepdim, None).item() == in_order(x.reshape(-1))


@pytest.mark.parametrize("dtype", FLOATS)
def test_order_of_rows(dtype):
    """PyTorch adds up the columns of whole groups of vectors row by row, the others by fours."""
    x = values((100, 77), dtype, 0)
    width = 128 // x.itemsize
    found = kernel("sum", falls_back=False)(x, 0, False, None)
    for column in range(x.shape[1] // width * width):
        runs = [running(x[i : i + 16, column]) for i in range(0, 96, 16)]
        assert found[column] == running(x[96:, column]) + running(runs)


def running(numbers):
    total = numbers[0]
    for number in numbers[1:]:
        total = total + number
    return total


@pytest.mark.parametrize("shape", [(70001,), (3, 40000), (40000, 3), (5, 300, 77), (2, 3000, 1, 41)])
@pytest.mark.parametrize("dtype", FLOATS)
def test_large(shape, dtype):
    """Sums that are cut into blocks; threads take part."""
    x = values(shape, dtype, 1)
    scale = np.abs(x).sum()
    for dim in (None, *range(len(shape)), (0, len(shape) - 1) if len(shape) > 1 else 0):
        expected = np.asarray(x.sum(dim, np.float64)).astype(dtype)
        assert_agree(kernel("sum")(x, dim, False, None), expected, 1, scale)
        largest = kernel("amax")(x, () if dim is None else dim, False)
        np.testing.assert_array_equal(largest, x.max(dim))
        if isinstance(dim, int):
            for found, wanted in zip(
                kernel("min_dim", falls_back=False)(x, dim, False),
                reference_of("min_dim")(x, dim, False),
                strict=True,
            ):
                np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(kernel("argmax", falls_back=False)(x, None, False), x.argmax())
    mask = x > 0
    for dim in (None, *range(len(shape))):
        np.testing.assert_array_equal(kernel("sum")(mask, dim, False, None), mask.sum(dim))


# Extremes: equal elements are frequent


def numbers(shape, dtype, seed, special):
    x = values(shape, "float64", seed, special and dtype != "int64")
    return np.round(x).astype(dtype)


@pytest.mark.parametrize("name", ["max_dim", "min_dim", "argmax", "argmin"])
@some
@given(**{**drawn, "dtype": st.sampled_from([*FLOATS, "int64"])})
def test_places(name, shape, data, dtype, layout, keepdim, special, seed):
    x = laid_out(numbers(shape, dtype, seed, special), layout)
    dims = st.integers(-len(shape), len(shape) - 1)
    args = (x, data.draw(dims if name.endswith("dim") else st.none() | dims), keepdim)
    expected = reference_of(name)(*args)
    found = kernel(name)(*args)
    several = isinstance(expected, tuple)
    for a, b in zip(found if several else [found], expected if several else [expected], strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        assert a.flags.c_contiguous
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["amax", "amin", "prod", "max_all", "min_all", "count_nonzero"])
@some
@given(**{**drawn, "dtype": st.sampled_from([*FLOATS, "int64"])})
def test_exact(name, shape, data, dtype, layout, keepdim, special, seed):
    x = laid_out(numbers(shape, dtype, seed, special), layout)
    if name == "prod":
        x = np.sign(x)  # exact in any order
        args = (x, data.draw(st.none() | st.integers(0, len(shape) - 1)), keepdim, None)
    elif name.endswith("all"):
        args = (x,)
    else:
        args = (x, some_dims(data, shape), *(() if name == "count_nonzero" else (keepdim,)))
        args = (x, () if args[1] is None and name != "count_nonzero" else args[1], *args[2:])
    with np.errstate(all="ignore"):
        expected = contiguous(reference_of(name)(*args))
    found = kernel(name, falls_back=False)(*args)
    assert (found.shape, found.dtype, found.strides) == (
        expected.shape,
        expected.dtype,
        expected.strides,
    )
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", ["sum", "any", "all", "count_nonzero"])
@some
@given(**drawn)
def test_bools(name, shape, data, dtype, layout, keepdim, special, seed):
    x = laid_out(values(shape, "float64", seed) > (-9 if special else 2), layout)
    args = (x, some_dims(data, shape), keepdim, None)[: 2 if name == "count_nonzero" else 4]
    if name in ("any", "all"):
        args = args[:3]
    expected = contiguous(reference_of(name)(*args))
    found = kernel(name, falls_back=False)(*args)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", ["sum", "mean", "amax", "argmax", "any", "variance", "max_dim"])
def test_left_to_the_reference(name):
    """No elements, dimensions that there are not, what is no bool: the reference answers or raises."""
    compute = kernel(name)
    rest = (1, False) if name == "variance" else (False,)
    with pytest.raises(IndexError, match="Dimension out of range"):
        compute(np.ones((2, 3), np.float32), 2, *rest)
    with pytest.raises(TypeError, match="keepdim"):
        compute(np.ones((2, 3), np.float32), 1, *rest[:-1], 0)
    if name in ("sum", "mean"):
        with np.errstate(all="ignore"):
            assert compute(np.ones((0, 3), np.float32), 0, False, None).shape == (3,)
        assert compute(np.float32(-2.5).reshape(()), None, False, None) == -2.5


@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
@some
@given(**{**drawn, "dtype": st.sampled_from([*FLOATS, "int64", "int32", "bool"])})
def test_running(name, shape, data, dtype, layout, keepdim, special, seed):
    """To the last digit: one element after another."""
    x = laid_out(values(shape, "float64", seed, special and dtype in FLOATS).astype(dtype), layout)
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    with np.errstate(all="ignore"):
        expected = reference_of(name)(x, dim, None)
    found = kernel(name, falls_back=False)(x, dim, None)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", ["cummax_both", "cummin_both"])
@some
@given(**{**drawn, "dtype": st.sampled_from([*FLOATS, "int64"])})
def test_running_extremes(name, shape, data, dtype, layout, keepdim, special, seed):
    """Values and places; of equal ones the last."""
    x = np.trunc(values(shape, "float64", seed, special and dtype != "int64")).astype(dtype)
    x = laid_out(x, layout)
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    found, expected = kernel(name, falls_back=False)(x, dim), reference_of(name)(x, dim)
    for a, b in zip(found, expected, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        assert a.flags.c_contiguous
        np.testing.assert_array_equal(a, b)
