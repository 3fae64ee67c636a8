"""Window functions: weights that fade a stretch of a signal in and out. They load on first use."""

from __future__ import annotations

import math

import numpy as np

from . import dtypes
from .ops.creation import dtype_of, finish


def _window(name, length, periodic, options, formula):
    """The window that `formula(n, count)` gives for n = 0 to count - 1.

    A periodic window is a symmetric one that is longer by one, without its last element.
    """
    if isinstance(length, float) or not hasattr(length, "__index__"):
        raise TypeError(
            f"{name}(): argument 'window_length' (position 1) must be int, not "
            f"{type(length).__name__}"
        )
    dtype = options.pop("dtype", None)
    wanted = dtypes.get_default_dtype() if dtype is None else dtype_of(dtype, name)
    if not wanted.is_floating_point:
        raise RuntimeError(f"{name} expects floating point dtypes, got: {wanted}")
    if length < 0:
        raise RuntimeError(
            f"{name} requires non-negative window_length, got window_length={length}"
        )
    if length < 2:
        values = np.ones(length)
    else:
        count = length + bool(periodic)
        values = formula(np.arange(count, dtype=wanted.numpy), count)[:length]
    return finish(values.astype(wanted.numpy), name=name, **options)


def hann_window(window_length, periodic=True, **options):
    """(1 - cos(2 pi n / (N - 1))) / 2 for n = 0 to N - 1.

    >>> import tidu
    >>> tidu.hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return hamming_window(window_length, periodic, 0.5, 0.5, _name="hann_window", **options)


def hamming_window(window_length, periodic=True, alpha=0.54, beta=0.46, *, _name="hamming_window",
                   **options):  # fmt: skip
    """alpha - beta cos(2 pi n / (N - 1)) for n = 0 to N - 1.

    >>> import tidu
    >>> tidu.hamming_window(4)
    tensor([0.0800, 0.5400, 1.0000, 0.5400])
    """

    def formula(n, count):
        return alpha - beta * np.cos(2 * math.pi / (count - 1) * n)

    return _window(_name, window_length, periodic, options, formula)


def bartlett_window(window_length, periodic=True, **options):
    """A triangle: 1 - |2 n / (N - 1) - 1| for n = 0 to N - 1.

    >>> import tidu
    >>> tidu.bartlett_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """

    def formula(n, count):
        return 1 - np.abs(2 * n / (count - 1) - 1)

    return _window("bartlett_window", window_length, periodic, options, formula)


def blackman_window(window_length, periodic=True, **options):
    """0.42 - 0.5 cos(2 pi n / (N - 1)) + 0.08 cos(4 pi n / (N - 1)) for n = 0 to N - 1.

    >>> import tidu
    >>> tidu.blackman_window(4)[1:]
    tensor([0.3400, 1.0000, 0.3400])
    """

    def formula(n, count):
        angle = 2 * math.pi / (count - 1) * n
        return 0.42 - 0.5 * np.cos(angle) + 0.08 * np.cos(2 * angle)

    return _window("blackman_window", window_length, periodic, options, formula)


def kaiser_window(window_length, periodic=True, beta=12.0, **options):
    """I0(beta sqrt(1 - (2 n / (N - 1) - 1)^2)) / I0(beta), with the Bessel function I0.

    >>> import tidu
    >>> tidu.kaiser_window(4)[1:]
    tensor([0.2157, 1.0000, 0.2157])
    """

    def formula(n, count):
        inside = 1 - (2 * n / (count - 1) - 1) ** 2
        return np.i0(beta * np.sqrt(np.maximum(inside, 0))) / np.i0(beta)

    return _window("kaiser_window", window_length, periodic, options, formula)
