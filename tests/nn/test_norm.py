"""Normalization layers: running statistics, evaluation, repr, errors."""

import math

import numpy as np
import pytest

import tidu
from tidu import nn
from tidu.nn import functional as F

X = tidu.tensor([[1.0, 10.0], [2.0, 20.0], [6.0, 60.0]])


def test_running_statistics_move_by_momentum():
    layer = nn.BatchNorm1d(2, momentum=0.25)
    layer(X)
    np.testing.assert_allclose(layer.running_mean.numpy(), [0.75, 7.5], rtol=1e-6)
    np.testing.assert_allclose(layer.running_var.numpy(), [0.75 + 7 / 4, 0.75 + 175], rtol=1e-6)
    assert layer.num_batches_tracked == 1


def test_without_momentum_they_are_the_average_of_all_batches():
    layer = nn.BatchNorm1d(2, momentum=None)
    layer(X), layer(X + 3)
    np.testing.assert_allclose(layer.running_mean.numpy(), [4.5, 31.5], rtol=1e-6)


def test_evaluation_uses_the_running_statistics_and_leaves_them():
    layer = nn.BatchNorm1d(2).eval()
    np.testing.assert_allclose(layer(X).detach().numpy(), X.numpy() / math.sqrt(1 + 1e-5), rtol=1e-6)
    assert layer.running_mean.tolist() == [0, 0]
    assert layer.num_batches_tracked == 0


def test_without_running_statistics_evaluation_uses_the_batch():
    layer = nn.BatchNorm1d(2, track_running_stats=False).eval()
    np.testing.assert_allclose(layer(X).detach().numpy().mean(0), [0, 0], atol=1e-6)
    assert layer.running_mean is None


def test_instance_norm_tracks_the_mean_over_samples():
    layer = nn.InstanceNorm1d(1, track_running_stats=True, momentum=1.0)
    layer(tidu.tensor([[[0.0, 2.0]], [[4.0, 8.0]]]))
    assert layer.running_mean.tolist() == [3.5]
    assert layer.running_var.tolist() == [5.0]


@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_half_precision_sums_in_single(offset):
    x = (tidu.arange(8.0) + offset).half().reshape(1, 8)
    want = F.layer_norm(x.double(), (8,))
    found = F.layer_norm(x, (8,))
    assert found.dtype is tidu.float16
    np.testing.assert_allclose(found.numpy(), want.numpy(), atol=2e-3)


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.BatchNorm2d(4, affine=False), "BatchNorm2d(4, eps=1e-05, momentum=0.1, affine=False, "
         "bias=False, track_running_stats=True)"),
        (nn.LayerNorm(5), "LayerNorm((5,), eps=1e-05, elementwise_affine=True, bias=True)"),
        (nn.GroupNorm(2, 4), "GroupNorm(2, 4, eps=1e-05, affine=True, bias=True)"),
        (nn.RMSNorm(5), "RMSNorm((5,), eps=None, elementwise_affine=True)"),
        (nn.LocalResponseNorm(2), "LocalResponseNorm(2, alpha=0.0001, beta=0.75, k=1.0)"),
    ],
)  # fmt: skip
def test_repr(layer, text):
    assert repr(layer) == text


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: F.batch_norm(X, None, None), RuntimeError,
         "running_mean must be defined in evaluation mode"),
        (lambda: nn.BatchNorm1d(3)(X), RuntimeError, "running_mean should contain 2 elements not 3"),
        (lambda: nn.BatchNorm2d(2)(X), ValueError, "expected 4D input (got 2D input)"),
        (lambda: nn.BatchNorm1d(2)(X[:1]), ValueError,
         "Expected more than 1 value per channel when training, got input size tidu.Size([1, 2])"),
        (lambda: nn.LayerNorm(2)(X.double()), RuntimeError,
         "mixed dtype (CPU): all inputs must share same datatype."),
        (lambda: nn.LayerNorm(2)(X.long()), RuntimeError,
         "mixed dtype (CPU): all inputs must share same datatype."),
        (lambda: F.layer_norm(X, (2,), tidu.ones(2), tidu.ones(2).double()), RuntimeError,
         "expected scalar type Float but found Double"),
        (lambda: F.layer_norm(X, (2,), [1.0, 2.0]), TypeError,
         "layer_norm(): argument 'weight' (position 3) must be Tensor, not list"),
        (lambda: F.layer_norm(X, (2,), None, 2), TypeError,
         "layer_norm(): argument 'bias' (position 4) must be Tensor, not int"),
        (lambda: F.layer_norm([1.0], (1,)), TypeError,
         "layer_norm(): argument 'input' (position 1) must be Tensor, not list"),
        (lambda: F.rms_norm(X, (2,), [1.0, 2.0]), TypeError,
         "rms_norm(): argument 'weight' (position 3) must be Tensor, not list"),
        (lambda: F.layer_norm(X, (3,)), RuntimeError,
         "Given normalized_shape=[3], expected input with shape [*, 3], but got input of size[3, 2]"),
        (lambda: F.layer_norm(X, ()), RuntimeError,
         "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
         "element, but got normalized_shape = []"),
        (lambda: nn.GroupNorm(3, 4), ValueError,
         "num_channels (4) must be divisible by num_groups (3)"),
        (lambda: F.group_norm(tidu.ones(2, 4), 3), RuntimeError,
         "Expected number of channels in input to be divisible by num_groups, but got input of "
         "shape [2, 4] and num_groups=3"),
    ],
)  # fmt: skip
def test_errors(call, error, text):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == text
