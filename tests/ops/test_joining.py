"""Joining and padding: dtypes, empty tensors, PyTorch's errors and warnings."""

import pytest

import tidu
from tidu.ops.padding import pad

M = tidu.ones(2, 3)
B = tidu.ones(1, 2, 3)


def test_cat_promotes():
    assert tidu.cat([tidu.tensor([1]), tidu.tensor([1.5])]).dtype is tidu.float32
    assert tidu.cat([tidu.tensor([True]), tidu.tensor([1], dtype=tidu.int16)]).dtype is tidu.int16
    assert tidu.stack([tidu.tensor(1.0), tidu.tensor(1j)]).dtype is tidu.complex64


def test_cat_passes_over_tensors_of_shape_0():
    x = tidu.ones(2, 3, requires_grad=True)
    nothing = tidu.ones(0, requires_grad=True)
    tidu.cat([nothing, x, x], 1).sum().backward()
    assert x.grad.tolist() == [[2.0] * 3] * 2
    assert nothing.grad.shape == (0,)


def test_gradients_go_to_those_that_need_them():
    a, b, c = tidu.ones(2), tidu.ones(3, requires_grad=True), tidu.ones(1)
    (tidu.cat([a, b, c]) * tidu.arange(6.0)).sum().backward()
    assert b.grad.tolist() == [2.0, 3.0, 4.0]
    assert a.grad is None


def test_out():
    out = tidu.empty(4, 3)
    assert tidu.cat([M, 2 * M], out=out) is out
    assert out[:, 0].tolist() == [1, 1, 2, 2]


def test_meshgrid_without_indexing_warns():
    with pytest.warns(
        UserWarning, match="^torch.meshgrid: in an upcoming release, it will be required"
    ):
        x, y = tidu.meshgrid(tidu.arange(2), tidu.arange(3))
    assert x.shape == y.shape == (2, 3)
    assert x._is_view()


def test_unravel_index():
    assert [i.tolist() for i in tidu.unravel_index(tidu.tensor([[1, 5]]), (2, 3))] == [
        [[0, 1]],
        [[1, 2]],
    ]


def test_repeat_interleave_of_counts():
    assert tidu.repeat_interleave(tidu.tensor([2, 0, 1])).tolist() == [0, 0, 2]


def test_combinations():
    x = tidu.tensor([1, 2, 3])
    assert tidu.combinations(x, 3).tolist() == [[1, 2, 3]]
    assert tidu.combinations(x[:2], with_replacement=True).tolist() == [[1, 1], [1, 2], [2, 2]]
    assert tidu.combinations(x, 4).shape == (0, 4)


def test_pad_keeps_the_dtype():
    assert pad(tidu.tensor([1, 2]), (1, 0), value=7.9).tolist() == [7, 1, 2]
    assert pad(tidu.tensor([True]), (1, 1)).tolist() == [False, True, False]


ERRORS = [
    (lambda: tidu.cat([]), ValueError, "torch.cat(): expected a non-empty list of Tensors"),
    (lambda: tidu.cat(M), TypeError,
     "cat(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor"),
    (lambda: tidu.cat([M, 5]), TypeError,
     "expected Tensor as element 1 in argument 0, but got int"),
    (lambda: tidu.cat([M, tidu.ones(2, 4)]), RuntimeError,
     "Sizes of tensors must match except in dimension 0. Expected size 3 but got size 4 for tensor "
     "number 1 in the list."),
    (lambda: tidu.cat([M, B]), RuntimeError,
     "Tensors must have same number of dimensions: got 2 and 3"),
    (lambda: tidu.cat([tidu.tensor(1)]), RuntimeError,
     "zero-dimensional tensor (at position 0) cannot be concatenated"),
    (lambda: tidu.stack([M, B]), RuntimeError,
     "stack expects each tensor to be equal size, but got [2, 3] at entry 0 and [1, 2, 3] at entry "
     "1"),
    (lambda: tidu.stack([]), RuntimeError, "stack expects a non-empty TensorList"),
    (lambda: M.repeat(2), RuntimeError,
     "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor"),
    (lambda: M.roll((1, 2), 0), RuntimeError,
     "shifts and dimensions must align. shifts: 2, dims:1"),
    (lambda: M.flip(2), IndexError,
     "Dimension out of range (expected to be in range of [-2, 1], but got 2)"),
    (lambda: tidu.ones(2).fliplr(), RuntimeError, "Input must be >= 2-d."),
    (lambda: M.rot90(1, (0, 0)), RuntimeError,
     "expected rotation dims to be different, but got dim0 = 0 and dim1 = 0"),
    (lambda: pad(M, (1,)), RuntimeError, "Padding length must be divisible by 2"),
    (lambda: pad(M, (1, 1), "foo"), NotImplementedError, "Unrecognised padding mode foo"),
    (lambda: pad(M, (1, 1), ["reflect"]), TypeError,
     "pad(): argument 'mode' (position 3) must be str, not list"),
    (lambda: pad(M, (1.5, 1)), TypeError,
     "pad(): argument 'pad' (position 2) must be tuple of ints, but found element of type float at pos 0"),
    (lambda: pad(M, (3, 1), "reflect"), RuntimeError,
     "Argument #4: Padding size should be less than the corresponding input dimension, but got: "
     "padding (3, 1) at dimension 1 of input [2, 3]"),
    (lambda: pad(B, (4, 4), "circular"), RuntimeError,
     "Padding value causes wrapping around more than once."),
    (lambda: pad(B, (-2, -2), "replicate"), RuntimeError,
     "input (W: 3) is too small. Calculated output W: -1"),
    (lambda: pad(B, (1, 1), "reflect", 1.0), RuntimeError,
     'Padding mode "reflect" doesn\'t take in value argument'),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "text"), ERRORS, ids=[e[2][:40] for e in ERRORS])
def test_error(call, kind, text):
    with pytest.raises(kind) as raised:
        call()
    assert str(raised.value) == text
