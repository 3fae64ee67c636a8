"""Elementwise operations beyond their values: dtypes, refusals, edges, and the forms of a call."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tidu
import tidu.special
from tidu import tensor
from tidu.nn.functional import glu

NAN, INF = math.nan, math.inf
BOOL = tensor([True, False])
INTS = tensor([1, 2])
FLOATS = tensor([1.0, 2.0])
COMPLEX = tensor([1 + 2j, 3j])


@pytest.mark.parametrize(
    ("call", "dtype"),
    [
        (lambda: INTS + 1, tidu.int64),
        (lambda: INTS + 1.5, tidu.float32),
        (lambda: INTS + 1j, tidu.complex64),
        (lambda: INTS / 2, tidu.float32),
        (lambda: INTS // 2, tidu.int64),
        (lambda: BOOL + BOOL, tidu.bool),
        (lambda: BOOL + 1, tidu.int64),
        (lambda: BOOL.square(), tidu.int64),
        (lambda: tensor(1.0, dtype=tidu.float64) * FLOATS, tidu.float32),
        (lambda: tensor(1.0) * INTS.int(), tidu.float32),
        (lambda: tensor([1], dtype=tidu.uint8) + tensor([1], dtype=tidu.int8), tidu.int16),
        (lambda: FLOATS.half().sigmoid(), tidu.float16),
        (lambda: INTS.sqrt(), tidu.float32),
        (lambda: INTS.float_power(2), tidu.float64),
        (lambda: COMPLEX.float_power(2), tidu.complex128),
        (lambda: COMPLEX.abs(), tidu.float32),
        (lambda: COMPLEX.angle(), tidu.float32),
        (lambda: INTS.clamp(0.5), tidu.float32),
        (lambda: INTS.clamp(0), tidu.int64),
        (lambda: BOOL.clamp(0, 1), tidu.int64),
        (lambda: INTS < 1.5, tidu.bool),
        (lambda: tidu.where(BOOL, 1, 2), tidu.int64),
        (lambda: tidu.where(BOOL, FLOATS, INTS), tidu.float32),
        (lambda: INTS.floor(), tidu.int64),
        (lambda: BOOL.erf(), tidu.float32),
        (lambda: FLOATS.frexp()[1], tidu.int32),
    ],
)
def test_dtype(call, dtype):
    assert call().dtype is dtype


NOT_BOOL = "Subtraction, the `-` operator, with a bool tensor is not supported."


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: BOOL - BOOL, RuntimeError, "with two bool tensors is not supported"),
        (lambda: BOOL - 1, RuntimeError, NOT_BOOL),
        (lambda: 1 - BOOL, RuntimeError, NOT_BOOL),
        (lambda: -BOOL, RuntimeError, "Negation, the `-` operator, on a bool tensor"),
        (lambda: +BOOL, RuntimeError, "The `+` operator, on a bool tensor is not supported."),
        (lambda: BOOL**BOOL, NotImplementedError, "\"pow\" not implemented for 'Bool'"),
        (lambda: BOOL.abs(), NotImplementedError, "\"abs_cpu\" not implemented for 'Bool'"),
        (lambda: COMPLEX < COMPLEX, NotImplementedError, '"lt_cpu" not implemented for'),
        (lambda: COMPLEX.sign(), NotImplementedError, "Please use torch.sgn instead."),
        (lambda: COMPLEX.floor(), NotImplementedError, "floor is not supported for complex inputs"),
        (lambda: COMPLEX.clamp(0), NotImplementedError, "clamp is not supported for complex types"),
        (lambda: COMPLEX.clone().abs_(), RuntimeError, "In-place abs is not supported for complex"),
        (lambda: FLOATS & FLOATS, NotImplementedError, '"bitwise_and_cpu" not implemented'),
        (lambda: ~FLOATS, TypeError, "only implemented on integer and Boolean-type tensors"),
        (lambda: FLOATS.imag, RuntimeError, "imag is not implemented for tensors with non-complex"),
        (lambda: INTS // 0, RuntimeError, "ZeroDivisionError"),
        (lambda: INTS % 0, RuntimeError, "ZeroDivisionError"),
        (lambda: INTS.fmod(0), RuntimeError, "ZeroDivisionError"),
        (lambda: INTS**-1, RuntimeError, "Integers to negative integer powers are not allowed."),
        (lambda: INTS.add(INTS, alpha=0.5), RuntimeError, "argument alpha must not be a floating"),
        (lambda: INTS.add(INTS, alpha=True), RuntimeError, "Boolean alpha only supported"),
        (lambda: INTS.clone().add_(1.5), RuntimeError, "result type Float can't be cast to the"),
        (lambda: INTS.clone().sqrt_(), RuntimeError, "result type Float can't be cast to the"),
        (lambda: FLOATS.clone().float_power_(2), RuntimeError, "the base given to float_power_"),
        (lambda: FLOATS.maximum(1), TypeError, "argument 'other' (position 1) must be"),
        (lambda: tidu.eq(1, INTS), TypeError, "eq() received an invalid combination of arguments"),
        (lambda: tidu.pow(2, 3), TypeError, "pow() received an invalid combination of arguments"),
        (lambda: FLOATS.clamp(), RuntimeError, "At least one of 'min' or 'max' must not be None"),
        (lambda: tidu.where(FLOATS, 1, 2), RuntimeError, "where expected condition to be a"),
        (lambda: tidu.where(True, FLOATS, 2), TypeError, "argument 'condition' (position 1)"),
        (lambda: FLOATS.isclose(FLOATS.double()), RuntimeError, "Float did not match Double"),
        (lambda: FLOATS.isclose(FLOATS, rtol=-1), RuntimeError, "rtol must be greater than or"),
        (lambda: FLOATS.div(2, rounding_mode="x"), RuntimeError, "but found 'x'"),
        (lambda: INTS.addcdiv(INTS, INTS), RuntimeError, "Integer division with addcdiv is no lon"),
        (lambda: FLOATS.lerp(FLOATS.double(), 0.5), RuntimeError, "expected dtype float for `end`"),
        (lambda: FLOATS.gcd(FLOATS), NotImplementedError, '"gcd_cpu" not implemented for'),
        (
            lambda: tidu.complex(FLOATS, INTS),
            RuntimeError,
            "Expected both inputs to be Half, Float",
        ),
        (lambda: tidu.view_as_complex(tidu.ones(3)), RuntimeError, "a last dimension of size 2"),
        (lambda: tidu.view_as_real(FLOATS), RuntimeError, "only supported for complex tensors"),
        (lambda: tidu.celu(FLOATS, 0), RuntimeError, "alpha cannot be 0 for CELU"),
        (lambda: glu(INTS), NotImplementedError, "\"glu_cpu\" not implemented for 'Long'"),
        (lambda: glu(COMPLEX), NotImplementedError, "\"glu_cpu\" not implemented for 'Comp"),
        (lambda: glu(tidu.ones(3).int()), RuntimeError, "Halving dimension must be even"),
        (lambda: glu(tensor(1.0)), RuntimeError, "glu does not support scalars because halving"),
        (lambda: tidu.prelu(INTS, INTS[:1]), NotImplementedError, '"prelu_cpu" not implemented for'),
        (lambda: FLOATS + tidu.ones(3), RuntimeError, "The size of tensor a (2) must match"),
        (lambda: FLOATS + "a", TypeError, "unsupported operand type(s) for +: 'Tensor' and 'str'"),
        (lambda: tidu.add(FLOATS, "a"), TypeError, "argument 'other' (position 2) must be Tensor"),
    ],
)
def test_refusal(call, error, text):
    with pytest.raises(error) as caught:
        call()
    assert type(caught.value) is error
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("function", "x", "gradient"),
    [
        (tidu.abs, [-2, 0, -0.0, NAN], [-1, 0, 0, 0]),
        (tidu.relu, [-1, 0, 1, NAN], [0, 0, 1, 1]),
        (lambda x: x.clamp(0, 1), [-1, 0, 0.5, 1, 2, NAN], [0, 1, 1, 1, 0, 0]),
        (lambda x: x**0, [0, 2], [0, 0]),
        (lambda x: x**1, [0, 2], [1, 1]),
        (lambda x: x**2, [0, 3], [0, 6]),
        (lambda x: x ** tensor([1.0, 0.0, 2.0]), [0, 0, 0], [1, 0, 0]),
        (lambda x: 0.0**x, [1, 2], [0, 0]),
        (lambda x: tensor([0.0, 2.0]) ** x, [2, 2], [0, 4 * math.log(2)]),
        (lambda x: x.maximum(tensor([1.0, 1.0, 1.0])), [0, 1, 2], [0, 0.5, 1]),
        (lambda x: x.minimum(tensor([1.0, 1.0, 1.0])), [0, 1, 2], [1, 0.5, 0]),
        (lambda x: x.fmax(tensor([1.0, 1.0, NAN])), [1, NAN, 1], [1, 0, 1]),
        (lambda x: x.atan2(tensor([0.0, 1.0])), [0, 0], [0, 1]),
        (lambda x: x.nan_to_num(), [NAN, INF, 1], [0, 0, 1]),
        (lambda x: x.xlogy(tensor([0.0, 1.0])), [0, 3], [0, 0]),
        (lambda x: x.logit(0.1), [0.05, 0.5], [0, 4]),
        (tidu.sinc, [0, 1], [0, -1]),
        (tidu.special.i1, [0], [0.5]),
        (tidu.special.log_ndtr, [-40], [40.0249]),
    ],
)
def test_gradient_at_edges(function, x, gradient):
    x = tensor([float(v) for v in x], requires_grad=True)
    function(x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), gradient, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "want"),
    [
        (lambda: tensor([5.0, INF, 1.0]) % tensor([0.0, 2.0, INF]), [NAN, NAN, 1]),
        (lambda: tensor([-7, 7, -7]) // tensor([2, -2, -2]), [-4, -4, 3]),
        (lambda: tensor([-7, 7]).div(2, rounding_mode="trunc"), [-3, 3]),
        (lambda: INTS ** tensor([-1, -2]), [1, 0]),
        (lambda: tensor([-1, 3]) ** tensor([-3, 2]), [-1, 9]),
        (lambda: tensor([0.5, 1.5, 2.5, -0.5]).round(), [0, 2, 2, -0.0]),
        (lambda: tensor([1234.5]).round(decimals=-2), [1200]),
        (lambda: tensor([1.0, NAN]).clamp(min=0.5), [1, NAN]),
        (lambda: tensor([1.0]).clamp(2, 0), [0]),
        (lambda: tensor([NAN, 1.0]).maximum(tensor([1.0, NAN])), [NAN, NAN]),
        (lambda: tensor([NAN, 1.0]).fmax(tensor([1.0, NAN])), [1, 1]),
        (lambda: tensor([NAN, -2.0]).sign(), [0, -1]),
        (lambda: tensor([-0.0, -1.0, NAN]).angle(), [0, math.pi, NAN]),
        (lambda: tensor([INF, -INF, NAN]).nan_to_num(1, 2, 3), [2, 3, 1]),
        (lambda: tensor([300.0, -300.0]).sigmoid(), [1, 0]),
        (lambda: tensor([1000.0]).logaddexp(tensor([-1000.0])), [1000]),
        (lambda: tidu.nn.functional.softplus(tensor([1000.0])), [1000]),
        (lambda: tidu.nn.functional.logsigmoid(tensor([-1000.0])), [-1000]),
        (lambda: tensor([INF, -INF, NAN]).erf(), [1, -1, NAN]),
        (lambda: tensor([5.0, INF, -INF]).erfc(), [1.5374597944e-12, 0, 2]),
        (lambda: tensor([1.0, -1.0, 2.0]).erfinv(), [INF, -INF, NAN]),
        (lambda: tensor([0.0, -1.0, 1.0]).lgamma(), [INF, INF, 0]),
        (lambda: tensor([0.0, -0.0, -1.0]).digamma(), [-INF, INF, NAN]),
        (lambda: tensor([1]) << 3, [8]),
        (lambda: tensor([4, 7]).lcm(tensor([6, 14])), [12, 14]),
        (lambda: tidu.isin(INTS, 2), [False, True]),
        (lambda: tensor([1.0, INF]).isclose(tensor([1.1, INF]), rtol=0.2), [True, True]),
        (lambda: tensor([1], dtype=tidu.uint8) * -1, [255]),
        (lambda: 2**INTS, [2, 4]),
        (lambda: 7 % tensor([4, -4]), [3, -1]),
        (lambda: 2 / tensor([4.0]), [0.5]),
        (lambda: tidu.add(1, 2), 3),
    ],
)
def test_value_at_edges(call, want):
    np.testing.assert_allclose(call().numpy(), want, rtol=1e-6)


@pytest.mark.parametrize("size", [3, 10_000])
@pytest.mark.parametrize("dtype", [tidu.float16, tidu.float32, tidu.float64])
def test_choice_passes_no_infinities(size, dtype):
    """Both ways to choose, by bits and by branches, keep what was not chosen out entirely."""
    x = tidu.ones(size, dtype=dtype)
    x[::2] = INF
    chosen = tidu.where(tidu.arange(size) % 2 == 0, tensor(0.0, dtype=dtype), x)
    assert chosen.dtype is dtype
    assert chosen[::2].eq(0).all()
    assert chosen[1::2].eq(1).all()
    leaf = (-x).requires_grad_()
    leaf.relu().backward(x)
    assert leaf.grad.eq(0).all()


def test_numbers_keep_the_sign_of_zero():
    x = tensor([1.0])
    assert (x / 0.0).item() == INF
    assert (x / -0.0).item() == -INF
    assert (x / 0).item() == INF
    assert (x * 0).signbit().item() is False
    assert (x * -0.0).signbit().item() is True


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda x: x + 1, "AddBackward0"),
        (lambda x: tidu.add(x, x, alpha=2), "AddBackward0"),
        (lambda x: 1 - x, "RsubBackward1"),
        (lambda x: 2 / x, "MulBackward0"),
        (lambda x: x**2, "PowBackward0"),
        (lambda x: x**x, "PowBackward1"),
        (lambda x: 2**x, "PowBackward2"),
        (lambda x: x.square(), "PowBackward0"),
        (lambda x: x.clamp(0, 1), "ClampBackward1"),
        (lambda x: x.clamp(x), "ClampBackward0"),
        (lambda x: x % 2, "RemainderBackward0"),
        (lambda x: x.round(decimals=2), "RoundBackward1"),
        (lambda x: x.log1p(), "Log1PBackward0"),
        (lambda x: tidu.nn.functional.relu6(x), "HardtanhBackward0"),
        (lambda x: tidu.complex(x, x).real, "SelectBackward0"),
    ],
)
def test_node_names(call, name):
    assert call(tidu.rand(3, requires_grad=True)).grad_fn.name() == name


@pytest.mark.parametrize("call", [lambda x: x // 2, lambda x: x.heaviside(x)])
def test_derivatives_that_do_not_exist(call):
    y = call(tidu.rand(3, requires_grad=True))
    with pytest.raises(RuntimeError, match=r"derivative for aten::.* is not implemented"):
        y.sum().backward()


def test_parts_of_complex_numbers_are_views():
    x = tensor([1 + 2j, 3 + 4j])
    x.real.mul_(10)
    x.imag = tensor([0.0, 1.0])
    tidu.view_as_real(x)[0, 1] = 7
    assert x.tolist() == [10 + 7j, 30 + 1j]
    assert tidu.real(FLOATS) is FLOATS
    leaf = tensor([1 + 2j], requires_grad=True)
    y = leaf * 1
    y.real.mul_(3)
    y.backward(tensor([1 + 1j]))
    assert leaf.grad.tolist() == [3 + 1j]


def test_random_slopes():
    x = tidu.full((1000,), -1.0, requires_grad=True)
    y = tidu.nn.functional.rrelu(x, 0.2, 0.4, training=True)
    y.sum().backward()
    assert ((x.grad >= 0.2) & (x.grad < 0.4)).all()
    assert x.grad.eq(-y).all()
    assert len(set(x.grad.tolist())) > 900


@pytest.mark.parametrize(
    ("name", "x", "n", "want"),
    [
        ("chebyshev_polynomial_t", 0.5, 3, 4 * 0.5**3 - 3 * 0.5),
        ("chebyshev_polynomial_u", 0.5, 2, 4 * 0.25 - 1),
        ("shifted_chebyshev_polynomial_t", 0.75, 2, 2 * 0.25 - 1),
        ("hermite_polynomial_h", 2.0, 3, 8 * 8 - 12 * 2),
        ("hermite_polynomial_he", 2.0, 3, 8 - 3 * 2),
        ("laguerre_polynomial_l", 2.0, 2, (4 - 8 + 2) / 2),
        ("legendre_polynomial_p", 0.5, 2, (3 * 0.25 - 1) / 2),
        ("legendre_polynomial_p", 0.5, -1, 0.0),
        ("legendre_polynomial_p", 0.5, 0, 1.0),
    ],
)
def test_polynomials(name, x, n, want):
    have = getattr(tidu.special, name)(tensor([x]), tensor([n]))
    assert have.item() == pytest.approx(want)


def test_zeta_and_polygamma():
    two = tensor(2.0, dtype=tidu.float64)
    one = tensor([1.0, -0.5], dtype=tidu.float64)
    assert tidu.special.zeta(two, one[0]).item() == pytest.approx(math.pi**2 / 6)
    trigamma = [math.pi**2 / 6, math.pi**2 / 2 + 4]
    np.testing.assert_allclose(tidu.polygamma(1, one).numpy(), trigamma)
    assert tidu.polygamma(0, one[:1]).item() == pytest.approx(-0.5772156649015329)


def test_numbers_beside_float16_stay_unrounded():
    x = (tidu.arange(1.0, 60.0) * 0.37).half()
    wide = x.float()
    for number in (0.7, 1e5, 70000, 1e-8, tidu.tensor(0.1), tidu.tensor(0.1, dtype=tidu.float64)):
        assert tidu.equal(x * number, (wide * number).half())
        assert tidu.equal(x / number, (wide / number).half())
        assert (x * number).dtype is tidu.float16
    assert tidu.equal(1e5 * x, (wide * 1e5).half())
    assert tidu.equal(0.7 / x, ((1 / x).float() * 0.7).half())
    assert tidu.equal(x.clone().mul_(0.7), x * 0.7)
    assert tidu.equal(tidu.tensor(0.1) * x, tidu.tensor(0.1).half() * x)
    assert (x[0] * 0.7).dtype is tidu.float16
    for exponent in (2, 3, -2, -0.5, 5):
        assert tidu.equal(x**exponent, (wide**exponent).half())


@pytest.mark.parametrize("dtype", [tidu.float32, tidu.float64])
def test_gradient_of_a_product_with_a_mask(dtype):
    """The rule multiplies with bools that nobody has promoted."""
    x = tidu.tensor([[1.0, -2.0, 3.0]], dtype=dtype, requires_grad=True)
    mask = tidu.tensor([[True, False, True], [True, True, False]])
    (x * mask).sum().backward()
    assert x.grad.tolist() == [[2.0, 1.0, 1.0]]
