"""nn.utils: clipping gradients, parameters as a vector."""

import math

import pytest

import tidu
from tidu import nn
from tidu.nn import utils


def parameter(*gradient, dtype=tidu.float64):
    p = nn.Parameter(tidu.zeros(len(gradient), dtype=dtype))
    p.grad = tidu.tensor(gradient, dtype=dtype)
    return p


NORMS = [(1.0, 11.0), (2.0, 7.0), (math.inf, 6.0)]


@pytest.mark.parametrize(("order", "norm"), NORMS)
def test_norms_are_of_all_gradients_together(order, norm):
    a, b, none = parameter(-2.0, 3.0), parameter(6.0), nn.Parameter(tidu.ones(1))
    assert utils.get_total_norm([a.grad, b.grad], order).item() == pytest.approx(norm)
    assert utils.clip_grad_norm_([a, b, none], 1.0, order).item() == pytest.approx(norm)
    assert a.grad.tolist() == pytest.approx([-2 / norm, 3 / norm], rel=1e-5)
    assert b.grad.tolist() == pytest.approx([6 / norm], rel=1e-5)
    assert none.grad is None


def test_small_gradients_stay():
    p = parameter(0.3, 0.4)
    utils.clip_grad_norm_(p, 1.0)
    assert p.grad.tolist() == [0.3, 0.4]


def test_no_gradients():
    assert utils.clip_grad_norm_([nn.Parameter(tidu.ones(1))], 1.0) == 0
    with pytest.warns(UserWarning, match="`parameters` is an empty generator"):
        utils.clip_grad_norm_((p for p in ()), 1.0)


def test_gradients_that_are_not_finite():
    p = parameter(math.inf, 1.0)
    with pytest.raises(RuntimeError, match=r"total norm of order 2\.0 for gradients .* is non-finite"):
        utils.clip_grad_norm_([p], 1.0, error_if_nonfinite=True)
    assert p.grad.tolist() == [math.inf, 1.0]
    utils.clip_grad_norm_([p], 1.0)
    assert p.grad.isnan().tolist() == [True, False]


def test_clip_grad_value():
    p = parameter(-3.0, 0.4, 5.0)
    utils.clip_grad_value_([p], 1)
    assert p.grad.tolist() == [-1.0, 0.4, 1.0]


def test_clip_grads_with_norm():
    p = parameter(3.0)
    utils.clip_grads_with_norm_([p], 1.0, tidu.tensor(6.0, dtype=tidu.float64))
    assert p.grad.item() == pytest.approx(0.5)


def test_old_name_warns():
    with pytest.warns(FutureWarning, match="in favor of `torch.nn.utils.clip_grad_norm_`"):
        assert utils.clip_grad_norm(parameter(3.0, 4.0), 1.0) == 5


def test_parameters_as_a_vector_and_back():
    layer = nn.Linear(2, 2)
    vector = utils.parameters_to_vector(layer.parameters())
    vector.sum().backward()
    assert layer.weight.grad.tolist() == [[1, 1], [1, 1]]
    utils.vector_to_parameters(tidu.arange(6.0), layer.parameters())
    assert layer.weight.tolist() == [[0, 1], [2, 3]]
    assert layer.bias.tolist() == [4, 5]
    assert layer.weight.requires_grad
    with pytest.raises(TypeError, match=r"expected torch.Tensor, but got: list"):
        utils.vector_to_parameters([1.0], layer.parameters())


@pytest.mark.parametrize("name", ["weight_norm", "spectral_norm", "parametrize", "prune"])
def test_what_is_not_there_says_so(name):
    with pytest.raises(AttributeError, match=f"tidu has no torch.nn.utils.{name} yet"):
        getattr(utils, name)


# Sequences


def test_pad_sequence():
    a, b = tidu.ones(1, 2, requires_grad=True), tidu.ones(3, 2)
    padded = utils.rnn.pad_sequence([a, b])
    assert padded.shape == (3, 2, 2)
    assert padded[:, 0].tolist() == [[1, 1], [0, 0], [0, 0]]
    (padded * 2).sum().backward()
    assert a.grad.tolist() == [[2, 2]]
    left = utils.rnn.pad_sequence([a, b], True, -1, padding_side="left")
    assert left[0].tolist() == [[-1, -1], [-1, -1], [1, 1]]
    first, second = utils.rnn.unpad_sequence(padded, tidu.tensor([1, 3]))
    assert first.tolist() == a.tolist()
    assert second.tolist() == b.tolist()


@pytest.mark.parametrize(
    ("sequences", "text"),
    [
        ([], "received an empty list of sequences"),
        (5, "pad_sequence: Expected iterable for input sequences, but got arg of type: <class 'int'>"),
        ([tidu.ones(2, 3), tidu.ones(2, 4)], "The size of tensor a (3) must match the size of tensor b"),
    ],
)
def test_pad_sequence_refuses(sequences, text):
    with pytest.raises(RuntimeError) as caught:
        utils.rnn.pad_sequence(sequences)
    assert str(caught.value).startswith(text)
