"""Covariances, distances of rows; sums that undo `expand`."""

from __future__ import annotations

import numpy as np

from ..spec import Fixed, OpSpec


def distances(x):
    rows, others = np.triu_indices(len(x), 1)
    return np.sqrt(((x[rows] - x[others]) ** 2).sum(-1))


COUNTS, WORTH = [1, 2, 0, 3, 1], [0.5, 1.0, 2.0, 0.25, 1.0]

SPECS = [
    OpSpec("cov", (3, 5), ref=np.cov, method="cov"),
    OpSpec("cov", (5,), ref=np.cov),
    OpSpec("cov", (3, 5), kwargs={"correction": 0}, ref=lambda x: np.cov(x, ddof=0)),
    OpSpec("cov", (3, 5), kwargs={"fweights": Fixed(COUNTS), "aweights": Fixed(np.array(WORTH))},
           ref=lambda x: np.cov(x, fweights=COUNTS, aweights=WORTH)),
    OpSpec("cov", (3, 5), complex=True, ref=np.cov),
    OpSpec("corrcoef", (3, 5), ref=np.corrcoef, method="corrcoef"),
    OpSpec("pdist", (4, 3), ref=distances),
    OpSpec("sum_to_size", (2, 3), function=lambda x: x.sum_to_size(1, 3),
           ref=lambda x: x.sum(0, keepdims=True)),
    OpSpec("sum_to_size", (2, 3), function=lambda x: x.sum_to_size(3), ref=lambda x: x.sum(0),
           id="fewer"),
    OpSpec("vander", (3,), ref=np.vander),
    OpSpec("constant_pad_nd", (2, 3), args=((1, 2), 3.0),
           ref=lambda x, pad, value: np.pad(x, ((0, 0), pad), constant_values=value)),
    OpSpec("fill_diagonal_", (2, 3), function=lambda x: (x * 1).fill_diagonal_(5.0),
           ref=lambda x: np.where(np.eye(2, 3) > 0, 5.0, x)),
    OpSpec("unsafe_chunk", (4, 3), function=lambda x: x.unsafe_chunk(2)[1], ref=lambda x: x[2:]),
]  # fmt: skip
