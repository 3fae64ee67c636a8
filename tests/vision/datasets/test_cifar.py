"""CIFAR-10 and CIFAR-100, with a few made-up images in the published layout."""

import hashlib
import io
import pickle
import shutil
import sys
import tarfile

import numpy as np
import pytest

import tidu
from tidu.utils.data import DataLoader, Subset
from tidu.vision import transforms
from tidu.vision.datasets import CIFAR10, CIFAR100
from tidu.vision.datasets.download import DownloadError

NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
EACH = 6  # images in a file


def md5(content):
    return hashlib.md5(content).hexdigest()


def write_layout(folder, kind=CIFAR10):
    """Write the files of a dataset in its published layout, and return their contents by path."""
    rng = np.random.default_rng(0)
    labels = "labels" if kind is CIFAR10 else "fine_labels"
    files = {kind.meta["filename"]: {kind.meta["key"]: NAMES}}
    for name, _ in (*kind.train_list, *kind.test_list):
        files[name] = {
            "data": rng.integers(0, 256, (EACH, 3072), np.uint8),
            labels: rng.integers(0, 10, EACH).tolist(),
        }
    contents = {f"{kind.base_folder}/{name}": pickle.dumps(f, 2) for name, f in files.items()}
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return contents


def pack(contents):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in contents.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def sums(contents):
    return "".join(f"{md5(content)}  {name}\n" for name, content in contents.items())


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A folder with the whole dataset, and the checksums that make it good."""
    monkeypatch.delenv("TIDU_DATASETS_MIRROR", raising=False)
    (tmp_path / "MD5SUMS").write_text(sums(write_layout(tmp_path)))
    return tmp_path


@pytest.fixture
def published(monkeypatch, server):
    """A publisher's server with the archive, whose checksums are those that CIFAR10 knows."""
    contents = write_layout_in_memory()
    archive = pack(contents)
    by_name = {name.rpartition("/")[2]: md5(content) for name, content in contents.items()}
    for attribute in ("train_list", "test_list"):
        known = [(name, by_name[name]) for name, _ in getattr(CIFAR10, attribute)]
        monkeypatch.setattr(CIFAR10, attribute, known)
    monkeypatch.setattr(CIFAR10, "meta", {**CIFAR10.meta, "md5": by_name["batches.meta"]})
    monkeypatch.setattr(CIFAR10, "tgz_md5", md5(archive))
    monkeypatch.setattr(CIFAR10, "url", f"{server.url}/{CIFAR10.filename}")
    server.files[f"/{CIFAR10.filename}"] = archive
    return server


def write_layout_in_memory():
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        return write_layout(Path(folder))


def test_images_and_labels(root):
    train, test = CIFAR10(root), CIFAR10(root, train=False)
    assert (len(train), len(test)) == (5 * EACH, EACH)
    assert train.data.shape == (5 * EACH, 32, 32, 3)
    assert train.data.dtype == np.uint8
    assert train.classes == NAMES
    assert train.class_to_idx["truck"] == 9
    batch = pickle.loads((root / "cifar-10-batches-py" / "data_batch_2").read_bytes())
    image, label = train[EACH + 1]
    assert label == batch["labels"][1] == train.targets[EACH + 1]
    # The file has all reds, then all greens, then all blues, each row by row.
    planes = batch["data"][1].reshape(3, 32, 32)
    assert np.array_equal(np.asarray(image), planes.transpose(1, 2, 0))


def test_cifar100(tmp_path, monkeypatch):
    monkeypatch.delenv("TIDU_DATASETS_MIRROR", raising=False)
    (tmp_path / "MD5SUMS").write_text(sums(write_layout(tmp_path, CIFAR100)))
    data = CIFAR100(tmp_path, train=False)
    assert len(data.targets) == len(data) == EACH
    assert data.classes == NAMES


def test_repr(root):
    plain = f"Dataset CIFAR10\n    Number of datapoints: 30\n    Root location: {root}\n"
    assert repr(CIFAR10(root)) == plain + "    Split: Train"
    data = CIFAR10(str(root), train=False, transform=transforms.ToTensor(), target_transform=str)
    assert repr(data).endswith(
        "    Split: Test\n"
        "    StandardTransform\n"
        "Transform: ToTensor()\n"
        "Target transform: <class 'str'>"
    )


def test_transforms_are_applied(root):
    data = CIFAR10(root, transform=transforms.ToTensor(), target_transform=lambda label: -label)
    image, label = data[3]
    assert image.shape == (3, 32, 32)
    assert image.dtype == tidu.float32
    assert label == -data.targets[3]


def test_without_pillow_the_transforms_get_the_array(root, monkeypatch):
    with_pillow = CIFAR10(root, transform=transforms.ToTensor())[0][0]
    for name in [name for name in sys.modules if name.partition(".")[0] == "PIL"] + ["PIL"]:
        monkeypatch.setitem(sys.modules, name, None)
    data = CIFAR10(root)
    assert isinstance(data[0][0], np.ndarray)
    data.transform = transforms.ToTensor()
    assert data[0][0].tolist() == with_pillow.tolist()


@pytest.mark.parametrize("damage", ["missing", "changed", "meta"])
def test_missing_or_changed_files_are_refused(root, damage):
    name = "batches.meta" if damage == "meta" else "data_batch_3"
    path = root / "cifar-10-batches-py" / name
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(RuntimeError) as caught:
        CIFAR10(root)
    assert str(caught.value) == (
        "Dataset not found or corrupted. You can use download=True to download it"
    )


def test_made_up_files_are_refused_without_their_checksums(root):
    (root / "MD5SUMS").unlink()
    with pytest.raises(RuntimeError, match="Dataset not found or corrupted"):
        CIFAR10(root)


# ---- downloading -------------------------------------------------------------------------------


def test_download_from_the_publisher(published, tmp_path, capsys):
    data = CIFAR10(tmp_path / "das", train=False, download=True)
    assert len(data) == EACH
    assert capsys.readouterr().out == ""  # torchvision prints nothing but a bar
    again = CIFAR10(tmp_path / "das", download=True)
    assert len(again) == 5 * EACH
    assert len(published.requests) == 1
    names = sorted(path.name for path in (tmp_path / "das").iterdir())
    assert names == ["cifar-10-batches-py", "cifar-10-python.tar.gz"]


def test_an_archive_put_there_by_hand_is_taken(published, tmp_path):
    (tmp_path / CIFAR10.filename).write_bytes(published.files[f"/{CIFAR10.filename}"])
    CIFAR10(tmp_path, download=True)
    assert published.requests == []


def test_a_damaged_folder_is_repaired_from_the_archive(published, tmp_path):
    CIFAR10(tmp_path, download=True)
    batch = tmp_path / "cifar-10-batches-py" / "test_batch"
    batch.write_bytes(b"damaged")
    CIFAR10(tmp_path, download=True)
    assert batch.read_bytes() != b"damaged"
    assert len(published.requests) == 1


def test_when_all_fails_the_error_says_what_to_do(published, tmp_path):
    published.files.clear()
    with pytest.raises(DownloadError) as caught:
        CIFAR10(tmp_path, download=True)
    assert str(caught.value) == (
        "Error downloading cifar-10-python.tar.gz:\n"
        f"Tried {CIFAR10.url}, got:\nHTTP Error 404: Not Found\n"
    )
    notes = "\n".join(caught.value.__notes__)
    assert str(tmp_path / "cifar-10-python.tar.gz") in notes
    assert "TIDU_DATASETS_MIRROR" in notes
    assert list(tmp_path.iterdir()) == []


# ---- mirrors -----------------------------------------------------------------------------------


@pytest.fixture(params=["folder", "url"])
def mirror(request, tmp_path, monkeypatch, server):
    """Make a mirror with given files, listed or not; the publisher's own server does not answer."""
    monkeypatch.setattr(CIFAR10, "url", f"{server.url}/gone/{CIFAR10.filename}")

    def make(files, listed):
        if request.param == "url":
            server.files.update({f"/m/{name}": content for name, content in files.items()})
            server.files["/m/MD5SUMS"] = listed.encode()
            location = f"{server.url}/m"
        else:
            location = str(tmp_path / "mirror")
            for name, content in {**files, "MD5SUMS": listed.encode()}.items():
                path = tmp_path / "mirror" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        monkeypatch.setenv("TIDU_DATASETS_MIRROR", location)
        return location

    return make


def test_a_mirrors_checksums_hold_and_are_remembered(mirror, tmp_path, monkeypatch):
    contents = write_layout_in_memory()
    archive = {CIFAR10.filename: pack(contents)}
    mirror(archive, sums(archive))
    root = tmp_path / "data"
    assert len(CIFAR10(root, train=False, download=True)) == EACH
    assert sums(contents).splitlines()[0] in (root / "MD5SUMS").read_text()
    monkeypatch.delenv("TIDU_DATASETS_MIRROR")
    assert len(CIFAR10(root, download=True)) == 5 * EACH
    (root / "cifar-10-batches-py" / "test_batch").write_bytes(b"changed")
    with pytest.raises(RuntimeError, match="Dataset not found or corrupted"):
        CIFAR10(root)


def test_a_mirror_may_have_the_files_unpacked(mirror, tmp_path, monkeypatch):
    contents = write_layout_in_memory()
    mirror(contents, sums(contents))
    root = tmp_path / "data"
    CIFAR10(root, download=True)
    monkeypatch.delenv("TIDU_DATASETS_MIRROR")
    assert len(CIFAR10(root)) == 5 * EACH


def test_what_was_unpacked_by_hand_is_checked_against_the_mirror(mirror, tmp_path, monkeypatch):
    root = tmp_path / "data"
    contents = write_layout(root)
    mirror({}, sums(contents))
    assert len(CIFAR10(root)) == 5 * EACH
    batch = root / "cifar-10-batches-py" / "test_batch"
    batch.write_bytes(batch.read_bytes()[:-1] + b"x")
    with pytest.raises(RuntimeError, match="Dataset not found or corrupted"):
        CIFAR10(root)


def test_a_mirror_with_a_wrong_file_is_not_believed(mirror, tmp_path):
    archive = {CIFAR10.filename: pack(write_layout_in_memory())}
    location = mirror(archive, sums({CIFAR10.filename: b"something else"}))
    with pytest.raises(DownloadError) as caught:
        CIFAR10(tmp_path / "data", download=True)
    assert f"{location}/{CIFAR10.filename}, got:\nFile not found or corrupted.\n" in str(
        caught.value
    ).replace("\\", "/")
    assert md5(b"something else") in "\n".join(caught.value.__notes__)
    assert not (tmp_path / "data" / "cifar-10-batches-py").exists()


def test_without_a_list_the_published_checksums_hold(mirror, tmp_path):
    mirror({CIFAR10.filename: pack(write_layout_in_memory())}, "")
    with pytest.raises(DownloadError, match="File not found or corrupted"):
        CIFAR10(tmp_path / "data", download=True)


def test_a_mirror_without_the_dataset_is_named_in_the_error(mirror, tmp_path):
    location = mirror({}, f"{md5(b'')}  other.tar.gz\n")
    with pytest.raises(DownloadError) as caught:
        CIFAR10(tmp_path / "data", download=True)
    assert f"TIDU_DATASETS_MIRROR is {location} now" in "\n".join(caught.value.__notes__)


# ---- whole batches -----------------------------------------------------------------------------


class OneByOne(CIFAR10):
    """Redefines `__getitem__`, and so is read item by item."""

    def __getitem__(self, i):
        return super().__getitem__(i)


def batches(data, **options):
    tidu.manual_seed(3)
    return [[part.tolist() for part in batch] for batch in DataLoader(data, **options)]


@pytest.mark.parametrize("options", [{"batch_size": 7}, {"batch_size": 4, "shuffle": True}])
def test_whole_batches_are_what_items_give(root, options):
    whole, single = (
        kind(root, transform=transforms.ToTensor()) for kind in (CIFAR10, OneByOne)
    )
    assert whole._batch([0, 1]) is not None
    assert single._batch([0, 1]) is None
    assert batches(whole, **options) == batches(single, **options)
    part, part_single = (Subset(data, [5, 1, -1, 8]) for data in (whole, single))
    assert batches(part, **options) == batches(part_single, **options)


def test_whole_batches_have_the_types_of_stacked_items(root):
    images, labels = next(iter(DataLoader(CIFAR10(root, transform=transforms.ToTensor()), 4)))
    assert (images.dtype, labels.dtype) == (tidu.float32, tidu.int64)
    assert images.shape == (4, 3, 32, 32)
    assert images.is_contiguous()


def test_data_that_was_replaced_is_still_read_rightly(root):
    whole, single = (
        kind(root, transform=transforms.ToTensor()) for kind in (CIFAR10, OneByOne)
    )
    for data in (whole, single):
        data.data = np.ascontiguousarray(data.data[10:])
        data.targets = [label + 100 for label in data.targets[10:]]
    assert batches(whole, batch_size=8) == batches(single, batch_size=8)
    whole.data = whole.data[..., 0]  # grey now
    assert whole._batch([0]) is None


def test_images_cannot_be_stacked_without_a_transform(root):
    with pytest.raises(TypeError, match="default_collate: batch must contain tensors"):
        next(iter(DataLoader(CIFAR10(root))))


def test_files_may_be_moved(root, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "moved"
    shutil.move(root, elsewhere)
    assert len(CIFAR10(elsewhere)) == 5 * EACH
