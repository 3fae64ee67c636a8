"""Blocks of images as columns, and columns added up to images."""

from __future__ import annotations

from ..autograd.op import Array, op


def block_counts(size, kernel, dilation, padding, stride):
    """How many blocks fit, down and across."""
    return [
        (n + 2 * p - d * (f - 1) - 1) // s + 1
        for n, f, d, p, s in zip(size, kernel, dilation, padding, stride)
    ]


def _places(kernel, dilation, stride, blocks):
    """For each element of the kernel, in order, where it lies in all blocks: a pair of slices."""
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            yield tuple(
                slice(at * d, at * d + (n - 1) * s + 1, s)
                for at, d, n, s in zip((i, j), dilation, blocks, stride)
            )


@op(public=False, method=False, node="Im2ColBackward0")
def im2col(k, x: Array, kernel, dilation, padding, stride):
    """The blocks of images (N, C, H, W) as columns: (N, C * kernel elements, blocks)."""
    n, c, *size = x.shape
    blocks = block_counts(size, kernel, dilation, padding, stride)
    wide = k.xp.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding))) if any(padding) else x
    columns = k.xp.empty((n, c, kernel[0] * kernel[1], *blocks), x.dtype)
    for i, (down, across) in enumerate(_places(kernel, dilation, stride, blocks)):
        columns[:, :, i] = wide[:, :, down, across]
    return columns.reshape(n, c * kernel[0] * kernel[1], blocks[0] * blocks[1])


im2col.vjp(
    x=lambda k, g, x_shape, kernel, dilation, padding, stride: k.col2im(
        g, x_shape[2:], kernel, dilation, padding, stride
    )
)


@op(public=False, method=False, node="Col2ImBackward0")
def col2im(k, x: Array, size, kernel, dilation, padding, stride):
    """Columns as `im2col` makes them, added up where they came from: images of `size`."""
    n, area = x.shape[0], kernel[0] * kernel[1]
    blocks = block_counts(size, kernel, dilation, padding, stride)
    columns = x.reshape(n, x.shape[1] // area, area, *blocks)
    (height, width), (top, left) = size, padding
    wide = k.xp.zeros((*columns.shape[:2], height + 2 * top, width + 2 * left), x.dtype)
    for i, (down, across) in enumerate(_places(kernel, dilation, stride, blocks)):
        wide[:, :, down, across] += columns[:, :, i]
    return wide[:, :, top : top + height, left : left + width]


col2im.vjp(
    x=lambda k, g, kernel, dilation, padding, stride: k.im2col(g, kernel, dilation, padding, stride)
)
