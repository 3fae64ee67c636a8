"""Pooling: indices, ties, nan, ceil_mode, layers, errors."""

import math

import numpy as np
import pytest

import tidu
from tidu import nn
from tidu.nn import functional as F

X = tidu.arange(36.0).reshape(1, 1, 6, 6)
NAN, INF = math.nan, math.inf


def test_indices_point_at_the_maxima_and_lead_back():
    x = tidu.from_numpy(np.random.default_rng(0).permutation(48).astype("f").reshape(1, 2, 4, 6))
    out, where = F.max_pool2d(x, 2, return_indices=True)
    picked = np.take_along_axis(x.numpy().reshape(2, 24), where.numpy().reshape(2, 6), 1)
    assert out.flatten().tolist() == picked.ravel().tolist()
    back = nn.MaxUnpool2d(2)(out, where)
    assert back.shape == x.shape
    assert back.sum() == out.sum()
    assert (back == x)[back != 0].all()


def test_of_equal_elements_the_first_gets_the_gradient():
    x = tidu.zeros(1, 1, 2, 2, requires_grad=True)
    F.max_pool2d(x, 2).sum().backward()
    assert x.grad.flatten().tolist() == [1, 0, 0, 0]


@pytest.mark.parametrize(
    ("row", "want"),
    [([1, NAN, 2, 3], [NAN, 3]), ([-INF, -INF, 1, -INF], [-INF, 1]), ([INF, 1, -INF, 0], [INF, 0])],
)
def test_special_values(row, want):
    found = F.max_pool1d(tidu.tensor([row]), 2)
    np.testing.assert_array_equal(found.numpy(), [np.array(want, "f")])


def test_ceil_mode_keeps_windows_that_start_inside():
    assert F.max_pool2d(X[..., :5, :5], 2, ceil_mode=True).shape == (1, 1, 3, 3)
    assert F.avg_pool1d(tidu.tensor([[2.0, 4, 6]]), 2, ceil_mode=True).tolist() == [[3, 6]]
    assert F.max_pool2d(X[..., :5, :5], 2, 3, 1, ceil_mode=True).shape == (1, 1, 2, 2)


def test_overlapping_windows_add_up_their_gradients():
    x = tidu.tensor([[1.0, 3, 2]], requires_grad=True)
    F.max_pool1d(x, 2, 1).sum().backward()
    assert x.grad.tolist() == [[0, 2, 0]]


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.MaxPool2d(2),
         "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)"),
        (nn.AvgPool1d(3), "AvgPool1d(kernel_size=(3,), stride=(3,), padding=(0,))"),
        (nn.AdaptiveAvgPool2d((1, None)), "AdaptiveAvgPool2d(output_size=(1, None))"),
        (nn.LPPool2d(2, 3), "LPPool2d(norm_type=2, kernel_size=3, stride=None, ceil_mode=False)"),
    ],
)  # fmt: skip
def test_repr(layer, text):
    assert repr(layer) == text


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: F.max_pool2d(X, 2, padding=2), RuntimeError,
         "pad should be at most half of effective kernel size, but got pad=2, kernel_size=2 and "
         "dilation=1"),
        (lambda: F.max_pool2d(X, 2, stride=0), RuntimeError, "stride should not be zero"),
        (lambda: F.max_pool2d(X, 9), RuntimeError,
         "Given input size: (1x6x6). Calculated output size: (1x0x0). Output size is too small"),
        (lambda: F.max_pool2d(X, (1, 2, 3)), RuntimeError,
         "max_pool2d: kernel_size must either be a single int, or a tuple of two ints"),
        (lambda: F.max_pool2d(X[0, 0], 2), RuntimeError,
         "non-empty 3D or 4D (batch mode) tensor expected for input"),
        (lambda: F.max_pool1d(X[0], 2, padding=2), RuntimeError,
         "max_pool1d() padding should be at most half of kernel size, but got padding=2 and "
         "kernel_size=2"),
        (lambda: F.avg_pool2d(X, 2, divisor_override=0), RuntimeError, "divisor must be not zero"),
        (lambda: F.adaptive_avg_pool2d(X, (2, 3, 4)), RuntimeError,
         "adaptive_avg_pool2d: output_size must be 2"),
        (lambda: F.max_unpool2d(X, tidu.zeros(1, 1, 6, 6), 2), RuntimeError,
         "elements in indices should be type int64 but got: Float"),
        (lambda: F.max_unpool2d(X, tidu.full((1, 1, 6, 6), 1000), 2), RuntimeError,
         "Found an invalid max index: 1000 (output volumes are of size 12x12)"),
        (lambda: F.avg_pool2d(tidu.ones(1, 2, 4, 5, 5), 2), RuntimeError,
         "Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but "
         "got:[1, 2, 4, 5, 5]"),
        (lambda: F.max_pool3d(tidu.ones(1, 2, 2, 2).bool(), 2), NotImplementedError,
         "\"max_pool3d\" not implemented for 'Bool'"),
        (lambda: F.adaptive_avg_pool3d(tidu.ones(1, 4, 4, 4).long(), 2), NotImplementedError,
         "\"adaptive_avg_pool3d_cpu\" not implemented for 'Long'"),
        (lambda: F.max_pool2d([1], 2), TypeError,
         "max_pool2d(): argument 'input' (position 1) must be Tensor, not list"),
    ],
)  # fmt: skip
def test_errors(call, error, text):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == text


def test_adaptive_max_of_no_images():
    assert nn.AdaptiveMaxPool2d(2)(tidu.ones(0, 2, 4, 4)).shape == (0, 2, 2, 2)


@pytest.mark.parametrize(
    ("pool", "size", "text"),
    [
        (F.fractional_max_pool2d, (3, 4),
         "fractional_max_pool2d(): pool height 3 too large relative to input height 3"),
        (F.fractional_max_pool3d, (5, 4, 4),
         "fractional_max_pool3d_out(): pool width 3 too large relative to input width 4"),
    ],
)  # fmt: skip
def test_fractional_windows_need_room(pool, size, text):
    with pytest.raises(RuntimeError) as caught:
        pool(tidu.ones(1, 1, *size), 3, 2)
    assert str(caught.value) == text


def test_fractional_windows_start_where_the_samples_say():
    x = tidu.arange(49.0).reshape(1, 7, 7)
    samples = tidu.tensor([[[0.0, 0.9]]])  # the width's, then the height's
    out, where = F.fractional_max_pool2d(x, 2, (3, 4), return_indices=True, _random_samples=samples)
    rows, columns = [1, 3, 6], [1, 2, 4, 6]  # the ends of windows of 2
    assert out[0].tolist() == [[7.0 * r + c for c in columns] for r in rows]
    assert where.tolist() == out.tolist()
