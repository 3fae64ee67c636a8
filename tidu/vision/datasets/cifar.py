"""CIFAR-10 and CIFAR-100: 60,000 photographs of 32x32 pixels, in 10 or 100 classes.

By Alex Krizhevsky, in the layout of its "python version":
https://www.cs.toronto.edu/~kriz/cifar.html
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np

from tidu.vision.datasets import pickles
from tidu.vision.datasets.mirror import Mirror, is_intact
from tidu.vision.datasets.vision import InMemory

Files = tuple[tuple[str, str], ...]  # names and MD5 checksums


class CIFAR10(InMemory):
    """CIFAR-10: item `i` is a PIL image of 32x32 RGB pixels and the number of its class.

    - `root`: the folder that has, or is given, `cifar-10-batches-py`.
    - `train`: the 50,000 images to learn from, or else the 10,000 to test with.
    - `download`: get them if they are not there, from the publisher or the mirror that the
      environment variable TIDU_DATASETS_MIRROR names (see `tidu.vision.datasets.mirror`).
    - `data`: uint8 array (n, 32, 32, 3); `targets`: list of class numbers; `classes`: their
      names; `class_to_idx`: the numbers by name.

    Raises RuntimeError where the data is missing or has wrong checksums, and DownloadError, which
    says what was tried, where it cannot be downloaded. A DataLoader reads whole batches if the
    transforms are among those of `tidu.vision.transforms.batches`.

    >>> from tidu.vision.datasets import CIFAR10
    >>> CIFAR10("no such folder")
    Traceback (most recent call last):
        ...
    RuntimeError: Dataset not found or corrupted. You can use download=True to download it
    >>> len(CIFAR10("data", download=True))  # doctest: +SKIP
    50000
    """

    base_folder = "cifar-10-batches-py"
    url = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
    filename = "cifar-10-python.tar.gz"
    tgz_md5 = "c58f30108f718f92721af3b95e74349a"
    train_list: ClassVar[Files] = (
        ("data_batch_1", "c99cafc152244af753f735de768cd75f"),
        ("data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"),
        ("data_batch_3", "54ebc095f3ab1f0389bbae665268c751"),
        ("data_batch_4", "634d18415352ddfa80567beed471001a"),
        ("data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"),
    )
    test_list: ClassVar[Files] = (("test_batch", "40351d587109b95175f43aff81a1287e"),)
    meta: ClassVar[dict[str, str]] = {
        "filename": "batches.meta",
        "key": "label_names",
        "md5": "5ff9c542aee3614f3951f8cda6e48888",
    }

    def __init__(
        self, root, train=True, transform=None, target_transform=None, download=False
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        if download:
            self.download()
        if not self._check_integrity():
            raise RuntimeError(
                "Dataset not found or corrupted. You can use download=True to download it"
            )
        folder = Path(self.root, self.base_folder)
        batches = [
            pickles.load(folder / name)
            for name, _ in (self.train_list if self.train else self.test_list)
        ]
        labels = "labels" if "labels" in batches[0] else "fine_labels"
        self.targets: list[int] = [label for batch in batches for label in batch[labels]]
        # The files have the colours one after the other; images are the usual way round.
        planes = np.concatenate([batch["data"] for batch in batches]).reshape(-1, 3, 32, 32)
        self.data = planes.transpose(0, 2, 3, 1)
        self.classes = pickles.load(folder / self.meta["filename"])[self.meta["key"]]
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}

    def _published(self) -> dict[str, str]:
        """Return the checksums of all files by their path within `root`."""
        files = (*self.train_list, *self.test_list, (self.meta["filename"], self.meta["md5"]))
        return {f"{self.base_folder}/{name}": md5 for name, md5 in files}

    def _check_integrity(self) -> bool:
        root, mirror = Path(self.root), Mirror.of_environment()
        return all(is_intact(root, name, md5, mirror) for name, md5 in self._published().items())

    def download(self) -> None:
        """Get and unpack the data, unless it is there and intact."""
        if self._check_integrity():
            return
        from tidu.vision.datasets import obtain
        from tidu.vision.datasets.archives import extract_archive

        root, published = Path(self.root), self._published()
        mirror = Mirror.of_environment()
        has_archive = mirror is not None and mirror.offer([self.filename], None) is not None
        if has_archive or not obtain.obtain_unpacked(root, list(published)):
            archive = obtain.obtain(
                root, self.filename, [self.url], self.tgz_md5, [self.filename]
            )
            extract_archive(archive, root)
        obtain.remember_unpacked(root, published)

    def _item(self, index: int) -> tuple[np.ndarray, int]:
        return self.data[index], self.targets[index]

    def _pixels(self) -> np.ndarray | None:
        data = self.data
        known = isinstance(data, np.ndarray) and data.dtype == np.uint8 and data.ndim == 4
        return data.transpose(0, 3, 1, 2) if known and data.shape[3] == 3 else None

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train is True else 'Test'}"

class CIFAR100(CIFAR10):
    """CIFAR-100: as CIFAR10, with 100 classes of 600 images each.

    `root` has, or is given, `cifar-100-python`.

    >>> from tidu.vision.datasets import CIFAR100
    >>> CIFAR100("no such folder")
    Traceback (most recent call last):
        ...
    RuntimeError: Dataset not found or corrupted. You can use download=True to download it
    >>> len(CIFAR100("data", download=True).classes)  # doctest: +SKIP
    100
    """

    base_folder = "cifar-100-python"
    url = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
    filename = "cifar-100-python.tar.gz"
    tgz_md5 = "eb9058c3a382ffc7106e4002c42a8d85"
    train_list: ClassVar[Files] = (("train", "16019d7e3df5f24257cddd939b257f8d"),)
    test_list: ClassVar[Files] = (("test", "f0ef6b0ae62326f3e7ffdfab6717acfc"),)
    meta: ClassVar[dict[str, str]] = {
        "filename": "meta",
        "key": "fine_label_names",
        "md5": "7973b15100ade9c7d40fb424638fde48",
    }
