"""Order and distinct values."""

from __future__ import annotations

import numpy as np

from ..spec import OpSpec

SPECS = [
    OpSpec("sort", (3, 4), ref=lambda x: (np.sort(x), np.argsort(x)), distinct=True, method="sort"),
    OpSpec("sort", (3, 4), args=(0, True), distinct=True,
           ref=lambda x, d, r: (-np.sort(-x, d), np.argsort(-x, d))),
    OpSpec("argsort", (3, 4), ref=np.argsort, distinct=True, order=0, method="argsort"),
    OpSpec("msort", (3, 4), ref=lambda x: np.sort(x, 0), distinct=True),
    OpSpec("topk", (3, 5), args=(2,), distinct=True, method="topk",
           ref=lambda x, k: (-np.sort(-x)[:, :k], np.argsort(-x)[:, :k])),
    OpSpec("topk", (40,), args=(3,), kwargs={"largest": False}, distinct=True,
           function=None),
    OpSpec("unique", (2, 3), ref=np.unique, order=0, method="unique"),
    OpSpec("unique_consecutive", (5,), ref=lambda x: x, order=0, distinct=True),
    OpSpec("histc", (20,), kwargs={"bins": 4, "min": -2, "max": 2}, order=0,
           ref=lambda x: np.histogram(x, 4, (-2, 2))[0]),
]  # fmt: skip
