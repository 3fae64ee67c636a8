"""Activation functions, element by element, with PyTorch's own nodes.

What PyTorch offers as `torch.relu`, ... is public here; the rest is reached through
`tidu.nn.functional`, which adds the parameter `inplace`.
"""

from __future__ import annotations

import math

import numpy as np

from .. import dtypes
from ..autograd.op import Array, elementwise, op
from ..autograd.public import composite, operations
from ..backend.clip import CONSTANTS, clip
from ..tensor import Tensor
from .checks import FLOATS, both, only, refuse


def _internal(kernel, kinds=FLOATS, **options):
    """An operation for `nn.functional` only, for dtypes of these kinds."""
    return elementwise(public=False, method=False, check=only(kinds, kernel), **options)


@elementwise(inplace="public", check=both(
    refuse("b", RuntimeError, "Boolean inputs not supported for relu"),
    refuse("c", NotImplementedError, "clamp is not supported for complex types")))  # fmt: skip
def relu(k, x):
    """The element if it is positive, else 0. The gradient at 0 is 0.

    >>> import tidu
    >>> tidu.tensor([-1.0, 2.0]).relu()
    tensor([0., 2.])
    """
    found = CONSTANTS.get(x.dtype)
    return k.xp.maximum(x, 0) if found is None else clip(x, found[0], found[3])


relu.vjp(x=lambda k, g, out: k.keep(g, k.logical_not(out <= 0)))


@elementwise(public=False, method=False, name="hardtanh", node="HardtanhBackward0", check=both(
    refuse("b", RuntimeError, "Bool inputs not supported for hardtanh"),
    refuse("c", NotImplementedError, "clamp is not supported for complex types")))  # fmt: skip
def hardtanh(k, x, min_val=-1.0, max_val=1.0):
    """The elements, limited to [min_val, max_val]; flat on the limits too. (relu6: [0, 6].)"""
    low, high = (int(v) if x.dtype.kind in "iu" else v for v in (min_val, max_val))
    return clip(x, low, high)


hardtanh.vjp(
    x=lambda k, g, x, min_val, max_val: k.keep(g, k.logical_not((x <= min_val) | (x >= max_val)))
)


@_internal("leaky_relu_cpu")
def leaky_relu(k, x, negative_slope=0.01):
    """The element if it is positive, else `negative_slope` times it."""
    return k.where(x > 0, x, x * negative_slope)


leaky_relu.vjp(x=lambda k, g, x, negative_slope: k.where(x > 0, g, g * negative_slope))


@_internal("elu_cpu")
def elu(k, x, alpha=1.0, scale=1.0, input_scale=1.0):
    """scale * x above 0, scale * alpha * (exp(input_scale * x) - 1) below."""
    below = k.xp.expm1(k.xp.minimum(x, 0) * input_scale) * (alpha * scale)
    return k.where(x <= 0, below, x * scale)


def _elu(k, g, x, alpha, scale, input_scale):
    below = g * (k.exp(k.clamp_max(x, 0) * input_scale) * (alpha * scale * input_scale))
    return k.where(x <= 0, below, g * scale)


elu.vjp(x=_elu)

_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


@composite(out=False, inplace="public")
def selu(input):
    """scale * x above 0, scale * alpha * (exp(x) - 1) below, with the constants of
    Klambauer et al. (2017), which keep mean 0 and variance 1 from layer to layer.

    >>> import tidu
    >>> tidu.selu(tidu.tensor([-1.0, 1.0]))
    tensor([-1.1113,  1.0507])
    """
    return operations.elu(input, _SELU_ALPHA, _SELU_SCALE, 1.0)


@elementwise(name="celu", public=False, method=False, check=only(FLOATS, "elu_cpu"))
def _celu(k, x, alpha):
    """x above 0, alpha * (exp(x / alpha) - 1) below."""
    return k.elu(x, alpha, 1.0, 1.0 / alpha)


_celu.vjp(x=lambda k, g, x, alpha: _elu(k, g, x, alpha, 1.0, 1.0 / alpha))


@composite(out=False, inplace="public")
def celu(input, alpha=1.0):
    """x above 0, alpha * (exp(x / alpha) - 1) below: smooth at 0.

    >>> import tidu
    >>> tidu.celu(tidu.tensor([-1.0, 1.0]), 2.0)
    tensor([-0.7869,  1.0000])
    """
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return operations.celu(input, alpha)


_ROOT_HALF = math.sqrt(0.5)
_DENSITY = 1 / math.sqrt(2 * math.pi)
_TANH_SCALE, _TANH_CUBE = math.sqrt(2 / math.pi), 0.044715


def _gelu_check(x):
    only(FLOATS, "GeluKernelImpl")(x)


@elementwise(public=False, method=False, check=_gelu_check)
def gelu(k, x, approximate="none"):
    """x times the normal distribution's share below x; "tanh" approximates it.

    (Hendrycks and Gimpel, 2016.) Raises RuntimeError for any other `approximate`.

    >>> import tidu
    >>> tidu.nn.functional.gelu(tidu.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.1587,  0.0000,  0.8413])
    >>> tidu.nn.functional.gelu(tidu.tensor([-1.0, 0.0, 1.0]), approximate="tanh")
    tensor([-0.1588,  0.0000,  0.8412])
    """
    if approximate == "none":
        return x * (0.5 * (1 + k.erf(x * _ROOT_HALF)))
    if approximate != "tanh":
        raise RuntimeError("approximate argument must be either none or tanh.")
    inner = (x * x * x * _TANH_CUBE + x) * _TANH_SCALE
    return x * (0.5 * (1 + k.tanh(inner)))


def _gelu(k, g, x, approximate):
    if approximate == "none":
        below = (k.erf(x * _ROOT_HALF) + 1) * 0.5
        return g * (below + x * k.exp(x * x * -0.5) * _DENSITY)
    square = x * x
    t = k.tanh((square * x * _TANH_CUBE + x) * _TANH_SCALE)
    slope = (1 - t * t) * (square * (3 * _TANH_CUBE) + 1) * _TANH_SCALE
    return g * ((t + 1) * 0.5 + x * slope * 0.5)


gelu.vjp(x=_gelu)


@_internal("silu_cpu", "fc")
def silu(k, x):
    """x * sigmoid(x), also called swish."""
    return x * k.sigmoid(x)


def _silu(k, g, x):
    s = k.sigmoid(x)
    return g * (s * (x * (1 - s) + 1))


silu.vjp(x=_silu)


@_internal("mish_cpu")
def mish(k, x):
    """x * tanh(softplus(x))."""
    return x * k.tanh(k.log1p(k.exp(x)))


def _mish(k, g, x):
    t = k.tanh(k.softplus(x, 1.0, 20.0))
    return g * (t + x * k.sigmoid(x) * (1 - t * t))


mish.vjp(x=_mish)


@_internal("softplus_cpu")
def softplus(k, x, beta=1.0, threshold=20.0):
    """log(1 + exp(beta * x)) / beta: a smooth relu; x itself where beta * x > threshold.

    >>> import tidu
    >>> tidu.nn.functional.softplus(tidu.tensor([-1.0, 0.0, 30.0]))
    tensor([ 0.3133,  0.6931, 30.0000])
    """
    scaled = x * beta
    return k.where(scaled > threshold, x, k.log1p(k.exp(scaled)) / beta)


softplus.vjp(
    x=lambda k, g, x, beta, threshold: k.where(x * beta > threshold, g, g * k.sigmoid(x * beta))
)


@_internal("log_sigmoid_cpu", name="log_sigmoid")
def logsigmoid(k, x):
    """log(sigmoid(x)), without overflow.

    >>> import tidu
    >>> tidu.nn.functional.logsigmoid(tidu.tensor([-1000.0, 0.0, 1000.0]))
    tensor([-1.0000e+03, -6.9315e-01,  0.0000e+00])
    """
    return k.xp.minimum(x, 0) - k.xp.log1p(k.xp.exp(-k.xp.abs(x)))


logsigmoid.vjp(x=lambda k, g, x: g * k.sigmoid(-x))


@_internal("hardsigmoid_cpu")
def hardsigmoid(k, x):
    """x / 6 + 1/2, limited to [0, 1]."""
    return clip(x + 3, 0, 6) / 6


hardsigmoid.vjp(x=lambda k, g, x: k.keep(g / 6, (x > -3) & (x < 3)))


@_internal("hardswish_cpu")
def hardswish(k, x):
    """x * hardsigmoid(x)."""
    return x * clip(x + 3, 0, 6) / 6


def _hardswish(k, g, x):
    inner = k.where(x < 3, g * (x / 3 + 0.5), g)
    return k.keep(inner, k.logical_not(x <= -3))


hardswish.vjp(x=_hardswish)


def _outside(x, bound):
    return (x < -bound) | (x > bound) | (x != x)


@_internal("softshrink_cpu")
def softshrink(k, x, lambd=0.5):
    """The elements moved towards 0 by `lambd`; those nearer to 0 become 0.

    Raises RuntimeError for a negative `lambd`.

    >>> import tidu
    >>> tidu.nn.functional.softshrink(tidu.tensor([-1.0, 0.25, 2.0]))
    tensor([-0.5000,  0.0000,  1.5000])
    """
    if not 0 <= lambd <= float(np.finfo(x.dtype).max):
        raise RuntimeError(
            f"lambda must be in range [0, {float(np.finfo(x.dtype).max):g}] for input dtype "
            f"{dtypes.of(x).title}, but found {lambd:g}"
        )
    return k.where(x > lambd, x - lambd, k.where(x < -lambd, x + lambd, x * 0))


softshrink.vjp(x=lambda k, g, x, lambd: k.keep(g, _outside(x, lambd)))


@elementwise(check=only(FLOATS, "hardshrink_cpu"))
def hardshrink(k, x, lambd=0.5):
    """The elements, those within `lambd` of 0 set to 0.

    >>> import tidu
    >>> tidu.tensor([-1.0, 0.25, 1.0]).hardshrink()
    tensor([-1.,  0.,  1.])
    """
    return k.keep(x, _outside(x, lambd))


hardshrink.vjp(x=lambda k, g, x, lambd: k.keep(g, _outside(x, lambd)))


@elementwise(method=False, inplace="public", check=only("iuf", "threshold_cpu"))
def threshold(k, x, threshold, value):
    """The element if it is above `threshold`, else `value`.

    >>> import tidu
    >>> tidu.threshold(tidu.tensor([-1.0, 2.0]), 0.5, 9.0)
    tensor([9., 2.])
    """
    return k.where(x <= threshold, x.dtype.type(value), x)


threshold.vjp(x=lambda k, g, x, threshold: k.keep(g, k.logical_not(x <= threshold)))


@elementwise(
    name="prelu_kernel", public=False, method=False, strict=True, check=only(FLOATS, "prelu_cpu")
)
def _prelu(k, x, y):
    """The element if it is positive, else y times it; y has a shape that broadcasts."""
    return k.where(x > 0, x, x * y)


_prelu.vjp(
    x=lambda k, g, x, y: k.where(x > 0, g, g * y),
    y=lambda k, g, x: k.keep(g * x, k.logical_not(x > 0)),
)


@composite(method=True, out=False)
def prelu(input, weight):
    """The element if it is positive, else `weight` times it; one weight for all or each channel.

    `input`: (N, C, ...); `weight`: one element, or C.

    >>> import tidu
    >>> tidu.prelu(tidu.tensor([-2.0, 2.0]), tidu.tensor(0.25))
    tensor([-0.5000,  2.0000])
    """
    if input.dtype is not weight.dtype:
        raise RuntimeError(
            f"prelu: Type promoting not supported. Got {input.dtype.title} and {weight.dtype.title}"
        )
    shape = weight._array.shape
    if weight._array.size != 1:
        if not input.ndim:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = input._array.shape[1] if input.ndim > 1 else 1
        if channels != weight._array.size:
            raise RuntimeError(
                "Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                f"{weight._array.size} and channel size = {channels}."
            )
    if len(shape) > 1:
        raise RuntimeError(
            f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {len(shape)}"
        )
    if input.ndim > 1:
        weight = weight.reshape((-1,) + (1,) * (input.ndim - 2))
    elif input.ndim == 0:
        weight = weight.reshape(())
    return operations.prelu_kernel(input, weight)


@op(public=False, method=False)
def glu(k, x: Array, dim=-1):
    """The first half along `dim` times the sigmoid of the second half. (Dauphin et al., 2017.)

    Raises RuntimeError where the size along `dim` is odd.

    >>> import tidu
    >>> tidu.nn.functional.glu(tidu.tensor([2.0, 4.0, 0.0, 100.0]))
    tensor([1., 4.])
    """
    if x.ndim == 0:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    axis = _axis(dim, x.ndim)
    if x.shape[axis] % 2:
        raise RuntimeError(
            f"Halving dimension must be even, but dimension {axis} is size {x.shape[axis]}"
        )
    if x.dtype.kind != "f":
        raise NotImplementedError(f"\"glu_cpu\" not implemented for '{dtypes.of(x).title}'")
    first, second = _halves(x, axis)
    return first * k.sigmoid(second)


def _axis(dim, ndim):
    if not -ndim <= dim < ndim:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got "
            f"{dim})"
        )
    return dim % ndim


def _halves(x, axis):
    before, half = (slice(None),) * axis, x.shape[axis] // 2
    return x[(*before, slice(None, half))], x[(*before, slice(half, None))]


def _glu(k, g, x, dim):
    axis = _axis(dim, len(x.shape))
    first, second = _halves(x, axis)
    s = k.sigmoid(second)
    return k.cat([g * s, g * first * (s * (1 - s))], axis)


glu.vjp(x=_glu)


@composite(public=False, out=False)
def softsign(input):
    """x / (1 + |x|): between -1 and 1, as tanh, but slower to reach them.

    >>> import tidu
    >>> tidu.nn.functional.softsign(tidu.tensor([-3.0, 0.0, 1.0]))
    tensor([-0.7500,  0.0000,  0.5000])
    """
    return input / (input.abs() + 1)


@composite(public=False, out=False)
def tanhshrink(input):
    """x - tanh(x): little is left of what is near 0.

    >>> import tidu
    >>> tidu.nn.functional.tanhshrink(tidu.tensor([-1.0, 0.0, 3.0]))
    tensor([-0.2384,  0.0000,  2.0049])
    """
    return input - input.tanh()


@op(public=False, method=False)
def rrelu_with_noise(k, x: Array, y: Array):
    """Each element times its own slope y."""
    return x * y


rrelu_with_noise.vjp(x=lambda g, y: g * y)


@composite(inplace="public", out=False)
def rrelu(input, lower=1 / 8, upper=1 / 3, training=False, generator=None):
    """The element if it is positive, else a slope times it: the slope is drawn from
    [lower, upper) for each element in training, and is the middle of the two otherwise.

    >>> import tidu
    >>> tidu.rrelu(tidu.tensor([-2.0, 2.0]), 0.25, 0.75)
    tensor([-1.,  2.])
    """
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    x = input._array
    if not training:
        only(FLOATS, "leaky_relu_cpu")(x)
        slopes = np.ones_like(x)
        slopes[x <= 0] = (lower + upper) / 2
    else:
        only(FLOATS, "rrelu_with_noise_out_cpu")(x)
        from ..backend import random
        from .random_checks import generator_or_default

        slopes = np.ones(x.shape, x.dtype)
        negative = x <= 0
        drawn = np.empty(np.count_nonzero(negative))
        bounds = [float(x.dtype.type(bound)) for bound in (lower, upper)]
        random.uniform(generator_or_default("rrelu", generator), drawn, *bounds)
        slopes[negative] = drawn
    return rrelu_with_noise(input, Tensor._wrap(slopes))
