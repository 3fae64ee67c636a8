"""MNIST and Fashion-MNIST, with a few made-up images in the published layout."""

import gzip
import hashlib

import numpy as np
import pytest

import tidu
from tidu.utils.data import DataLoader
from tidu.vision import transforms
from tidu.vision.datasets import MNIST, FashionMNIST
from tidu.vision.datasets.download import DownloadError
from tidu.vision.datasets.mnist import read_idx

IMAGES = np.random.default_rng(0).integers(0, 256, (8, 28, 28), np.uint8)
LABELS = np.arange(8, dtype=np.uint8)


def idx(array):
    """Write an array in the IDX format."""
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return header + array.tobytes()


CONTENTS = {
    "train-images-idx3-ubyte": idx(IMAGES),
    "train-labels-idx1-ubyte": idx(LABELS),
    "t10k-images-idx3-ubyte": idx(IMAGES[:3]),
    "t10k-labels-idx1-ubyte": idx(LABELS[:3]),
}
PACKED = {f"{name}.gz": gzip.compress(content) for name, content in CONTENTS.items()}


def sums(files):
    return "".join(f"{hashlib.md5(content).hexdigest()}  {name}\n" for name, content in files)


def write(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.delenv("TIDU_DATASETS_MIRROR", raising=False)
    write(tmp_path / "MNIST" / "raw", CONTENTS)
    return tmp_path


def test_images_and_labels(root):
    train, test = MNIST(root), MNIST(root, train=False)
    assert (len(train), len(test)) == (8, 3)
    assert (train.data.dtype, train.targets.dtype) == (tidu.uint8, tidu.int64)
    assert np.array_equal(train.data.numpy(), IMAGES)
    image, label = train[5]
    assert (image.mode, image.size) == ("L", (28, 28))
    assert np.array_equal(np.asarray(image), IMAGES[5])
    assert (label, type(label)) == (5, int)
    assert train.classes[9] == "9 - nine"
    assert train.class_to_idx["9 - nine"] == 9
    assert repr(test) == (
        f"Dataset MNIST\n    Number of datapoints: 3\n    Root location: {root}\n    Split: Test"
    )


def test_compressed_files_are_read_too(tmp_path):
    write(tmp_path / "MNIST" / "raw", {name: PACKED[name] for name in PACKED if "t10k" in name})
    assert np.array_equal(MNIST(tmp_path, train=False).data.numpy(), IMAGES[:3])
    with pytest.raises(RuntimeError) as caught:
        MNIST(tmp_path, train=True)
    assert str(caught.value) == "Dataset not found. You can use download=True to download it"


class OneByOne(MNIST):
    """Redefines `__getitem__`, and so is read item by item."""

    def __getitem__(self, i):
        return super().__getitem__(i)

    @property
    def raw_folder(self):
        return MNIST(self.root).raw_folder


def test_whole_batches_are_what_items_give(root):
    to_tensor = transforms.ToTensor()
    normalized = transforms.Compose([to_tensor, transforms.Normalize((0.1307,), (0.3081,))])
    results = []
    for transform in (to_tensor, normalized):
        for kind in (MNIST, OneByOne):
            data = kind(root, transform=transform)
            results.append([[part.tolist() for part in b] for b in DataLoader(data, 3)])
    assert results[0] == results[1]
    assert results[2] == results[3]
    images, labels = next(iter(DataLoader(MNIST(root, transform=transforms.ToTensor()), 3)))
    assert images.shape == (3, 1, 28, 28)
    assert labels.dtype == tidu.int64


@pytest.fixture
def published(monkeypatch, server):
    """Two publishers, of which only the second has the files."""
    known = [(name, hashlib.md5(PACKED[name]).hexdigest()) for name in PACKED]
    monkeypatch.setattr(MNIST, "resources", known)
    monkeypatch.setattr(MNIST, "mirrors", [f"{server.url}/gone/", f"{server.url}/mnist/"])
    server.files.update({f"/mnist/{name}": content for name, content in PACKED.items()})
    return server


def test_the_publishers_are_tried_in_turn(published, tmp_path, capsys):
    assert len(MNIST(tmp_path, train=False, download=True)) == 3
    assert capsys.readouterr().out == ""
    assert len(published.requests) == 8
    assert len(MNIST(tmp_path, download=True)) == 8
    assert len(published.requests) == 8


def test_when_all_fails_the_error_says_so(published, tmp_path):
    published.files.clear()
    with pytest.raises(DownloadError) as caught:
        MNIST(tmp_path, download=True)
    assert str(caught.value) == "Error downloading train-images-idx3-ubyte.gz:\n" + "".join(
        f"Tried {place}train-images-idx3-ubyte.gz, got:\nHTTP Error 404: Not Found\n"
        for place in MNIST.mirrors
    )


@pytest.mark.parametrize(
    ("kind", "folder", "files"),
    [
        pytest.param(MNIST, "", PACKED, id="plain"),
        pytest.param(MNIST, "MNIST/", PACKED, id="own folder"),
        pytest.param(MNIST, "MNIST/raw/", PACKED, id="as in a root"),
        pytest.param(MNIST, "MNIST/raw/", CONTENTS, id="unpacked"),
        pytest.param(FashionMNIST, "FashionMNIST/raw/", PACKED, id="fashion"),
        pytest.param(FashionMNIST, "FashionMNIST/raw/", CONTENTS, id="fashion unpacked"),
    ],
)
def test_mirrors(tmp_path, monkeypatch, kind, folder, files):
    listed = {folder + name: content for name, content in files.items()}
    write(tmp_path / "mirror", {**listed, "MD5SUMS": sums(listed.items()).encode()})
    monkeypatch.setenv("TIDU_DATASETS_MIRROR", str(tmp_path / "mirror"))
    assert len(kind(tmp_path / "data", download=True)) == 8
    monkeypatch.delenv("TIDU_DATASETS_MIRROR")
    assert len(kind(tmp_path / "data", train=False)) == 3


def test_digits_are_not_mistaken_for_clothes(tmp_path, monkeypatch, server):
    write(tmp_path / "mirror", {**PACKED, "MD5SUMS": sums(PACKED.items()).encode()})
    monkeypatch.setenv("TIDU_DATASETS_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setattr(FashionMNIST, "mirrors", [f"{server.url}/gone/"])
    with pytest.raises(DownloadError):
        FashionMNIST(tmp_path / "data", download=True)


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\0\x08\x03", idx(IMAGES)[:-1], idx(IMAGES) + b"\0", idx(LABELS)],
    ids=["empty", "no sizes", "too short", "too long", "other dimensions"],
)
def test_files_of_another_kind_are_refused(tmp_path, content):
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(RuntimeError, match="is not an IDX file of bytes in 3 dimensions"):
        read_idx(path, 3)
