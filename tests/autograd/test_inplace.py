"""Writing in place: gradients through it, versions, and what is refused."""

from __future__ import annotations

import pytest

import tidu
from tidu.autograd import grad


def leaf(*values):
    return tidu.tensor(values, dtype=tidu.float64, requires_grad=True)


def overwrite_part(y):
    y[0] = y[1] * 2
    return y


CHAINS = {  # name -> (function of a copy of x, gradient of its sum at x = (0.5, 2))
    "add": (lambda y: y.add_(1), [1.0, 1.0]),
    "mul": (lambda y: y.mul_(3), [3.0, 3.0]),
    "chained": (lambda y: y.mul_(2).add_(1).mul_(2), [4.0, 4.0]),
    "pow": (lambda y: y.pow_(3), [0.75, 12.0]),
    "after use": (lambda y: y.add_(y.detach()).mul_(2), [2.0, 2.0]),
    "zero": (lambda y: y.zero_(), [0.0, 0.0]),
    "fill": (lambda y: y.fill_(7.0), [0.0, 0.0]),
    "part": (overwrite_part, [0.0, 3.0]),
}


@pytest.mark.parametrize(("change", "expected"), CHAINS.values(), ids=CHAINS)
def test_gradients_through_writes(change, expected):
    x = leaf(0.5, 2.0)
    y = x * 1
    out = change(y)
    assert out is y
    (g,) = grad(y.sum(), x)
    assert g.tolist() == pytest.approx(expected)


def test_a_result_saved_by_an_in_place_operation_is_the_new_memory():
    x = leaf(0.0, 1.0)
    y = (x * 1).exp_()
    (g,) = grad(y.sum(), x)
    assert g.tolist() == pytest.approx(x.exp().tolist())


def test_values_from_elsewhere_enter_the_graph():
    x, w = leaf(1.0, 2.0), leaf(3.0)
    buffer = tidu.zeros(2, dtype=tidu.float64)
    buffer[1] = w[0] * x[0]
    assert buffer.requires_grad
    assert not buffer.is_leaf
    gx, gw = grad(buffer.sum(), [x, w])
    assert gx.tolist() == [3.0, 0.0]
    assert gw.tolist() == [1.0]


def test_copy_takes_over_the_graph():
    x = leaf(1.0, 2.0)
    y = tidu.zeros(2, dtype=tidu.float64)
    y.copy_(x * 3)
    assert grad(y.sum(), x)[0].tolist() == [3.0, 3.0]


def test_augmented_assignment_keeps_the_object():
    x = leaf(1.0)
    y = z = x * 2
    y += 1
    y *= 2
    assert y is z
    assert grad(y.sum(), x)[0].tolist() == [4.0]


OVERWRITTEN = [  # (program, what the message says of the value)
    (
        lambda x: x.exp(),
        r"\[torch.DoubleTensor \[2\]\], which is output 0 of Exp, is at version 1; expected "
        r"version 0",
    ),
    (lambda x: x.sigmoid(), "which is output 0 of Sigmoid, is at version 1"),
    (lambda x: x.tanh(), "which is output 0 of Tanh, is at version 1"),
]


@pytest.mark.parametrize(("function", "text"), OVERWRITTEN)
def test_a_saved_result_that_is_overwritten(function, text):
    x = leaf(1.0, 2.0)
    y = function(x)
    y += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation: .*" + text):
        y.sum().backward()


def test_a_saved_input_that_is_overwritten():
    x = leaf(1.0, 2.0)
    y = x * 2
    z = y * y
    y.add_(1)
    with pytest.raises(RuntimeError, match="output 0 of Add, is at version 1; expected version 0"):
        z.sum().backward()


def test_a_saved_leaf_that_is_overwritten():
    x = leaf(1.0, 2.0)
    y = x * x
    with tidu.no_grad():
        x += 1
    with pytest.raises(RuntimeError, match=r"\[2\]\] is at version 1; expected version 0"):
        y.sum().backward()


def test_the_error_says_where_it_was_saved_and_where_overwritten():
    x = leaf(1.0, 2.0)
    y = x * 2
    z = y * y  # saved here
    y.add_(1)  # overwritten here
    with pytest.raises(RuntimeError) as caught:
        z.sum().backward()
    notes = "\n".join(caught.value.__notes__)
    assert "z = y * y  # saved here" in notes
    assert "y.add_(1)  # overwritten here" in notes
    assert "test_inplace.py" in notes


def test_writes_to_what_nobody_saved_are_fine():
    x = leaf(1.0, 2.0)
    y = x + 1
    y.mul_(2)
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_saved_at_a_later_version():
    x = leaf(1.0, 2.0)
    y = x * 1
    y.add_(1)
    z = y * y
    z.sum().backward()
    assert x.grad.tolist() == [4.0, 6.0]


def test_versions_count_writes_to_shared_memory():
    x = tidu.zeros(3)
    view, detached, data = x[1:], x.detach(), x.data
    x.add_(1)
    view.add_(1)
    detached.mul_(2)
    assert x._version == view._version == detached._version == 3
    data.add_(1)
    assert x._version == 3
    assert data._version == 1
    assert x.tolist() == [3.0, 5.0, 5.0]


def test_data_is_outside_of_both():
    x = leaf(1.0, 2.0)
    y = x * x
    x.data.mul_(10)
    y.sum().backward()
    assert x.grad.tolist() == [20.0, 40.0]  # as in PyTorch: wrong, and nobody says so


REFUSED = [
    (
        lambda x: x.add_(1),
        "a leaf Variable that requires grad is being used in an in-place operation",
    ),
    (lambda x: x.__setitem__(0, 1.0), "a view of a leaf Variable that requires grad is being used"),
    (lambda x: x[0].mul_(2), "a view of a leaf Variable that requires grad is being used"),
    (lambda x: x.view(2, 1).zero_(), "a view of a leaf Variable that requires grad is being used"),
]


@pytest.mark.parametrize(("write", "text"), REFUSED)
def test_leaves_refuse(write, text):
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match=text):
        write(x)
    assert x.tolist() == [1.0, 2.0]
    assert x._version == 0
    with tidu.no_grad():
        write(x)
    assert x._version == 1
    assert x.is_leaf
    assert x.requires_grad


def test_overlapping_memory_refuses():
    x = tidu.zeros(1).expand(3)
    with pytest.raises(RuntimeError, match="more than one element of the written-to tensor"):
        x.add_(1)


@pytest.mark.parametrize(
    "write",
    [
        lambda x, i, at: x.index_add_(0, i, x),
        lambda x, i, at: x.index_add_(0, i, x.view(2, 2)),
        lambda x, i, at: x.index_copy_(0, i, source=x),
        lambda x, i, at: x.index_put_((i,), x),
        lambda x, i, at: x.scatter_(0, at, x),
        lambda x, i, at: x.scatter_add_(0, at, x),
        lambda x, i, at: x.put_(at, x[:]),
        lambda x, i, at: i.index_fill_(0, i, 3),
    ],
)
def test_writes_at_indices_may_not_read_what_they_write(write):
    x, i = tidu.arange(4.0).reshape(2, 2), tidu.tensor([0, 1])
    with pytest.raises(RuntimeError, match="the input tensor and the written-to tensor refer to a single"):
        write(x, i, tidu.zeros(2, 2, dtype=tidu.int64))
    assert x.tolist() == [[0, 1], [2, 3]]
    assert x._version == 0
    assert x.index_fill_(0, i[:1], x[1, 1]).tolist() == [[3, 3], [2, 3]]  # a number


def test_detach_in_place():
    x = leaf(1.0)
    y = x * 2
    assert y.detach_() is y
    assert not y.requires_grad
    assert y.is_leaf
    with pytest.raises(RuntimeError, match="Can't detach views in-place"):
        (x * 2)[0].detach_()


def test_a_result_saved_by_writing_into_a_view_notices_later_writes():
    x = leaf(1.0, 2.0)
    y = x * 1
    y[:1].exp_()
    assert grad(y.sum(), x, retain_graph=True)[0].tolist() == pytest.approx([2.718281828, 1.0])
    y.add_(1)
    with pytest.raises(RuntimeError, match=r"modified by an inplace operation: .*\[1\]\]"):
        y.sum().backward()


SEVERAL = [
    (lambda x: x.max(0), 0, 1),
    (lambda x: x.sort(0), 0, 1),
    (lambda x: x.topk(1, 0), 0, 1),
    (lambda x: tidu.std_mean(x), 1, 0),
    (tidu.linalg.qr, 1, 0),
]


@pytest.mark.parametrize(("operation", "used", "written"), SEVERAL)
def test_results_of_several_are_watched_too(operation, used, written):
    x = tidu.tensor([[3.0, 1.0], [1.0, 2.0]], requires_grad=True)
    results = operation(x)
    results[written].zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        results[used].sum().backward()
