"""The backward pass: what it computes, where it leaves it, what it keeps."""

from __future__ import annotations

import numpy as np
import pytest

import tidu
from tidu.autograd import backward, grad, gradcheck, gradgradcheck


def leaf(*values, dtype=tidu.float64):
    return tidu.tensor(values, dtype=dtype, requires_grad=True)


def test_a_leaf_collects_the_gradients_of_all_its_uses():
    x = leaf(1.0, 2.0)
    y = x * x + 3 * x
    (y.sum() + x.sum()).backward()
    assert x.grad.tolist() == [6.0, 8.0]


def test_gradient_weights_the_outputs():
    x = leaf(1.0, 2.0)
    (x * x).backward(tidu.tensor([10.0, 1.0], dtype=tidu.float64))
    assert x.grad.tolist() == [20.0, 4.0]


def test_backward_from_several_tensors():
    x = leaf(1.0, 2.0)
    backward([x.sum(), (x * x).sum()], [None, tidu.tensor(2.0, dtype=tidu.float64)])
    assert x.grad.tolist() == [5.0, 9.0]


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_gradients_of_any_order(order):
    x = leaf(1.5)
    y = (x**5).sum()
    for _ in range(order):
        (y,) = grad(y.sum(), x, create_graph=True)
    expected = np.prod([5 - i for i in range(order)]) * 1.5 ** (5 - order)
    assert y.item() == pytest.approx(expected)


def test_gradient_of_a_result_that_is_no_leaf():
    x = leaf(2.0)
    y = x * x
    z = (y * y).sum()
    gy, gx = grad(z, [y, x])
    assert gy.tolist() == [8.0]
    assert gx.tolist() == [32.0]


def test_grad_leaves_grad_alone():
    x = leaf(2.0)
    grad((x * x).sum(), x)
    assert x.grad is None


def test_grad_takes_and_returns_a_dict():
    x = leaf(2.0)
    assert grad((x * x).sum(), {"x": x})["x"].tolist() == [4.0]


def test_unused_inputs():
    x, unused = leaf(1.0), leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match="at index 1 appears to not have been used"):
        grad(x.sum(), [x, unused])
    assert grad(x.sum(), [x, unused], allow_unused=True)[1] is None
    assert grad(x.sum(), [x, unused], materialize_grads=True)[1].tolist() == [0.0, 0.0]


def test_inputs_limits_who_gets_a_gradient():
    x, y = leaf(1.0), leaf(2.0)
    (x * y).sum().backward(inputs=[x])
    assert x.grad.tolist() == [2.0]
    assert y.grad is None


def test_inputs_may_be_no_leaves():
    x = leaf(3.0)
    y = x * x
    (y * 2).sum().backward(inputs=[y])
    assert y.grad.tolist() == [2.0]
    assert x.grad is None


def test_the_graph_is_freed_unless_retained():
    x = leaf(2.0)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [8.0]
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.backward()


def test_a_graph_that_saved_nothing_runs_again():
    x = leaf(2.0)
    y = x.sum()
    y.backward()
    y.backward()
    assert x.grad.tolist() == [2.0]


def test_accumulation_is_in_place():
    x = leaf(1.0)
    (x * 2).sum().backward()
    first = x.grad
    (x * 3).sum().backward()
    assert x.grad is first
    assert first.tolist() == [5.0]


def test_create_graph_warns_once(monkeypatch):
    monkeypatch.setattr("tidu.autograd.engine._warned_of_cycle", False)
    x = leaf(2.0)
    with pytest.warns(UserWarning, match="will create a reference cycle"):
        (x * x).backward(create_graph=True)
    (x * x).backward(create_graph=True)


@pytest.mark.filterwarnings("ignore:Using backward")
def test_accumulation_with_create_graph_makes_a_new_tensor():
    x = leaf(1.0)
    (x * x).sum().backward()
    first = x.grad
    (x * x).sum().backward(create_graph=True)
    assert x.grad is not first
    assert first.tolist() == [2.0]
    assert x.grad.requires_grad
    assert x.grad.tolist() == [4.0]


def test_two_leaves_never_share_a_gradient():
    x, y = leaf(1.0), leaf(2.0)
    (x + y).sum().backward()
    x.grad.mul_(5)
    assert y.grad.tolist() == [1.0]


def test_the_start_gradient_is_not_shared():
    x = leaf(1.0, 2.0)
    g = tidu.ones(2, dtype=tidu.float64)
    x.backward(g)
    x.grad.mul_(5)
    assert g.tolist() == [1.0, 1.0]


def test_grad_has_the_layout_of_a_dense_leaf():
    x = tidu.rand(3, 4).t().requires_grad_()
    (x * 2).sum().backward()
    assert x.grad.stride() == x.stride()


@pytest.mark.parametrize("shape", [(3, 2), (2,), (1,), (), (1, 3, 1), (5, 3, 2)])
def test_broadcast_gradients_have_the_shape_of_their_values(shape):
    x = tidu.ones(shape, dtype=tidu.float64, requires_grad=True)
    y = tidu.ones(3, 2, dtype=tidu.float64, requires_grad=True)
    (x * y).sum().backward()
    assert x.grad.shape == shape
    assert y.grad.shape == (3, 2)
    assert x.grad.sum().item() == (x * y).numel()


def test_gradients_have_the_dtype_of_their_values():
    x = tidu.ones(2, dtype=tidu.float32, requires_grad=True)
    y = tidu.ones(2, dtype=tidu.float64, requires_grad=True)
    (x * y).sum().backward()
    assert x.grad.dtype is tidu.float32
    assert y.grad.dtype is tidu.float64


COMPLEX = {
    "mul": lambda z: z * z,
    "exp": lambda z: z.exp(),
    "abs": lambda z: z.abs(),
    "angle": lambda z: z.angle(),
    "conj": lambda z: z.conj() * z * z,
    "real": lambda z: (z * z).real,
    "imag": lambda z: (z * z).imag,
    "reciprocal": lambda z: 1 / z,
}


@pytest.mark.parametrize("function", COMPLEX.values(), ids=COMPLEX)
def test_complex_gradients(function):
    z = tidu.tensor([1 + 2j, -0.5 + 0.3j], dtype=tidu.complex128, requires_grad=True)
    assert gradcheck(function, z)
    assert gradgradcheck(function, z)


def test_the_gradient_of_a_real_function_points_uphill():
    z = tidu.tensor(3 + 4j, dtype=tidu.complex128, requires_grad=True)
    (z * z.conj()).real.backward()
    assert z.grad.item() == 6 + 8j


def test_long_chains_need_no_recursion():
    x = leaf(1.0)
    y = x
    for _ in range(50_000):
        y = y * 1.0
    y.sum().backward()
    assert x.grad.tolist() == [1.0]
    del y


def test_backward_inside_backward():
    x = leaf(2.0)
    inner = []

    def hook(g):
        w = leaf(3.0)
        with tidu.enable_grad():
            (w * w).sum().backward()
        inner.append(w.grad.item())

    y = x * x
    y.register_hook(hook)
    y.sum().backward()
    assert inner == [6.0]
    assert x.grad.tolist() == [4.0]


def test_several_outputs_of_which_some_are_unused():
    x = tidu.tensor([[2.0, 0.3], [0.1, 1.0]], dtype=tidu.float64, requires_grad=True)
    parts = x.unbind(0)
    (parts[1] * 3).sum().backward()
    assert x.grad.tolist() == [[0.0, 0.0], [3.0, 3.0]]


def test_grad_of_one_output_of_several():
    x = leaf(1.0, 2.0)
    a, b = (x * 2).unbind(0)
    assert grad(a * b, [a, b])[0].item() == 4.0


def test_gradient_edges():
    from tidu.autograd.graph import get_gradient_edge

    x = leaf(2.0)
    y = x * x
    edges = [get_gradient_edge(y), get_gradient_edge(x)]
    gy, gx = grad((y * 3).sum(), edges)
    assert gy.tolist() == [3.0]
    assert gx.tolist() == [12.0]


def test_backward_keeps_the_gradients_of_inputs_that_are_results():
    x = leaf(1.0, 2.0)
    y = x * 3
    (y * y).sum().backward(inputs=[y])
    assert y.retains_grad
    assert y.grad.tolist() == [6.0, 12.0]
    assert x.grad is None


def test_backward_with_inputs_accumulates_and_calls_hooks():
    x, w = leaf(1.0), leaf(2.0)
    seen = []
    x.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad.item()))
    for _ in range(2):
        (x * w).backward(inputs=x)
    assert seen == [2.0, 4.0]
    assert w.grad is None


def test_batches_of_gradients():
    x, unused = leaf(1.0, 2.0), leaf(1.0)
    rows = tidu.eye(2, dtype=tidu.float64)
    jacobian, nothing = grad(x**2, [x, unused], rows, is_grads_batched=True, allow_unused=True)
    assert jacobian.tolist() == [[2.0, 0.0], [0.0, 4.0]]
    assert nothing is None
    with pytest.raises(RuntimeError, match="we interpret the first dimension of each grad_output"):
        grad(x**2, x, tidu.ones(2), is_grads_batched=True)


def test_starting_at_an_edge():
    x = leaf(1.0, 2.0)
    edge = tidu.autograd.graph.get_gradient_edge((x * x).sum())
    tidu.autograd.backward(edge, retain_graph=True)
    assert x.grad.tolist() == [2.0, 4.0]
    edge = tidu.autograd.graph.get_gradient_edge(x * x)
    with pytest.raises(RuntimeError, match="only for scalar outputs"):
        tidu.autograd.backward(edge)
