"""Schedules: the rates that each gives, from its formula, and how schedules combine."""

from __future__ import annotations

import math

import pytest

import tidu
from tidu import optim
from tidu.optim import lr_scheduler as S

N = 12


def make(lr=0.1):
    return optim.SGD([tidu.zeros(1, requires_grad=True)], lr=lr, momentum=0.9)


def rates(optimizer, schedule, n=N):
    found = []
    for _ in range(n):
        found.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return found


def cosine(t, top, low, length):
    return low + (top - low) * (1 + math.cos(math.pi * t / length)) / 2


def restarts(t):
    length = 3
    while t >= length:
        t -= length
        length *= 2
    return cosine(t, 0.1, 0, length)


CASES = [
    (lambda o: S.LambdaLR(o, lambda t: 1 / (t + 1)), lambda t: 0.1 / (t + 1)),
    (lambda o: S.MultiplicativeLR(o, lambda t: 0.5), lambda t: 0.1 * 0.5**t),
    (lambda o: S.StepLR(o, 3, 0.5), lambda t: 0.1 * 0.5 ** (t // 3)),
    (lambda o: S.MultiStepLR(o, [2, 5, 5]), lambda t: 0.1 * 0.1 ** ((t >= 2) + 2 * (t >= 5))),
    (lambda o: S.ConstantLR(o, 0.5, 4), lambda t: 0.05 if t < 4 else 0.1),
    (lambda o: S.LinearLR(o, 0.5, 1.0, 4), lambda t: 0.1 * (0.5 + 0.5 * min(t, 4) / 4)),
    (lambda o: S.ExponentialLR(o, 0.9), lambda t: 0.1 * 0.9**t),
    (lambda o: S.PolynomialLR(o, 5, 2.0), lambda t: 0.1 * (1 - min(t, 5) / 5) ** 2),
    (lambda o: S.CosineAnnealingLR(o, 5, 0.01), lambda t: cosine(t, 0.1, 0.01, 5)),
    (lambda o: S.CosineAnnealingWarmRestarts(o, 3, 2), restarts),
    (lambda o: S.OneCycleLR(o, 1.0, total_steps=N + 1, pct_start=0.5, anneal_strategy="linear",
                            div_factor=10, final_div_factor=10),
     lambda t: 0.1 + 0.9 * t / 5.5 if t <= 5.5 else 1 - 0.99 * (t - 5.5) / 6.5),
    (lambda o: S.CyclicLR(o, 0.1, 0.5, step_size_up=2, mode="triangular2"),
     lambda t: 0.1 + 0.4 * (2 - abs(t % 4 - 2)) / 2 / 2 ** (t // 4)),
    (lambda o: S.ChainedScheduler([S.ConstantLR(o, 0.5, 2), S.ExponentialLR(o, 0.9)]),
     lambda t: 0.1 * 0.9**t * (0.5 if t < 2 else 1)),
    (lambda o: S.SequentialLR(o, [S.ConstantLR(o, 0.5, 9), S.ExponentialLR(o, 0.9)], [4]),
     lambda t: 0.05 if t < 4 else 0.1 * 0.9 ** (t - 4)),
]  # fmt: skip


@pytest.mark.parametrize(("schedule", "formula"), CASES)
def test_formula(schedule, formula):
    optimizer = make()
    have = rates(optimizer, schedule(optimizer))
    assert have == pytest.approx([formula(t) for t in range(N)], rel=1e-12)


@pytest.mark.parametrize(("schedule", "formula"), CASES)
def test_state_dict_resumes(schedule, formula):
    optimizer = make()
    first = schedule(optimizer)
    rates(optimizer, first, 5)
    other = make()
    second = schedule(other)
    second.load_state_dict(first.state_dict())
    other.load_state_dict(optimizer.state_dict())
    assert rates(other, second, 5) == rates(optimizer, first, 5)


def test_plateau():
    optimizer = make()
    schedule = S.ReduceLROnPlateau(optimizer, patience=1, cooldown=1, factor=0.5, min_lr=0.02)
    found = []
    for metric in [1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.8]:
        schedule.step(metric)
        found.append(schedule.get_last_lr()[0])
    assert found == [0.1] * 3 + [0.05] * 3 + [0.025] * 3 + [0.02] * 3


def test_order_warning():
    optimizer = make()
    schedule = S.StepLR(optimizer, 1)
    with pytest.warns(UserWarning, match="before `optimizer.step"):
        schedule.step()


def test_replaced_step_warning():
    optimizer = make()
    schedule = S.StepLR(optimizer, 1)
    optimizer.step = lambda: None
    with pytest.warns(UserWarning, match="has been overridden"):
        schedule.step()


def test_get_lr_outside_of_a_step_warns():
    schedule = S.ExponentialLR(make(), 0.5)
    with pytest.warns(UserWarning, match="please use `get_last_lr"):
        schedule.get_lr()


def test_schedules_of_ones_own():
    class Inverse(S._LRScheduler):
        def get_lr(self):
            assert self._get_lr_called_within_step
            return [base / (1 + self.last_epoch) for base in self.base_lrs]

    optimizer = make()
    found = rates(optimizer, Inverse(optimizer), 3)
    assert found == pytest.approx([0.1, 0.05, 0.1 / 3])
    assert S.CyclicLR.__module__ == S.StepLR.__module__


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda o: S.StepLR(3, 1), TypeError, "int is not an Optimizer"),
        (lambda o: S.LambdaLR(o, []), ValueError, "Expected 1 lr_lambdas, but got 0"),
        (lambda o: S.ConstantLR(o, 2.0), ValueError, "factor expected to be between 0 and 1"),
        (lambda o: S.LinearLR(o, 0.0), ValueError, "greater than 0"),
        (lambda o: S.OneCycleLR(o, 1.0), ValueError, "You must define either total_steps"),
        (lambda o: S.CosineAnnealingWarmRestarts(o, 0), ValueError, "Expected positive integer T_0"),
        (lambda o: S.ReduceLROnPlateau(o, "mid"), ValueError, "mode mid is unknown!"),
        (lambda o: S.StepLR(o, 1, last_epoch=3), KeyError, "initial_lr"),
        (lambda o: S.SequentialLR(o, [], []), ValueError,
         "SequentialLR expects at least one scheduler, but got no scheduler."),
        (lambda o: S.ChainedScheduler([]), ValueError,
         "ChainedScheduler expects at least one scheduler to be chained, but got no scheduler."),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call(make())
