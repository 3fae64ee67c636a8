"""Views of graph tensors, written to and read after writes."""

from __future__ import annotations

import pytest

import tidu
from tidu.autograd import grad


def base(requires_grad=True):
    return tidu.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=tidu.float64, requires_grad=requires_grad)


VIEWS = {  # name -> (view of a 2x2 tensor, where its elements lie)
    "select": (lambda t: t[0], [[1, 1], [0, 0]]),
    "slice": (lambda t: t[:, 1:], [[0, 1], [0, 1]]),
    "view": (lambda t: t.view(4), [[1, 1], [1, 1]]),
    "transpose": (lambda t: t.t(), [[1, 1], [1, 1]]),
    "diagonal": (lambda t: t.diagonal(), [[1, 0], [0, 1]]),
    "unsqueeze": (lambda t: t.unsqueeze(0), [[1, 1], [1, 1]]),
    "view of a view": (lambda t: t.t()[0], [[1, 0], [1, 0]]),
    "narrow": (lambda t: t.narrow(0, 1, 1), [[0, 0], [1, 1]]),
    "flatten": (lambda t: t.flatten()[1:3], [[0, 1], [1, 0]]),
}


@pytest.mark.parametrize(("view", "mask"), VIEWS.values(), ids=VIEWS)
def test_a_write_into_a_view_changes_the_history_of_its_base(view, mask):
    x = base()
    y = x * 1
    view(y).mul_(3)
    (g,) = grad(y.sum(), x)
    assert g.tolist() == [[1.0 + 2 * m for m in row] for row in mask]
    assert type(y.grad_fn).__name__ == "CopySlices"


@pytest.mark.parametrize(("view", "mask"), VIEWS.values(), ids=VIEWS)
def test_a_write_to_the_base_reaches_views_made_before(view, mask):
    x = base()
    y = x * 1
    v = view(y)
    y.mul_(3)
    (g,) = grad(v.sum(), x)
    assert g.tolist() == [[3.0 * m for m in row] for row in mask]
    assert type(v.grad_fn).__name__ == "AsStridedBackward0"


@pytest.mark.parametrize(("view", "mask"), VIEWS.values(), ids=VIEWS)
def test_second_gradients_through_writes_into_views(view, mask):
    x = base()
    y = x * x
    v = view(y)
    v.mul_(v.detach().clone())
    (g,) = grad((y * x).sum(), x, create_graph=True)
    (second,) = grad(g.sum(), x)
    # y * x is x^3, and x^2 * c * x with c = x^2 (a constant) where the view lies
    expected = [
        [6 * v + m * (6 * v * v**2 - 6 * v) for v, m in zip(*rows)]
        for rows in zip(x.tolist(), mask)
    ]
    assert second.tolist() == expected


def test_overwriting_a_part_cuts_it_from_the_graph():
    x, w = base(), base()
    y = x * 1
    y[0] = w[1] * 5
    gx, gw = grad(y.sum(), [x, w])
    assert gx.tolist() == [[0.0, 0.0], [1.0, 1.0]]
    assert gw.tolist() == [[0.0, 0.0], [5.0, 5.0]]


def test_sibling_views_see_each_others_writes():
    x = base()
    y = x * 1
    row, column = y[0], y[:, 0]
    row.mul_(2)
    column.mul_(5)
    (g,) = grad(row.sum(), x)
    assert g.tolist() == [[10.0, 2.0], [0.0, 0.0]]
    assert y.tolist() == [[10.0, 4.0], [15.0, 4.0]]


def test_a_base_without_gradient_joins_the_graph():
    w = base()
    y = tidu.zeros(2, 2, dtype=tidu.float64)
    v = y[0]
    v.add_(w[0])
    assert y.requires_grad
    assert v.requires_grad
    assert grad((y * 2).sum(), w)[0].tolist() == [[2.0, 2.0], [0.0, 0.0]]


def test_writes_into_a_detached_alias_stay_outside_the_graph():
    x = base()
    y = x * 1
    y.detach()[0] = 7.0
    assert y[0].tolist() == [7.0, 7.0]
    assert grad(y.sum(), x)[0].tolist() == [[1.0, 1.0], [1.0, 1.0]]


@pytest.mark.parametrize(
    ("split", "name"),
    [
        (lambda t: t.unbind(0), "Unbind"),
        (lambda t: t.split(1), "Split"),
        (lambda t: t.chunk(2), "Split"),
    ],
)
def test_one_of_several_views_refuses_writes(split, name):
    x = base()
    part = split(x * 1)[1]
    with pytest.raises(RuntimeError, match=f"Output 1 of {name} is a view and is being modified"):
        part.mul_(2)
    with pytest.raises(RuntimeError, match="function that returns multiple views"):
        part[0].mul_(2)


def test_one_of_several_views_is_lost_when_its_base_is_written_to():
    y = base() * 1
    part = y.unbind(0)[0]
    y.mul_(2)
    with pytest.raises(RuntimeError, match="Output 0 of Unbind is a view and its base or another"):
        _ = part.grad_fn


def test_without_gradients_anything_goes():
    y = base(requires_grad=False)
    y.unbind(0)[0].mul_(2)
    assert y.tolist() == [[2.0, 4.0], [3.0, 4.0]]


class TestViewsMadeUnderNoGrad:
    def test_they_refuse_recorded_writes(self):
        y = base() * 1
        with tidu.no_grad():
            v = y[0]
        with pytest.raises(RuntimeError, match="A view was created in no_grad mode and is being"):
            v.mul_(2)
        with pytest.raises(RuntimeError, match="is a view of a view which was created in no_grad"):
            v[:1].mul_(2)

    def test_they_require_gradients_like_their_base_but_get_none(self):
        x = base()
        with tidu.no_grad():
            v = x[0]
        assert v.requires_grad
        assert v.is_leaf
        assert v.grad_fn is None
        (v * 2).sum().backward()
        assert v.grad is None
        assert x.grad is None

    def test_they_can_become_leaves(self):
        x = base()
        with tidu.no_grad():
            v = x[0]
        v.requires_grad_()
        (v * 2).sum().backward()
        assert v.grad.tolist() == [2.0, 2.0]

    def test_writing_to_them_there_is_fine(self):
        x = base()
        with tidu.no_grad():
            x[0].mul_(2)
        assert x.tolist() == [[2.0, 4.0], [3.0, 4.0]]
        assert x.is_leaf
