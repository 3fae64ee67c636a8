"""Pooling, against loops over windows."""

import numpy as np

from ..spec import Fixed, OpSpec


def windows(x, kernel, stride, padding, fill, dilation=None):
    """All windows of the last dimensions, as (*lead, *out, *kernel)."""
    dims = len(kernel)
    dilation = dilation or (1,) * dims
    lead = [(0, 0)] * (x.ndim - dims)
    x = np.pad(x, [*lead, *((p, p) for p in padding)], constant_values=fill)
    out = [
        (n - d * (k - 1) - 1) // s + 1
        for n, k, s, d in zip(x.shape[-dims:], kernel, stride, dilation)
    ]
    found = np.empty((*x.shape[:-dims], *out, *kernel))
    for at in np.ndindex(*out):
        index = tuple(
            slice(a * s, a * s + d * (k - 1) + 1, d)
            for a, s, d, k in zip(at, stride, dilation, kernel)
        )
        found[(*(slice(None),) * (x.ndim - dims), *at)] = x[(..., *index)]
    return found


def pool(kind, dims, shape, kernel, stride=None, padding=None, dilation=None, **kwargs):
    stride, padding = stride or kernel, padding or (0,) * dims
    over = tuple(range(-dims, 0))

    def ref(x, *_, **__):
        if kind == "max":
            return windows(x, kernel, stride, padding, -np.inf, dilation).max(over)
        found = windows(x, kernel, stride, padding, 0)
        if kwargs.get("count_include_pad", True):
            return found.sum(over) / kwargs.get("divisor_override", np.prod(kernel))
        inside = windows(np.ones_like(x), kernel, stride, padding, 0)
        return found.sum(over) / inside.sum(over)

    options = {"kernel_size": kernel, "stride": stride, "padding": padding, **kwargs}
    if dilation:
        options["dilation"] = dilation
    return OpSpec(f"nn.functional.{kind}_pool{dims}d", shape, kwargs=options, ref=ref, distinct=True)


def parts(n, m):
    return [(i * n // m, -(-(i + 1) * n // m)) for i in range(m)]


def adaptive(kind, dims, shape, size):
    def ref(x, _):
        for axis, m in zip(range(-dims, 0), size):
            slices = [x.take(range(a, b), axis) for a, b in parts(x.shape[axis], m)]
            reduce = np.max if kind == "max" else np.mean
            x = np.stack([reduce(s, axis) for s in slices], axis)
        return x

    argument = size[0] if dims == 1 else size
    return OpSpec(
        f"nn.functional.adaptive_{kind}_pool{dims}d", shape, args=(argument,), ref=ref, distinct=True
    )


SPECS = [
    pool("max", 1, (2, 3, 7), (3,), (2,), (1,)),
    pool("max", 2, (2, 2, 6, 4), (2, 2)),
    pool("max", 2, (1, 2, 7, 6), (3, 2), (2, 1), (1, 1)),
    pool("max", 2, (2, 7, 7), (2, 3), (1, 2), None, (2, 2)),
    pool("max", 3, (1, 2, 4, 4, 3), (2, 2, 2), (1, 2, 1)),
    pool("avg", 1, (2, 3, 7), (3,), (2,), (1,)),
    pool("avg", 2, (2, 2, 6, 4), (2, 2)),
    pool("avg", 2, (1, 2, 7, 6), (3, 2), (2, 1), (1, 1), count_include_pad=False),
    pool("avg", 2, (2, 6, 5), (3, 2), (1, 2), divisor_override=5),
    pool("avg", 3, (1, 2, 4, 4, 3), (2, 2, 2), (1, 2, 1)),
    adaptive("avg", 1, (2, 3, 7), (3,)),
    adaptive("avg", 2, (2, 2, 5, 7), (3, 4)),
    adaptive("avg", 2, (2, 2, 3), (5, 1)),
    adaptive("avg", 3, (1, 2, 4, 5, 3), (2, 3, 2)),
    adaptive("max", 1, (2, 3, 7), (3,)),
    adaptive("max", 2, (2, 2, 5, 7), (3, 4)),
    adaptive("max", 3, (1, 2, 4, 5, 3), (2, 3, 2)),
    OpSpec(
        "nn.functional.lp_pool1d", (1, 2, 6), args=(3.0, 2), domain=(0.5, 2.0),
        ref=lambda x, p, k: (windows(x, (k,), (k,), (0,), 0) ** p).sum(-1) ** (1 / p),
    ),
    OpSpec(
        "nn.functional.max_unpool2d", (1, 1, 2, 2),
        args=(Fixed([[[[0, 3], [9, 14]]]]), 2),
        ref=lambda x, at, k: np.bincount(at.ravel(), x.ravel(), 16).reshape(1, 1, 4, 4),
    ),
]  # fmt: skip
