"""Pooling: one number for each window of a signal, an image or a volume.

`dims` is the number of spatial dimensions, the last ones; before them come channels and, perhaps,
images. Windows are described by tuples with one entry for each spatial dimension. Every operation
here is linear once the places of the maxima are known, so that gradients come in pairs, each the
other's gradient.
"""

from __future__ import annotations

import math

import numpy as np

from .. import dtypes
from ..autograd.op import Array, op
from ..backend import pooling as kernels


def _batched(x, dims):
    """x with a dimension for images; a view."""
    return x if x.ndim == dims + 2 else x.reshape(1, *x.shape)


def _like(out, x):
    """The result without the dimension for images if x has none."""
    return out if out.ndim == x.ndim else out.reshape(out.shape[1:])


# The largest of each window


def _max_node(x, kernel, *rest):
    return f"MaxPool{len(kernel)}DWithIndicesBackward0"


@op(public=False, method=False, outputs=("out", "place"), differentiable=1, node=_max_node)
def max_pool(k, x: Array, kernel, stride, padding, dilation, ceil_mode):
    """The largest element of each window, and the number of its place in the window."""
    if x.dtype.kind in "bc":
        raise NotImplementedError(
            f"\"max_pool{len(kernel)}d\" not implemented for '{dtypes.of(x).title}'"
        )
    full = _batched(x, len(kernel))
    out, place = kernels.max_forward(full, kernel, stride, padding, dilation, ceil_mode)
    return _like(out, x), _like(place, x)


max_pool.vjp(
    x=lambda k, g, place, x_shape, kernel, stride, padding, dilation: k.max_pool_back(
        g, place, x_shape, kernel, stride, padding, dilation
    )
)


@op(public=False, method=False)
def max_pool_back(k, x: Array, place: Array, shape, kernel, stride, padding, dilation):
    """Each window's gradient at the place of its largest element; the shape is the input's."""
    dims = len(kernel)
    out = kernels.max_backward(
        _batched(x, dims), _batched(place, dims), shape[-dims:], kernel, stride, padding, dilation
    )
    return _like(out, x)


@op(public=False, method=False)
def max_pool_pick(k, x: Array, place: Array, kernel, stride, padding, dilation):
    """The elements of x at the given places of the windows."""
    dims = len(kernel)
    out = kernels.max_pick(
        _batched(x, dims), _batched(place, dims), kernel, stride, padding, dilation
    )
    return _like(out, x)


max_pool_back.vjp(
    x=lambda k, g, place, kernel, stride, padding, dilation: k.max_pool_pick(
        g, place, kernel, stride, padding, dilation
    )
)
max_pool_pick.vjp(
    x=lambda k, g, place, x_shape, kernel, stride, padding, dilation: k.max_pool_back(
        g, place, x_shape, kernel, stride, padding, dilation
    )
)


# The mean of each window


def _avg_node(x, kernel, *rest):
    return f"AvgPool{len(kernel)}DBackward0"


def _divisors(shape, kernel, stride, padding, out, count_include_pad, divisor_override):
    return kernels.divisors(
        shape[-len(kernel) :], kernel, stride, padding, out, count_include_pad, divisor_override
    )


@op(public=False, method=False, node=_avg_node)
def avg_pool(
    k, x: Array, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override
):
    """The sum of each window, divided by the number of its elements."""
    dims = len(kernel)
    if x.dtype.kind in "bc":
        kernel_name = "avg_pool3d_out_frame" if dims == 3 else "avg_pool2d"
        raise NotImplementedError(f"\"{kernel_name}\" not implemented for '{dtypes.of(x).title}'")
    full = _batched(x, dims)
    size = full.shape[2:]
    out = kernels.out_size(size, kernel, stride, padding, (1,) * dims, ceil_mode)
    total = kernels.sum_forward(full, kernel, stride, padding, out)
    by = _divisors(size, kernel, stride, padding, out, count_include_pad, divisor_override)
    if x.dtype.kind == "f":
        total /= np.asarray(by, x.dtype)
    else:
        total = np.trunc(total / by).astype(x.dtype)
    return _like(total, x)


@op(public=False, method=False)
def avg_pool_back(
    k, x: Array, shape, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override
):
    """Each window's gradient, shared among its elements; the shape is the input's."""
    dims = len(kernel)
    full = _batched(x, dims)
    by = _divisors(
        shape, kernel, stride, padding, full.shape[2:], count_include_pad, divisor_override
    )
    shares = full / np.asarray(by, x.dtype)
    return _like(kernels.sum_backward(shares, shape[-dims:], kernel, stride, padding), x)


avg_pool.vjp(
    x=lambda k, g, x_shape, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override: (
        k.avg_pool_back(
            g, x_shape, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override
        )
    )
)
avg_pool_back.vjp(
    x=lambda k, g, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override: k.avg_pool(
        g, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override
    )
)


# Windows that divide the input into a given number of parts


def _parts(n, m):
    """(start, end) of the m windows that cover n elements, as even as whole numbers allow."""
    return [(i * n // m, -((i + 1) * -n // m)) for i in range(m)]


_KERNELS = {1: "2d", 2: "2d", 3: "3d_cpu"}  # in PyTorch's messages, by the number of dimensions


def _adaptive_node(x, size):
    return f"AdaptiveAvgPool{len(size)}DBackward0"


@op(public=False, method=False, node=_adaptive_node)
def adaptive_avg_pool(k, x: Array, size):
    """The means of `size` windows that cover the input."""
    for axis, m in enumerate(size, x.ndim - len(size)):
        rows = np.moveaxis(x, axis, 0)
        out = np.empty((m, *rows.shape[1:]), x.dtype)
        for i, (start, end) in enumerate(_parts(len(rows), m)):
            np.mean(rows[start:end], 0, out=out[i])
        x = np.moveaxis(out, 0, axis)
    return np.ascontiguousarray(x)


@op(public=False, method=False)
def adaptive_avg_pool_back(k, x: Array, shape, size):
    """Each window's gradient, shared among its elements; the shape is the input's."""
    for axis, m in enumerate(size, x.ndim - len(size)):
        rows = np.moveaxis(x, axis, 0)
        out = np.zeros((shape[axis], *rows.shape[1:]), x.dtype)
        for i, (start, end) in enumerate(_parts(len(out), m)):
            out[start:end] += rows[i] / (end - start)
        x = np.moveaxis(out, 0, axis)
    return np.ascontiguousarray(x)


adaptive_avg_pool.vjp(x=lambda k, g, x_shape, size: k.adaptive_avg_pool_back(g, x_shape, size))
adaptive_avg_pool_back.vjp(x=lambda k, g, size: k.adaptive_avg_pool(g, size))


def _window_maxima(x, starts_and_ends):
    """The largest element of each of the windows (a list for each axis), and its flat position."""
    dims = len(starts_and_ends)
    lead, size = x.shape[:-dims], x.shape[-dims:]
    shape = tuple(len(windows) for windows in starts_and_ends)
    out = np.empty((*lead, *shape), x.dtype)
    indices = np.empty(out.shape, np.int64)
    for at in np.ndindex(*shape):
        windows = [parts[i] for parts, i in zip(starts_and_ends, at)]
        block = x[(..., *(slice(start, end) for start, end in windows))]
        inner = block.shape[-dims:]
        block = block.reshape(*lead, math.prod(inner))
        best = block.argmax(-1)
        out[(..., *at)] = np.take_along_axis(block, best[..., None], -1)[..., 0]
        where = np.unravel_index(best, inner)
        flat = 0
        for offset, (start, _), n in zip(where, windows, size):
            flat = flat * n + offset + start
        indices[(..., *at)] = flat
    return out, indices


def _adaptive_max_node(x, size):
    return f"AdaptiveMaxPool{len(size)}DBackward0"


@op(public=False, method=False, outputs=("out", "indices"), differentiable=1, node=_adaptive_max_node)
def adaptive_max_pool(k, x: Array, size):
    """The largest elements of `size` windows that cover the input, and their flat positions."""
    if x.dtype.kind != "f":
        raise NotImplementedError(
            f"\"adaptive_max_pool{_KERNELS[len(size)]}\" not implemented for '{dtypes.of(x).title}'"
        )
    return _window_maxima(x, [_parts(n, m) for n, m in zip(x.shape[-len(size) :], size)])


adaptive_max_pool.vjp(x=lambda k, g, indices, x_shape, size: k.plane_add(g, indices, x_shape, len(size)))


def _fractional_node(x, kernel, size, samples):
    return f"FractionalMaxPool{len(kernel)}DBackward0"


@op(public=False, method=False, outputs=("out", "indices"), differentiable=1, node=_fractional_node)
def fractional_max_pool(k, x: Array, kernel, size, samples: Array):
    """The largest elements of windows that start at random, evenly spread places.

    `samples` (N, C, dims) are uniform numbers: one start for each image, channel and dimension. As
    in PyTorch, an image's width comes before its height, but a volume's depth comes first.
    (Graham, Fractional max-pooling, 2014.)
    """
    dims = len(kernel)
    full = _batched(x, dims)
    samples = samples.reshape(-1, full.shape[1], dims)  # may be for more images than there are
    out = np.empty((*full.shape[:2], *size), x.dtype)
    indices = np.empty(out.shape, np.int64)
    for at in np.ndindex(*full.shape[:2]):
        windows = [
            _random_parts(n, m, width, samples[at][1 - i if dims == 2 else i])
            for i, (n, m, width) in enumerate(zip(full.shape[2:], size, kernel))
        ]
        out[at], indices[at] = _window_maxima(full[at], windows)
    return _like(out, x), _like(indices, x)


def _random_parts(n, m, width, sample):
    if m == 1:
        return [(n - width, n)]
    alpha = sample.dtype.type((n - width) / (m - 1))
    starts = [int((i + sample) * alpha) - int(sample * alpha) for i in range(m - 1)] + [n - width]
    return [(start, start + width) for start in starts]


fractional_max_pool.vjp(
    x=lambda k, g, indices, x_shape, kernel: k.plane_add(g, indices, x_shape, len(kernel))
)


# Elements by their flat positions in a plane


def _planes(x, dims):
    lead = x.ndim - dims
    return x.reshape(math.prod(x.shape[:lead]), math.prod(x.shape[lead:]))


@op(public=False, method=False)
def plane_add(k, x: Array, indices: Array, shape, dims):
    """The elements of x, each added to a zero at its position; the rest of `shape` stays zero."""
    out = np.zeros(shape, x.dtype)
    planes, where = _planes(out, dims), _planes(indices, dims)
    np.add.at(planes, (np.arange(len(planes))[:, None], where), _planes(x, dims))
    return out


@op(public=False, method=False)
def plane_pick(k, x: Array, indices: Array, dims):
    """The elements of x at these positions."""
    picked = np.take_along_axis(_planes(x, dims), _planes(indices, dims), 1)
    return picked.reshape(indices.shape)


plane_add.vjp(x=lambda k, g, indices, dims: k.plane_pick(g, indices, dims))
plane_pick.vjp(x=lambda k, g, indices, x_shape, dims: k.plane_add(g, indices, x_shape, dims))


def _unpool_node(x, indices, size):
    return f"MaxUnpool{len(size)}DBackward0"


@op(public=False, method=False, node=_unpool_node)
def max_unpool(k, x: Array, indices: Array, size):
    """The elements of x at their positions in planes of `size`, zero elsewhere."""
    dims, positions = len(size), math.prod(size)
    wrong = (indices < 0) | (indices >= positions)
    if wrong.any():
        raise RuntimeError(
            f"Found an invalid max index: {indices[wrong][-1]} (output volumes are of size "
            f"{'x'.join(map(str, size))})"
        )
    out = np.zeros((*x.shape[: x.ndim - dims], *size), x.dtype)
    np.put_along_axis(_planes(out, dims), _planes(indices, dims), _planes(x, dims), 1)
    return out


max_unpool.vjp(x=lambda k, g, indices, size: k.plane_pick(g, indices, len(size)))
