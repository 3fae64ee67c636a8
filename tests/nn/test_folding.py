"""`unfold`, `fold` and their layers; the soft choice of `gumbel_softmax`."""

from __future__ import annotations

import pytest

import tidu
from tidu.nn import functional as F

X = tidu.arange(32.0).view(1, 2, 4, 4)
COLUMNS = F.unfold(X, 2)


def test_convolution_is_a_product_with_columns():
    weight = tidu.arange(24.0).view(3, 2, 2, 2)
    by_hand = (weight.view(3, -1) @ F.unfold(X, 2, stride=2)).view(1, 3, 2, 2)
    assert tidu.equal(F.conv2d(X, weight, stride=2), by_hand)


def test_layers():
    unfold, fold = tidu.nn.Unfold(2, stride=(1, 2)), tidu.nn.Fold(4, 2, stride=2)
    assert repr(unfold) == "Unfold(kernel_size=2, dilation=1, padding=0, stride=(1, 2))"
    assert repr(fold) == "Fold(output_size=4, kernel_size=2, dilation=1, padding=0, stride=2)"
    assert tidu.equal(fold(F.unfold(X, 2, stride=2)), X)


def test_nodes():
    x = X.clone().requires_grad_()
    assert F.unfold(x, 2).grad_fn.name() == "Im2ColBackward0"
    assert F.fold(F.unfold(x, 2), 4, 2).grad_fn.name() == "Col2ImBackward0"


WRONG = [
    (lambda: F.unfold(X, 5), "Given input with spatial size (4, 4), kernel_size=(5, 5)"),
    (lambda: F.unfold(X, (2, 2, 2)), "It is expected kernel_size equals to 2, but got size 3"),
    (lambda: F.unfold(X, 2, stride=0), "stride should be greater than zero, but got stride_height: 0"),
    (lambda: F.unfold(X, 2, padding=-1), "padding should be non-negative, but got pad_height: -1"),
    (lambda: F.unfold(X[:, :0], 2), "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size"),
    (lambda: F.unfold(X.long(), 2), "\"im2col_out_cpu\" not implemented for 'Long'"),
    (lambda: F.fold(COLUMNS, 5, 2), "sliding blocks 4 * 4 = 16, but got input.size(2)=9."),
    (lambda: F.fold(COLUMNS, 4, 3), "but got input.size(1)=8 and kernel_size=(3, 3)."),
    (lambda: F.fold(COLUMNS[0, 0], 4, 2), "Expected 2D or 3D (batch mode) tensor for input with"),
]


@pytest.mark.parametrize(("call", "text"), WRONG, ids=[text for _, text in WRONG])
def test_errors(call, text):
    with pytest.raises((RuntimeError, NotImplementedError)) as caught:
        call()
    assert text in str(caught.value)


def test_gumbel_softmax():
    logits = tidu.randn(3, 4, requires_grad=True)
    assert tidu.allclose(F.gumbel_softmax(logits).sum(1), tidu.ones(3))
    chosen = F.gumbel_softmax(logits, hard=True)
    assert chosen.detach().sort(1)[0].allclose(tidu.tensor([0.0, 0, 0, 1]).expand(3, 4))
    (chosen * tidu.arange(4.0)).sum().backward()
    assert logits.grad.abs().sum() > 0
