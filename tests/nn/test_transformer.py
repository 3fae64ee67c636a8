"""Attention by several heads, and transformers."""

from __future__ import annotations

import copy
import math

import pytest

import tidu
from tidu import nn
from tidu.autograd import gradcheck
from tidu.nn import functional as F

F64 = {"dtype": tidu.float64}
X = tidu.arange(8.0).reshape(2, 1, 4) / 8
pytestmark = pytest.mark.filterwarnings("ignore:enable_nested_tensor is True:UserWarning")


def decode(layer):
    return layer(X, X * 2)


# What PyTorch gives after manual_seed(0).
FROM_SEED = [
    (
        lambda: nn.MultiheadAttention(4, 2), lambda layer: layer(X, X, X)[0],
        [-0.246253744, -0.031947166, -0.10734807, 0.136461541,
         -0.243884593, -0.040184803, -0.107846566, 0.141445801],
    ),
    (
        lambda: nn.MultiheadAttention(4, 2), lambda layer: layer(X, X, X)[1],
        [0.502365708, 0.497634232, 0.510219038, 0.489780962],
    ),
    (
        lambda: nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0), lambda layer: layer(X),
        [-1.385533333, -0.08695931, 0.033195384, 1.439297199,
         -1.36378181, -0.121453643, 0.027660187, 1.457575321],
    ),
    (
        lambda: nn.TransformerDecoderLayer(4, 2, 8, 0.0, "gelu", norm_first=True), decode,
        [0.411332518, -0.478645712, 0.308900237, -0.107122481,
         0.911332488, 0.021354198, 0.808900237, 0.39287734],
    ),
    (
        lambda: nn.Transformer(4, 2, 1, 1, 8, dropout=0.0),
        lambda model: model(X, X * 2, tgt_mask=model.generate_square_subsequent_mask(2)),
        [-1.151798129, -0.308199495, -0.139638439, 1.599636078,
         -0.989586592, -0.222122878, -0.451788902, 1.663498282],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("make", "call", "expected"), FROM_SEED)
def test_from_seed(make, call, expected):
    tidu.manual_seed(0)
    assert call(make()).flatten().tolist() == pytest.approx(expected, abs=1e-5)


def by_hand(layer, query, key, value, mask):
    """One sequence, head by head; `mask` (heads, L, S) is added to the scores."""
    if layer._qkv_same_embed_dim:
        weights = layer.in_proj_weight.chunk(3)
    else:
        weights = layer.q_proj_weight, layer.k_proj_weight, layer.v_proj_weight
    biases = (0, 0, 0) if layer.in_proj_bias is None else layer.in_proj_bias.chunk(3)
    q, k, v = (x @ w.T + b for x, w, b in zip((query, key, value), weights, biases))
    if layer.bias_k is not None:
        k, v = tidu.cat([k, layer.bias_k[0]]), tidu.cat([v, layer.bias_v[0]])
    if layer.add_zero_attn:
        k, v = tidu.cat([k, 0 * k[:1]]), tidu.cat([v, 0 * v[:1]])
    out, found = [], []
    for i in range(layer.num_heads):
        place = slice(i * layer.head_dim, (i + 1) * layer.head_dim)
        scores = q[:, place] @ k[:, place].T / math.sqrt(layer.head_dim)
        scores[:, : mask.shape[2]] += mask[i]
        found.append(scores.softmax(-1))
        out.append(found[-1] @ v[:, place])
    return layer.out_proj(tidu.cat(out, 1)), tidu.stack(found)


LAYERS = [
    {},
    {"bias": False},
    {"add_bias_kv": True},
    {"add_zero_attn": True},
    {"add_bias_kv": True, "add_zero_attn": True, "batch_first": True},
    {"kdim": 3, "vdim": 5},
    {"kdim": 3, "vdim": 5, "bias": False, "batch_first": True},
]


@pytest.mark.parametrize("options", LAYERS)
@pytest.mark.parametrize("masks", ["none", "bools", "numbers", "each head"])
@pytest.mark.parametrize("same", [False, True])
def test_attention(options, masks, same):
    tidu.manual_seed(3)
    layer = nn.MultiheadAttention(4, 2, **options, **F64)
    for name, parameter in layer.named_parameters():
        if "bias" in name:
            nn.init.normal_(parameter)
    if same and "kdim" in options:
        same = False
    query = tidu.randn(3, 2, 4, **F64)
    key = query if same else tidu.randn(5, 2, layer.kdim, **F64)
    value = query if same else tidu.randn(5, 2, layer.vdim, **F64)
    n = len(key)
    mask, padding, added = None, None, tidu.zeros(2, 2, 3, n, **F64)
    if masks == "bools":
        mask = tidu.ones(3, n, dtype=tidu.bool).triu(1)
        padding = tidu.zeros(2, n, dtype=tidu.bool)
        padding[1, 1] = True
        added = added.masked_fill(mask | padding[:, None, None], -math.inf)
    elif masks == "numbers":
        mask, padding = tidu.randn(3, n, **F64), tidu.randn(2, n, **F64)
        added = added + mask + padding[:, None, None]
    elif masks == "each head":
        mask = tidu.randn(4, 3, n, **F64)
        added = mask.view(2, 2, 3, n)
    turn = (lambda x: x.transpose(0, 1)) if layer.batch_first else (lambda x: x)
    inputs = [turn(query), turn(key), turn(value)]
    if same:
        inputs = [inputs[0]] * 3
    kwargs = {"key_padding_mask": padding, "attn_mask": mask}
    out, weights = layer(*inputs, average_attn_weights=False, **kwargs)
    for i in range(2):
        expected, found = by_hand(layer, query[:, i], key[:, i], value[:, i], added[i])
        assert tidu.allclose(turn(out)[:, i], expected)
        assert tidu.allclose(weights[i], found)
    assert tidu.allclose(layer(*inputs, **kwargs)[1], weights.mean(1))
    out_only, nothing = layer(*inputs, need_weights=False, **kwargs)
    assert nothing is None
    assert tidu.allclose(out_only, out)
    if mask is None:
        alone, weights_alone = layer(query[:, 0], key[:, 0], value[:, 0])
        assert tidu.allclose(alone, turn(out)[:, 0])
        assert weights_alone.shape == weights.mean(1)[0].shape


@pytest.mark.parametrize("need_weights", [False, True])
def test_gradients_of_attention(need_weights):
    layer = nn.MultiheadAttention(2, 1, **F64)
    x = tidu.randn(2, 1, 2, requires_grad=True, **F64)

    def function(x):
        out, weights = layer(x, x, x, need_weights=need_weights)
        return (out, weights) if need_weights else out

    assert gradcheck(function, (x,))


def test_causal_hint():
    layer = nn.MultiheadAttention(4, 2).eval()
    x = tidu.randn(3, 1, 4)
    mask = nn.Transformer.generate_square_subsequent_mask(3)
    assert mask.tolist()[0] == [0, -math.inf, -math.inf]
    hinted = layer(x, x, x, attn_mask=mask, is_causal=True, need_weights=False)[0]
    assert tidu.allclose(hinted, layer(x, x, x, attn_mask=mask)[0])
    merged, kind = layer.merge_masks(mask, tidu.zeros(1, 3), x.transpose(0, 1))
    assert (merged.shape, kind) == ((1, 2, 3, 3), 2)
    assert layer.merge_masks(None, None, x) == (None, None)


Z = tidu.zeros
REFUSED = [
    ((Z(2), Z(2), Z(2)), {}, AssertionError, "query should be unbatched 2D or batched 3D tensor but"),
    ((Z(3, 1, 4), Z(3, 4), Z(3, 4)), {}, AssertionError, "For batched (3-D) `query`, expected `key` and"),
    ((Z(3, 1, 4), Z(3, 1, 4), Z(2, 1, 4)), {}, AssertionError, "key shape "),
    ((Z(3, 1, 6), Z(3, 1, 6), Z(3, 1, 6)), {}, AssertionError, "was expecting embedding dimension of 4,"),
    (
        (Z(3, 1, 4),) * 3, {"key_padding_mask": Z(3)}, AssertionError,
        "For batched (3-D) `query`, expected `key_padding_mask` to be `None` or 2-D but found 1-D",
    ),
    (
        (Z(3, 1, 4),) * 3, {"attn_mask": Z(3)}, AssertionError,
        "For batched (3-D) `query`, expected `attn_mask` to be `None`, 2-D or 3-D but found 1-D",
    ),
    ((Z(3, 1, 4),) * 3, {"attn_mask": Z(2, 3)}, RuntimeError, "The shape of the 2D attn_mask is "),
    ((Z(3, 1, 4),) * 3, {"attn_mask": Z(2, 2, 3)}, RuntimeError, "The shape of the 3D attn_mask is "),
    ((Z(3, 4),) * 3, {"attn_mask": Z(1, 3, 3)}, AssertionError, "Expected `attn_mask` shape to be (2, 3, 3)"),
    ((Z(3, 1, 4),) * 3, {"is_causal": True}, RuntimeError, "Need attn_mask if specifying the is_causal"),
    (
        (Z(3, 1, 4),) * 3, {"attn_mask": Z(3, 3).long()}, AssertionError,
        "only bool and floating types of attn_mask are supported",
    ),
    (
        (Z(3, 1, 4),) * 3, {"key_padding_mask": Z(1, 4)}, AssertionError,
        "Expected key_padded_mask.shape[1] to be 3, but got 4",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("args", "options", "error", "text"), REFUSED)
def test_attention_refuses(args, options, error, text):
    with pytest.raises(error) as caught:
        nn.MultiheadAttention(4, 2)(*args, **options)
    assert str(caught.value).startswith(text)


def test_constructors_refuse():
    with pytest.raises(ValueError, match="embed_dim and num_heads must be greater than 0"):
        nn.MultiheadAttention(0, 2)
    with pytest.raises(AssertionError, match="embed_dim must be divisible by num_heads"):
        nn.MultiheadAttention(5, 2)
    with pytest.raises(RuntimeError, match="activation should be relu/gelu, not tanh"):
        nn.TransformerEncoderLayer(4, 2, activation="tanh")


def test_masks_of_two_kinds_warn():
    x = Z(3, 1, 4)
    with pytest.warns(
        UserWarning, match="Support for mismatched key_padding_mask and attn_mask is dep"
    ):
        nn.MultiheadAttention(4, 2)(x, x, x, Z(1, 3).bool(), attn_mask=Z(3, 3))


def test_static_keys_and_values():
    x, w = tidu.randn(3, 1, 4), tidu.randn(12, 4)
    args = (x, x, x, 4, 2, w, None, None, None, False, 0.0, tidu.eye(4), None)
    keys, values = tidu.randn(2, 5, 2), tidu.randn(2, 5, 2)
    out, weights = F.multi_head_attention_forward(*args, static_k=keys, static_v=values)
    assert (out.shape, weights.shape) == ((3, 1, 4), (1, 3, 5))
    with pytest.raises(AssertionError, match=r"expecting static_k.size\(0\) of 2, but got 3"):
        F.multi_head_attention_forward(*args, static_k=Z(3, 5, 2))


def test_parts_of_an_encoder_layer():
    for norm_first in (False, True):
        layer = nn.TransformerEncoderLayer(4, 2, 8, norm_first=norm_first).eval()
        attend = layer.self_attn
        if norm_first:
            y = layer.norm1(X)
            y = X + attend(y, y, y)[0]
            expected = y + layer.linear2(layer.linear1(layer.norm2(y)).relu())
        else:
            y = layer.norm1(X + attend(X, X, X)[0])
            expected = layer.norm2(y + layer.linear2(layer.linear1(y).relu()))
        assert tidu.allclose(layer(X), expected, atol=1e-6)


def test_copies_of_a_decoder_layer_forget_an_activation_that_is_a_module():
    """As in PyTorch: `__setstate__` sees no activation and takes relu."""
    layer = nn.TransformerDecoderLayer(4, 2, 8, activation=nn.GELU())
    assert isinstance(layer.activation, nn.GELU)
    assert copy.deepcopy(layer).activation is F.relu


def test_padding_is_left_out_in_evaluation():
    layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
    encoder = nn.TransformerEncoder(layer, 1).eval()
    x, padding = tidu.randn(2, 3, 4), tidu.tensor([[False, False, True], [False] * 3])
    with tidu.no_grad():
        out = encoder(x, src_key_padding_mask=padding)
        moved = encoder(x, src_key_padding_mask=padding.flip(1))
    recorded = encoder(x, src_key_padding_mask=padding)
    assert out[0, 2].tolist() == [0] * 4
    assert tidu.allclose(out[:, :2], recorded[:, :2])
    assert (recorded[0, 2] != 0).all()
    assert (moved != 0).all()


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"norm_first": True, "batch_first": True}, "norm_first was True"),
        (
            {},
            "self_attn.batch_first was not True(use batch_first for better inference performance)",
        ),
        ({"bias": False, "batch_first": True}, "self_attn was passed bias=False"),
        ({"activation": tidu.tanh, "batch_first": True}, "activation_relu_or_gelu was not True"),
    ],
)
def test_encoder_warns(options, text):
    with pytest.warns(UserWarning, match="enable_nested_tensor is True") as caught:
        nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, **options), 1)
    assert str(caught[0].message) == (
        f"enable_nested_tensor is True, but self.use_nested_tensor is False because encoder_layer.{text}"
    )


def test_transformer():
    model = nn.Transformer(4, 2, 1, 2, 8, batch_first=True)
    assert model(Z(2, 5, 4), Z(2, 3, 4)).shape == (2, 3, 4)
    assert model(Z(5, 4), Z(3, 4)).shape == (3, 4)
    assert "decoder.layers.1.multihead_attn.in_proj_weight" in model.state_dict()
    assert "NonDynamicallyQuantizableLinear(in_features=4, out_features=4, bias=True)" in repr(
        model
    )
    with pytest.raises(RuntimeError, match="the batch number of src and tgt must be equal"):
        model(Z(2, 5, 4), Z(3, 3, 4))
    with pytest.raises(
        RuntimeError, match="the feature number of src and tgt must be equal to d_model"
    ):
        model(Z(2, 5, 6), Z(2, 3, 4))
    inner = nn.Transformer(4, 2, custom_encoder=nn.Identity(), custom_decoder=nn.Identity())
    assert list(inner.parameters()) == []
