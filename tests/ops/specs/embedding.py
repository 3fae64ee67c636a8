"""Rows of a table by number."""

from ..spec import Fixed, OpSpec

INDICES = [[0, 3, 3], [1, 0, 3]]


def lookup(weight, indices, *_, **__):
    return weight[indices]


def picked(weight, indices, **kwargs):
    import tidu

    return tidu.nn.functional.embedding(indices, weight, **kwargs)


SPECS = [
    OpSpec("embedding", (4, 2), args=(Fixed(INDICES),), ref=lookup),
    OpSpec("embedding", (4, 2), args=(Fixed(2),), ref=lookup, id="0-d"),
    OpSpec("nn.functional.embedding", (4, 2), args=(Fixed(INDICES),), function=picked, ref=lookup),
]
