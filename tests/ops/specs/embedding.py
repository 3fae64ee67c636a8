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


def bagged(combine):
    def ref(weight, factors=None):
        rows = weight[FLAT] * (1 if factors is None else factors[:, None])
        return np.stack([combine(rows[:3], 0), np.zeros(2), combine(rows[3:], 0)])

    return ref


def bag_row(mode, combine, *shapes):
    return OpSpec(
        "nn.functional.embedding_bag", *shapes, kwargs={"mode": mode}, function=bags,
        ref=bagged(combine),
    )  # fmt: skip


SPECS = [
    OpSpec("embedding", (4, 2), args=(Fixed(INDICES),), ref=lookup),
    OpSpec("embedding", (4, 2), args=(Fixed(2),), ref=lookup, id="0-d"),
    OpSpec("nn.functional.embedding", (4, 2), args=(Fixed(INDICES),), function=picked, ref=lookup),
    bag_row("sum", np.sum, (4, 2)),
    bag_row("mean", np.mean, (4, 2)),
    bag_row("max", np.max, (4, 2)),
    bag_row("sum", np.sum, (4, 2), (6,)),
]
