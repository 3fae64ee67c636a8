"""Normalization."""

import numpy as np

from ..spec import OpSpec


def normal(x, axes, eps=1e-5):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


def channels(v, ndim):
    return v.reshape(-1, *(1,) * (ndim - 2))


def batch(x, w, b):
    return normal(x, (0, *range(2, x.ndim))) * channels(w, x.ndim) + channels(b, x.ndim)


def frozen(x, w, b):
    mean, var = np.array([1.0, -1, 0]), np.array([1.0, 4, 0.25])
    scaled = (x - channels(mean, x.ndim)) / np.sqrt(channels(var, x.ndim) + 1e-5)
    return scaled * channels(w, x.ndim) + channels(b, x.ndim)


def group(x, groups, w=None, b=None):
    y = normal(x.reshape(len(x), groups, -1), (2,)).reshape(x.shape)
    return y if w is None else y * channels(w, x.ndim) + channels(b, x.ndim)


def F():
    import tidu

    return tidu.nn.functional


def train(x, w, b):
    return F().batch_norm(x, None, None, w, b, True)


def evaluate(x, w, b):
    import tidu

    mean, var = tidu.tensor([1.0, -1, 0], dtype=x.dtype), tidu.tensor([1.0, 4, 0.25], dtype=x.dtype)
    return F().batch_norm(x, mean, var, w, b)


def row(name, *shapes, ref, id="", function=None, **options):
    return OpSpec(f"nn.functional.{name}", *shapes, ref=ref, id=id, function=function, tol=1e-8, **options)


SPECS = [
    row("batch_norm", (4, 3), (3,), (3,), ref=batch, function=train),
    row("batch_norm", (2, 3, 4, 2), (3,), (3,), ref=batch, function=train),
    row("batch_norm", (2, 3, 4), (3,), (3,), ref=frozen, function=evaluate, id="eval"),
    row("layer_norm", (2, 3, 4), (4,), (4,), function=lambda x, w, b: F().layer_norm(x, (4,), w, b),
        ref=lambda x, w, b: normal(x, (2,)) * w + b),
    row("layer_norm", (2, 3, 4), args=((3, 4),), ref=lambda x, _: normal(x, (1, 2))),
    row("group_norm", (2, 4, 3), (4,), (4,), function=lambda x, w, b: F().group_norm(x, 2, w, b),
        ref=lambda x, w, b: group(x, 2, w, b)),
    row("group_norm", (2, 6, 2, 2), args=(3,), ref=group),
    row("instance_norm", (2, 3, 4), ref=lambda x: normal(x, (2,))),
    row("rms_norm", (2, 3, 4), args=((4,),), kwargs={"eps": 1e-5},
        ref=lambda x, _: x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)),
    row("normalize", (2, 3), domain=(0.5, 2.0),
        ref=lambda x: x / np.sqrt((x * x).sum(1, keepdims=True))),
    row("local_response_norm", (1, 3, 2, 2), args=(3,), kwargs={"alpha": 0.3},
        ref=lambda x, n: x / (1 + 0.3 * np.stack([
            (x[:, max(c - 1, 0) : c + 2] ** 2).sum(1) / 3 for c in range(3)], 1)) ** 0.75),
]  # fmt: skip
