"""What the datasets of images have in common."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

import tidu
from tidu.utils.data import Dataset, default_collate
from tidu.utils.data.dataset import row_numbers, take_rows


class VisionDataset(Dataset):
    """Base of datasets of images: where they lie, and what is done to each item.

    `transform` is applied to an image and `target_transform` to its label; `transforms`, in place
    of the two, takes and returns both. Raises ValueError for both ways at once.

    >>> import tidu
    >>> from tidu.vision.datasets import VisionDataset
    >>> class Noise(VisionDataset):
    ...     def __getitem__(self, index):
    ...         return self.transform(tidu.rand(3, 8, 8)), 0
    ...     def __len__(self):
    ...         return 100
    >>> data = Noise(transform=lambda image: image.mean(0))
    >>> len(data), data[0][0].shape
    (100, tidu.Size([8, 8]))
    """

    _repr_indent = 4

    def __init__(
        self, root=None, transforms=None, transform=None, target_transform=None
    ) -> None:
        self.root = os.path.expanduser(root) if isinstance(root, str) else root
        separate = transform is not None or target_transform is not None
        if transforms is not None and separate:
            raise ValueError(
                "Only transforms or transform/target_transform can be passed as argument"
            )
        self.transform = transform
        self.target_transform = target_transform
        self.transforms = StandardTransform(transform, target_transform) if separate else transforms

    def __getitem__(self, index: int):
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def extra_repr(self) -> str:
        """Return what a subclass has to say of itself when printed."""
        return ""

    def __repr__(self) -> str:
        body = [f"Number of datapoints: {len(self)}"]
        if self.root is not None:
            body.append(f"Root location: {self.root}")
        body += self.extra_repr().splitlines()
        if self.transforms is not None:
            body.append(repr(self.transforms))
        indent = " " * self._repr_indent
        return "\n".join([f"Dataset {type(self).__name__}", *(indent + line for line in body)])


class StandardTransform:
    """An image's transform and a label's, as one function of both.

    >>> StandardTransform(target_transform=str)("image", 3)
    ('image', '3')
    """

    def __init__(self, transform=None, target_transform=None) -> None:
        self.transform = transform
        self.target_transform = target_transform

    def __call__(self, input, target):
        if self.transform is not None:
            input = self.transform(input)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return input, target

    def __repr__(self) -> str:
        lines = [type(self).__name__]
        for head, transform in (
            ("Transform: ", self.transform),
            ("Target transform: ", self.target_transform),
        ):
            if transform is not None:
                first, *rest = repr(transform).splitlines()
                lines += [head + first, *(" " * len(head) + line for line in rest)]
        return "\n".join(lines)


class InMemory(VisionDataset):
    """Base of datasets whose images are all in memory, as bytes, and of one size.

    A subclass has `data`, `targets` and `_item(index)`, the image as an array (H, W) or (H, W, C)
    with its label. With Pillow the transforms are given a PIL image, without it the array, which
    is all that ToTensor needs.
    """

    data: Any
    targets: Any

    def _item(self, index: int) -> tuple[np.ndarray, int]:
        raise NotImplementedError

    def _pixels(self) -> np.ndarray | None:
        """Return all images as one array (N, C, H, W), or None where `data` has been replaced."""
        raise NotImplementedError

    def __getitem__(self, index: int):
        pixels, target = self._item(index)
        image = _as_image(pixels)
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def __len__(self) -> int:
        return len(self.data)

    def _batch(self, indices):
        """Return a batch read whole; see `tidu.utils.data.dataset`."""
        own = type(self)
        if own.__getitem__ is not InMemory.__getitem__ or self.target_transform is not None:
            return None
        if self.transform is None:
            return None  # PIL images, which cannot be stacked: `default_collate` says so
        from tidu.vision.transforms.batches import transform_batch

        rows = row_numbers(indices, min(len(self), len(self.targets)))
        pixels = self._pixels()
        if rows is None or pixels is None:
            return None
        images = transform_batch(self.transform, lambda: take_rows(pixels, rows), pixels.shape[1:])
        if images is None:
            return None
        targets = default_collate([self._target(i) for i in indices])
        return [tidu.Tensor._wrap(images), targets]

    def _target(self, index: int) -> int:
        return self.targets[index]


def _as_image(pixels: np.ndarray):
    try:
        from PIL import Image
    except ImportError:
        return pixels
    return Image.fromarray(pixels)
