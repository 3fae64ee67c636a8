"""Losses. Classes are fixed; gradients go to scores, and to targets that are numbers."""

import numpy as np

from ..spec import Fixed, OpSpec

LABELS = [0, 2, 1]


def log_softmax(x):
    return x - np.log(np.exp(x).sum(1, keepdims=True))


def reduced(ref, reduction="mean", **kwargs):
    def call(*args):
        values = ref(*args, **kwargs)
        return values if reduction == "none" else getattr(values, reduction)()

    return call


def rows(name, *shapes, ref, **options):
    kwargs = options.pop("kwargs", {})
    return [
        OpSpec(
            f"nn.functional.{name}", *shapes, ref=reduced(ref, **kwargs, **more),
            kwargs={**kwargs, **more}, **options,
        )
        for more in ({}, {"reduction": "sum"}, {"reduction": "none"})
    ]


def entropy(x, t):
    return -(t * np.log(x) + (1 - t) * np.log(1 - x))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def nll(x, t):
    return -np.take_along_axis(x, t[:, None], 1)[:, 0]


def huber(x, y, delta):
    d = abs(x - y)
    return np.where(d < delta, d * d / 2, delta * (d - delta / 2))


def smooth(x, t, amount=0.3):
    logs = log_softmax(x)
    return (1 - amount) * nll(logs, t) - amount * logs.mean(1)


def distance(a, b, p=2):
    return (abs(a - b + 1e-6) ** p).sum(-1) ** (1 / p)


SPECS = [
    *rows("l1_loss", (3, 4), (3, 4), ref=lambda x, y: abs(x - y)),
    *rows("mse_loss", (3, 4), (3, 4), ref=lambda x, y: (x - y) ** 2),
    *rows("smooth_l1_loss", (3, 4), (3, 4), ref=lambda x, y, beta: huber(x, y, beta) / beta,
          kwargs={"beta": 0.7}),
    *rows("huber_loss", (3, 4), (3, 4), ref=huber, kwargs={"delta": 0.7}),
    *rows("soft_margin_loss", (3,), args=(Fixed([1.0, -1, 1]),),
          ref=lambda x, y: np.log(1 + np.exp(-x * y))),
    *rows("nll_loss", (3, 4), args=(Fixed(LABELS),), ref=nll),
    *rows("nll_loss", (3, 4, 1), args=(Fixed([[i] for i in LABELS]),), ref=nll),
    *rows("cross_entropy", (3, 4), args=(Fixed(LABELS),), ref=lambda x, t: nll(log_softmax(x), t)),
    *rows("cross_entropy", (3, 4), args=(Fixed(LABELS),), kwargs={"label_smoothing": 0.3},
          ref=lambda x, t, label_smoothing: smooth(x, t, label_smoothing)),
    *rows("binary_cross_entropy", (3, 2), (3, 2), domain=(0.1, 0.9), ref=entropy),
    *rows("binary_cross_entropy_with_logits", (3, 2), (3, 2), domain=((-2.0, 2.0), (0.1, 0.9)),
          ref=lambda x, t: entropy(sigmoid(x), t)),
    *rows("kl_div", (3, 2), (3, 2), domain=((-2.0, 2.0), (0.1, 0.9)),
          ref=lambda x, t: t * (np.log(t) - x))[1:],
    *rows("poisson_nll_loss", (3,), (3,), domain=(0.5, 2.0), ref=lambda x, t: np.exp(x) - t * x),
    *rows("gaussian_nll_loss", (3,), (3,), (3,), domain=(0.5, 2.0),
          ref=lambda x, t, v: (np.log(v) + (x - t) ** 2 / v) / 2),
    *rows("hinge_embedding_loss", (4,), args=(Fixed([1, -1, 1, -1]),),
          ref=lambda x, y: np.where(y == 1, x, np.maximum(0, 1 - x))),
    *rows("margin_ranking_loss", (3,), (3,), args=(Fixed([1.0, -1, 1]), 0.5),
          ref=lambda a, b, y, m: np.maximum(0, -y * (a - b) + m)),
    *rows("triplet_margin_loss", (3, 2), (3, 2), (3, 2),
          ref=lambda a, p, n: np.maximum(0, distance(a, p) - distance(a, n) + 1)),
    *rows("multi_margin_loss", (3, 4), args=(Fixed(LABELS),), kwargs={"p": 2},
          ref=lambda x, t, p: (np.maximum(0, 1 + nll(x, t)[:, None] + x) ** p).sum(1) / 4 - 1 / 4),
    *rows("multilabel_margin_loss", (1, 3), args=(Fixed([[1, -1, 0]]),), order=1,
          ref=lambda x, t: np.maximum(0, 1 - x[:, 1:2] + x[:, [0, 2]]).sum(1) / 3),
    *rows("multilabel_soft_margin_loss", (2, 3), args=(Fixed([[1.0, 0, 1], [0, 0, 1]]),),
          ref=lambda x, t: entropy(sigmoid(x), t).mean(1)),
    OpSpec("nn.functional.cosine_similarity", (3, 4), (3, 4),
           ref=lambda a, b: (a * b).sum(1) / np.sqrt((a * a).sum(1) * (b * b).sum(1))),
    OpSpec("nn.functional.pairwise_distance", (3, 4), (3, 4), ref=distance),
]  # fmt: skip
