"""Layers with few or no parameters: what they compute beyond the operation tables, text, refusals."""

import math

import numpy as np
import pytest

import tidu
from tidu import nn
from tidu.nn import functional as F

X = tidu.tensor([[[1.0, 2.0, 3.0]]])
IMAGE = tidu.arange(4.0).reshape(1, 1, 2, 2)

# layer, input, expected
VALUES = [
    (nn.ConstantPad1d((1, 2), 9.0), X, [[[9, 1, 2, 3, 9, 9]]]),
    (nn.ZeroPad1d((-1, 1)), X, [[[2, 3, 0]]]),
    (nn.ReflectionPad1d(2), X, [[[3, 2, 1, 2, 3, 2, 1]]]),
    (nn.ReplicationPad1d((0, 2)), X, [[[1, 2, 3, 3, 3]]]),
    (nn.CircularPad1d((2, 0)), X, [[[2, 3, 1, 2, 3]]]),
    (nn.ZeroPad2d((1, 0, 0, 1)), IMAGE, [[[[0, 0, 1], [0, 2, 3], [0, 0, 0]]]]),
    (nn.ReflectionPad2d((0, 1, 1, 0)), IMAGE, [[[[2, 3, 2], [0, 1, 0], [2, 3, 2]]]]),
    (nn.CircularPad2d((1, 0, 0, 0)), IMAGE, [[[[1, 0, 1], [3, 2, 3]]]]),
    (nn.Upsample(scale_factor=2), X, [[[1, 1, 2, 2, 3, 3]]]),
    (nn.UpsamplingBilinear2d(3), IMAGE, [[[[0, 0.5, 1], [1, 1.5, 2], [2, 2.5, 3]]]]),
    (nn.UpsamplingNearest2d((2, 4)), IMAGE, [[[[0, 0, 1, 1], [2, 2, 3, 3]]]]),
    (nn.PixelShuffle(2), tidu.arange(4.0).reshape(1, 4, 1, 1), [[[[0, 1], [2, 3]]]]),
    (nn.PixelUnshuffle(2), IMAGE, [[[[0]], [[1]], [[2]], [[3]]]]),
    (nn.ChannelShuffle(2), tidu.arange(4.0).reshape(1, 4, 1), [[[0], [2], [1], [3]]]),
    (nn.Flatten(), IMAGE, [[0, 1, 2, 3]]),
    (nn.Unflatten(1, (2, 2)), tidu.arange(4.0).reshape(1, 4), [[[0, 1], [2, 3]]]),
    (nn.Identity(1, any="thing"), X, [[[1, 2, 3]]]),
]


@pytest.mark.parametrize(("layer", "x", "expected"), VALUES, ids=[repr(v[0]) for v in VALUES])
def test_values(layer, x, expected):
    assert layer(x).tolist() == expected


@pytest.mark.parametrize("kind", ["Constant", "Zero", "Reflection", "Replication", "Circular"])
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_padding_of_all_dimensions(kind, dims):
    x = np.random.default_rng(0).standard_normal((2, 2, *[3] * dims))
    value = (7.0,) if kind == "Constant" else ()
    layer = getattr(nn, f"{kind}Pad{dims}d")((1, 2) * dims, *value)
    mode = {"Reflection": "reflect", "Replication": "edge", "Circular": "wrap"}.get(kind, "constant")
    options = {"constant_values": sum(value)} if mode == "constant" else {}
    expected = np.pad(x, [(0, 0), (0, 0), *[(1, 2)] * dims], mode=mode, **options)
    assert np.array_equal(layer(tidu.from_numpy(x)).numpy(), expected)
    assert np.array_equal(layer(tidu.from_numpy(x[0])).numpy(), expected[0])


def test_distances():
    a, b = tidu.tensor([[3.0, 4.0], [1.0, 0.0]]), tidu.tensor([[0.0, 0.0], [1.0, 1.0]])
    assert nn.PairwiseDistance(eps=0)(a, b).tolist() == [5, 1]
    assert nn.PairwiseDistance(p=1, keepdim=True, eps=0)(a, b).tolist() == [[7], [1]]
    cosines = nn.CosineSimilarity()(a, a.flip(1)).tolist()
    assert cosines == pytest.approx([0.96, 0.0])


def test_linear():
    m = nn.Linear(2, 1)
    m.load_state_dict({"weight": tidu.tensor([[2.0, 3.0]]), "bias": tidu.tensor([1.0])})
    assert m(tidu.ones(4, 5, 2)).shape == (4, 5, 1)
    assert m(tidu.ones(2)).tolist() == [6]
    assert nn.Linear(2, 1, bias=False).bias is None
    assert nn.Linear(2, 1, dtype=tidu.float64).weight.dtype is tidu.float64


# Embedding


def test_embedding_gradients():
    m = nn.Embedding(4, 2, padding_idx=-1, scale_grad_by_freq=True)
    assert m.padding_idx == 3
    assert m.weight[3].tolist() == [0, 0]
    m(tidu.tensor([0, 0, 1, 3])).sum().backward()
    assert m.weight.grad.tolist() == [[1, 1], [1, 1], [0, 0], [0, 0]]


def test_embedding_max_norm_changes_the_rows_in_use():
    m = nn.Embedding.from_pretrained(tidu.tensor([[3.0, 4.0], [3.0, 4.0]]), max_norm=1.0)
    assert not m.weight.requires_grad
    m(tidu.tensor([0]))
    assert m.weight.flatten().tolist() == pytest.approx([0.6, 0.8, 3, 4], rel=1e-5)


def test_embedding_bag():
    m = nn.EmbeddingBag.from_pretrained(tidu.arange(8.0).reshape(4, 2), padding_idx=-1, mode="mean")
    assert not m.weight.requires_grad
    numbers = tidu.tensor([0, 1, 3, 3, 2])
    assert m(numbers, tidu.tensor([0, 2, 4])).tolist() == [[1, 2], [0, 0], [4, 5]]
    m.include_last_offset = True
    assert m(numbers, tidu.tensor([0, 1, 5])).tolist() == [[0, 1], [3, 4]]
    m.mode = "max"
    assert m(numbers, tidu.tensor([0, 1, 5])).tolist() == [[0, 1], [4, 5]]
    m.include_last_offset = False
    assert m(numbers[:4].reshape(2, 2)).tolist() == [[2, 3], [0, 0]]
    assert m(numbers[:0], tidu.tensor([0])).tolist() == [[0, 0]]


BAG = nn.EmbeddingBag(4, 2)

BAG_REFUSALS = [
    (([1, 2],), ValueError, "offsets has to be a 1D Tensor but got None"),
    (([[1, 2]], [0]), ValueError, "if input is 2D, then offsets has to be None"),
    (([1, 7], [0]), RuntimeError, "Index 1 of input takes value 7 which is not in the valid range [0, 4)"),
    (([1, 2], [1]), RuntimeError, "offsets[0] has to be 0"),
    (([1, 2], [0, 5]), RuntimeError, "offsets[-1] can not be greater than input's length 2 but got"),
    (([1.0], [0]), RuntimeError, "Expected tensor for argument #1 'indices' to have one of"),
]


@pytest.mark.parametrize(("args", "kind", "text"), BAG_REFUSALS)
def test_embedding_bag_refusals(args, kind, text):
    with pytest.raises(kind) as raised:
        BAG(*map(tidu.tensor, args))
    assert str(raised.value).startswith(text)


# Dropout


def test_dropout_drops_and_scales_in_training_only():
    tidu.manual_seed(0)
    x = tidu.ones(1000)
    m = nn.Dropout(0.25)
    out = m(x)
    dropped = (out == 0).sum().item()
    assert 200 < dropped < 300
    assert out.max().item() == pytest.approx(4 / 3)
    m.eval()
    assert m(x).equal(x)
    assert F.dropout(x, 1.0).sum() == 0


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_dropout_of_whole_channels(dims):
    tidu.manual_seed(0)
    out = getattr(nn, f"Dropout{dims}d")(0.5)(tidu.ones(4, 50, *[2] * dims)).flatten(2)
    assert out.amax(2).equal(out.amin(2))
    assert 50 < (out[..., 0] == 0).sum() < 150


def test_alpha_dropout_keeps_mean_and_deviation():
    tidu.manual_seed(0)
    out = nn.AlphaDropout(0.3)(tidu.randn(20000))
    assert out.mean().item() == pytest.approx(0, abs=0.03)
    assert out.std().item() == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("dtype", [tidu.float16, tidu.float32, tidu.float64])
@pytest.mark.parametrize("drop", [F.dropout, F.alpha_dropout, F.feature_alpha_dropout])
def test_dropout_keeps_the_dtype(drop, dtype):
    assert drop(tidu.ones(2, 3, dtype=dtype), 0.3, True).dtype is dtype


def test_dropout_refuses_what_cannot_be_scaled():
    with pytest.raises(RuntimeError, match="result type Float can't be cast to the desired output"):
        F.dropout(tidu.ones(3, dtype=tidu.int64))
    with pytest.raises(NotImplementedError, match="not implemented for 'ComplexFloat'"):
        F.dropout(tidu.ones(3, dtype=tidu.complex64))


def test_dropout_gradient_goes_where_values_went():
    tidu.manual_seed(0)
    x = tidu.ones(100, requires_grad=True)
    out = F.dropout(x)
    out.sum().backward()
    assert x.grad.equal(out.detach())


# interpolate


def test_interpolate_by_a_factor_uses_the_factor():
    x = tidu.arange(10.0).reshape(1, 1, 10)
    given = F.interpolate(x, scale_factor=0.75, mode="linear")
    assert given[0, 0, :3].tolist() == pytest.approx([1 / 6, 1.5, 17 / 6])
    from_sizes = F.interpolate(x, scale_factor=0.75, mode="linear", recompute_scale_factor=True)
    assert from_sizes.equal(F.interpolate(x, 7, mode="linear"))
    assert from_sizes[0, 0, 1].item() == pytest.approx(10 / 7 * 1.5 - 0.5)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "lanczos"])
@pytest.mark.parametrize("size", [(3, 40), (40, 3), (11, 1)])
def test_weights_sum_to_one(mode, size):
    x = tidu.full((1, 2, 17, 23), 3.0, dtype=tidu.float64)
    assert F.interpolate(x, size, mode=mode, antialias=True).allclose(tidu.tensor(3.0).double())


def test_interpolate_integers():
    x = tidu.tensor([[[[0, 100], [200, 255]]]], dtype=tidu.uint8)
    out = F.interpolate(x, (2, 3), mode="bicubic")
    assert out.dtype is tidu.uint8
    exact = F.interpolate(x.double(), (2, 3), mode="bicubic")
    assert exact.max() > 255
    assert out.equal(exact.round().clamp(0, 255).to(tidu.uint8))


REFUSALS = [
    (lambda: F.interpolate(X), ValueError, "either size or scale_factor should be defined"),
    (lambda: F.interpolate(X, 2, 2), ValueError,
     "only one of size or scale_factor should be defined"),
    (lambda: F.interpolate(X, (2.5,)), TypeError, "expected size to be one of int or Tuple[int]"),
    (lambda: F.interpolate(X, (2, 2)), ValueError,
     "Input and output must have the same number of spatial dimensions, but got input with spatial "
     "dimensions of [3] and output size of (2, 2)."),
    (lambda: F.interpolate(X, 2, align_corners=True), ValueError,
     "align_corners option can only be set with the interpolating modes"),
    (lambda: F.interpolate(X, 2, mode="bilinear"), NotImplementedError,
     "Got 3D input, but bilinear mode needs 4D input"),
    (lambda: F.interpolate(X, 2, mode="linear", antialias=True), ValueError,
     "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes"),
    (lambda: F.interpolate(X, 0), RuntimeError,
     "Input and output sizes should be greater than 0, but got input (W: 3) and output (W: 0)"),
    (lambda: F.interpolate(X.long(), 2), NotImplementedError,
     "\"compute_indices_weights_nearest\" not implemented for 'Long'"),
    (lambda: nn.CircularPad1d(1)(tidu.ones(3)), ValueError,
     "expected 2D or 3D input (got 1D input)"),
    (lambda: nn.ConstantPad2d(1), TypeError,
     "ConstantPad2d.__init__() missing 1 required positional argument: 'value'"),
    (lambda: nn.Bilinear(0, 1, 1), ValueError, "in1_features must be > 0, but got (in1_features=0)"),
    (lambda: nn.Dropout(1.5), ValueError,
     "dropout probability has to be between 0 and 1, but got 1.5"),
    (lambda: nn.Embedding(3, 2)(tidu.tensor([3])), IndexError, "index out of range in self"),
    (lambda: nn.Embedding(3, 2)(tidu.tensor([1.0])), RuntimeError,
     "Expected tensor for argument #1 'indices' to have one of the following scalar types"),
    (lambda: nn.Embedding(3, 2, padding_idx=5), AssertionError,
     "Padding_idx must be within num_embeddings"),
    (lambda: nn.Unflatten(1, "ab"), TypeError, "unflattened_size must be a tuple of ints"),
    (lambda: nn.Unflatten("a", (("b", 2),)), TypeError,
     "unflattened_size must be tuple of ints, but found element of type tuple at pos 0"),
    (lambda: nn.Embedding(3, 2)(tidu.tensor([True])), RuntimeError,
     "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, "
     "Int; but got CPUBoolType instead"),
    (lambda: nn.Conv2d(3, 4), TypeError,
     "Conv2d.__init__() missing 1 required positional argument: 'kernel_size'"),
    (lambda: nn.BatchNorm2d(), TypeError,
     "_BatchNorm.__init__() missing 1 required positional argument: 'num_features'"),
    (lambda: nn.Tanh(1), TypeError, "Tanh.__init__() takes 1 positional argument but 2 were given"),
    (lambda: nn.Hardtanh(1, -1), AssertionError, "max_val (-1) must be greater than min_val (1)"),
    (lambda: F.pad(X, 1), TypeError,
     "pad(): argument 'pad' (position 2) must be tuple of ints, not int"),
    (lambda: F.pad(X, (1, 1.5)), TypeError,
     "pad(): argument 'pad' failed to unpack the object at pos 2 with error \"type must be tuple of "
     "ints,but got float\""),
]  # fmt: skip


def test_hardtanhs_former_names():
    with pytest.warns(FutureWarning, match="`min_value` is deprecated and renamed to `min_val`"):
        assert nn.Hardtanh(min_value=-2).min_val == -2


def test_layers_derived_from_ours_share_the_constructor():
    class Mine(nn.Conv1d):
        pass

    assert Mine.__init__ is nn.Conv1d.__init__
    assert Mine(1, 1, 2)(X).shape == (1, 1, 2)


@pytest.mark.parametrize(("call", "kind", "text"), REFUSALS)
def test_refusals(call, kind, text):
    with pytest.raises(kind) as raised:
        call()
    assert str(raised.value).startswith(text)


TEXTS = [
    (nn.ConstantPad1d(1, 2.0), "ConstantPad1d(padding=(1, 1), value=2.0)"),
    (nn.ZeroPad2d(1), "ZeroPad2d((1, 1, 1, 1))"),
    (nn.Upsample(scale_factor=2, mode="linear"), "Upsample(scale_factor=2.0, mode='linear')"),
    (nn.Upsample((2, 3)), "Upsample(size=(2, 3), mode='nearest')"),
    (nn.PixelShuffle(2), "PixelShuffle(upscale_factor=2)"),
    (nn.PairwiseDistance(), "PairwiseDistance()"),
    (nn.Linear(2, 3, bias=False), "Linear(in_features=2, out_features=3, bias=False)"),
    (nn.Embedding(3, 2, padding_idx=0, max_norm=math.inf), "Embedding(3, 2, padding_idx=0, max_norm=inf)"),
    (nn.Dropout(0.2, inplace=True), "Dropout(p=0.2, inplace=True)"),
    (nn.Flatten(), "Flatten(start_dim=1, end_dim=-1)"),
    (nn.GELU("tanh"), "GELU(approximate='tanh')"),
    (nn.Softmax(1), "Softmax(dim=1)"),
    (nn.ReLU(inplace=True), "ReLU(inplace=True)"),
    (nn.PReLU(), "PReLU(num_parameters=1)"),
]


@pytest.mark.parametrize(("layer", "text"), TEXTS)
def test_text(layer, text):
    assert repr(layer) == text
