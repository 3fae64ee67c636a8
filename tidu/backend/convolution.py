"""Convolution over any number of spatial dimensions: the reference kernels.

All three come from one bilinear form, sum(g * conv(x, w)): `forward` leaves out g, `input_grad` x,
`weight_grad` w. Each unfolds a block of images into a matrix with one column for each output position
(as in Chellapilla et al., 2006, "im2col") and leaves the arithmetic to one matrix product a block.
Blocks are small enough for a cache to hold the matrix, which matters more than the size of the
product does.

Shapes: x (N, C, *size), w (O, C/groups, *kernel), g (N, O, *out). `stride`, `padding` and `dilation`
have one entry for each spatial dimension; padding is by zeros, the same on both sides.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .blas import one_thread

BLOCK_BYTES = 1 << 21  # of the unfolded matrix: about what a core's share of the cache holds


def out_size(size, kernel, stride, padding, dilation):
    """The spatial size of a convolution's result."""
    return tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(size, kernel, stride, padding, dilation)
    )


@one_thread
def forward(x, w, stride, padding, dilation, groups):
    """conv(x, w), of shape (N, O, *out)."""
    kernel = w.shape[2:]
    out = out_size(x.shape[2:], kernel, stride, padding, dilation)
    n, o, positions = len(x), len(w), math.prod(out)
    result = np.empty((n, o, positions), np.result_type(x, w))
    matrix = w.reshape(groups, o // groups, -1)
    for images, columns in _unfolded(x, kernel, stride, padding, dilation, groups, out):
        product = np.matmul(matrix, columns)  # (groups, O/groups, images * positions)
        product = product.reshape(o, -1, positions)
        result[images] = product.transpose(1, 0, 2)
    return result.reshape(n, o, *out)


@one_thread
def weight_grad(g, x, kernel, stride, padding, dilation, groups):
    """The gradient of sum(g * conv(x, w)) with respect to w."""
    o, c = g.shape[1], x.shape[1]
    total = np.zeros((groups, o // groups, c // groups * math.prod(kernel)), np.result_type(g, x))
    out = g.shape[2:]
    for images, columns in _unfolded(x, kernel, stride, padding, dilation, groups, out):
        rows = _channels_first(g[images], groups)
        total += np.matmul(rows, columns.swapaxes(1, 2))
    return total.reshape(o, c // groups, *kernel)


@one_thread
def input_grad(g, w, size, stride, padding, dilation, groups):
    """The gradient of sum(g * conv(x, w)) with respect to x, whose spatial size is `size`."""
    n, o = g.shape[:2]
    kernel, out = w.shape[2:], g.shape[2:]
    c = w.shape[1] * groups
    if all(s == 1 for s in stride):
        # Then it is itself a convolution, with the kernel turned round; copying windows is quicker
        # than adding them up.
        rest = tuple(d * (m - 1) - p for d, m, p in zip(dilation, kernel, padding))
        if min(rest) >= 0 and out_size(out, kernel, stride, rest, dilation) == tuple(size):
            turned = w[(slice(None), slice(None), *(slice(None, None, -1),) * len(kernel))]
            turned = turned.reshape(groups, o // groups, -1, *kernel).swapaxes(1, 2)
            return forward(g, turned.reshape(c, o // groups, *kernel), stride, rest, dilation, groups)
    padded = tuple(s + 2 * p for s, p in zip(size, padding))
    matrix = np.ascontiguousarray(w.reshape(groups, o // groups, -1).swapaxes(1, 2))
    dtype = np.result_type(g, w)
    result = np.empty((n, c, *size), dtype)
    inner = tuple(slice(p, p + s) for p, s in zip(padding, size))
    for images in _blocks(n, w.shape[1] * groups * math.prod(kernel) * math.prod(out) * dtype.itemsize):
        columns = np.matmul(matrix, _channels_first(g[images], groups))
        count = images.stop - images.start
        columns = columns.reshape(c, *kernel, count, *out)
        total = np.zeros((c, count, *padded), dtype)
        for offset in np.ndindex(*kernel):
            where = tuple(
                slice(k * d, k * d + s * (m - 1) + 1, s)
                for k, d, s, m in zip(offset, dilation, stride, out)
            )
            total[(slice(None), slice(None), *where)] += columns[(slice(None), *offset)]
        result[images] = total[(slice(None), slice(None), *inner)].swapaxes(0, 1)
    return result


def _channels_first(g, groups):
    """(N, O, *out) as (groups, O/groups, N * positions)."""
    n, o = g.shape[:2]
    return g.reshape(n, o, -1).transpose(1, 0, 2).reshape(groups, o // groups, -1)


def _blocks(n, bytes_each):
    """Slices of the images, such that a block's unfolded matrix stays within BLOCK_BYTES."""
    step = max(1, min(n, BLOCK_BYTES // max(1, bytes_each)))
    for start in range(0, n, step):
        yield slice(start, min(start + step, n))


def _unfolded(x, kernel, stride, padding, dilation, groups, out):
    """Blocks of images as matrices (groups, C/groups * prod(kernel), images * positions)."""
    n, c = x.shape[:2]
    padded = tuple(s + 2 * p for s, p in zip(x.shape[2:], padding))
    inner = tuple(slice(p, p + s) for p, s in zip(padding, x.shape[2:]))
    each = c * math.prod(kernel) * math.prod(out) * x.itemsize
    buffer = None
    for images in _blocks(n, each):
        count = images.stop - images.start
        if buffer is None or len(buffer) != count:
            buffer = np.zeros((count, c, *padded), x.dtype)
            columns = np.empty((c, *kernel, count, *out), x.dtype)
            strides = buffer.strides
            windows = as_strided(
                buffer,
                (c, *kernel, count, *out),
                (
                    strides[1],
                    *(s * d for s, d in zip(strides[2:], dilation)),
                    strides[0],
                    *(s * t for s, t in zip(strides[2:], stride)),
                ),
            )
        buffer[(slice(None), slice(None), *inner)] = x[images]
        np.copyto(columns, windows)
        yield images, columns.reshape(groups, -1, count * math.prod(out))
