"""Activation functions."""

import math

import numpy as np

from ..spec import OpSpec, unary

erf = np.vectorize(math.erf, otypes=[float])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def glu(x, dim):
    first, second = np.split(x, 2, dim)
    return first * sigmoid(second)


def row(name, ref, order=2, **options):
    return OpSpec(
        f"nn.functional.{name}", (2, 3), ref=ref, order=order, elementwise=True, **options
    )


SELU = 1.0507009873554805, 1.6732632423543772

SPECS = [
    unary("relu", lambda x: np.maximum(x, 0), out=False),
    row("relu6", lambda x: np.clip(x, 0, 6), domain=(-2, 8)),
    row("hardtanh", lambda x: np.clip(x, -1, 1)),
    row("leaky_relu", lambda x: np.where(x > 0, x, 0.01 * x)),
    row("leaky_relu", lambda x, s: np.where(x > 0, x, s * x), args=(0.3,)),
    row("elu", lambda x: np.where(x > 0, x, np.expm1(x))),
    row("elu", lambda x, a: np.where(x > 0, x, a * np.expm1(x)), args=(1.5,)),
    row("celu", lambda x, a: np.where(x > 0, x, a * np.expm1(x / a)), args=(1.5,)),
    row("selu", lambda x: SELU[0] * np.where(x > 0, x, SELU[1] * np.expm1(x))),
    row("gelu", lambda x: 0.5 * x * (1 + erf(x / math.sqrt(2)))),
    OpSpec("nn.functional.gelu", (2, 3), kwargs={"approximate": "tanh"}, ref=gelu_tanh),
    row("silu", lambda x: x * sigmoid(x)),
    row("mish", lambda x: x * np.tanh(np.log1p(np.exp(x)))),
    row("softplus", lambda x: np.log1p(np.exp(x))),
    OpSpec(
        "nn.functional.softplus",
        (2, 3),
        args=(2.0, 1.0),
        ref=lambda x, b, t: np.where(x * b > t, x, np.log1p(np.exp(x * b)) / b),
    ),
    row("softsign", lambda x: x / (1 + np.abs(x))),
    row("tanhshrink", lambda x: x - np.tanh(x)),
    row("softshrink", lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0)),
    row("hardshrink", lambda x: np.where(np.abs(x) > 0.5, x, 0)),
    row("hardsigmoid", lambda x: np.clip(x / 6 + 0.5, 0, 1), domain=(-4, 4)),
    row("hardswish", lambda x: x * np.clip(x / 6 + 0.5, 0, 1), domain=(-4, 4)),
    row("logsigmoid", lambda x: np.log(sigmoid(x))),
    row("threshold", lambda x, t, v: np.where(x > t, x, v), args=(0.3, 7.0)),
    row("rrelu", lambda x, a, b: np.where(x > 0, x, (a + b) / 2 * x), args=(0.1, 0.5)),
    OpSpec(
        "prelu",
        (2, 3),
        (1,),
        domain=((-2, 2), (0.1, 0.5)),
        ref=lambda x, w: np.where(x > 0, x, w * x),
    ),
    OpSpec(
        "prelu",
        (2, 3, 2),
        (3,),
        domain=((-2, 2), (0.1, 0.5)),
        ref=lambda x, w: np.where(x > 0, x, w[:, None] * x),
    ),
    OpSpec("nn.functional.glu", (2, 4), args=(-1,), ref=glu),
    OpSpec("nn.functional.glu", (4, 3), args=(0,), ref=glu),
]
