"""The digits that ship with the package."""

import numpy as np
import pytest

import tidu
from tidu.utils.data import DataLoader
from tidu.vision.datasets import Digits


@pytest.mark.parametrize(("train", "length"), [(True, 1438), (False, 359)])
def test_images_and_labels_have_their_shapes_types_and_ranges(train, length):
    digits = Digits(train=train)
    assert len(digits) == length
    assert digits.images.shape == (length, 1, 8, 8)
    assert digits.images.dtype == tidu.float32
    assert (digits.images.min().item(), digits.images.max().item()) == (0.0, 1.0)
    assert digits.labels.shape == (length,)
    assert digits.labels.dtype == tidu.int64
    assert sorted(set(digits.labels.tolist())) == list(range(10))


def test_the_two_parts_hold_every_scan_once():
    counts = sum(np.bincount(Digits(train=t).labels.numpy(), minlength=10) for t in (True, False))
    # The class distribution that the data set's own description states.
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_the_first_scan_is_the_published_one():
    image, label = Digits(train=True)[0]
    assert label.item() == 0
    assert (image[0, 0] * 16).tolist() == [0, 0, 5, 13, 9, 1, 0, 0]


def test_a_loader_takes_whole_batches():
    images, labels = next(iter(DataLoader(Digits(train=False), batch_size=32)))
    assert images.shape == (32, 1, 8, 8)
    assert labels.shape == (32,)
