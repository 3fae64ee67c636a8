"""Recurrent layers: native kernels against the references."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tidu.ops.recurrence as recurrence
from tidu.backend import native

from .kernels import FLOATS, assert_agree, kernel, laid_out, reference_of, seeds, values

pytestmark = pytest.mark.skipif(not native.available, reason="without native kernels")
assert recurrence  # declares the operations
GATES = {"rnn": 1, "gru": 3, "lstm": 4}
# Sums of some 60 products pass through up to 7 steps.
TOLERANCE = 256


@st.composite
def layers(draw):
    """A cell, sizes, lengths of sequences and how the arrays lie in memory."""
    batch = draw(st.sampled_from([1, 2, 3, 5, 8, 13]))
    steps = draw(st.integers(1, 6))
    packed = draw(st.booleans())
    counts = sorted(draw(st.lists(st.integers(1, batch), min_size=steps, max_size=steps)))[::-1]
    return {
        "cell": draw(st.sampled_from(["rnn", "gru", "lstm"])),
        "rows": (sum(counts),) if packed else (steps, batch),
        "counts": tuple(counts) if packed else None,
        "batch": counts[0] if packed else batch,
        "inputs": draw(st.sampled_from([1, 3, 9])),
        "units": draw(st.sampled_from([1, 4, 7, 8, 19, 33])),
        "reverse": draw(st.booleans()),
        "rectify": draw(st.booleans()),
        "biased": draw(st.booleans()),
        "given": draw(st.booleans()),
        "layout": draw(st.sampled_from(["rows", "transposed", "steps"])),
        "dtype": draw(st.sampled_from(FLOATS)),
    }


def drawn_arrays(case, seed):
    units, gates = case["units"], GATES[case["cell"]] * case["units"]

    def make(i, *shape, scale=1.0):
        return (values(shape, case["dtype"], seed + i) * scale).astype(case["dtype"])

    small = 0.3 / np.sqrt(units)
    x = laid_out(make(0, *case["rows"], case["inputs"]), case["layout"])
    states = [make(i, case["batch"], units) if case["given"] else None for i in (1, 2)]
    weights = [make(3, gates, case["inputs"], scale=0.2), make(4, gates, units, scale=small)]
    biases = [make(i, gates) if case["biased"] else None for i in (5, 6)]
    if case["layout"] == "transposed":
        weights = [laid_out(w, "transposed") for w in weights]
    return x, states[: 1 + (case["cell"] == "lstm")], weights, biases


@settings(max_examples=120, deadline=None)
@given(layers(), st.booleans(), st.booleans(), seeds)
def test_layer(case, x_needed, all_gradients, seed):
    cell = case["cell"]
    x, states, weights, biases = drawn_arrays(case, seed)
    last = [case["counts"], case["reverse"], *([case["rectify"]] if cell == "rnn" else [])]
    projection = [None] if cell == "lstm" else []
    name = f"{cell}_layer"
    args = (x, *states, *weights, *biases, *projection, *last)
    found, expected = kernel(name, False)(*args), reference_of(name)(*args)
    for mine, theirs in zip(found, expected, strict=True):
        assert_agree(mine, theirs, TOLERANCE, 1)

    g = [values(a.shape, case["dtype"], seed + 9 + i) for i, a in enumerate(expected)]
    n = 2 + (cell == "lstm")
    g = tuple(a if i < n and (all_gradients or i == seed % n) else None for i, a in enumerate(g))
    saved = {"rnn": [2], "gru": [2, 3], "lstm": [3, 4, 5]}[cell]
    inputs = ["x", "h0", *["c0"] * (cell == "lstm"), "w_ih", "w_hh", "b_ih", "b_hh"]
    inputs += ["w_hr"] * (cell == "lstm")
    rule = f"{name}.{','.join(inputs)}"
    args = (
        g,
        x,
        x_needed,
        *states,
        *weights,
        biases[0],
        *projection,
        *(expected[i] for i in saved),
        *last,
    )
    found, expected = kernel(rule, False)(*args), reference_of(rule)(*args)
    # 1 - y^2 of a saturated unit has the error of 1.
    scale = max(1, *(np.abs(a).max() for a in expected if a is not None))
    for mine, theirs in zip(found, expected, strict=True):
        assert (mine is None) == (theirs is None)
        if theirs is not None:
            assert_agree(mine, np.ascontiguousarray(theirs), TOLERANCE, scale)
