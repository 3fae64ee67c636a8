"""Memory goes when the last reference goes: no cycles, no recursion, nothing kept behind."""

from __future__ import annotations

import gc
import weakref

import pytest

import tidu
from tidu.autograd import Function, graph


@pytest.fixture(autouse=True)
def no_collector():
    """Nothing here may need the garbage collector."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def leaf(*values):
    return tidu.tensor(values, dtype=tidu.float64, requires_grad=True)


class Exp(Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[1]


def packed(x):
    with graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        return x.exp()


def retained(x):
    y = x * 2
    y.retain_grad()
    return y


def hooked(x):
    y = x * 2
    y.register_hook(lambda g: g * 2)
    y.grad_fn.register_hook(lambda gin, gout: None)
    return y


def written(x):
    y = x * 1
    y[0].mul_(3)
    return y.exp_()


def watched(x):
    with tidu.autograd.set_detect_anomaly(True):
        return x.exp().sum() * x


def second(x):
    (g,) = tidu.autograd.grad((x**3).sum(), x, create_graph=True)
    return g


PROGRAMS = {
    "exp": lambda x: x.exp(),
    "chain": lambda x: (x * x).sigmoid() + x,
    "several results": lambda x: x.unbind(0)[0] * x,
    "max": lambda x: x.max(0).values * x,
    "function": lambda x: Exp.apply(x),
    "packed": packed,
    "retained": retained,
    "hooked": hooked,
    "written": written,
    "watched": watched,
    "second gradient": second,
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
@pytest.mark.parametrize("backward", [False, True])
def test_results_and_their_graphs_go(program, backward):
    x = leaf(1.0, 2.0)
    y = program(x)
    array = weakref.ref(y._array)
    tensor = weakref.ref(y)
    if backward:
        y.sum().backward()
    del y
    assert tensor() is None
    assert array() is None
    gone = weakref.ref(x)
    del x
    assert gone() is None


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_the_collector_finds_nothing(program):
    gc.collect()
    x = leaf(1.0, 2.0)
    y = program(x)
    y.sum().backward(create_graph=False)
    del x, y
    assert gc.collect() == 0


def test_saved_values_go_with_backward():
    x = leaf(1.0, 2.0)
    y = x * 2
    saved = weakref.ref(y)
    z = (y * y).sum()
    del y
    assert saved() is not None
    z.backward()
    assert saved() is None


def test_leaves_hold_no_graph():
    x = leaf(1.0)
    y = (x * 2).exp()
    node = y.grad_fn
    y.sum().backward()
    edges = [weakref.ref(t) for t in (y,)]
    del y, node
    assert all(edge() is None for edge in edges)
    assert x.grad is not None


def test_long_graphs_are_made_and_dropped_without_recursion():
    x = leaf(1.0)
    y = x
    for _ in range(50_000):
        y = Exp.apply(y * 0.0) if _ % 1000 == 0 else y + 1
    del y
    views = x * 1
    for _ in range(3):
        views = views.view(1)
    for _ in range(5_000):
        views.add_(1)
    views.sum().backward()
    assert x.grad.tolist() == [1.0]


def test_a_running_total_of_items_holds_no_graph():
    x = leaf(1.0)
    total, first = 0.0, None
    for _ in range(3):
        loss = (x * x).sum()
        first = first or weakref.ref(loss)
        total += loss.item()
    assert first() is None
    assert total == 3.0
