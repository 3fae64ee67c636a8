"""Optimizers' steps: the native kernels give the same bits as the formulas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tidu
import tidu.optim  # enters its formulas into the table
from tidu.backend import native
from tidu.backend.table import cpu, reference

from . import kernels
from .kernels import laid_out

pytestmark = pytest.mark.skipif(not native.available, reason="the extension was not built")

SHAPES = st.sampled_from([(), (0,), (1,), (3,), (8,), (17,), (5, 7), (33, 3), (2, 3, 5), (4, 3, 2, 2)])
RATES = st.sampled_from([0.0, 1, 0.1, 1e-3, 2.5])
FLAG = st.booleans()
# (kernel, number of state arrays, which of them may be left out, whether steps are counted, options)
STEPS = {
    "sgd_step": (1, (0,), False, [RATES, RATES, RATES, RATES, FLAG, FLAG]),
    "adam_step": (
        3, (2,), True,
        [RATES, st.sampled_from([0.0, 0.5, 0.9]), st.sampled_from([0.0, 0.7, 0.999]), RATES, RATES,
         FLAG, FLAG],
    ),
    "rmsprop_step": (3, (1, 2), True, [RATES, st.sampled_from([0.0, 0.9]), RATES, RATES, RATES, FLAG]),
    "adagrad_step": (1, (), True, [RATES, RATES, RATES, RATES, FLAG]),
}  # fmt: skip
LAYOUTS = st.sampled_from([*kernels.LAYOUTS, "channels last"])
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-30, 1e30]


def lay(array, layout):
    if layout == "channels last" and array.ndim > 2:
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1)
    return laid_out(array, layout) if array.ndim else array


def like(array):
    """A copy that lies in memory as `array` does, as far as NumPy keeps that."""
    return array.copy("K")


@st.composite
def calls(draw, name):
    n_states, optional, counted, options = STEPS[name]
    random = np.random.default_rng(draw(st.integers(0, 1 << 20)))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    special = draw(FLAG)
    shapes = draw(st.lists(SHAPES, min_size=1, max_size=4))

    def values(shape, positive=False):
        x = np.asarray(random.standard_normal(shape)).astype(dtype)
        x = abs(x) if positive else x
        if special and x.size:
            where = random.random(shape) < 0.2
            x = np.where(where, random.choice(SPECIAL, shape), x).astype(dtype)
        return np.asarray(x)

    layouts = [draw(LAYOUTS) for _ in shapes]
    params = [lay(values(s), layout) for s, layout in zip(shapes, layouts)]
    grads = [lay(values(s), layout if draw(FLAG) else draw(LAYOUTS)) for s, layout in zip(shapes, layouts)]
    left_out = {s for s in optional if draw(FLAG)}
    states = [
        [
            None if s in left_out else lay(values(shape, s == 0), layout)
            for shape, layout in zip(shapes, layouts)
        ]
        for s in range(n_states)
    ]
    if name == "adam_step":
        for x in (*states[1], *states[2]):  # means of squares
            if x is not None:
                np.absolute(x, out=x)
    steps = [np.asarray(random.integers(0, 50), np.float32) for _ in shapes]
    lists = [params, grads, *states, *([steps] if counted else [])]
    return lists, [draw(option) for option in options]


@pytest.mark.parametrize("name", STEPS)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_same_bits(name, data):
    lists, options = data.draw(calls(name))
    copies = [[None if a is None else like(a) for a in column] for column in lists]
    with np.errstate(all="ignore"):
        expected = getattr(reference, name)(*copies, *options)
    found = getattr(cpu, name)(*lists, *options)
    for column, other in zip(lists, copies):
        for a, b in zip(column, other):
            if a is not None:
                np.testing.assert_array_equal(a, b)
                # Signs of zeros too; a NaN's sign means nothing.
                assert (np.signbit(a) == np.signbit(b))[~np.isnan(b)].all()
    assert (found is None) == (expected is None)
    if found is not None:
        for a, b in zip(found, expected):
            np.testing.assert_array_equal(a, b)


def large(count, seed=0):
    random = np.random.default_rng(seed)
    return [random.standard_normal(count).astype(np.float32) for _ in range(3)]


def test_threads_share_the_elements():
    """Parameters of odd sizes, cut between threads anywhere."""
    before = tidu.get_num_threads()
    sizes = [7, 100_003, 1, 64, 33_331, 250_000]
    made = [[np.abs(a) for a in large(n, n)] for n in sizes]
    columns = [list(column) for column in zip(*made)]  # parameters, gradients and one state
    others = [[like(a) for a in column] for column in columns]
    tidu.set_num_threads(3)
    try:
        kernels.kernel("sgd_step", falls_back=False)(*columns, 0.1, 0.9, 0.0, 0.01, True, False)
    finally:
        tidu.set_num_threads(before)
    reference.sgd_step(*others, 0.1, 0.9, 0.0, 0.01, True, False)
    for column, other in zip(columns, others):
        for a, b in zip(column, other):
            np.testing.assert_array_equal(a, b)


def test_shared_memory_is_updated_in_order():
    """Two parameters that are views of one memory: each step is seen by the next."""
    memory, g, _ = large(200_000)
    other = memory.copy()
    cpu.sgd_step([memory[:150_000], memory[50_000:]], [g[:150_000], g[50_000:]], [None] * 2,
                 0.5, 0.0, 0.0, 0.1, False, False)  # fmt: skip
    reference.sgd_step([other[:150_000], other[50_000:]], [g[:150_000], g[50_000:]], [None] * 2,
                       0.5, 0.0, 0.0, 0.1, False, False)  # fmt: skip
    np.testing.assert_array_equal(memory, other)


@pytest.mark.parametrize("dtype", ["float16", "complex64", "float64"])
def test_other_dtypes_and_mixtures(dtype):
    """What the kernels do not take: half precision, complex numbers, several dtypes in one group."""
    a = tidu.ones(3, dtype=getattr(tidu, dtype), requires_grad=True)
    b = tidu.ones(2, requires_grad=True)
    optimizer = tidu.optim.Adam([a, b], lr=0.5)
    for _ in range(2):
        a.grad, b.grad = tidu.ones_like(a), tidu.ones_like(b)
        optimizer.step()
    assert [t.real.mean().item() for t in (a, b)] == pytest.approx([0.0, 0.0], abs=2e-3)
    assert optimizer.state[a]["step"].item() == 2
