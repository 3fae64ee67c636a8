"""Lazy layers: shapes from the first input."""

from __future__ import annotations

import copy

import pytest

import tidu
from tidu import nn

CASES = [
    (lambda: nn.LazyLinear(4), (2, 3), "Linear(in_features=3, out_features=4, bias=True)"),
    (
        lambda: nn.LazyConv1d(4, 3, bias=False), (2, 3, 5),
        "Conv1d(3, 4, kernel_size=(3,), stride=(1,), bias=False)",
    ),
    (
        lambda: nn.LazyConv2d(6, 3, groups=3), (6, 5, 5),
        "Conv2d(6, 6, kernel_size=(3, 3), stride=(1, 1), groups=3)",
    ),
    (
        lambda: nn.LazyConv3d(4, 1), (2, 3, 2, 2, 2),
        "Conv3d(3, 4, kernel_size=(1, 1, 1), stride=(1, 1, 1))",
    ),
    (
        lambda: nn.LazyConvTranspose2d(4, 3), (2, 3, 5, 5),
        "ConvTranspose2d(3, 4, kernel_size=(3, 3), stride=(1, 1))",
    ),
    (
        lambda: nn.LazyBatchNorm1d(), (2, 3, 4),
        "BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)",
    ),
    (
        lambda: nn.LazyInstanceNorm2d(affine=False), (2, 3, 4, 4),
        "InstanceNorm2d(3, eps=1e-05, momentum=0.1, affine=False, bias=False, track_running_stats=True)",
    ),
]  # fmt: skip

@pytest.mark.parametrize(("make", "shape", "text"), CASES)
def test_becomes_the_usual_layer(make, shape, text):
    layer = make()
    name = type(layer).__name__
    assert repr(layer).startswith(name + "(")
    assert name.startswith("Lazy")
    assert layer.has_uninitialized_params()
    other = copy.deepcopy(layer)
    out = layer(tidu.ones(shape))
    assert repr(layer) == text
    assert type(layer).__name__ == name.removeprefix("Lazy")
    assert all(type(p) is nn.Parameter for p in layer.parameters())
    assert out.shape == layer(tidu.ones(shape)).shape
    if "InstanceNorm" in name:  # would not know num_features, as in PyTorch
        return
    # Loaded before the first call, it is the same layer.
    other.load_state_dict(layer.state_dict())
    assert tidu.equal(other(tidu.ones(shape)), layer(tidu.ones(shape)))


def test_same_weights_as_the_usual_layer():
    tidu.manual_seed(0)
    lazy = nn.LazyLinear(4)
    lazy(tidu.ones(2, 3))
    tidu.manual_seed(0)
    assert tidu.equal(lazy.weight, nn.Linear(3, 4).weight)


def test_dtype_is_kept():
    layer = nn.Sequential(nn.LazyLinear(2), nn.LazyBatchNorm1d()).double()
    assert layer(tidu.ones(3, 4, dtype=tidu.float64)).dtype is tidu.float64
    assert layer[1].running_mean.dtype is tidu.float64


def test_refuses():
    layer = nn.LazyConv2d(4, 3, groups=2)
    with pytest.raises(RuntimeError, match="Can't access the shape of an uninitialized parameter or buffer"):
        _ = layer.weight.shape
    with pytest.raises(RuntimeError, match=r"Expected 3D \(unbatched\) or 4D \(batched\) input"):
        layer(tidu.ones(3))
    with pytest.raises(ValueError, match="in_channels must be divisible by groups"):
        layer(tidu.ones(3, 5, 5))
    usual = nn.Linear(3, 4)
    with pytest.raises(RuntimeError, match="Can't access the shape"):
        usual.load_state_dict(nn.LazyLinear(4).state_dict())
    loaded = nn.LazyLinear(4)
    loaded.load_state_dict(usual.state_dict())
    with pytest.raises(AssertionError, match="The in_features inferred from input: 5 is not equal to"):
        loaded(tidu.ones(2, 5))


def test_layers_of_ones_own():
    class Scale(nn.modules.lazy.LazyModuleMixin, nn.Module):
        def __init__(self):
            super().__init__()
            self.factor = nn.parameter.UninitializedParameter()

        def initialize_parameters(self, x):
            self.factor.materialize(x.shape)
            nn.init.ones_(self.factor)

        def forward(self, x):
            return x * self.factor

    layer = Scale()
    assert repr(layer.state_dict()["factor"]) == "<UninitializedParameter>"
    assert layer(tidu.ones(2)).tolist() == [1, 1]
    assert layer.factor.shape == (2,)
