"""Handwritten digits that ship with the package; `digits.NOTICE.md` names their source."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import tidu
from tidu.utils.data import TensorDataset


class Digits(TensorDataset):
    """1,797 scans of handwritten digits, in memory and without a download.

    Item `i` is an image, float32 of shape (1, 8, 8) from 0 (paper) to 1 (ink), and its digit, a
    0-d int64 tensor. Every fifth scan is held out: `train=True` has the other 1,438, `train=False`
    these 359. The same people wrote both parts, so a network reads the held-out part better than
    it would read a stranger's hand.

    - `images`, `labels`: all items, float32 of shape (n, 1, 8, 8) and int64 of shape (n,).

    >>> digits = Digits(train=True)
    >>> len(digits), digits.images.shape
    (1438, tidu.Size([1438, 1, 8, 8]))
    >>> digits.labels[:10]
    tensor([0, 1, 2, 3, 5, 6, 7, 8, 0, 1])
    """

    def __init__(self, train: bool = True) -> None:
        with np.load(Path(__file__).with_name("digits.npz")) as file:
            images, labels = file["images"], file["labels"]
        held_out = np.arange(len(labels)) % 5 == 4
        chosen = ~held_out if train else held_out
        self.images = tidu.from_numpy(images[chosen, None].astype(np.float32) / 16)
        self.labels = tidu.from_numpy(labels[chosen].astype(np.int64))
        super().__init__(self.images, self.labels)
