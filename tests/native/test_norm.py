"""Normalization: native kernels against the references, and against twice the precision."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tidu
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
some = settings(max_examples=80, deadline=None)
RULE = "normalise.x,weight,bias"
sides = st.integers(1, 9)
runs = st.one_of(st.tuples(), st.tuples(sides), st.tuples(sides, sides), st.tuples(st.integers(20, 400)))


@st.composite
def forms(draw):
    """Arguments of `normalise` from `axes` on, and the sizes of statistics and of weights."""
    kind = draw(st.sampled_from(["layer", "batch", "group"]))
    samples, rest = draw(st.one_of(sides, st.integers(60, 200))), draw(runs)
    if kind == "layer":
        normalized = draw(runs.filter(len))
        view = (samples, *rest[:1], *normalized)
        axes = tuple(range(len(view) - len(normalized), len(view)))
        return view, view, (axes, view, normalized, 1e-5, kind), normalized
    channels = draw(sides)
    if kind == "batch":
        view = (samples, channels, *rest)
        shape = (1, channels, *[1] * len(rest))
        return view, view, ((0, *range(2, len(view))), view, shape, 1e-5, kind), (channels,)
    groups = draw(sides)
    view = (samples % 10 + 1, groups, channels, *rest)
    shape = (1, groups, channels, *[1] * len(rest))
    x_shape = (view[0], groups * channels, *rest)
    return x_shape, view, (tuple(range(2, len(view))), view, shape, 1e-5, kind), (groups * channels,)


@some
@given(
    form=forms(),
    dtype=st.sampled_from(FLOATS),
    layout=st.sampled_from(LAYOUTS),
    affine=st.integers(0, 2),
    known=st.booleans(),
    seed=seeds,
)
def test_normalise(form, dtype, layout, affine, known, seed):
    shape, _, rest, weights = form
    known = known and rest[-1] == "batch"
    x = laid_out(values(shape, dtype, seed), layout)
    weight = values(weights, dtype, seed + 1) if affine else None
    bias = values(weights, dtype, seed + 2) if affine == 2 else None
    mean = values(weights, dtype, seed + 3) if known else None
    variance = np.abs(values(weights, dtype, seed + 4)) + 0.1 if known else None
    innermost = x.ndim in (4, 5) and not x.flags.c_contiguous and x.strides[1] < x.strides[-1]
    found = kernel("normalise", falls_back=innermost)(x, weight, bias, mean, variance, *rest)
    expected = reference_of("normalise")(x, weight, bias, mean, variance, *rest)
    # A variance that is 0 but for rounding makes of any difference a large one.
    eps = np.finfo(x.dtype).eps * np.abs(x).max(initial=1) * (1 + (expected[2] + 1e-5).min() ** -0.5)
    scale = 1 if weight is None else np.abs(weight).max()
    for a, b in zip(found, expected):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=64 * np.finfo(x.dtype).eps, atol=16 * eps * scale)
    assert found[0].strides == expected[0].strides

    g = laid_out(values(shape, dtype, seed + 5), layout)
    if seed % 3 == 0:
        g = np.broadcast_to(g[(0,) * len(shape)], shape)
    args = (g, x, weight, mean, *found[1:], *rest, None if bias is None else weights)
    steep = (expected[2] + 1e-5).min() ** -0.5 * scale * np.abs(g).max()
    for a, b in zip(kernel(RULE, innermost)(*args), reference_of(RULE)(*args)):
        if b is None:
            assert a is None
            continue
        size = max(steep, 1) * np.abs(g).sum() * (1 + np.abs(x).max())
        assert_agree(np.ascontiguousarray(a), np.ascontiguousarray(b), 16, size)


@some
@given(
    shape=st.one_of(shapes(), st.tuples(st.integers(60, 200), sides)), count=st.integers(1, 3),
    dtype=st.sampled_from(FLOATS), layout=st.sampled_from(LAYOUTS), weighted=st.booleans(),
    special=st.booleans(), seed=seeds,
)  # fmt: skip
def test_rms_normalise(shape, count, dtype, layout, weighted, special, seed):
    count = min(count, len(shape))
    x = laid_out(values(shape, dtype, seed, special), layout)
    weight = values(shape[len(shape) - count :], dtype, seed + 1) if weighted else None
    innermost = x.ndim == 4 and not x.flags.c_contiguous and x.strides[1] < x.strides[-1]
    with np.errstate(all="ignore"):
        found = kernel("rms_normalise", falls_back=innermost)(x, weight, count, 1e-6)
        expected = reference_of("rms_normalise")(x, weight, count, 1e-6)
    for a, b in zip(found, expected):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=64 * np.finfo(dtype).eps)
    assert found[0].strides == expected[0].strides
    g = laid_out(values(shape, dtype, seed + 2), layout)
    if seed % 3 == 0:
        g = np.broadcast_to(g[(0,) * len(shape)], shape)
    args = (g, x, weight, found[1], count, 1e-6)
    with np.errstate(all="ignore"):
        pairs = zip(
            kernel("rms_normalise.x,weight", innermost)(*args),
            reference_of("rms_normalise.x,weight")(*args),
        )
        # What cancels in a row: the products of g, the weight and the inverse root.
        steep = np.nanmax(found[1] ** -0.5, initial=1) * (1 if weight is None else np.abs(weight).max())
    for a, b in pairs:
        if b is None:
            assert a is None
            continue
        size = max(steep, 1) * np.abs(g).max() * 4 + np.abs(g).sum()
        assert_agree(np.ascontiguousarray(a), np.ascontiguousarray(b), 16, size)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("shape", "axes", "kind"),
    [((700, 301), (1,), "layer"), ((40, 7, 900), (0, 2), "batch"), ((9000, 11), (0,), "batch")],
)
def test_precision(shape, axes, kind, dtype):
    """Far from 0, and many rows: statistics and gradients against long double."""
    x, g = values(shape, dtype, 1) + np.dtype(dtype).type(50), values(shape, dtype, 2)
    weights = shape[1:] if kind == "layer" else (shape[1],)
    view = weights if kind == "layer" else (1, shape[1], *[1] * (len(shape) - 2))
    weight, bias = values(weights, dtype, 3), values(weights, dtype, 4)
    rest = (axes, shape, view, 1e-5, kind)
    out, mean, variance = kernel("normalise", falls_back=False)(x, weight, bias, None, None, *rest)
    wide, slope = x.astype(np.longdouble), g.astype(np.longdouble)
    center, spread = wide.mean(axes, keepdims=True), wide.var(axes, keepdims=True)
    scale = 1 / np.sqrt(spread + 1e-5)
    y = (wide - center) * scale
    w = weight.reshape(view)
    assert_agree(mean, center.astype(dtype), 8)
    assert_agree(variance, spread.astype(dtype), 8)
    assert_agree(out, (y * w + bias.reshape(view)).astype(dtype), 16)
    found = kernel(RULE, falls_back=False)(g, x, weight, None, mean, variance, *rest, weights)
    others = tuple(i for i in range(len(shape)) if i != 1)
    inner = slope * w
    inner = inner - inner.mean(axes, keepdims=True) - y * (inner * y).mean(axes, keepdims=True)
    assert_agree(found[0], (scale * inner).astype(dtype), 16)
    terms = np.sqrt(g.size)  # of sums that cancel
    assert_agree(found[1], (slope * y).sum(others).astype(dtype), 64, terms)
    assert_agree(found[2], slope.sum(others).astype(dtype), 64, terms)


def test_nan_and_infinity():
    """One element that is not finite spoils what it is normalised with, and nothing else."""
    cases = [((3, 40), (1,), "layer"), ((5, 3, 40), (0, 2), "batch"), ((5, 3), (0,), "batch")]
    for shape, axes, kind in cases:
        for bad in (np.nan, np.inf):
            x = values(shape, "float32", 1)
            x[0, 0] = bad
            view = shape[1:] if kind == "layer" else (1, 3, *[1] * (len(shape) - 2))
            rest = (None, None, None, None, axes, shape, view, 1e-5, kind)
            with np.errstate(all="ignore"):
                found, expected = kernel("normalise", False)(x, *rest), reference_of("normalise")(x, *rest)
            for a, b in zip(found[:2], expected[:2]):
                np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_double_backward_agrees():
    """The rule of arrays and the one of tensors are the same function."""
    x = tidu.randn(4, 3, 5, dtype=tidu.float64, requires_grad=True)
    w = tidu.randn(3, dtype=tidu.float64, requires_grad=True)
    out = tidu.nn.functional.batch_norm(x, None, None, w, w, training=True)
    g = tidu.randn(4, 3, 5, dtype=tidu.float64)
    plain = tidu.autograd.grad(out, (x, w), g, retain_graph=True)
    recorded = tidu.autograd.grad(out, (x, w), g, create_graph=True)
    for a, b in zip(plain, recorded):
        assert tidu.allclose(a, b)
