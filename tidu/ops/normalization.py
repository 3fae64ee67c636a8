"""Normalization: values brought to mean 0 and variance 1 over some of the dimensions.

Batch, group and layer normalization are one operation, `normalise`; they differ in the dimensions
(`axes`) of a suitable view of the input. Its gradient needs two functions of the input, the
standardised values and the inverse deviation. Both are operations, whose rules use nothing but
themselves, so that gradients of any order follow. They take the mean and the variance that the
forward has found instead of working them out again.
"""

from __future__ import annotations

import math

import numpy as np

from .. import formats
from ..autograd.op import Array, op
from ..backend.table import FORWARDS
from .reduction import add_up

_NODES = {
    "batch": "NativeBatchNormBackward0",
    "layer": "NativeLayerNormBackward0",
    "group": "NativeGroupNormBackward0",
}


def _node(x, weight, bias, mean, variance, axes, view, shape, eps, kind):
    return _NODES[kind]


@op(public=False, method=False, outputs=("out", "center", "spread"), differentiable=1, node=_node)
def normalise(
    k, x: Array, weight: Array | None, bias: Array | None, mean: Array | None,
    variance: Array | None, axes, view, shape, eps, kind,
):  # fmt: skip
    """(x - mean) / sqrt(variance + eps) * weight + bias, computed in the shape `view`.

    Mean and variance are those over `axes` if they are not given; they are results too. `shape` is
    that of weight and bias in the view.
    """
    dtype = x.dtype
    wide = x.reshape(view)
    if dtype == "float16":  # sums of half precision need more digits
        wide = wide.astype("float32")
    if mean is None:
        count = math.prod(view[i] for i in axes)
        mean = add_up(wide, axes, True) / wide.dtype.type(count)
        out = wide - mean
        variance = add_up(out * out, axes, True) / wide.dtype.type(count)
    else:
        assert variance is not None  # both or none are given
        mean, variance = mean.reshape(shape), variance.reshape(shape)
        out = wide - mean
    scale = 1 / np.sqrt(variance + wide.dtype.type(eps))
    if weight is None:
        out *= scale
    elif math.prod(shape) <= scale.size * 4:
        out *= scale * weight.reshape(shape)
    else:
        out *= scale
        out *= weight.reshape(shape)
    if bias is not None:
        out += bias.reshape(shape)
    out = formats.suggested(k.xp, out.reshape(x.shape))
    return out.astype(dtype, copy=False), mean, variance


@normalise.vjp_joint("x", "weight", "bias")
def _(k, g, x, weight, mean, center, spread, axes, view, shape, eps, kind, bias_shape):
    wide = k.reshape(x, view)
    g = k.reshape(g, view)
    if mean is None:
        y = k.standardised(wide, center, spread, axes, eps)
        scale = k.inverse_deviation(wide, center, spread, axes, eps)
    else:
        scale = (spread + eps) ** -0.5
        y = (wide - center) * scale
    for_weight = None if weight is None else _over_others(k, g * y, shape, weight.shape)
    for_bias = None if bias_shape is None else _over_others(k, g, shape, bias_shape)
    if weight is not None:
        g = g * k.reshape(weight, shape)
    if mean is None:  # given statistics do not depend on x
        g = g - k.mean(g, axes, True) - y * k.mean(g * y, axes, True)
    return k.reshape(scale * g, x.shape), for_weight, for_bias


def _over_others(k, g, shape, weight_shape):
    """The sum over the dimensions that the weight does not have."""
    lead = len(g.shape) - len(shape)
    axes = (*range(lead), *(lead + i for i, n in enumerate(shape) if n == 1 != g.shape[lead + i]))
    if axes:
        g = k.sum(g, axes, True)
    return k.reshape(g, weight_shape)


@op(public=False, method=False)
def standardised(k, x: Array, mean: Array, variance: Array, axes, eps):
    """(x - mean) / sqrt(variance + eps), where both are x's own over `axes`."""
    return (x - mean) / np.sqrt(variance + x.dtype.type(eps))


@op(public=False, method=False)
def inverse_deviation(k, x: Array, mean: Array, variance: Array, axes, eps):
    """1 / sqrt(variance + eps), where the variance is x's own over `axes`."""
    return 1 / np.sqrt(variance + x.dtype.type(eps))


def _standardised_rule(k, g, x, mean, variance, axes, eps):
    y = k.standardised(x, mean, variance, axes, eps)
    scale = k.inverse_deviation(x, mean, variance, axes, eps)
    return scale * (g - k.mean(g, axes, True) - y * k.mean(g * y, axes, True))


def _deviation_rule(k, g, x, mean, variance, axes, eps):
    y = k.standardised(x, mean, variance, axes, eps)
    scale = k.inverse_deviation(x, mean, variance, axes, eps)
    count = math.prod(x.shape[i] for i in axes)
    return -(g * scale * scale) * y / count


standardised.vjp(x=_standardised_rule)
inverse_deviation.vjp(x=_deviation_rule)


@op(public=False, method=False, outputs=("out", "square"), differentiable=1, node="MulBackward0")
def rms_normalise(k, x: Array, weight: Array | None, count, eps):
    """x / sqrt(square + eps) * weight, where `square` is the mean square over the last `count`
    dimensions; it is a result too. (PyTorch computes this by several operations.)"""
    dtype = x.dtype
    wide = x.astype("float32") if dtype == "float16" else x
    axes = tuple(range(x.ndim - count, x.ndim))
    size = math.prod(x.shape[i] for i in axes)
    square = add_up(wide * wide, axes, True) / wide.dtype.type(size)
    out = wide * (1 / np.sqrt(square + wide.dtype.type(eps)))
    if weight is not None:
        out = out * weight
    return formats.suggested(k.xp, out.astype(dtype, copy=False)), square


@rms_normalise.vjp_joint("x", "weight")
def _(k, g, x, weight, square, count, eps):
    scale = k.inverse_root(x, square, count, eps)
    y = x * scale
    axes = tuple(range(len(x.shape) - count, len(x.shape)))
    for_weight = None
    if weight is not None:
        for_weight = _over_others(k, g * y, weight.shape, weight.shape)
        g = g * weight
    return scale * (g - y * k.mean(g * y, axes, True)), for_weight


@op(public=False, method=False)
def inverse_root(k, x: Array, square: Array, count, eps):
    """1 / sqrt(square + eps), where `square` is x's own mean over the last `count` dimensions."""
    return 1 / np.sqrt(square + square.dtype.type(eps))


def _root_rule(k, g, x, square, count, eps):
    scale = k.inverse_root(x, square, count, eps)
    size = math.prod(x.shape[len(x.shape) - count :])
    return -(g * scale * scale * scale) * x / size


inverse_root.vjp(x=_root_rule)


def move_average(k, running, found, momentum, factor):
    """Moves the array `running` towards factor * found, by the share `momentum`: in place."""
    found = found.reshape(running.shape).astype("float64")
    running[...] = momentum * (factor * found) + (1 - momentum) * running


FORWARDS["move_average"] = move_average
