"""gradcheck and gradgradcheck find wrong gradients and accept right ones."""

from __future__ import annotations

import pytest

import tidu
from tidu.autograd import Function, gradcheck, gradgradcheck
from tidu.autograd.gradcheck import GradcheckError


def x64(*values):
    return tidu.tensor(values, dtype=tidu.float64, requires_grad=True)


class Wrong(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        return g * 3 * ctx.saved_tensors[0]


class NotLinear(Function):
    @staticmethod
    def forward(ctx, x):
        return x.sum()

    @staticmethod
    def backward(ctx, g):
        return g * 0 + tidu.ones(1, dtype=tidu.float64)


class WrongSecond(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        return g * 2 * ctx.saved_tensors[0].detach()


class Noisy(Function):
    calls = 0

    @staticmethod
    def forward(ctx, x):
        return x * 1

    @staticmethod
    def backward(ctx, g):
        Noisy.calls += 1
        return g * (1 + 1e-8 * Noisy.calls)


@pytest.mark.parametrize("fast", [False, True])
def test_right_gradients(fast):
    assert gradcheck(lambda x, y: (x * y).exp(), (x64(0.5, 1.0), x64(2.0, -1.0)), fast_mode=fast)
    assert gradgradcheck(lambda x: (x.exp() * x).sum(), x64(0.5, 1.0), fast_mode=fast)


@pytest.mark.parametrize("fast", [False, True])
def test_wrong_gradients(fast):
    with pytest.raises(
        GradcheckError, match="Jacobian mismatch for output 0 with respect to input 0"
    ):
        gradcheck(Wrong.apply, x64(1.0, 2.0), fast_mode=fast)
    assert gradcheck(Wrong.apply, x64(1.0, 2.0), fast_mode=fast, raise_exception=False) is False


@pytest.mark.parametrize("fast", [False, True])
def test_wrong_second_gradients(fast):
    assert gradcheck(WrongSecond.apply, x64(1.0, 2.0), fast_mode=fast)
    with pytest.raises(GradcheckError, match="Jacobian mismatch for output 0"):
        gradgradcheck(WrongSecond.apply, x64(1.0, 2.0), fast_mode=fast)


def test_gradients_that_forget_the_incoming_one():
    with pytest.raises(GradcheckError, match="not multiplied by grad_output"):
        gradcheck(NotLinear.apply, x64(1.0))


def test_gradients_that_differ_each_time():
    with pytest.raises(GradcheckError, match="Backward is not reentrant"):
        gradcheck(Noisy.apply, x64(1.0))
    assert gradcheck(Noisy.apply, x64(1.0), nondet_tol=1e-6)


def test_complex_mismatch_says_which_part():
    z = tidu.tensor([1 + 2j], dtype=tidu.complex128, requires_grad=True)
    with pytest.raises(GradcheckError, match="While considering the imaginary part"):
        gradcheck(Wrong.apply, z)


def test_a_constant_has_no_gradient():
    x = x64(1.0)
    assert gradcheck(lambda x: tidu.ones(2, dtype=tidu.float64), x)
    with pytest.raises(GradcheckError, match="expected to be zero"):
        gradcheck(lambda x: x.detach() * 2, x)


def test_inputs_that_cannot_be_checked():
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(lambda x: x, tidu.ones(1, dtype=tidu.float64))
    with pytest.raises(RuntimeError, match="has a dimension with stride 0"):
        gradcheck(lambda x: x, x64(1.0).detach().expand(3).requires_grad_())
    with pytest.warns(UserWarning, match="Input #0 requires gradient and is not a double"):
        gradcheck(lambda x: x * 2, tidu.ones(1, requires_grad=True), atol=0.1)


def test_the_module_is_also_the_function():
    import tidu.autograd.gradcheck

    assert tidu.autograd.gradcheck(lambda x: x * 2, x64(1.0))
