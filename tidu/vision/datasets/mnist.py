"""MNIST and Fashion-MNIST: 70,000 grey images of 28x28 pixels, in ten classes.

MNIST is by Yann LeCun, Corinna Cortes and Christopher Burges; Fashion-MNIST by Zalando Research
(https://github.com/zalandoresearch/fashion-mnist). Both come as four files in the IDX format.
"""

from __future__ import annotations

import gzip
import math
import os
from pathlib import Path
from typing import ClassVar

import numpy as np

import tidu
from tidu.vision.datasets.mirror import Mirror
from tidu.vision.datasets.vision import InMemory


class MNIST(InMemory):
    """Handwritten digits: item `i` is a PIL image of 28x28 grey pixels and its digit, an int.

    - `root`: the folder that has, or is given, `MNIST/raw` with the published files, which may be
      compressed.
    - `train`: the 60,000 images to learn from, or else the 10,000 to test with.
    - `download`: get the files if they are not there, from the publishers or the mirror that the
      environment variable TIDU_DATASETS_MIRROR names (see `tidu.vision.datasets.mirror`).
    - `data`: uint8 tensor (n, 28, 28); `targets`: int64 tensor (n,); `classes`: the names;
      `class_to_idx`: the numbers by name.

    Raises RuntimeError where the files are missing or are none of this kind, and DownloadError,
    which says what was tried, where they cannot be downloaded.

    >>> from tidu.vision.datasets import MNIST
    >>> MNIST("no such folder")
    Traceback (most recent call last):
        ...
    RuntimeError: Dataset not found. You can use download=True to download it
    >>> MNIST.classes[3]
    '3 - three'
    >>> len(MNIST("data", download=True))  # doctest: +SKIP
    60000
    """

    mirrors: ClassVar[tuple[str, ...]] = (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    )
    resources: ClassVar[tuple[tuple[str, str], ...]] = (
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    )
    classes: ClassVar[list[str]] = [
        "0 - zero",
        "1 - one",
        "2 - two",
        "3 - three",
        "4 - four",
        "5 - five",
        "6 - six",
        "7 - seven",
        "8 - eight",
        "9 - nine",
    ]

    def __init__(
        self, root, train=True, transform=None, target_transform=None, download=False
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        if download:
            self.download()
        part = "train" if self.train else "t10k"
        images, labels = f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"
        if not (self._has(images) and self._has(labels)):
            raise RuntimeError("Dataset not found. You can use download=True to download it")
        self.data = tidu.from_numpy(read_idx(self._path(images), 3))
        self.targets = tidu.from_numpy(read_idx(self._path(labels), 1).astype(np.int64))

    @property
    def raw_folder(self) -> str:
        """Where the files lie."""
        return os.path.join(self.root, type(self).__name__, "raw")

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The numbers of the classes by name."""
        return {name: i for i, name in enumerate(self.classes)}

    def _path(self, name: str) -> Path:
        """Return the path of a file, compressed if it is there only so."""
        path = Path(self.raw_folder, name)
        return path if path.is_file() else path.with_name(name + ".gz")

    def _has(self, name: str) -> bool:
        return self._path(name).is_file()

    def download(self) -> None:
        """Get and unpack the files that are not there."""
        from tidu.vision.datasets import obtain
        from tidu.vision.datasets.archives import extract_archive

        root, own = Path(self.root), type(self).__name__
        mirror = Mirror.of_environment()
        for file, md5 in self.resources:
            unpacked = file.removesuffix(".gz")
            if Path(self.raw_folder, unpacked).is_file():
                continue
            offers = [f"{own}/raw/{file}", f"{own}/{file}"]
            if type(self) is MNIST:
                # The other datasets have files of the same names, which must not be mistaken.
                offers.append(file)
            has_archive = mirror is not None and mirror.offer(offers, md5) is not None
            if has_archive or not obtain.obtain_unpacked(root, [f"{own}/raw/{unpacked}"]):
                urls = [place + file for place in self.mirrors]
                archive = obtain.obtain(root, f"{own}/raw/{file}", urls, md5, offers)
                extract_archive(archive, self.raw_folder)

    def _item(self, index: int) -> tuple[np.ndarray, int]:
        return self.data[index].numpy(), self._target(index)

    def _target(self, index: int) -> int:
        return int(self.targets[index])

    def _pixels(self) -> np.ndarray | None:
        data = self.data
        known = isinstance(data, tidu.Tensor) and data.dtype == tidu.uint8 and data.dim() == 3
        return data.numpy()[:, None] if known else None

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train is True else 'Test'}"


class FashionMNIST(MNIST):
    """Articles of clothing: as MNIST, in `root/FashionMNIST/raw`. (Xiao et al., 2017.)

    >>> from tidu.vision.datasets import FashionMNIST
    >>> FashionMNIST.classes[:3]
    ['T-shirt/top', 'Trouser', 'Pullover']
    >>> len(FashionMNIST("data", train=False, download=True))  # doctest: +SKIP
    10000
    """

    mirrors: ClassVar[tuple[str, ...]] = ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",)
    resources: ClassVar[tuple[tuple[str, str], ...]] = (
        ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    )
    classes: ClassVar[list[str]] = [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ]


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """Read a file of bytes in the IDX format, compressed or not.

    Four bytes say what is in it: two zeros, 8 for unsigned bytes, the number of dimensions. Then
    come the dimensions, as big-endian 32-bit integers, and the bytes.

    Raises RuntimeError where the file is of another kind or size than that.
    """
    with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
        content = file.read()
    start = 4 + 4 * dimensions
    shape = tuple(int(size) for size in np.frombuffer(content[4:start], ">u4"))
    if content[:4] != bytes([0, 0, 8, dimensions]) or len(content) != start + math.prod(shape):
        raise RuntimeError(f"{path} is not an IDX file of bytes in {dimensions} dimensions")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy()
