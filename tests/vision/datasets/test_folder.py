"""Datasets of files in folders."""

import pytest

from tidu.utils.data import DataLoader
from tidu.vision import transforms
from tidu.vision.datasets import DatasetFolder, ImageFolder
from tidu.vision.datasets.folder import make_dataset


@pytest.fixture
def root(tmp_path):
    for name in ("dog/b.txt", "dog/deep/a.TXT", "cat/c.txt", "cat/c.raw", "loose.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def read(path):
    with open(path) as file:
        return file.read()


def test_files_and_their_classes(root):
    data = DatasetFolder(root, read, extensions=(".txt",))
    assert (data.classes, data.class_to_idx) == (["cat", "dog"], {"cat": 0, "dog": 1})
    assert [data[i] for i in range(len(data))] == [
        ("cat/c.txt", 0),
        ("dog/b.txt", 1),
        ("dog/deep/a.TXT", 1),
    ]
    assert data.targets == [0, 1, 1]


def test_transforms_and_a_test_of_ones_own(root):
    data = DatasetFolder(
        root,
        read,
        transform=str.upper,
        target_transform=lambda label: label + 10,
        is_valid_file=lambda path: path.endswith(("raw", "b.txt")),
    )
    assert [data[0], data[1]] == [("CAT/C.RAW", 10), ("DOG/B.TXT", 11)]


def test_images(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    for name, colour in (("red", (255, 0, 0)), ("grey", 51)):
        (tmp_path / name).mkdir()
        mode = "L" if name == "grey" else "RGB"
        Image.new(mode, (3, 2), colour).save(tmp_path / name / "x.png")
    data = ImageFolder(tmp_path, transform=transforms.ToTensor())
    assert data.imgs == data.samples
    images, labels = next(iter(DataLoader(data, batch_size=2)))
    assert images.shape == (2, 3, 2, 3)
    assert (images[:, :, 0, 0] * 255).tolist() == [[51, 51, 51], [255, 0, 0]]
    assert labels.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"extensions": (".jpg", ".png")},
            FileNotFoundError,
            "Found no valid file for the classes cat, dog. Supported extensions are: .jpg, .png",
        ),
        (
            {"extensions": ".raw"},
            FileNotFoundError,
            "Found no valid file for the classes dog. Supported extensions are: .raw",
        ),
        (
            {},
            ValueError,
            "Both extensions and is_valid_file cannot be None or not None at the same time",
        ),
        (
            {"class_to_idx": {}, "extensions": ".raw"},
            ValueError,
            "'class_to_index' must have at least one entry to collect any samples.",
        ),
    ],
)
def test_errors(root, options, error, message):
    with pytest.raises(error) as caught:
        make_dataset(root, **options)
    assert str(caught.value) == message


def test_empty_classes_may_be_allowed(root):
    assert len(make_dataset(root, extensions=".raw", allow_empty=True)) == 1


def test_no_classes_at_all(tmp_path):
    with pytest.raises(FileNotFoundError, match="Couldn't find any class folder in"):
        DatasetFolder(tmp_path, read, extensions=".txt")
