"""Matrix products, their gradients and layers made of them: native kernels against the references."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidu.backend import native

from .kernels import (
    FLOATS,
    LAYOUTS,
    assert_agree,
    kernel,
    laid_out,
    reference_of,
    seeds,
    values,
)

pytestmark = pytest.mark.skipif(not native.available, reason="without native kernels")
some = settings(max_examples=40, deadline=None)
# Sides on both sides of a vector's, a tile's and a panel's; 0 is the empty sum.
side = st.one_of(st.integers(0, 9), st.sampled_from([15, 16, 17, 31, 33, 48, 70, 129]))
stack = st.sampled_from([(), (), (2,), (1,), (2, 3), (2, 1)])


def compare(name, *args, size):
    """`size`: how many products are summed; rounding grows with it, at worst in proportion.

    Results are contiguous, as PyTorch's; NumPy's stacks lie in memory as the operands do.
    """
    found, expected = kernel(name)(*args), np.ascontiguousarray(reference_of(name)(*args))
    if expected.size or np.shape(found) != expected.shape:
        assert_agree(found, expected.reshape(np.shape(found)), 4 + size, scale=10)


@st.composite
def operands(draw, special=False):
    """A function that draws arrays of one dtype, in any layout."""
    dtype = draw(st.sampled_from(FLOATS))
    special = special and draw(st.booleans())

    def array(*shape):
        made = values(shape, dtype, draw(seeds), special)
        made = laid_out(made, draw(st.sampled_from(LAYOUTS)))
        if made.ndim > 2 and draw(st.booleans()):  # as heads of attention lie
            made = np.ascontiguousarray(made.swapaxes(-2, -3)).swapaxes(-2, -3)
        return made

    return array


@some
@given(array=operands(special=True), lead=stack, other=stack, m=side, n=side, k=side)
def test_matmul(array, lead, other, m, n, k):
    other = other if lead[-1:] == other[-1:] else (1,) * len(lead)
    x, y, v = array(*lead, m, k), array(*other, k, n), array(k)
    for a, b in ((x, y), (x, v), (v, y), (v, v)):
        with np.errstate(all="ignore"):
            compare("matmul", a, b, size=k)


@some
@given(array=operands(), lead=stack, other=stack, m=side, n=side, k=side)
def test_gradients_of_matmul(array, lead, other, m, n, k):
    other = other if lead[-1:] == other[-1:] else (1,) * len(lead)
    x, y = array(*lead, m, k), array(*other, k, n)
    g = array(*np.broadcast_shapes(lead, other), m, n)
    rows = m * int(np.prod(lead))
    compare("matmul.x", g, y, x.shape, size=n)
    compare("matmul.y", g, x, y.shape, size=rows)


@some
@given(array=operands(), b=st.integers(0, 3), m=side, n=side, k=side)
def test_products_of_two_and_three(array, b, m, n, k):
    x, y, v = array(m, k), array(k, n), array(k)
    compare("mm", x, y, size=k)
    compare("mm.x", array(m, n), y, size=n)
    compare("mm.y", array(m, n), x, size=m)
    compare("mv", x, v, size=k)
    compare("mv.y", array(m), x, size=m)
    compare("dot", v, array(k), size=k)
    xs, ys = array(b, m, k), array(b, k, n)
    compare("bmm", xs, ys, size=k)
    compare("bmm.x", array(b, m, n), ys, size=n)
    compare("bmm.y", array(b, m, n), xs, size=m)


@some
@given(
    array=operands(),
    m=side,
    n=side,
    k=side,
    beta=st.sampled_from([1, 1.0, 0, 2]),
    alpha=st.sampled_from([1, 1.0, 0.5]),
)
def test_sums_with_products(array, m, n, k, beta, alpha):
    x, y = array(m, k), array(k, n)
    for added in (array(n), array(m, n), array(m, 1), array(1)):
        compare("addmm", added, x, y, beta, alpha, size=k)
        compare("baddbmm", added, array(2, m, k), array(2, k, n), beta, alpha, size=k)
    compare("addmm.mat1", array(m, n), y, alpha, size=n)
    compare("addmm.mat2", array(m, n), x, alpha, size=m)
    compare("addmv", array(m), x, array(k), beta, alpha, size=k)
    compare("addmv.vec", array(m), x, alpha, size=m)


@some
@given(
    array=operands(),
    lead=st.sampled_from([(), (1,), (5,), (33,), (2, 7), (2, 3, 2)]),
    n=side,
    k=side,
)
def test_linear(array, lead, n, k):
    x, weight, g = array(*lead, k), array(n, k), array(*lead, n)
    rows = int(np.prod(lead))
    for bias in (None, array(n)):
        compare("linear", x, weight, bias, size=k)
    compare("linear.x", g, weight, x.shape, size=n)
    compare("linear.weight", g, x, weight.shape, size=rows)


@pytest.mark.parametrize(
    ("m", "n", "k"), [(300, 200, 700), (1, 1000, 500), (5, 3000, 300), (700, 9, 40)]
)
@pytest.mark.parametrize("dtype", FLOATS)
def test_several_blocks_and_threads(m, n, k, dtype):
    """Sizes that are cut into blocks and shared by threads, without falling back."""
    for seed, (swap_x, swap_y) in enumerate(
        [(False, False), (True, False), (False, True), (True, True)]
    ):
        x = values((k, m) if swap_x else (m, k), dtype, seed)
        y = values((n, k) if swap_y else (k, n), dtype, seed + 9)
        x, y = x.T if swap_x else x, y.T if swap_y else y
        bias = values((n,), dtype, seed)
        assert_agree(kernel("mm", falls_back=False)(x, y), x @ y, k)
        found = kernel("addmm", falls_back=False)(bias, x, y, 1, 1)
        assert_agree(found, x @ y + bias, k)
        stacked = kernel("matmul", falls_back=False)(np.stack([x, x]), y)
        assert_agree(stacked, np.stack([x @ y] * 2), k)


def test_gradients_that_are_expanded():
    """The gradient of a sum has strides of zero."""
    g = np.broadcast_to(np.float32(2), (4, 6, 5))
    weight, x = values((5, 7), "float32", 1), values((4, 6, 7), "float32", 2)
    assert_agree(kernel("linear.x", falls_back=False)(g, weight, x.shape), g @ weight, 8)
    found = kernel("linear.weight", falls_back=False)(g, x, (5, 7))
    assert_agree(found, g.reshape(24, 5).T @ x.reshape(24, 7), 24)
