"""Pooling kernels against the reference, `tidu/backend/pooling.py`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tidu.ops.pooling  # noqa: F401  (declares the operations)
from tidu.backend import native
from tidu.backend.pooling import out_size
from tidu.backend.table import cpu, reference

pytestmark = pytest.mark.skipif(not native.available, reason="no native kernels")

DTYPES = (np.float32, np.float64)


@st.composite
def calls(draw, average=False):
    """An input with ties, NaN and infinities, and the windows over it."""
    dims = draw(st.integers(1, 3))
    largest = {1: 60, 2: 21, 3: 9}[dims]
    same = draw(st.booleans())  # the same window in all dimensions, as mostly

    def entries(low, high):
        if same:
            return (draw(st.integers(low, high)),) * dims
        return tuple(draw(st.integers(low, high)) for _ in range(dims))

    size = tuple(draw(st.integers(1, largest)) for _ in range(dims))
    kernel, stride = entries(1, 4), entries(1, 4)
    dilation = (1,) * dims if average else entries(1, 2)
    padding = tuple(
        draw(st.integers(0, ((k - 1) * d + 1) // 2)) for k, d in zip(kernel, dilation, strict=True)
    )
    ceil_mode = draw(st.booleans())
    lead = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=2)))
    out = out_size(size, kernel, stride, padding, dilation, ceil_mode)
    if min(out) < 1:
        kernel, padding = (1,) * dims, (0,) * dims
        out = out_size(size, kernel, stride, padding, dilation, ceil_mode)
    random = np.random.default_rng(draw(st.integers(0, 1000)))
    x = random.integers(-4, 4, (*lead, *size)).astype(draw(st.sampled_from(DTYPES)))
    if average:
        x *= 1.1
    elif draw(st.booleans()):
        x[random.random(x.shape) < 0.2] = np.nan
        x[random.random(x.shape) < 0.3] = -np.inf
    if draw(st.booleans()):
        x = np.moveaxis(np.ascontiguousarray(np.moveaxis(x, -1, 0)), 0, -1)
    g = random.standard_normal((*lead, *out)).astype(x.dtype)
    return x, g, kernel, stride, padding, dilation, ceil_mode


def same(found, expected, **tolerance):
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, **tolerance)


@settings(max_examples=100, deadline=None)
@given(calls())
def test_max(call):
    x, g, kernel, stride, padding, dilation, ceil_mode = call
    window = kernel, stride, padding, dilation
    out, place = cpu.max_pool(x, *window, ceil_mode)
    expected, expected_place = reference.max_pool(x, *window, ceil_mode)
    same(out, expected, rtol=0)
    same(place, expected_place)
    back = cpu.max_pool_back(g, place, x.shape, *window)
    expected = np.ascontiguousarray(reference.max_pool_back(g, place, x.shape, *window))
    same(back, expected, rtol=1e-5, atol=1e-5)
    same(cpu.max_pool_pick(x, place, *window), reference.max_pool_pick(x, place, *window))


@settings(max_examples=100, deadline=None)
@given(calls(average=True), st.booleans(), st.sampled_from([None, 3, -2]))
def test_mean(call, count_padding, divisor):
    x, g, kernel, stride, padding, _, ceil_mode = call
    options = kernel, stride, padding, ceil_mode, count_padding, divisor
    same(cpu.avg_pool(x, *options), reference.avg_pool(x, *options), rtol=1e-6, atol=1e-6)
    back = cpu.avg_pool_back(g, x.shape, *options)
    expected = np.ascontiguousarray(reference.avg_pool_back(g, x.shape, *options))
    same(back, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("width", [8, 16, 17, 31, 64])
@pytest.mark.parametrize("dtype", DTYPES)
def test_squares(width, dtype):
    """2 x 2 windows side by side are computed in their own way."""
    x = np.random.default_rng(0).integers(-3, 3, (3, 2, width + 1, width)).astype(dtype)
    window = (2, 2), (2, 2), (0, 0), (1, 1)
    out, place = cpu.max_pool(x, *window, False)
    expected, expected_place = reference.max_pool(x, *window, False)
    same(out, expected)
    same(place, expected_place)
    back = reference.max_pool_back(out, place, x.shape, *window)
    same(cpu.max_pool_back(out, place, x.shape, *window), np.ascontiguousarray(back))


def test_large_windows():
    x = np.random.default_rng(0).standard_normal((1, 2, 40, 40)).astype(np.float32)
    window = (17, 16), (3, 2), (4, 5), (1, 1)
    for found, expected in zip(
        cpu.max_pool(x, *window, False), reference.max_pool(x, *window, False), strict=True
    ):
        same(found, expected)


def test_threads():
    x = np.random.default_rng(0).standard_normal((16, 16, 33, 33))
    window = (3, 3), (2, 2), (1, 1), (1, 1)
    for found, expected in zip(
        cpu.max_pool(x, *window, False), reference.max_pool(x, *window, False), strict=True
    ):
        same(found, expected)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_adaptive(data):
    dims = data.draw(st.integers(1, 3))
    lead = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=2))
    inner = [data.draw(st.integers(1, {1: 40, 2: 13, 3: 7}[dims])) for _ in range(dims)]
    size = tuple(data.draw(st.integers(1, n + 2)) for n in inner)
    random = np.random.default_rng(data.draw(st.integers(0, 1000)))
    x = random.standard_normal((*lead, *inner)).astype(data.draw(st.sampled_from(DTYPES)))
    if data.draw(st.booleans()):
        x = np.round(x)
        x[random.random(x.shape) < 0.1] = np.nan
    if data.draw(st.booleans()):
        x = np.asfortranarray(x)
    mean = cpu.adaptive_avg_pool(x, size)
    same(mean, reference.adaptive_avg_pool(x, size), rtol=1e-4, atol=1e-6)
    back = reference.adaptive_avg_pool_back(mean, x.shape, size)
    same(cpu.adaptive_avg_pool_back(mean, x.shape, size), back, rtol=1e-4, atol=1e-6)
    out, indices = cpu.adaptive_max_pool(x, size)
    expected, expected_indices = reference.adaptive_max_pool(x, size)
    same(out, expected)
    same(indices, expected_indices)
    back = reference.plane_add(out, indices, x.shape, dims)
    same(cpu.plane_add(out, indices, x.shape, dims), back, rtol=1e-5, atol=1e-6)
    same(cpu.plane_pick(x, indices, dims), reference.plane_pick(x, indices, dims))
    same(cpu.max_unpool(out, indices, x.shape[-dims:]), reference.max_unpool(out, indices, x.shape[-dims:]))
