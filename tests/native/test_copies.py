"""Copies, casts, joining, flipping and padding against the reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tidu
import tidu.ops.joining
import tidu.ops.masking
from tidu import formats
from tidu.backend import native
from tidu.backend.table import cpu, reference

pytestmark = pytest.mark.skipif(not native.available, reason="no native kernels")

DTYPES = ("float32", "float64", "int64", "int32", "int16", "int8", "uint8", "bool")


@st.composite
def arrays(draw, min_dims=1, max_dims=4, dtypes=DTYPES, largest=20):
    """Arrays of any strides: transposed, sliced, reversed, broadcast; some empty."""
    shape = [draw(st.integers(1, largest)) for _ in range(draw(st.integers(min_dims, max_dims)))]
    dtype = draw(st.sampled_from(dtypes))
    x = np.random.default_rng(0).integers(-300, 300, shape)
    x = x / 2 if dtype.startswith("float") else x
    x = x.astype(dtype).transpose(draw(st.permutations(range(len(shape)))))
    for axis in range(x.ndim):
        change = draw(st.sampled_from(["", "", "", "part", "reversed", "broadcast", "empty"]))
        index = [slice(None)] * x.ndim
        if change == "part":
            index[axis] = slice(draw(st.integers(0, 1)), None, draw(st.integers(1, 3)))
        elif change == "reversed":
            index[axis] = slice(None, None, -1)
        elif change == "empty" and draw(st.integers(0, 9)) == 0:
            index[axis] = slice(0, 0)
        if change == "broadcast":
            index[axis] = slice(0, 1)
            wide = [*x.shape]
            wide[axis] = draw(st.integers(1, 9))
            x = np.broadcast_to(x[tuple(index)], wide)
        else:
            x = x[tuple(index)]
    return x


def same(found, expected):
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    wide = [i for i, n in enumerate(found.shape) if n != 1]  # other strides mean nothing
    if found.size:
        assert [found.strides[i] for i in wide] == [expected.strides[i] for i in wide]
    np.testing.assert_array_equal(found, expected)


def dims_of(x):
    return st.integers(-x.ndim, x.ndim - 1)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_copies(data):
    x = data.draw(arrays())
    same(cpu.clone(x), reference.clone(x))
    for format in (formats.contiguous_format, {4: formats.channels_last}.get(x.ndim)):
        if format is not None:
            same(cpu.clone_as(x, format), reference.clone_as(x, format))
    target = data.draw(st.sampled_from(DTYPES))
    with np.errstate(all="ignore"):
        args = x, getattr(tidu, target), None
        same(cpu.to_dtype(*args), reference.to_dtype(*args))


@pytest.mark.parametrize("source", ["float32", "float64"])
@pytest.mark.parametrize("target", DTYPES)
def test_casts_of_strange_numbers(source, target):
    """Also in the ways that vectors of the processor convert."""
    x = np.array([np.nan, np.inf, -np.inf, 3e9, -3e9, 1e19, 255.9, -1.5, 0, -0.0] * 5, source)
    if target in ("int64", "int32") or target.startswith("float") or target == "bool":
        with np.errstate(all="ignore"):
            same(cpu.to_dtype(x, getattr(tidu, target), None), x.astype(target))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_write(data):
    target, values = data.draw(arrays()), data.draw(arrays())
    if not target.flags.writeable:
        target = target.copy()
    shape = tuple(n if data.draw(st.booleans()) else 1 for n in target.shape)
    values = np.resize(np.ascontiguousarray(values), shape) if values.size else values.dtype.type(3)
    expected = target.copy("K")
    with np.errstate(all="ignore"):
        expected[...] = values
        cpu.write(target, np.asarray(values))
    np.testing.assert_array_equal(target, expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("number", [0, 1, 7, 2.5, -1, True])
def test_write_number(dtype, number):
    if number == -1 and dtype == "uint8":
        return
    x, y = np.zeros((40, 30), dtype), np.zeros((40, 30), dtype)
    x[...] = number
    cpu.write(y, number)
    same(y, x)


def test_write_overlapping():
    x, y = np.arange(1000.0), np.arange(1000.0)
    x[1:] = x[:-1].copy()
    cpu.write(y[1:], y[:-1])
    same(y, x)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_joining(data):
    x = data.draw(arrays())
    parts = [x, *(data.draw(st.sampled_from([x, x[::-1], x.copy()])) for _ in range(2))]
    dim = data.draw(dims_of(x))
    same(cpu.cat(parts, dim), reference.cat(parts, dim))
    same(cpu.stack(parts, dim), reference.stack(parts, dim))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_rearranging(data):
    x = data.draw(arrays())
    dims = data.draw(st.lists(st.integers(0, x.ndim - 1), unique=True, max_size=3))
    same(cpu.flip(x, tuple(dims)), reference.flip(x, tuple(dims)))
    if dims:
        shifts = tuple(data.draw(st.integers(-30, 30)) for _ in dims)
        same(cpu.roll(x, shifts, tuple(dims)), reference.roll(x, shifts, tuple(dims)))
    repeats = tuple(data.draw(st.integers(0, 3)) for _ in range(x.ndim + data.draw(st.integers(0, 1))))
    same(cpu.repeat(x, repeats), reference.repeat(x, repeats))
    if x.ndim >= 2:
        diagonal = data.draw(st.integers(-25, 25))
        same(cpu.tril(x, diagonal), reference.tril(x, diagonal))
        same(cpu.triu(x, diagonal), reference.triu(x, diagonal))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_embed(data):
    x = data.draw(arrays(dtypes=("float32", "float64")))
    index = data.draw(st.sampled_from([(slice(1, 3), ...), (..., 1), (None, slice(0, None, 2))]))
    shape = tuple(n + 3 for n in x.shape)
    g = np.zeros(shape, x.dtype)[index] + 1.5
    args = g, shape, "basic_index", (index,)
    same(cpu.embed(*args), reference.embed(*args))


@pytest.mark.parametrize("shape", [(2000, 1999), (1024, 1024), (3, 70000), (70000, 3), (257, 131)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
def test_threaded_transposition(shape, dtype):
    x = np.arange(shape[0] * shape[1]).reshape(shape).astype(dtype)
    same(cpu.clone_as(x.T, formats.contiguous_format), np.ascontiguousarray(x.T))
    same(cpu.clone(x.T), x.T.copy("K"))
