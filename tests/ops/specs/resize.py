"""Resizing."""

import numpy as np

from ..spec import OpSpec


def linear(x, size, aligned=False):
    """Linear interpolation of the last len(size) dimensions, one after the other."""
    for axis, n in zip(range(-len(size), 0), size):
        had = x.shape[axis]
        if aligned:
            places = np.linspace(0, had - 1, n)
        else:
            places = (np.arange(n) + 0.5) * had / n - 0.5
        x = np.apply_along_axis(lambda row, at, n: np.interp(at, np.arange(n), row), axis, x, places, had)
    return x


def nearest(x, size, shift=0.0):
    for axis, n in zip(range(-len(size), 0), size):
        x = x.take(np.floor((np.arange(n) + shift) * x.shape[axis] / n).astype(int), axis)
    return x


def catmull(x, size):
    """Cubic convolution with a = -3/4 in the last two dimensions, the edges repeated."""

    def kernel(d):
        d = abs(d)
        if d < 1:
            return 1.25 * d**3 - 2.25 * d**2 + 1
        return -0.75 * (d**3 - 5 * d**2 + 8 * d - 4) if d < 2 else 0.0

    for axis, n in zip((-2, -1), size):
        had = x.shape[axis]
        matrix = np.zeros((n, had))
        for i in range(n):
            at = (i + 0.5) * had / n - 0.5
            for j in range(int(np.floor(at)) - 1, int(np.floor(at)) + 3):
                matrix[i, min(max(j, 0), had - 1)] += kernel(at - j)
        x = np.moveaxis(np.tensordot(x, matrix, (axis, 1)), -1, axis)
    return x


def averaged(x, size):
    """Triangles as wide as the step, normalised: Pillow's way of making images smaller."""
    for axis, n in zip((-2, -1), size):
        had = x.shape[axis]
        step = had / n
        wide = max(step, 1)
        centres = (np.arange(n)[:, None] + 0.5) * step
        weights = np.maximum(1 - abs(np.arange(had) + 0.5 - centres) / wide, 0)
        weights /= weights.sum(1, keepdims=True)
        x = np.moveaxis(np.tensordot(x, weights, (axis, 1)), -1, axis)
    return x


def row(shape, size, mode, ref=None, **kwargs):
    return OpSpec(
        "nn.functional.interpolate", shape, ref=ref and (lambda x, **_: ref(x, size)),
        kwargs={"size": size, "mode": mode, **kwargs},
    )  # fmt: skip


SPECS = [
    row((2, 1, 4), (7,), "nearest", nearest),
    row((1, 2, 5, 3), (3, 6), "nearest", nearest),
    row((1, 1, 2, 3, 2), (3, 2, 4), "nearest", nearest),
    row((1, 2, 5, 3), (3, 6), "nearest-exact", lambda x, size: nearest(x, size, 0.5)),
    row((2, 1, 4), (7,), "linear", linear),
    row((2, 1, 4), (3,), "linear", lambda x, size: linear(x, size, True), align_corners=True),
    row((1, 2, 3, 4), (5, 2), "bilinear", linear),
    row((1, 2, 3, 4), (5, 1), "bilinear", lambda x, size: linear(x, size, True), align_corners=True),
    row((1, 1, 2, 3, 2), (3, 2, 4), "trilinear", linear),
    row((1, 1, 3, 4), (5, 2), "bicubic", catmull),
    row((1, 1, 3, 4), (5, 2), "bicubic", align_corners=True),
    row((1, 2, 6, 5), (2, 7), "bilinear", averaged, antialias=True),
    row((1, 1, 6, 5), (2, 7), "bicubic", antialias=True),
    row((1, 1, 12, 5), (2, 7), "lanczos", antialias=True),
    row((1, 1, 4, 6), (2, 3), "area", lambda x, size: x.reshape(1, 1, 2, 2, 3, 2).mean((3, 5))),
]
