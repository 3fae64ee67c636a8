"""Transforms applied to a whole batch at once, with the results that item by item would give.

`transform_batch` knows `ToTensor`, `Normalize`, `CenterCrop`, `RandomCrop` and the flips, alone
and in `Compose`: they do the same to bytes in an array as to a PIL image, one by one. All random
numbers of a batch are drawn in one call, in the order in which its images would draw them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import tidu
from tidu.vision.transforms import functional as F
from tidu.vision.transforms import transforms as T


def transform_batch(
    transform, read: Callable[[], np.ndarray], shape: tuple[int, ...]
) -> np.ndarray | None:
    """Return the floats (N, C, H, W) that `transform` makes of a batch of images, or None.

    `read()` gives the batch as bytes (N, C, H, W), in memory of its own; `shape` is that of one
    image. None means that a transform is not known here or would fail; nothing is read and
    nothing drawn then.
    """
    steps = _plan(transform, shape)
    if steps is None:
        return None
    batch = read()
    drawn = _draw(len(batch), sum(step.draws for step in steps))
    for step in steps:
        batch = step.apply(batch, drawn[:, : step.draws])
        drawn = drawn[:, step.draws :]
    return batch


def _draw(count: int, each: int) -> np.ndarray:
    """Draw 32-bit numbers (count, each) from the default generator."""
    generator = tidu.default_generator
    with generator.lock:
        return generator.draw32(count * each).reshape(count, each)


def _plan(transform, shape: tuple[int, ...]) -> list[_Step] | None:
    """Return the steps that a transform consists of, or None."""
    steps: list[_Step] = []
    is_image = True
    for part in _parts(transform):
        kind = _STEPS.get(type(part))
        # Some are only for images, some only for what has become a tensor.
        if kind is None or kind.needs_image not in (None, is_image):
            return None
        step = kind(part, shape)
        if not step.is_possible():
            return None
        steps.append(step)
        shape = step.shape
        is_image = is_image and kind is not _ToTensor
    # Images that have not become tensors cannot be stacked; item by item, the loader says so.
    return None if is_image else steps


def _parts(transform):
    if type(transform) is T.Compose:
        for part in transform.transforms:
            yield from _parts(part)
    else:
        yield transform


class _Step:
    """One transform, of images of one shape (C, H, W); `shape` becomes that of its results."""

    needs_image: bool | None = None  # None: images and tensors are all the same to it
    draws = 0  # how many 32-bit numbers it takes from the generator for an image

    def __init__(self, transform, shape: tuple[int, ...]) -> None:
        self.transform = transform
        self.shape = shape

    def is_possible(self) -> bool:
        """Whether it does what is known here, and does not raise."""
        return True

    def apply(self, batch: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        """Return what becomes of a batch (N, C, H, W), with the numbers (N, draws) it has drawn."""
        raise NotImplementedError


class _ToTensor(_Step):
    needs_image = True

    def apply(self, batch: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        return F.scale_bytes(batch)


class _Normalize(_Step):
    needs_image = False

    def is_possible(self) -> bool:
        sizes = {np.shape(self.transform.mean), np.shape(self.transform.std)}
        std = np.asarray(self.transform.std).astype(tidu.get_default_dtype().numpy)
        return sizes <= {(1,), (self.shape[0],)} and bool(std.all())

    def apply(self, batch: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        mean, std = (
            np.asarray(values).astype(batch.dtype)[:, None, None]
            for values in (self.transform.mean, self.transform.std)
        )
        batch -= mean
        batch /= std
        return batch


class _Flip(_Step):
    axis = -1
    draws = 1

    def is_possible(self) -> bool:
        return tidu.get_default_dtype() == tidu.float32  # rand(1) draws otherwise for the others

    def apply(self, batch: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        # As rand(1) < p: a float32 number of 24 random bits.
        uniform = (drawn[:, 0] & 0xFFFFFF).astype(np.float32) * np.float32(2**-24)
        chosen = np.flatnonzero(uniform < np.float32(self.transform.p))
        batch[chosen] = np.flip(batch[chosen], self.axis)
        return batch


class _VerticalFlip(_Flip):
    axis = -2


class _Crop(_Step):
    """Cutting a box out at random, after padding with one colour."""

    def __init__(self, transform, shape: tuple[int, ...]) -> None:
        channels, h, w = shape
        self.transform = transform
        self.sides = [0] * 4 if transform.padding is None else F._sides(transform.padding)
        left, top, right, bottom = self.sides
        self.padded: tuple[int, ...] = (channels, h + top + bottom, w + left + right)
        self.shape = (channels, *transform.size)
        self.draws = 0 if self.shape == self.padded else 2

    def is_possible(self) -> bool:
        t = self.transform
        plain = t.padding_mode == "constant" and type(t.fill) is int and not t.pad_if_needed
        fits = self.padded[1] >= t.size[0] and self.padded[2] >= t.size[1]
        return plain and fits and 0 <= t.fill <= 255 and min(self.sides) >= 0

    def corners(self, drawn: np.ndarray) -> list:
        """Return the top and left of each image's box, as `RandomCrop.get_params` draws them."""
        if not self.draws:
            return [(0, 0)] * len(drawn)
        _, h, w = self.padded
        _, height, width = self.shape
        return (drawn % np.array([h - height + 1, w - width + 1], np.uint32)).tolist()

    def apply(self, batch: np.ndarray, drawn: np.ndarray) -> np.ndarray:
        left, top, right, bottom = self.sides
        if any(self.sides):
            padded = np.full((len(batch), *self.padded), self.transform.fill, batch.dtype)
            padded[:, :, top : padded.shape[2] - bottom, left : padded.shape[3] - right] = batch
            batch = padded
        _, height, width = self.shape
        result = np.empty((len(batch), *self.shape), batch.dtype)
        for cut, image, (row, column) in zip(result, batch, self.corners(drawn), strict=True):
            cut[...] = image[:, row : row + height, column : column + width]
        return result


class _CenterCrop(_Crop):
    """Cutting the middle out: a crop in which nothing is drawn."""

    def __init__(self, transform, shape: tuple[int, ...]) -> None:
        self.transform = transform
        self.sides = [0] * 4
        self.padded = tuple(shape)
        self.shape = (shape[0], *transform.size)

    def is_possible(self) -> bool:
        return self.padded[1] >= self.shape[1] and self.padded[2] >= self.shape[2]

    def corners(self, drawn: np.ndarray) -> list:
        return [F.middle(self.padded[1:], self.shape[1:])] * len(drawn)


_STEPS: dict[type, type[_Step]] = {
    T.ToTensor: _ToTensor,
    T.Normalize: _Normalize,
    T.RandomHorizontalFlip: _Flip,
    T.RandomVerticalFlip: _VerticalFlip,
    T.RandomCrop: _Crop,
    T.CenterCrop: _CenterCrop,
}
