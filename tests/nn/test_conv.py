"""Convolution layers: initial values, repr, padding modes, sizes, errors."""

import numpy as np
import pytest

import tidu
from tidu import nn
from tidu.nn import functional as F

X = tidu.ones(1, 2, 5, 5)
W = tidu.ones(3, 2, 3, 3)


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.Conv1d(2, 4, 3), "Conv1d(2, 4, kernel_size=(3,), stride=(1,))"),
        (nn.Conv2d(2, 4, 3, padding=1, bias=False),
         "Conv2d(2, 4, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), bias=False)"),
        (nn.Conv2d(2, 4, 3, padding="same", groups=2, padding_mode="reflect"),
         "Conv2d(2, 4, kernel_size=(3, 3), stride=(1, 1), padding=same, groups=2, "
         "padding_mode=reflect)"),
        (nn.ConvTranspose1d(2, 4, 3, stride=2, output_padding=1, dilation=2),
         "ConvTranspose1d(2, 4, kernel_size=(3,), stride=(2,), dilation=(2,), "
         "output_padding=(1,))"),
    ],
)  # fmt: skip
def test_repr(layer, text):
    assert repr(layer) == text


def test_parameters_are_drawn_weight_first_within_their_bound():
    tidu.manual_seed(0)
    layer = nn.Conv2d(3, 8, 5)
    tidu.manual_seed(0)
    bound = 1 / np.sqrt(3 * 5 * 5)
    weight = tidu.empty(8, 3, 5, 5).uniform_(-bound, bound)
    bias = tidu.empty(8).uniform_(-bound, bound)
    np.testing.assert_allclose(layer.weight.detach().numpy(), weight.numpy(), rtol=1e-6)
    np.testing.assert_allclose(layer.bias.detach().numpy(), bias.numpy(), rtol=1e-6)
    assert list(layer.state_dict()) == ["weight", "bias"]


@pytest.mark.parametrize(
    ("mode", "numpy_mode"), [("reflect", "reflect"), ("replicate", "edge"), ("circular", "wrap")]
)
def test_padding_modes(mode, numpy_mode):
    layer = nn.Conv1d(1, 1, 3, padding=1, padding_mode=mode, bias=False)
    x = tidu.tensor([[[1.0, 2, 4, 8]]])
    wide = np.pad(x.numpy(), [(0, 0), (0, 0), (1, 1)], mode=numpy_mode)
    want = F.conv1d(tidu.from_numpy(wide), layer.weight)
    assert layer(x).tolist() == want.tolist()


def test_output_size_chooses_the_output_padding():
    layer = nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1)
    assert layer(X).shape == (1, 3, 9, 9)
    assert layer(X, output_size=(10, 9)).shape == (1, 3, 10, 9)
    with pytest.raises(ValueError, match=r"requested an output size of \(11, 9\), but valid sizes"):
        layer(X, output_size=(11, 9))


def test_same_padding_of_an_even_kernel_warns_and_keeps_the_size():
    with pytest.warns(UserWarning, match="even kernel lengths"):
        assert F.conv2d(X, W[:, :, :2], padding="same").shape == (1, 3, 5, 5)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: F.conv2d(X, W[:, :1]),
         "Given groups=1, weight of size [3, 1, 3, 3], expected input[1, 2, 5, 5] to have 1 "
         "channels, but got 2 channels instead"),
        (lambda: F.conv2d(X[0, 0], W),
         "Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: [5, 5]"),
        (lambda: F.conv2d(X, W, stride=0), "non-positive stride is not supported"),
        (lambda: F.conv2d(X, W, padding=-1), "negative padding is not supported"),
        (lambda: F.conv2d(X, W, dilation=0),
         "dilation should be greater than zero, but got [0, 0]"),
        (lambda: F.conv2d(X, W, padding="foo"), "Invalid padding string: 'foo'"),
        (lambda: F.conv2d(X, W, padding="same", stride=2),
         "padding='same' is not supported for strided convolutions"),
        (lambda: F.conv2d(X, W, stride=(1, 1, 1)),
         "expected stride to be a single integer value or a list of 2 values to match the "
         "convolution dimensions, but got stride=[1, 1, 1]"),
        (lambda: F.conv2d(X, W, groups=2),
         "Given groups=2, expected weight to be divisible by 2 at dimension 0, but got weight of "
         "size [[3, 2, 3, 3]] instead"),
        (lambda: F.conv2d(X, W, tidu.ones(2)),
         "Given weight of size [3, 2, 3, 3], expected bias to be 1-dimensional with 3 elements, but "
         "got bias of size [2] instead"),
        (lambda: F.conv2d(X[:, :, :2, :2], W),
         "Calculated padded input size per channel: (2 x 2). Kernel size: (3 x 3). Kernel size "
         "can't be greater than actual input size"),
        (lambda: F.conv2d(X, W.double()), "expected scalar type Float but found Double"),
        (lambda: F.conv2d(X, W.double(), tidu.ones(3)), "expected scalar type Float but found Double"),
        (lambda: nn.Conv2d(2, 1, 3)(X.double()),
         "Input type (double) and bias type (float) should be the same"),
        (lambda: F.conv_transpose2d(X, W),
         "Given transposed=1, weight of size [3, 2, 3, 3], expected input[1, 2, 5, 5] to have 3 "
         "channels, but got 2 channels instead"),
    ],
)  # fmt: skip
def test_errors(call, text):
    with pytest.raises(RuntimeError) as caught:
        call()
    assert str(caught.value) == text
