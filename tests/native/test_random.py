"""The native generator and what is drawn from it, against NumPy's generator and the reference."""

from __future__ import annotations

import numpy as np
import pytest

from tidu.backend import native, random, twister

pytestmark = pytest.mark.skipif(not native.available, reason="no native kernels")

SIZES = (0, 1, 2, 5, 15, 16, 17, 31, 100, 700, 701, 5000, 70001)
FLOATS = ("float32", "float64")
EXACT = {
    "unit": (FLOATS, lambda g, a: random.uniform(g, a)),
    "uniform": (FLOATS, lambda g, a: random.uniform(g, a, -1.5, 0.7)),
    "trials": ((*FLOATS, "bool", "uint8", "int64"), lambda g, a: random.bernoulli(g, a, 0.3)),
    "scaled trials": (FLOATS, lambda g, a: random.bernoulli(g, a, 0.3, 1.25)),
    "trials of each": (FLOATS, lambda g, a: random.bernoulli(g, a, np.full(a.shape, 0.5, a.dtype))),
    "few": (("int64", "int32", "float32", "uint8"), lambda g, a: random.integers(g, a, -3, 7)),
    "power of two": (("int64", "int32"), lambda g, a: random.integers(g, a, 0, 64)),
    "wide": (("int64",), lambda g, a: random.integers(g, a, -3, 1 << 40)),
    "all": (("int64", "int32", "float32"), lambda g, a: random.integers_all(g, a)),
    "64 bits": (("int64",), lambda g, a: random.integers_64(g, a)),
    "permutation": (("int64", "int32"), lambda g, a: random.permutation(g, a)),
    "exponential": (FLOATS, lambda g, a: random.exponential(g, a)),
}
NORMAL = {
    "standard": lambda g, a: random.normal(g, a),
    "other": lambda g, a: random.normal(g, a, 2.5, 0.1),
}


def generators(monkeypatch, seed=11):
    """A native one and one of the reference."""
    found = twister.Twister(seed)
    assert found.begin()
    monkeypatch.setattr(twister, "make_engine", None)
    reference = twister.Twister(seed)
    reference.draw32(1)
    monkeypatch.undo()
    reference._set_seed(seed)
    return found, reference


def both(monkeypatch, fill, dtype, start=0):
    """What the two draw, one size after another, and the states after that."""
    results: list = [[], []]
    for i, generator in enumerate(generators(monkeypatch)):
        if i:
            monkeypatch.setattr(twister, "make_engine", None)
        generator.draw32(start)
        for size in SIZES:
            results[i].append(fill(generator, np.zeros(size, dtype)))
        results[i].append(np.frombuffer(generator.state_bytes(), np.uint8)[8:])
    monkeypatch.undo()
    return zip(*results, strict=True)


@pytest.mark.parametrize("start", [0, 1, 623])
@pytest.mark.parametrize(("name", "dtype"), [(n, d) for n, (ds, _) in EXACT.items() for d in ds])
def test_same_bits(monkeypatch, name, dtype, start):
    for found, expected in both(monkeypatch, EXACT[name][1], dtype, start):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", NORMAL)
@pytest.mark.parametrize("dtype", FLOATS)
def test_normal(monkeypatch, name, dtype):
    """Logarithm, sine and cosine differ in the last bits."""
    for found, expected in list(both(monkeypatch, NORMAL[name], dtype))[:-1]:
        tolerance = 16 * np.finfo(dtype).eps
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def test_waiting_number(monkeypatch):
    """The second of a pair is kept, and part of the state."""
    found, reference = generators(monkeypatch)
    assert random.normal(found, np.zeros(3)).shape == (3,)
    assert found.waiting is not None
    monkeypatch.setattr(twister, "make_engine", None)
    random.normal(reference, np.zeros(3))
    assert found.waiting == pytest.approx(reference.waiting, rel=1e-15)


def test_states_go_both_ways(monkeypatch):
    found, reference = generators(monkeypatch)
    found.draw32(1000)
    monkeypatch.setattr(twister, "make_engine", None)
    reference.set_state_bytes(found.state_bytes())
    expected = reference.draw32(2000)
    state = reference.state_bytes()
    monkeypatch.undo()
    np.testing.assert_array_equal(found.draw32(2000), expected)
    again = twister.Twister()
    again.set_state_bytes(state)
    np.testing.assert_array_equal(again.draw64(700), found.draw64(700))
