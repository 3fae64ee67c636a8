"""Optimizers: each against its published formula, written out once more in plain Python."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import tidu
from tidu import optim

GRADIENTS = np.random.default_rng(0).standard_normal((6, 4))
START = np.array([1.0, -2.0, 0.5, 3.0])


def run(name, steps=GRADIENTS, **options):
    p = tidu.tensor(START, requires_grad=True)
    optimizer = getattr(optim, name)([p], **options)
    for g in steps:
        p.grad = tidu.from_numpy(g.copy())
        optimizer.step()
    return p.detach().numpy()


def sgd(lr=1e-3, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False):
    p, b = START.copy(), None
    for g in GRADIENTS:
        g = g + weight_decay * p
        if momentum:
            b = g if b is None else momentum * b + (1 - dampening) * g
            g = g + momentum * b if nesterov else b
        p = p - lr * g
    return p


def adam(lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, amsgrad=False, decoupled=False):
    p = START.copy()
    m = v = top = np.zeros(4)
    for t, g in enumerate(GRADIENTS, 1):
        if decoupled:
            p = p * (1 - lr * weight_decay)
        else:
            g = g + weight_decay * p
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        top = np.maximum(top, v)
        size = (top if amsgrad else v) / (1 - betas[1] ** t)
        p = p - lr * (m / (1 - betas[0] ** t)) / (np.sqrt(size) + eps)
    return p


def rmsprop(lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False):
    p = START.copy()
    v = a = b = np.zeros(4)
    for g in GRADIENTS:
        g = g + weight_decay * p
        v = alpha * v + (1 - alpha) * g**2
        a = alpha * a + (1 - alpha) * g
        step = g / (np.sqrt(v - a**2 if centered else v) + eps)
        b = momentum * b + step
        p = p - lr * (b if momentum else step)
    return p


def adagrad(lr=1e-2, lr_decay=0.0, weight_decay=0.0, initial_accumulator_value=0.0, eps=1e-10):
    p, total = START.copy(), np.full(4, initial_accumulator_value)
    for t, g in enumerate(GRADIENTS):
        g = g + weight_decay * p
        total = total + g**2
        p = p - lr / (1 + t * lr_decay) * g / (np.sqrt(total) + eps)
    return p


CASES = [
    ("SGD", sgd, {"lr": 0.1}),
    ("SGD", sgd, {"lr": 0.1, "momentum": 0.9, "dampening": 0.2, "weight_decay": 0.1}),
    ("SGD", sgd, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("Adam", adam, {"lr": 0.1}),
    ("Adam", adam, {"betas": (0.5, 0.7), "eps": 0.1, "weight_decay": 0.1, "amsgrad": True}),
    ("AdamW", lambda **o: adam(decoupled=True, **{"weight_decay": 1e-2, **o}), {"lr": 0.1}),
    ("AdamW", lambda **o: adam(decoupled=True, **o), {"lr": 0.1, "weight_decay": 0.5, "amsgrad": True}),
    ("RMSprop", rmsprop, {}),
    ("RMSprop", rmsprop, {"alpha": 0.5, "momentum": 0.9, "centered": True, "weight_decay": 0.1}),
    ("Adagrad", adagrad, {}),
    ("Adagrad", adagrad, {"lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.5}),
]


@pytest.mark.parametrize(("name", "formula", "options"), CASES)
def test_formula(name, formula, options):
    np.testing.assert_allclose(run(name, **options), formula(**options), rtol=1e-12)


@pytest.mark.parametrize(("name", "formula", "options"), CASES)
def test_maximize_follows_the_opposite_gradient(name, formula, options):
    if options.get("weight_decay"):
        options = {**options, "weight_decay": 0.0}
    up = run(name, steps=-GRADIENTS, maximize=True, **options)
    np.testing.assert_allclose(up, run(name, **options), rtol=1e-12)


@pytest.mark.parametrize(("name", "_", "options"), CASES)
def test_state_dict_resumes_exactly(name, _, options):
    p = tidu.tensor(START, requires_grad=True)
    first = getattr(optim, name)([p], **options)
    for g in GRADIENTS[:3]:
        p.grad = tidu.from_numpy(g.copy())
        first.step()
    q = p.detach().clone().requires_grad_()
    second = getattr(optim, name)([q], **options)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    for g in GRADIENTS[3:]:
        for t, optimizer in ((p, first), (q, second)):
            t.grad = tidu.from_numpy(g.copy())
            optimizer.step()
    assert tidu.equal(p, q)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda p: optim.SGD([]), ValueError, "optimizer got an empty parameter list"),
        (lambda p: optim.SGD(p), TypeError,
         "should be an iterable of Tensors or dicts, but got torch.FloatTensor"),
        (lambda p: optim.SGD([p, 3]), TypeError, "but one of the params is int"),
        (lambda p: optim.SGD(tidu.nn.Sequential(tidu.nn.ReLU())), TypeError,
         "one of the params is torch.nn.modules.activation.ReLU"),
        (lambda p: optim.SGD([p], lr=None), TypeError, "'<=' not supported between instances of 'float'"),
        (lambda p: optim.Adam([p], betas=(0.9,)), IndexError, "tuple index out of range"),
        (lambda p: optim.Adam([p], betas=(0, 0.9)), ValueError, "both floats or both Tensors"),
        (lambda p: optim.AdamW([p], betas=(tidu.tensor(0.9),) * 2, foreach=True), ValueError,
         r"betas\[0\] as a Tensor is not supported"),
        (lambda p: optim.Adam([p], lr=tidu.tensor(0.1), foreach=True), ValueError,
         "lr as a Tensor is not supported for capturable=False and foreach=True"),
        (lambda p: optim.SGD([p * 2]), ValueError, "can't optimize a non-leaf Tensor"),
        (lambda p: optim.SGD([p], lr=-1), ValueError, "Invalid learning rate: -1"),
        (lambda p: optim.SGD([p], momentum=-1), ValueError, "Invalid momentum value: -1"),
        (lambda p: optim.SGD([p], nesterov=True), ValueError, "Nesterov momentum requires"),
        (lambda p: optim.SGD([{"params": [p]}, {"params": [p]}]), ValueError,
         "in more than one parameter group"),
        (lambda p: optim.SGD([{"params": {p}}]), TypeError, "ordered collections"),
        (lambda p: optim.Adam([p], betas=(1.0, 0.0)), ValueError, "Invalid beta parameter at index 0: 1.0"),
        (lambda p: optim.Adam([p], eps=-1), ValueError, "Invalid epsilon value: -1"),
        (lambda p: optim.RMSprop([p], alpha=-1), ValueError, "Invalid alpha value: -1"),
        (lambda p: optim.Adagrad([p], lr_decay=-1), ValueError, "Invalid lr_decay value: -1"),
        (lambda p: optim.SGD([p]).add_param_group(3), TypeError, "param_group must be a dict"),
        (lambda p: optim.SGD([p]).load_state_dict({"state": {}, "param_groups": []}), ValueError,
         "different number of parameter groups"),
    ],
)  # fmt: skip
def test_errors(make, error, text):
    with pytest.raises(error, match=text):
        make(tidu.ones(2, requires_grad=True))


def test_groups_have_options_of_their_own():
    a, b = tidu.ones(1, requires_grad=True), tidu.ones(1, requires_grad=True)
    optimizer = optim.SGD([{"params": [a]}, {"params": [b], "lr": 0.5}], lr=0.1)
    a.grad = b.grad = tidu.ones(1)
    optimizer.step()
    assert (round(a.item(), 6), round(b.item(), 6)) == (0.9, 0.5)


def test_closure_and_hooks():
    p = tidu.ones(1, requires_grad=True)
    optimizer = optim.SGD([p], lr=0.1)
    seen = []
    optimizer.register_step_pre_hook(lambda *a: seen.append("before"))
    optimizer.register_step_post_hook(lambda *a: seen.append("after")).remove()

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 1.0
    assert round(p.item(), 6) == 0.8
    assert seen == ["before"]


def test_step_hooks_see_and_change_the_arguments_with_the_optimizer_among_them():
    p = tidu.ones(1, requires_grad=True)
    optimizer = optim.SGD([p], lr=0.1)
    seen = []
    optimizer.register_step_pre_hook(lambda o, args, kwargs: ((o, lambda: 7), {}))
    optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append(args[0] is optimizer))
    assert optimizer.step() == 7
    assert seen == [True]


def test_zero_grad():
    p = tidu.ones(1, requires_grad=True)
    optimizer = optim.SGD([p])
    p.grad = tidu.ones(1)
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.item() == 0
    optimizer.zero_grad()
    assert p.grad is None


def test_a_step_counts_as_a_write():
    p = tidu.ones(1, requires_grad=True)
    loss = (p * p).sum()
    p.grad = tidu.ones(1)
    optim.SGD([p]).step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()
