"""Recurrent layers and cells, and packed sequences."""

from __future__ import annotations

import pytest

import tidu
from tidu import nn
from tidu.autograd import gradcheck, gradgradcheck
from tidu.nn.utils import rnn as sequences

F64 = {"dtype": tidu.float64}
LAYERS = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}
CELLS = {"RNN": nn.RNNCell, "LSTM": nn.LSTMCell, "GRU": nn.GRUCell}

# What PyTorch gives after manual_seed(0), for two inputs, one hidden unit and two directions.
FROM_SEED = {
    "LSTM": [
        [-0.052791815251111984, -0.08132052421569824],
        [-0.3035174310207367, -0.010573254898190498],
    ],
    "GRU": [[-0.5458041429519653, 0.5297917127609253], [-0.08682577311992645, 0.7155964374542236]],
    "RNN": [[-0.9308907389640808, 0.5870160460472107], [0.6133134365081787, 0.2639233469963074]],
}


@pytest.mark.parametrize("kind", LAYERS)
def test_from_seed(kind):
    tidu.manual_seed(0)
    layer = LAYERS[kind](2, 1, bidirectional=True)
    out, _ = layer(tidu.tensor([[[1.0, -1.0]], [[0.5, 2.0]]]))
    assert out[:, 0].tolist() == [pytest.approx(row, abs=2e-7) for row in FROM_SEED[kind]]


def cell_of(layer, kind, suffix):
    cell = CELLS[kind](layer.input_size, layer.hidden_size, layer.bias, **F64)
    if kind == "RNN":
        cell.nonlinearity = layer.nonlinearity
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        if getattr(cell, name) is not None:
            setattr(cell, name, getattr(layer, name + suffix))
    return cell


CASES = [
    (kind, options)
    for kind in LAYERS
    for options in ({}, {"bias": False}, {"bidirectional": True})
] + [("RNN", {"nonlinearity": "relu"})]  # fmt: skip


@pytest.mark.parametrize(("kind", "options"), CASES)
@pytest.mark.parametrize("lengths", [[4, 4, 4], [1, 4, 2]])
@pytest.mark.parametrize("given", [False, True])
def test_layer_is_its_cell_step_by_step(kind, options, lengths, given):
    """The fused operation against the cells, which are compositions: results and gradients."""
    tidu.manual_seed(1)
    layer = LAYERS[kind](2, 5, **options, **F64)
    x = tidu.randn(4, 3, 2, requires_grad=True, **F64)
    directions = 1 + layer.bidirectional
    first = [
        tidu.randn(directions, 3, 5, requires_grad=True, **F64) for _ in range(1 + (kind == "LSTM"))
    ]
    hx = (tuple(first) if kind == "LSTM" else first[0]) if given else None
    packed = sequences.pack_padded_sequence(x, lengths, enforce_sorted=False)
    dense = len(set(lengths)) == 1
    out, last = layer(x if dense else packed, hx)
    if not dense:
        out, found = sequences.pad_packed_sequence(out)
        assert found.tolist() == lengths
    last = last if kind == "LSTM" else (last,)

    expected, lasts = tidu.zeros(4, 3, directions * 5, **F64), []
    rows = []
    for direction in range(directions):
        cell = cell_of(layer, kind, "_l0" + "_reverse" * direction)
        for i, length in enumerate(lengths):
            state = tuple(h[direction, i] for h in first) if given else None
            state = state[0] if given and kind != "LSTM" else state
            steps = range(length)[:: -1 if direction else 1]
            for t in steps:
                state = cell(x[t, i], state)
                h = state[0] if kind == "LSTM" else state
                rows.append((t, i, direction, h))
            lasts.append(state if kind == "LSTM" else (state,))
    for t, i, direction, h in rows:
        expected[t, i, direction * 5 : direction * 5 + 5] = h
    assert tidu.allclose(out, expected)
    for mine, theirs in zip(last, zip(*lasts)):
        assert tidu.allclose(mine, tidu.stack(theirs).reshape(directions, 3, 5))

    leaves = [x, *layer.parameters(), *(first if given else [])]
    weight = tidu.randn(4, 3, directions * 5, **F64)
    loss = (out * weight).sum() + sum((s * s).sum() for s in last)
    ends = sum((s * s).sum() for parts in zip(*lasts) for s in parts)
    for g, h in zip(
        tidu.autograd.grad(loss, leaves),
        tidu.autograd.grad((expected * weight).sum() + ends, leaves),
    ):
        assert tidu.allclose(g, h)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("RNN", {"nonlinearity": "relu"}),
        ("RNN", {"bidirectional": True}),
        ("GRU", {"batch_first": True}),
        ("LSTM", {"bias": False}),
        ("LSTM", {"proj_size": 1}),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_gradients_of_any_order(kind, options, packed):
    tidu.manual_seed(2)
    layer = LAYERS[kind](1, 2, **options, **F64)
    names = [name for name, _ in layer.named_parameters()]
    x = tidu.randn(2, 2, 1, requires_grad=True, **F64)

    def function(x, *parameters):
        for name, parameter in zip(names, parameters):
            delattr(layer, name)
            object.__setattr__(layer, name, parameter)
        given = sequences.pack_padded_sequence(x, [2, 1]) if packed and not layer.batch_first else x
        out, last = layer(given)
        last = last if kind == "LSTM" else (last,)
        return (out.data if packed and not layer.batch_first else out, *last)

    leaves = (x, *[p.detach().requires_grad_() for p in layer.parameters()])
    for name in names:
        object.__setattr__(layer, name, None)
    assert gradcheck(function, leaves)
    assert gradgradcheck(function, leaves)


@pytest.mark.parametrize("kind", LAYERS)
def test_results_may_be_overwritten(kind):
    tidu.manual_seed(4)
    layer, x = LAYERS[kind](2, 3, **F64), tidu.randn(3, 2, 2, **F64)
    names = [name for name, _ in layer.named_parameters()]
    out, _ = layer(x)
    expected = tidu.autograd.grad((out * 2).relu().sum(), list(layer.parameters()))
    out, last = layer(x)
    out.mul_(2).relu_()
    for state in last if kind == "LSTM" else (last,):
        with tidu.no_grad():
            state.zero_()
    found = tidu.autograd.grad(out.sum(), list(layer.parameters()))
    for name, g, h in zip(names, found, expected):
        assert tidu.allclose(g, h), name


def test_dropout_between_layers():
    tidu.manual_seed(0)
    layer = nn.GRU(2, 3, num_layers=2, dropout=0.5)
    x = tidu.ones(4, 2, 2)
    assert not tidu.equal(layer(x)[0], layer(x)[0])
    layer.eval()
    assert tidu.equal(layer(x)[0], layer(x)[0])


REPRS = {
    "RNN(2, 3, num_layers=2, bidirectional=True)": nn.RNN(2, 3, 2, "relu", bidirectional=True),
    "LSTM(2, 3, proj_size=2, num_layers=2, bias=False, batch_first=True, dropout=0.2)": nn.LSTM(
        2, 3, 2, False, True, 0.2, proj_size=2
    ),
    "RNNCell(3, 2, bias=False, nonlinearity=relu)": nn.RNNCell(3, 2, False, "relu"),
    "GRUCell(3, 2)": nn.GRUCell(3, 2),
}


@pytest.mark.parametrize("text", REPRS)
def test_printed(text):
    assert repr(REPRS[text]) == text


def test_parameters():
    layer = nn.LSTM(2, 3, num_layers=2, bidirectional=True, proj_size=1)
    assert len(layer.state_dict()) == 20
    assert layer.weight_hr_l1_reverse.shape == (1, 3)
    assert layer.weight_ih_l1.shape == (12, 2)
    assert layer.all_weights[1][0] is layer.weight_ih_l0_reverse
    layer.flatten_parameters()


@pytest.mark.parametrize(
    ("args", "options", "error", "text"),
    [
        ((0, 3), {}, ValueError, "input_size must be greater than zero"),
        ((2, 0), {}, ValueError, "hidden_size must be greater than zero"),
        ((2.0, 3), {}, TypeError, "input_size should be of type int, got: float"),
        ((2, 3, 0), {}, ValueError, "num_layers must be greater than zero"),
        ((2, 3, 1, "tanh", 1), {}, TypeError, "bias should be of type bool, got: int"),
        ((2, 3), {"dropout": True}, ValueError, "dropout should be a number in range"),
        ((2, 3), {"nonlinearity": "sin"}, ValueError, "Unknown nonlinearity 'sin'. Select from"),
        ((2, 3), {"proj_size": 2}, ValueError, "proj_size argument is only supported for LSTM"),
        ((), {}, TypeError, "RNNBase.__init__() missing 2 required positional arguments"),
    ],
)
def test_constructor_refuses(args, options, error, text):
    with pytest.raises(error) as caught:
        nn.RNN(*args, **options)
    assert str(caught.value).startswith(text)


def test_dropout_of_one_layer_warns():
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last"):
        nn.GRU(2, 3, dropout=0.5)


ZEROS = tidu.zeros
REFUSED = [
    ("GRU", (ZEROS(4),), ValueError, "GRU: Expected input to be 2D or 3D, got 1D instead"),
    ("RNN", (ZEROS(4),), ValueError, "RNN: Expected input to be 2D or 3D, got 1D tensor instead"),
    ("LSTM", (ZEROS(0, 3, 4),), RuntimeError, "Expected sequence length to be larger than 0 in RNN"),
    ("LSTM", (ZEROS(5, 3, 5),), RuntimeError, "input.size(-1) must be equal to input_size. Expected 4,"),
    ("GRU", (ZEROS(5, 3, 4, **F64),), ValueError, "RNN input dtype (torch.float64) does not match weight"),
    ("GRU", (ZEROS(5, 3, 4), ZEROS(1, 2, 6)), RuntimeError, "Expected hidden size (1, 3, 6), got [1, 2, 6]"),
    ("GRU", (ZEROS(5, 3, 4), ZEROS(3, 6)), RuntimeError, "For batched 3-D input, hx should also be 3-D but"),
    ("GRU", (ZEROS(5, 4), ZEROS(1, 1, 6)), RuntimeError, "For unbatched 2-D input, hx should also be 2-D"),
    (
        "LSTM", (ZEROS(5, 3, 4), (ZEROS(1, 3, 6), ZEROS(1, 3, 5))),
        RuntimeError, "Expected hidden[1] size (1, 3, 6), got [1, 3, 5]",
    ),
    (
        "LSTM", (ZEROS(5, 3, 4), (ZEROS(3, 6), ZEROS(1, 3, 6))),
        RuntimeError, "For batched 3-D input, hx and cx should also be 3-D but got (2-D, 3-D) tensors",
    ),
    ("GRU", (ZEROS(5, 3, 4), ZEROS(1, 3, 6, **F64)), RuntimeError, "mat1 and mat2 must have the same dtype"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "args", "error", "text"), REFUSED)
def test_layer_refuses(kind, args, error, text):
    with pytest.raises(error) as caught:
        LAYERS[kind](4, 6)(*args)
    assert str(caught.value).replace("tidu.", "torch.").startswith(text)


CELL_REFUSED = [
    ((ZEROS(3, 5),), RuntimeError, "input has inconsistent input_size: got 5 expected 4"),
    (
        (ZEROS(3, 4), ZEROS(2, 6)),
        RuntimeError,
        "Input batch size 3 doesn't match hidden0 batch size 2",
    ),
    (
        (ZEROS(3, 4), ZEROS(3, 5)),
        RuntimeError,
        "hidden0 has inconsistent hidden_size: got 5, expected 6",
    ),
    ((ZEROS(2, 3, 4),), ValueError, "GRUCell: Expected input to be 1D or 2D, got 3D instead"),
    (
        (ZEROS(3, 4), ZEROS(1, 3, 6)),
        ValueError,
        "GRUCell: Expected hidden to be 1D or 2D, got 3D instead",
    ),
]


@pytest.mark.parametrize(("args", "error", "text"), CELL_REFUSED)
def test_cell_refuses(args, error, text):
    with pytest.raises(error) as caught:
        nn.GRUCell(4, 6)(*args)
    assert str(caught.value) == text


def test_empty_batch():
    out, h = nn.GRU(4, 6)(ZEROS(5, 0, 4))
    assert out.shape == (5, 0, 6)
    assert h.shape == (1, 0, 6)


# Packed sequences


def test_pack_and_pad():
    x = tidu.tensor([[1.0, 2, 0], [3, 0, 0], [4, 5, 6]], requires_grad=True)
    packed = sequences.pack_padded_sequence(x, [2, 1, 3], batch_first=True, enforce_sorted=False)
    assert packed.data.tolist() == [4, 1, 3, 5, 2, 6]
    assert packed.batch_sizes.tolist() == [3, 2, 1]
    assert packed.sorted_indices.tolist() == [2, 0, 1]
    assert packed.unsorted_indices.tolist() == [1, 2, 0]
    assert packed.data.grad_fn.name() == "PackPaddedSequenceBackward0"
    assert packed.double().data.dtype is tidu.float64
    assert packed.float() is packed
    padded, lengths = sequences.pad_packed_sequence(packed, True, -1.0, total_length=4)
    assert padded.tolist() == [[1, 2, -1, -1], [3, -1, -1, -1], [4, 5, 6, -1]]
    assert lengths.tolist() == [2, 1, 3]
    (padded * padded).sum().backward()
    assert x.grad.tolist() == [[2, 4, 0], [6, 0, 0], [8, 10, 12]]
    assert [s.tolist() for s in sequences.unpack_sequence(packed)] == [[1, 2], [3], [4, 5, 6]]


PACK_REFUSED = [
    (
        [3, 2, 4],
        RuntimeError,
        "`lengths` array must be sorted in decreasing order when `enforce_sorted`",
    ),
    (
        [3, 2],
        RuntimeError,
        "Expected `len(lengths)` to be equal to batch_size, but got 2 (batch_size=3)",
    ),
    (
        [3, 2, 0],
        RuntimeError,
        "Length of all samples has to be greater than 0, but found an element in",
    ),
    (
        [[6, 2, 1]],
        RuntimeError,
        "'lengths' argument should be a 1D CPU int64 tensor, but got 2D cpu Long",
    ),
]


@pytest.mark.parametrize(("lengths", "error", "text"), PACK_REFUSED)
def test_pack_refuses(lengths, error, text):
    with pytest.raises(error) as caught:
        sequences.pack_padded_sequence(ZEROS(5, 3), lengths)
    assert str(caught.value).startswith(text)
    with pytest.raises(RuntimeError, match="Cannot pack empty tensors"):
        sequences.pack_padded_sequence(ZEROS(0, 3), [0, 0, 0])


def test_pad_refuses():
    packed = sequences.pack_sequence([ZEROS(3)])
    with pytest.raises(ValueError, match="Expected total_length to be at least the length"):
        sequences.pad_packed_sequence(packed, total_length=2)


def test_layers_are_pickled(tmp_path):
    layer = nn.LSTM(2, 3)
    tidu.save(layer, tmp_path / "layer.pt")
    loaded = tidu.load(tmp_path / "layer.pt", weights_only=False)
    assert tidu.equal(loaded(tidu.ones(2, 1, 2))[0], layer(tidu.ones(2, 1, 2))[0])
