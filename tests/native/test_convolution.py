"""Native convolutions against the reference: all passes, one to three dimensions, every option."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tidu
import tidu.nn.functional as F
from tidu.backend import native
from tidu.backend.convolution import out_size

from .kernels import assert_agree, kernel, reference_of

pytestmark = pytest.mark.skipif(not native.available, reason="native kernels are not in use")

F.conv2d(tidu.zeros(1, 1, 1, 1), tidu.zeros(1, 1, 1, 1))  # declares the operations

TOLERANCE = 50  # epsilons of the greatest value: thousands of products summed in another order


@st.composite
def problems(draw):
    """The sizes of a convolution and its settings."""
    rank = draw(st.integers(1, 3))

    def each(strategy):
        return tuple(draw(strategy) for _ in range(rank))

    groups = draw(st.sampled_from([1, 1, 1, 2, 3, 19]))
    size = each(st.integers(1, (40, 14, 6)[rank - 1]))
    kernel = each(st.sampled_from([1, 2, 3, 5]))
    stride = each(st.sampled_from([1, 1, 2, 3]))
    padding = each(st.integers(0, 3))
    dilation = each(st.sampled_from([1, 1, 2]))
    dilation = tuple(
        1 if out_size((n,), (k,), (1,), (p,), (d,))[0] < 1 else d
        for n, k, p, d in zip(size, kernel, padding, dilation)
    )
    kernel = tuple(
        1 if out_size((n,), (k,), (1,), (p,), (d,))[0] < 1 else k
        for n, k, p, d in zip(size, kernel, padding, dilation)
    )
    channels = st.sampled_from([1, 2, 3, 7, 17] if groups < 19 else [1])
    inputs, outputs = groups * draw(channels), groups * draw(channels)
    return {
        "x": (draw(st.sampled_from([1, 2, 5])), inputs, *size),
        "w": (outputs, inputs // groups, *kernel),
        "settings": (stride, padding, dilation, groups),
        "seed": draw(st.integers(0, 100)),
        "biased": draw(st.booleans()),
    }


def arguments(problem, dtype):
    """The arguments of the three operations."""
    rng = np.random.default_rng(problem["seed"])
    stride, padding, dilation, _ = options = problem["settings"]

    def normal(*shape):
        return rng.standard_normal(shape).astype(dtype)

    x, w = normal(*problem["x"]), normal(*problem["w"])
    out = out_size(x.shape[2:], w.shape[2:], stride, padding, dilation)
    g = normal(len(x), len(w), *out)
    biased = problem["biased"]
    return {
        "convolution": (x, w, normal(len(w)) if biased else None, *options),
        "convolution_input": (g, w, normal(x.shape[1]) if biased else None, x.shape[2:], *options),
        "convolution_weight": (g, x, w.shape[2:], *options),
    }


def compare(name, args, falls_back=False):
    got = kernel(name, falls_back)(*args)
    assert_agree(got, reference_of(name)(*args), TOLERANCE, scale=1)  # terms of that size may cancel


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(deadline=None, max_examples=60)
@given(problem=problems())
def test_agrees_with_the_reference(dtype, problem):
    for name, args in arguments(problem, dtype).items():
        compare(name, args)


@pytest.fixture
def winograd():
    """Sets the switch; on again afterwards."""

    def switch(on):
        tidu.backends.winograd = on

    yield switch
    switch(True)


LARGE = [
    # x, w, stride, padding, dilation, groups: what is cut into pieces and shared by threads
    ((2, 3, 97, 61), (37, 3, 5, 5), (1, 1), (2, 2), (1, 1), 1),
    ((1, 16, 50, 70), (48, 16, 3, 3), (2, 2), (1, 1), (1, 1), 1),
    ((33, 64, 4, 4), (72, 64, 3, 3), (1, 1), (1, 1), (1, 1), 1),
    ((1, 4, 5000), (8, 4, 7), (1,), (3,), (2,), 1),
    ((1, 5, 12, 30, 31), (9, 5, 3, 3, 3), (1, 2, 1), (1, 1, 1), (1, 1, 1), 1),
    ((3, 64, 15, 17), (96, 32, 3, 3), (1, 1), (1, 1), (2, 2), 2),
    ((1, 300, 6, 6), (200, 300, 3, 3), (1, 1), (1, 1), (1, 1), 1),
    ((19, 24, 9, 9), (24, 1, 3, 3), (1, 1), (1, 1), (1, 1), 24),
    ((2, 32, 40, 40), (32, 1, 5, 5), (2, 2), (2, 2), (1, 1), 32),
]


@pytest.mark.parametrize(("x", "w", "stride", "padding", "dilation", "groups"), LARGE)
@pytest.mark.parametrize("threads", [1, 3])
def test_large(x, w, stride, padding, dilation, groups, threads, winograd):
    winograd(False)
    problem = {
        "x": x,
        "w": w,
        "settings": (stride, padding, dilation, groups),
        "seed": 0,
        "biased": True,
    }
    before = tidu.get_num_threads()
    tidu.set_num_threads(threads)
    try:
        for name, args in arguments(problem, np.float32).items():
            compare(name, args)
    finally:
        tidu.set_num_threads(before)


WINOGRAD = [
    # images, channels, outputs, height, width, kernel, padding
    (3, 37, 29, 13, 17, 3, 1),
    (2, 67, 41, 11, 30, 5, 0),
    (5, 64, 64, 7, 7, 3, 2),
    (1, 48, 130, 25, 23, 5, 3),
    (70, 32, 40, 6, 5, 5, 2),
    (2, 3, 64, 33, 26, 5, 2),
]


@pytest.mark.parametrize(
    ("n", "channels", "outputs", "height", "width", "kernel_size", "padding"), WINOGRAD
)
def test_winograd(n, channels, outputs, height, width, kernel_size, padding, winograd):
    problem = {
        "x": (n, channels, height, width),
        "w": (outputs, channels, kernel_size, kernel_size),
        "settings": ((1, 1), (padding, padding), (1, 1), 1),
        "seed": 0,
        "biased": True,
    }
    exact = arguments(problem, np.float64)
    for name, args in arguments(problem, np.float32).items():
        expected = reference_of(name)(
            *(a.astype(np.float64) if isinstance(a, np.ndarray) else a for a in args)
        )
        found = {}
        for on in True, False:
            winograd(on)
            found[on] = kernel(name, falls_back=False)(*args)
        scale = np.abs(expected).max()
        assert np.abs(found[True] - expected).max() < 4e-5 * scale
        assert np.abs(found[False] - expected).max() < 4e-6 * scale
        assert (found[True] != found[False]).any()
        # float64 is always computed by the definition.
        winograd(True)
        assert_agree(kernel(name)(*exact[name]), reference_of(name)(*exact[name]), TOLERANCE)


def test_the_switch(winograd):
    assert tidu.backends.winograd is True
    winograd(False)
    assert tidu.backends.winograd is False
    with pytest.raises(TypeError, match="True or False, not 0"):
        winograd(0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_strided_operands(dtype):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((8, 9, 6, 2)).astype(dtype).transpose(3, 2, 1, 0)[:, :, ::-1]
    w = rng.standard_normal((3, 3, 12, 5)).astype(dtype).transpose(3, 2, 1, 0)[:, ::2]
    g = np.broadcast_to(np.asarray(1, dtype), (2, 5, 9, 8))
    options = (1, 1), (1, 1), (1, 1), 1
    compare("convolution", (x, w, None, *options))
    compare("convolution_input", (g, w, None, (9, 8), *options))
    compare("convolution_weight", (g, x, (3, 3), *options))


def test_no_images():
    x = np.zeros((0, 2, 5, 4), np.float32)
    w = np.zeros((3, 2, 3, 3), np.float32)
    g = np.zeros((0, 3, 5, 4), np.float32)
    options = (1, 1), (1, 1), (1, 1), 1
    compare("convolution", (x, w, None, *options), falls_back=True)
    compare("convolution_input", (g, w, None, (5, 4), *options), falls_back=True)
    compare("convolution_weight", (g, x, (3, 3), *options), falls_back=True)


def test_inputs_beyond_the_last_window():
    """With a stride, the last rows and columns of the input may take no part."""
    rng = np.random.default_rng(0)
    g = rng.standard_normal((2, 4, 3, 3)).astype(np.float32)
    w = rng.standard_normal((4, 6, 2, 2)).astype(np.float32)
    for size in [(12, 12), (12, 13), (16, 14)]:
        compare("convolution_input", (g, w, None, size, (5, 5), (0, 0), (1, 1), 1))


def test_nonfinite_values_stay_in_their_windows():
    x = np.zeros((1, 3, 40, 40), np.float64)
    w = np.ones((4, 3, 3, 3), np.float64)
    x[0, 1, 20, 7] = np.nan
    x[0, 2, 5, 30] = np.inf
    args = x, w, None, (1, 1), (1, 1), (1, 1), 1
    got, expected = kernel("convolution")(*args), reference_of("convolution")(*args)
    np.testing.assert_array_equal(got, expected)
