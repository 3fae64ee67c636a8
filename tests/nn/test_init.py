"""nn.init: ranges and moments of what is drawn, exact values where nothing is, refusals."""

import math

import pytest

import tidu
from tidu import nn
from tidu.nn import init

WIDE = (200, 100)  # fan_in 100, fan_out 200


def filled(fill, shape=WIDE, **kwargs):
    tidu.manual_seed(0)
    return fill(tidu.empty(shape), **kwargs)


def gain(slope):
    return math.sqrt(2 / (1 + slope**2))


# fill, arguments, standard deviation, bound (None: unbounded)
DRAWN = [
    (init.uniform_, {"a": -1.0, "b": 1.0}, 1 / math.sqrt(3), 1.0),
    (init.normal_, {"std": 2.0}, 2.0, None),
    (init.xavier_uniform_, {}, math.sqrt(2 / 300), math.sqrt(6 / 300)),
    (init.xavier_normal_, {"gain": 3.0}, 3 * math.sqrt(2 / 300), None),
    (init.kaiming_uniform_, {"a": 0.5}, gain(0.5) / 10, math.sqrt(3) * gain(0.5) / 10),
    (init.kaiming_normal_, {"mode": "fan_out", "nonlinearity": "relu"}, 0.1, None),
    (init.trunc_normal_, {}, 0.8796, 2.0),
    (init.trunc_normal_, {"std": 5.0, "a": -1.0, "b": 1.0}, 0.5735, 1.0),
]


@pytest.mark.parametrize(("fill", "kwargs", "std", "bound"), DRAWN)
def test_drawn_values(fill, kwargs, std, bound):
    values = filled(fill, **kwargs)
    assert values.std().item() == pytest.approx(std, rel=0.02)
    assert abs(values.mean().item()) < 0.03 * std
    if bound is not None:
        assert 0.98 * bound < values.abs().max() <= bound
    assert values.equal(filled(fill, **kwargs))


def test_a_convolution_counts_its_window():
    values = filled(init.kaiming_normal_, (64, 16, 5, 5), nonlinearity="linear")
    assert values.std().item() == pytest.approx(1 / math.sqrt(16 * 25), rel=0.02)


def test_generator():
    draw = [init.normal_(tidu.empty(3), generator=tidu.Generator().manual_seed(3)) for _ in range(2)]
    assert draw[0].equal(draw[1])


def test_constants():
    assert init.constant_(tidu.empty(2), 3).tolist() == [3, 3]
    assert init.ones_(tidu.empty(2)).tolist() == [1, 1]
    assert init.zeros_(tidu.ones(2)).tolist() == [0, 0]
    assert init.eye_(tidu.empty(2, 3)).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert init.dirac_(tidu.empty(2, 2, 3)).tolist() == [[[0, 1, 0], [0] * 3], [[0] * 3, [0, 1, 0]]]
    x = tidu.rand(1, 4, 6)
    weight = init.dirac_(tidu.empty(4, 2, 3), groups=2)
    assert nn.functional.conv1d(x, weight, padding=1, groups=2).equal(x)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 2, 3)])
def test_orthogonal(shape):
    matrix = filled(init.orthogonal_, shape, gain=2.0).flatten(1)
    if matrix.shape[0] > matrix.shape[1]:
        matrix = matrix.T
    assert (matrix @ matrix.T).allclose(4 * tidu.eye(len(matrix)), atol=1e-5)


def test_sparse():
    values = filled(init.sparse_, (10, 4), sparsity=0.25)
    assert (values == 0).sum(0).tolist() == [3] * 4


def test_parameters_are_filled_outside_the_graph():
    p = nn.Parameter(tidu.empty(2, 2))
    assert init.xavier_uniform_(p) is p
    assert (p.is_leaf, p.requires_grad) == (True, True)


GAINS = [("linear", None, 1), ("conv2d", None, 1), ("sigmoid", None, 1), ("tanh", None, 5 / 3),
         ("relu", None, math.sqrt(2)), ("leaky_relu", 0.2, gain(0.2)), ("selu", None, 0.75)]  # fmt: skip


@pytest.mark.parametrize(("name", "param", "expected"), GAINS)
def test_gains(name, param, expected):
    assert init.calculate_gain(name, param) == pytest.approx(expected)


REFUSALS = [
    (lambda: init.xavier_uniform_(tidu.ones(2)),
     "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"),
    (lambda: init.calculate_gain("foo"), "Unsupported nonlinearity foo"),
    (lambda: init.kaiming_normal_(tidu.ones(2, 2), mode="foo"),
     "Mode foo not supported, please use one of ['fan_in', 'fan_out']"),
    (lambda: init.eye_(tidu.ones(2)), "Only tensors with 2 dimensions are supported"),
    (lambda: init.dirac_(tidu.ones(2)), "Only tensors with 3, 4, or 5 dimensions are supported"),
    (lambda: init.dirac_(tidu.ones(3, 2, 2), groups=2), "dim 0 must be divisible by groups"),
    (lambda: init.orthogonal_(tidu.ones(2)), "Only tensors with 2 or more dimensions are supported"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "text"), REFUSALS)
def test_refusals(call, text):
    with pytest.raises(ValueError) as raised:  # noqa: PT011  (the text is compared below)
        call()
    assert str(raised.value) == text


def test_warnings():
    with pytest.warns(UserWarning, match="Initializing zero-element tensors is a no-op"):
        init.kaiming_uniform_(tidu.empty(2, 0))
    with pytest.warns(UserWarning, match=r"mean is more than 2 std from \[a, b\]"):
        init.trunc_normal_(tidu.empty(2), mean=4.5)
    with pytest.warns(FutureWarning, match="`nn.init.normal` is now deprecated in favor of"):
        init.normal(tidu.empty(2))


@pytest.mark.parametrize(
    ("layer", "bound"),
    [(lambda: nn.Linear(100, 200), 0.1), (lambda: nn.Bilinear(100, 20, 10), 0.1),
     (lambda: nn.Conv2d(4, 50, 5), 0.1)],
)  # fmt: skip
def test_layers_start_within_one_over_the_root_of_fan_in(layer, bound):
    m = layer()
    for p in m.parameters():
        assert 0.85 * bound < p.abs().max() <= bound
