"""Dropout: zeroing random elements, or whole channels, in training (Srivastava et al., 2014)."""

from __future__ import annotations

import math

import numpy as np

from ..autograd.public import composite
from ..backend.random import bernoulli
from ..backend.table import cpu
from ..random import default_generator
from ..tensor import Tensor


def _check(p):
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def keep_mask(x, p, channels=False):
    """Ones with probability 1 - p, else zeros: for each element of x, or for each of its channels."""
    if channels:
        mask = x.new_empty((*x.shape[:2], *(1,) * (x.dim() - 2)))
    else:
        mask = Tensor._wrap(np.empty_like(x._array))
    return mask.bernoulli_(1 - p)


@composite(out=False)
def dropout(input, p, train):
    """Zeroes elements with probability `p` and scales the others by 1 / (1 - p), if `train`.

    >>> import tidu
    >>> tidu.dropout(tidu.ones(3), 0.5, train=False)
    tensor([1., 1., 1.])
    """
    _check(p)
    if p == 0 or not train or input.numel() == 0:
        return input
    return input * _scaled(input, p, channels=False)


@composite(out=False)
def feature_dropout(input, p, train):
    """Zeroes whole channels (dimension 1) with probability `p`, if `train`.

    >>> import tidu
    >>> x = tidu.feature_dropout(tidu.ones(1, 2, 3), 0.5, train=True)
    >>> bool((x == x[..., :1]).all())
    True
    """
    _check(p)
    if p == 0 or not train or input.numel() == 0:
        return input
    _check_channels(input)
    return input * _scaled(input, p, channels=True)


def _scaled(input, p, channels):
    if p == 1:
        return input.new_zeros(())
    array = input._array
    if channels or array.dtype.char not in "fd" or not array.flags.c_contiguous:
        return keep_mask(input, p, channels).div_(1 - p)
    real = array.dtype.type
    mask = cpu.empty(array.shape, array.dtype)
    return Tensor._wrap(bernoulli(default_generator, mask, 1 - p, float(real(1) / real(1 - p))))


def _check_channels(input):
    if input.dim() < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")


# What SELU's negative side approaches: alpha dropout sets elements to it, then restores mean and
# variance (Klambauer et al., 2017).
_SATURATED = 1.7580993408473766


def _alpha(input, p, channels):
    if p == 1:
        return input * input.new_zeros(())
    if channels:
        _check_channels(input)
    mask = keep_mask(input, p, channels)
    a = 1 / math.sqrt((_SATURATED**2 * p + 1) * (1 - p))
    b = mask.add(-1).mul_(_SATURATED * a).add_(_SATURATED * a * p)
    return input * mask.mul_(a) + b


@composite(out=False)
def alpha_dropout(input, p, train):
    """Dropout that keeps the mean and variance of SELU networks, if `train`.

    >>> import tidu
    >>> x = tidu.alpha_dropout(tidu.ones(5), 0.5, train=True)
    >>> len(x.unique()) <= 2
    True
    """
    _check(p)
    if p == 0 or not train or input.numel() == 0:
        return input
    return _alpha(input, p, channels=False)


@composite(out=False)
def feature_alpha_dropout(input, p, train):
    """Alpha dropout of whole channels (dimension 1), if `train`.

    >>> import tidu
    >>> tidu.feature_alpha_dropout(tidu.ones(1, 2, 2), 0.5, train=False)
    tensor([[[1., 1.],
             [1., 1.]]])
    """
    _check(p)
    if p == 0 or not train or input.numel() == 0:
        return input
    return _alpha(input, p, channels=True)
