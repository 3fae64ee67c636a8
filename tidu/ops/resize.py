"""Resizing of signals, images and volumes.

Along each axis every result is a weighted sum of a few inputs, a linear map, which a table of
places and weights describes ("taps"). The gradient is the transposed map, described the same way.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .. import dtypes
from ..autograd.op import Array, op
from ..backend.table import FORWARDS

MODES = {
    "nearest": "Nearest", "nearest-exact": "NearestExact", "linear": "Linear",
    "bilinear": "Bilinear", "trilinear": "Trilinear", "bicubic": "Bicubic", "lanczos": "Lanczos",
}  # fmt: skip


def _node(x, size, mode, align_corners, scales, antialias):
    return f"Upsample{MODES[mode]}{len(size)}D{'Aa' if antialias else ''}Backward0"


@op(public=False, method=False, node=_node)
def resize(k, x: Array, size, mode, align_corners, scales, antialias):
    """The last dimensions of x brought to `size`; `scales` are the user's factors, or None."""
    _check(x, size, mode, antialias)
    return _along_axes(k, x, x.shape[-len(size) :], size, mode, align_corners, scales, antialias, False)


resize.vjp(
    x=lambda k, g, x_shape, size, mode, align_corners, scales, antialias: k.resize_back(
        g, tuple(x_shape[-len(size) :]), size, mode, align_corners, scales, antialias
    )
)


@op(public=False, method=False)
def resize_back(k, x: Array, shape, size, mode, align_corners, scales, antialias):
    """The transpose of `resize` from `shape` to `size`."""
    return _along_axes(k, x, shape, size, mode, align_corners, scales, antialias, True)


resize_back.vjp(
    x=lambda k, g, size, mode, align_corners, scales, antialias: k.resize(
        g, size, mode, align_corners, scales, antialias
    )
)


def _along_axes(k, x, shape, size, mode, align_corners, scales, antialias, transposed):
    dtype = x.dtype
    real = np.dtype("float64" if dtype == np.float64 else "float32")
    if not mode.startswith("nearest"):
        x = x.astype(real, copy=False)
    taps = transposed_taps if transposed else forward_taps
    copied = mode.startswith("nearest") and not transposed
    for i in range(len(size))[:: -1 if copied else 1]:  # whole rows are copied last
        axis = x.ndim - len(size) + i
        scale = scales[i] if scales else None
        x = k.resample(x, axis, *taps(mode, shape[i], size[i], align_corners, scale, antialias, real))
    if dtype.kind == "u" and x.dtype != dtype:
        x = np.clip(np.rint(x), 0, 255)
    return x.astype(dtype, copy=False)


def resample(k, x, axis, places, weights):
    """One axis of x replaced by the sums over `places` (n, taps), weighted unless it is one each."""
    n, taps = places.shape
    column = (n,) + (1,) * (x.ndim - 1 - axis)
    if weights is None:
        return x.take(places[:, 0], axis)
    if taps > 8:  # by then a product with a dense matrix is faster than taking piece by piece
        matrix = np.zeros((n, x.shape[axis]), weights.dtype)
        np.add.at(matrix, (np.arange(n)[:, None], places), weights)
        return np.moveaxis(np.tensordot(x, matrix, (axis, 1)), -1, axis)
    out = x.take(places[:, 0], axis) * weights[:, 0].reshape(column)
    for t in range(1, taps):
        out += x.take(places[:, t], axis) * weights[:, t].reshape(column)
    return out


FORWARDS["resample"] = resample


@lru_cache(256)
def forward_taps(mode, n_in, n_out, align_corners, scale, antialias, real):
    """(places, weights), each (n_out, taps): what of the input goes into each result."""
    if n_in == n_out and (antialias or mode.endswith("linear")):
        scale = None  # PyTorch leaves such an axis as it is, whatever the factor
    step = _step(n_in, n_out, align_corners, scale, real)
    at = np.arange(n_out).astype(real)
    if mode.startswith("nearest"):
        shift = real.type(0.5 if mode == "nearest-exact" else 0)
        places = np.minimum(np.floor((at + shift) * step), n_in - 1).astype(np.int64)
        return places[:, None], None
    if antialias:
        return _filtered(mode, n_in, n_out, step, real)
    centre = at * step if align_corners else (at + real.type(0.5)) * step - real.type(0.5)
    if mode == "bicubic":
        first = np.floor(centre)
        offsets = np.arange(-1, 3)
        weights = _cubic(np.abs((centre - first)[:, None] - offsets.astype(real)), -0.75)
    else:
        centre = np.maximum(centre, 0)
        first = np.minimum(np.floor(centre), n_in - 1)
        offsets = np.arange(2)
        part = np.clip(centre - first, 0, 1)[:, None]
        weights = np.concatenate([1 - part, part], 1)
    places = np.clip(first.astype(np.int64)[:, None] + offsets, 0, n_in - 1)
    return places, weights.astype(real)


@lru_cache(256)
def transposed_taps(mode, n_in, n_out, align_corners, scale, antialias, real):
    """(places, weights), each (n_in, taps): which results each element of the input went into."""
    places, weights = forward_taps(mode, n_in, n_out, align_corners, scale, antialias, real)
    if weights is None:
        weights = np.ones(places.shape, real)
    order = np.argsort(places, axis=None, kind="stable")
    sources = places.reshape(-1)[order]
    counts = np.bincount(sources, minlength=n_in)
    nth = np.arange(order.size) - np.repeat(np.cumsum(counts) - counts, counts)
    back = np.zeros((n_in, max(counts.max(initial=1), 1)), np.int64)
    factors = np.zeros(back.shape, real)
    back[sources, nth] = order // places.shape[1]
    factors[sources, nth] = weights.reshape(-1)[order]
    return back, factors


def _step(n_in, n_out, align_corners, scale, real):
    """How far apart in the input two neighbouring results lie."""
    if align_corners:
        return real.type(n_in - 1) / real.type(n_out - 1) if n_out > 1 else real.type(0)
    if scale is not None and scale > 0:
        return real.type(1.0 / scale)
    return real.type(n_in) / real.type(n_out)


def _filtered(mode, n_in, n_out, step, real):
    """Taps of a filter that widens with the step, so that small structures are averaged out."""
    filter, width = _FILTERS[mode]
    wide = max(step, real.type(1))
    support = width * wide
    centre = step * (np.arange(n_out).astype(real) + real.type(0.5))
    first = np.maximum(np.trunc(centre - support + 0.5), 0).astype(np.int64)
    end = np.minimum(np.trunc(centre + support + 0.5), n_in).astype(np.int64)
    offsets = np.arange(max((end - first).max(initial=1), 1))
    places = first[:, None] + offsets
    weights = filter(np.abs(places - centre[:, None] + 0.5) / wide)
    weights = np.where(places < end[:, None], weights, 0)
    total = weights.sum(1, keepdims=True)
    weights = np.divide(weights, total, out=weights, where=total != 0)
    return np.minimum(places, n_in - 1), weights.astype(real)


def _triangle(d):
    return np.maximum(1 - d, 0)


def _cubic(d, a=-0.5):
    """Keys' cubic convolution kernel (1981) at distances d."""
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return np.where(d < 1, near, np.where(d < 2, far, 0))


def _lanczos(d):
    return np.where(d < 3, np.sinc(d) * np.sinc(d / 3), 0)


_FILTERS = {"bilinear": (_triangle, 1), "bicubic": (_cubic, 2), "lanczos": (_lanczos, 3)}  # half widths


def _check(x, size, mode, antialias):
    """What PyTorch refuses."""
    dims = len(size)
    shape = x.shape[-dims:]
    if min(*shape, *size) <= 0:
        names = "DHW"[-dims:]
        had = ", ".join(f"{c}: {n}" for c, n in zip(names, shape))
        wanted = ", ".join(f"{c}: {n}" for c, n in zip(names, size))
        joined = " and" if dims == 1 else ""
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input ({had}){joined} output "
            f"({wanted})"
        )
    if x.shape[1] == 0:
        raise RuntimeError(
            f"Non-empty {x.ndim}D data tensor expected but got a tensor with sizes {list(x.shape)}"
        )
    nearest = mode.startswith("nearest")
    if x.dtype.kind != "f" and not (x.dtype == np.uint8 and (nearest or dims == 2)):
        if dims == 2 and nearest:
            kernel = "upsample_nearest2d_channels_last"
        elif mode == "bilinear" and not antialias:
            kernel = "upsample_bilinear2d_channels_last"
        else:
            kind = "nearest" if nearest else "cubic" if mode == "bicubic" else "linear"
            kernel = "compute_index_ranges_weights" if antialias else f"compute_indices_weights_{kind}"
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtypes.of(x).title}'")
