"""The switches: what is recorded when, in which thread."""

from __future__ import annotations

import threading

import pytest

import tidu
from tidu.autograd import graph

X = tidu.ones(2, requires_grad=True)


def recorded():
    return (X * 2).requires_grad


SWITCHES = {
    "no_grad": (lambda: tidu.no_grad(), False),
    "enable_grad": (lambda: tidu.enable_grad(), True),
    "set on": (lambda: tidu.set_grad_enabled(True), True),
    "set off": (lambda: tidu.set_grad_enabled(False), False),
    "inference": (lambda: tidu.inference_mode(), False),
}


@pytest.mark.parametrize(("switch", "expected"), SWITCHES.values(), ids=SWITCHES)
@pytest.mark.parametrize("outside", [True, False])
def test_as_context_manager(switch, expected, outside):
    with tidu.set_grad_enabled(outside):
        with switch():
            assert tidu.is_grad_enabled() is expected
            assert recorded() is expected
        assert tidu.is_grad_enabled() is outside


@pytest.mark.parametrize(("switch", "expected"), SWITCHES.values(), ids=SWITCHES)
def test_as_decorator(switch, expected):
    @switch()
    def function(a, b=2):
        """Its words."""
        return recorded(), a + b

    assert function(1) == (expected, 3)
    assert function.__doc__ == "Its words."
    assert function(1, b=1) == (expected, 2)
    assert recorded()


def test_without_parentheses():
    @tidu.no_grad
    def function():
        return recorded()

    assert function() is False


def test_generators_switch_only_while_they_run():
    @tidu.no_grad()
    def generate():
        while True:
            got = yield recorded()
            if got:
                return

    generator = generate()
    assert next(generator) is False
    assert recorded()
    assert next(generator) is False
    assert recorded()
    with pytest.raises(StopIteration):
        generator.send(True)


def test_errors_restore():
    with pytest.raises(ZeroDivisionError), tidu.no_grad():
        raise ZeroDivisionError
    assert recorded()


def test_set_grad_enabled_as_a_call():
    tidu.set_grad_enabled(False)
    try:
        assert not recorded()
    finally:
        tidu.set_grad_enabled(True)
    assert recorded()


def test_threads_have_their_own():
    seen = []
    with tidu.no_grad(), tidu.autograd.set_detect_anomaly(True):
        thread = threading.Thread(
            target=lambda: seen.extend(
                [recorded(), tidu.autograd.anomaly_mode.is_anomaly_enabled()]
            )
        )
        thread.start()
        thread.join()
    assert seen == [True, False]


def test_backward_in_several_threads():
    x = [tidu.ones(3, requires_grad=True) for _ in range(4)]
    threads = [threading.Thread(target=lambda t=t: (t * t).sum().backward()) for t in x]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(t.grad.tolist() == [2.0, 2.0, 2.0] for t in x)


def test_switches_within_careful_modes():
    with graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        with tidu.no_grad():
            assert not recorded()
        assert recorded()
        with tidu.autograd.set_multithreading_enabled(False):
            assert recorded()


def test_what_is_made_under_no_grad_is_constant():
    with tidu.no_grad():
        y = X * 2
        z = tidu.ones(2, requires_grad=True)
    assert y.is_leaf
    assert not y.requires_grad
    assert z.requires_grad


def test_inference_mode_off_records_also_inside_no_grad():
    with tidu.no_grad(), tidu.inference_mode(False):
        assert tidu.is_grad_enabled()
    with pytest.raises(TypeError, match=r"argument .enabled. .position 1. must be bool, not int"):
        tidu.set_grad_enabled(3)


def test_decorating_a_class_warns():
    with pytest.warns(FutureWarning, match="Decorating classes is deprecated"):

        @tidu.no_grad()
        class Model:
            def __init__(self):
                self.recorded = tidu.is_grad_enabled()

    assert not Model().recorded
