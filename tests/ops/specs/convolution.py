"""Convolutions and their transposes, against sums written out over the kernel's places."""

from functools import partial

import numpy as np

from ..spec import OpSpec


def entries(value, dims):
    return (value,) * dims if isinstance(value, int) else tuple(value)


def convolve(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    dims = w.ndim - 2
    stride, padding, dilation = (entries(v, dims) for v in (stride, padding, dilation))
    x = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)])
    out = [
        (n - d * (k - 1) - 1) // s + 1
        for n, k, s, d in zip(x.shape[2:], w.shape[2:], stride, dilation)
    ]
    rows, columns = len(w) // groups, x.shape[1] // groups
    total = np.zeros((len(x), len(w), *out))
    for group in range(groups):
        o, c = slice(group * rows, (group + 1) * rows), slice(group * columns, (group + 1) * columns)
        for place in np.ndindex(*w.shape[2:]):
            at = tuple(
                slice(k * d, k * d + s * (m - 1) + 1, s)
                for k, d, s, m in zip(place, dilation, stride, out)
            )
            total[:, o] += np.einsum("nc...,oc->no...", x[(slice(None), c, *at)], w[(o, slice(None), *place)])
    return total if b is None else total + b.reshape(-1, *(1,) * dims)


def transposed(x, w, b=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    dims = w.ndim - 2
    stride, padding, more, dilation = (
        entries(v, dims) for v in (stride, padding, output_padding, dilation)
    )
    size = [
        (n - 1) * s + d * (k - 1) + 1 + o
        for n, k, s, d, o in zip(x.shape[2:], w.shape[2:], stride, dilation, more)
    ]
    rows, columns = x.shape[1] // groups, w.shape[1]
    total = np.zeros((len(x), columns * groups, *size))
    for group in range(groups):
        i, o = slice(group * rows, (group + 1) * rows), slice(group * columns, (group + 1) * columns)
        for place in np.ndindex(*w.shape[2:]):
            at = tuple(
                slice(k * d, k * d + s * (n - 1) + 1, s)
                for k, d, s, n in zip(place, dilation, stride, x.shape[2:])
            )
            total[(slice(None), o, *at)] += np.einsum("ni...,io->no...", x[:, i], w[(i, slice(None), *place)])
    total = total[(..., *(slice(p, n - p) for p, n in zip(padding, size)))]
    return total if b is None else total + b.reshape(-1, *(1,) * dims)


def conv(dims, *shapes, ref=convolve, name="conv", **kwargs):
    return OpSpec(f"nn.functional.{name}{dims}d", *shapes, kwargs=kwargs, ref=partial(ref, **kwargs))


def back(dims, *shapes, **kwargs):
    return conv(dims, *shapes, ref=transposed, name="conv_transpose", **kwargs)


SPECS = [
    conv(1, (2, 3, 7), (4, 3, 3), (4,), stride=2, padding=1),
    conv(1, (1, 4, 6), (2, 2, 2), groups=2, dilation=2),
    conv(2, (2, 3, 5, 6), (4, 3, 3, 2), (4,)),
    conv(2, (1, 2, 5, 5), (3, 2, 3, 3), stride=(2, 1), padding=(1, 2), dilation=(1, 2)),
    conv(2, (2, 4, 4, 5), (4, 1, 2, 2), (4,), groups=4),
    conv(2, (1, 1, 2, 2), (1, 1, 2, 2)),
    conv(3, (1, 2, 4, 3, 4), (2, 2, 2, 2, 3), (2,), padding=1, stride=(1, 2, 1)),
    OpSpec(
        "nn.functional.conv2d", (2, 5, 5), (3, 2, 3, 3), kwargs={"padding": "same"},
        ref=lambda x, w: convolve(x[None], w, padding=1)[0],
    ),
    OpSpec(
        "nn.functional.conv1d", (1, 2, 6), (3, 2, 3), kwargs={"padding": "valid"},
        ref=lambda x, w: convolve(x, w),
    ),
    back(1, (2, 3, 4), (3, 2, 3), (2,), stride=2, padding=1, output_padding=1),
    back(1, (1, 4, 3), (4, 2, 2), groups=2, dilation=2),
    back(2, (2, 3, 3, 4), (3, 2, 3, 2), (2,), stride=(1, 2), dilation=(2, 1)),
    back(2, (1, 2, 3, 3), (2, 2, 2, 2), stride=2, dilation=4, output_padding=3),
    back(3, (1, 2, 2, 3, 2), (2, 1, 2, 2, 2), padding=1, stride=2),
]  # fmt: skip
