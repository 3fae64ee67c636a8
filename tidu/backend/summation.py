"""Sums of floating-point numbers in the order in which PyTorch's CPU kernel adds.

Addition rounds, and so the last digits depend on the order. PyTorch reads a row in vectors of 32 bytes,
four of them side by side, and adds up runs of 16, then runs of 16 of those sums, and so on (a cascade:
the error grows with the logarithm of the length, as in pairwise summation; see Higham, "The accuracy of
floating point summation", 1993). At last come the elements that fill no vector, and then the lanes of
the vector, from left to right. NumPy can do the same with a few reductions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

VECTOR = 32  # bytes
SIDE_BY_SIDE = 4
RUN = 16
LEVELS = 4
LONGEST = 1 << 15  # above, PyTorch's order depends on the number of threads
ZERO = 0.0  # where sums begin: that of -0.0 and -0.0 is 0.0 (and an array of its own, no view)

add: Any = np.add.reduce
running_sum: Any = np.add.accumulate


def sum_rows(x):
    """The sums of the rows of a C-contiguous matrix of float32 or float64."""
    rows, n = x.shape
    width = VECTOR // x.itemsize
    vectors = n // width
    if not vectors:  # four sums side by side of single elements: x0 + x4 + x5 ..., x1, x2, x3
        if n <= SIDE_BY_SIDE:
            return add(x, 1)
        order = [0, *range(SIDE_BY_SIDE, n), *range(1, SIDE_BY_SIDE)]
        return running_sum(x[:, order], 1)[:, -1] + ZERO
    body = x[:, : vectors * width].reshape(rows, vectors, width)
    blocks = vectors // SIDE_BY_SIDE
    if blocks:
        whole = blocks * SIDE_BY_SIDE
        sums = _cascade(body[:, :whole].reshape(rows, blocks, SIDE_BY_SIDE * width))
        sums = sums.reshape(rows, SIDE_BY_SIDE, width)
        for i in range(whole, vectors):
            sums[:, 0] += body[:, i]
        lanes = add(sums, 1)
    else:
        lanes = add(body, 1)
    if vectors * width < n:
        lanes = np.concatenate([x[:, vectors * width :], lanes], 1)
    return running_sum(lanes, 1)[:, -1] + ZERO


def _cascade(x):
    """The sums over the middle axis: the rests of all levels, beginning with the lowest."""
    rests = []
    for _ in range(LEVELS - 1):
        n = x.shape[1]
        if n < RUN:
            break
        full = n // RUN * RUN
        if full < n:
            rests.append(add(x[:, full:], 1))
        x = add(x[:, :full].reshape(len(x), full // RUN, RUN, x.shape[2]), 2)
    rests.append(add(x, 1))
    total = rests[0]
    for rest in rests[1:]:
        total = total + rest
    return total
