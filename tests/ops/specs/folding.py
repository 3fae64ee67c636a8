"""`unfold` and `fold` of images."""

from __future__ import annotations

import numpy as np

from ..spec import OpSpec


def blocks(x, size=2):
    """Blocks of 2 x 2 at stride 1, by NumPy's own sliding windows."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (2, 2), axis=(-2, -1))
    n, c, h, w = windows.shape[:4]
    return windows.transpose(0, 1, 4, 5, 2, 3).reshape(n, c * 4, h * w)


def images(columns, size, kernel, stride=2):
    """Blocks of 2 x 2 that do not overlap, put back side by side."""
    n, rows, _ = columns.shape
    parts = columns.reshape(n, rows // 4, 2, 2, 2, 3)
    return parts.transpose(0, 1, 4, 2, 5, 3).reshape(n, rows // 4, 4, 6)


SPECS = [
    OpSpec("nn.functional.unfold", (2, 2, 4, 3), args=(2,), ref=blocks),
    OpSpec("nn.functional.unfold", (1, 2, 5, 4), args=((2, 3), 2, (1, 2), (2, 1))),
    OpSpec("nn.functional.unfold", (2, 4, 3), args=(2,), ref=lambda x, size: blocks(x[None])[0]),
    OpSpec("nn.functional.fold", (2, 8, 6), args=((4, 6), 2), kwargs={"stride": 2}, ref=images),
    OpSpec("nn.functional.fold", (1, 8, 6), args=((4, 3), (2, 2))),
    OpSpec("nn.functional.fold", (8, 6), args=((4, 3), (2, 2))),
]
