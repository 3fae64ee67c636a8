"""Losses: native kernels against the references."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidu.backend import native

from .kernels import FLOATS, assert_agree, kernel, reference_of, seeds, shapes, values

pytestmark = pytest.mark.skipif(not native.available, reason="without native kernels")
some = settings(max_examples=60, deadline=None)
reductions = st.sampled_from(["none", "mean", "sum"])

# name: arguments after x and y and before the reduction, those after it, inputs with a gradient,
# and how many epsilons of the largest value kernel and reference may differ by.
LOSSES = {
    "mse_loss": ((), (), "xy", 8),
    "smooth_l1_loss": ((), (0.7,), "xy", 8),
    "huber_loss": ((), (0.7,), "xy", 8),
    "soft_margin_loss": ((), (), "x", 8),
    "binary_cross_entropy": ((None,), (), "x", 8),
    "binary_cross_entropy_with_logits": ((None, None), (), "x", 8),
}


@pytest.mark.parametrize("name", LOSSES)
@some
@given(
    shape=shapes(), dtype=st.sampled_from(FLOATS), reduction=reductions, special=st.booleans(),
    seed=seeds,
)  # fmt: skip
def test_elementwise(name, shape, dtype, reduction, special, seed):
    weights, numbers, inputs, tolerance = LOSSES[name]
    probabilities = name == "binary_cross_entropy"
    x, y = (values(shape, dtype, seed + i, special and not probabilities) for i in (0, 1))
    if probabilities:
        x, y = (np.clip(np.abs(a) / 4, 0, 1) for a in (x, y))
    args = (x, y, *weights, reduction, *numbers)
    with np.errstate(all="ignore"):
        expected = np.asarray(reference_of(name)(*args))
    scale = 4 * x.size if reduction == "sum" else 4  # terms of both signs may cancel
    assert_agree(kernel(name, falls_back=False)(*args), expected, tolerance, scale)
    g = values(expected.shape, dtype, seed + 2)
    if seed % 3 == 0:
        g = np.broadcast_to(g[(0,) * g.ndim], g.shape)
    for rule in inputs:
        with np.errstate(all="ignore"):
            expected = np.asarray(reference_of(f"{name}.{rule}")(g, *args))
        found = kernel(f"{name}.{rule}", falls_back=False)(g, *args)
        scale = np.abs(g).max(initial=0) / (x.size if reduction == "mean" else 1)  # of a difference's terms
        assert_agree(found, np.ascontiguousarray(expected), tolerance, scale)


@some
@given(
    samples=st.one_of(st.none(), st.integers(1, 9), st.integers(50, 90)), classes=st.integers(1, 12),
    places=st.sampled_from([(), (), (3,), (2, 5)]), weighted=st.booleans(),
    smoothing=st.sampled_from([0.0, 0.1, 1.0]), dtype=st.sampled_from(FLOATS), reduction=reductions,
    seed=seeds,
)  # fmt: skip
def test_classes(samples, classes, places, weighted, smoothing, dtype, reduction, seed):
    lead, places = ((), ()) if samples is None else ((samples,), places)
    shape = (*lead, classes, *places)
    x = values(shape, dtype, seed)
    rng = np.random.default_rng(seed)
    target = rng.integers(0, classes, (*lead, *places))
    target = np.asarray(np.where(rng.random(target.shape) < 0.2, -100, target))
    weight = np.abs(values((classes,), dtype, seed + 1)) if weighted else None
    args = (x, target, weight, reduction, -100, smoothing)
    with np.errstate(all="ignore"):
        expected = [np.asarray(a) for a in reference_of("nll_loss")(*args)]
        found = kernel("nll_loss", falls_back=False)(*args)
    for a, b in zip(found, expected):
        assert_agree(a, b, 32, np.abs(x).max() if smoothing else 1e-30)
    g = values(expected[0].shape, dtype, seed + 2)
    args = (g, shape, target, weight, expected[1], reduction, -100, smoothing)

    with np.errstate(all="ignore"):
        expected = reference_of("nll_loss.x")(*args)
        assert_agree(kernel("nll_loss.x", falls_back=False)(*args), expected, 8)


@some
@given(
    shape=shapes(max_dims=4), weighted=st.booleans(), smoothing=st.sampled_from([0.0, 0.1]),
    dtype=st.sampled_from(FLOATS), reduction=reductions, special=st.booleans(), seed=seeds,
)  # fmt: skip
def test_probabilities(shape, weighted, smoothing, dtype, reduction, special, seed):
    x, target = values(shape, dtype, seed, special), np.abs(values(shape, dtype, seed + 1))
    weight = np.abs(values(shape[:2][-1:], dtype, seed + 2)) if weighted else None
    args = (x, target, weight, reduction, smoothing)
    with np.errstate(all="ignore"):
        expected = np.asarray(reference_of("soft_target_loss")(*args))
        found = kernel("soft_target_loss", falls_back=False)(*args)
    finite = np.abs(x[np.isfinite(x)]).max(initial=1) * target.max() * (1 if weight is None else weight.max())
    terms = 1 if reduction == "mean" else x.size
    assert_agree(found, expected, 32, finite * terms + 1)
    g = values(expected.shape, dtype, seed + 3)
    args = (g, target, weight, reduction, smoothing, shape)
    expected = reference_of("soft_target_loss.x")(*args)
    assert_agree(kernel("soft_target_loss.x", falls_back=False)(*args), expected, 8)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("n", [1, 3, 5, 7, 8, 31, 33, 515, 4099, 32768])
def test_order_of_sums(n, dtype):
    """The same digits as by the reference, which adds in PyTorch's order."""
    x, y = values(n, dtype, 1), values(n, dtype, 2)
    for reduction in ("mean", "sum"):
        found = kernel("mse_loss", falls_back=False)(x, y, reduction)
        expected = reference_of("mse_loss")(x, y, reduction)
        assert found == expected
    logs, classes = x.reshape(n, 1) * values((1, 3), dtype, 3), np.arange(n) % 3
    for smoothing in (0.0, 0.1):
        found = kernel("nll_loss", falls_back=False)(logs, classes, None, "mean", -100, smoothing)
        assert found[0] == reference_of("nll_loss")(logs, classes, None, "mean", -100, smoothing)[0]


@pytest.mark.parametrize(
    ("name", "args", "error"),
    [
        ("binary_cross_entropy", (np.full(3, 2.0), np.zeros(3), None, "mean"), "between 0 and 1"),
        ("binary_cross_entropy", (np.full(3, np.nan), np.zeros(3), None, "mean"), "between 0 and 1"),
        ("nll_loss", (np.zeros((2, 3)), np.array([0, 3]), None, "mean", -100, 0.0), "out of bounds"),
        ("nll_loss", (np.zeros((2, 3)), np.array([-1, 2]), None, "mean", -100, 0.0), "out of bounds"),
    ],
)
def test_refused_by_the_reference(name, args, error):
    with pytest.raises((RuntimeError, IndexError), match=error):
        kernel(name)(*args)


def test_many_elements():
    """Pieces that threads add up, against twice the precision."""
    x, y = values(300_001, "float32", 1), values(300_001, "float32", 2)
    found = kernel("mse_loss", falls_back=False)(x, y, "mean")
    np.testing.assert_allclose(found, ((x.astype(float) - y) ** 2).mean(), rtol=2e-7)
