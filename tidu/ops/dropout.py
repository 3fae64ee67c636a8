"""Dropout: zeroing random elements, or whole channels, in training (Srivastava et al., 2014)."""

from __future__ import annotations

import numpy as np

from ..autograd.public import composite
from ..backend import random as draw
from ..random import default_generator
from ..tensor import Tensor


def _check(p):
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def keep_mask(x, p, channels=False):
    """Ones with probability 1 - p, else zeros: for each element of x, or for each of its channels."""
    array = x._array
    if channels:
        out = np.empty((*array.shape[:2], *(1,) * (array.ndim - 2)), array.dtype)
    else:
        out = np.empty_like(array)
    draw.bernoulli(default_generator, out, 1 - p)
    return out


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
    """Zeroes whole channels (dimension 1) with probability `p`, if `train`."""
    _check(p)
    if p == 0 or not train or input.numel() == 0:
        return input
    _check_channels(input)
    return input * _scaled(input, p, channels=True)


def _scaled(input, p, channels):
    if p == 1:
        return input.new_zeros(())
    mask = keep_mask(input, p, channels)
    mask /= 1 - p
    return Tensor._wrap(mask)


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
    a = 1.0 / np.sqrt((_SATURATED**2 * p + 1) * (1 - p))
    b = Tensor._wrap((mask - 1) * (_SATURATED * a) + _SATURATED * a * p)
    return input * Tensor._wrap(mask * a) + b


@composite(out=False)
def alpha_dropout(input, p, train):
    """Dropout that keeps the mean and variance of SELU networks, if `train`."""
    _check(p)
    if p == 0 or not train or input.numel() == 0:
        return input
    return _alpha(input, p, channels=False)


@composite(out=False)
def feature_alpha_dropout(input, p, train):
    """Alpha dropout of whole channels (dimension 1), if `train`."""
    _check(p)
    if p == 0 or not train or input.numel() == 0:
        return input
    return _alpha(input, p, channels=True)
