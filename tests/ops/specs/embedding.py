"""Rows of a table by number."""

import numpy as np

from ..spec import Fixed, OpSpec

INDICES = [[0, 3, 3], [1, 0, 3]]


def lookup(weight, indices, *_, **__):
    return weight[indices]


def picked(weight, indices, **kwargs):
    import tidu

    return tidu.nn.functional.embedding(indices, weight, **kwargs)


BAGS = [0, 3, 3]  # of the numbers below: three, none, three
FLAT = [0, 3, 3, 1, 0, 3]


def bags(weight, *factors, **kwargs):
    import tidu

    given = {"per_sample_weights": factors[0]} if factors else {}
    numbers, offsets = tidu.tensor(FLAT), tidu.tensor(BAGS)
    return tidu.nn.functional.embedding_bag(numbers, weight, offsets, **given, **kwargs)


def bagged(weight, factors=np.ones(6), mode="mean"):
    rows = weight[FLAT] * factors[:, None]
    combine = {"sum": np.sum, "mean": np.mean, "max": np.max}[mode]
    return np.stack([combine(rows[:3], 0), np.zeros(weight.shape[1]), combine(rows[3:], 0)])


SPECS = [
    OpSpec("embedding", (4, 2), args=(Fixed(INDICES),), ref=lookup),
    OpSpec("embedding", (4, 2), args=(Fixed(2),), ref=lookup, id="0-d"),
    OpSpec("nn.functional.embedding", (4, 2), args=(Fixed(INDICES),), function=picked, ref=lookup),
    *(
        OpSpec("nn.functional.embedding_bag", (4, 2), kwargs={"mode": m}, function=bags, ref=bagged)
        for m in ("sum", "mean", "max")
    ),
    OpSpec(
        "nn.functional.embedding_bag", (4, 2), (6,), kwargs={"mode": "sum"}, function=bags, ref=bagged
    ),
]
