"""Datasets of one's own: files in folders that are named after their classes."""

from __future__ import annotations

import os

from tidu.vision.datasets.vision import VisionDataset

IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


def has_file_allowed_extension(filename: str, extensions) -> bool:
    """Whether a name ends in one of the extensions, in whatever case.

    >>> has_file_allowed_extension("a.JPG", (".jpg", ".png"))
    True
    """
    endings = extensions if isinstance(extensions, str) else tuple(extensions)
    return filename.lower().endswith(endings)


def find_classes(directory) -> tuple[list[str], dict[str, int]]:
    """Return the names of the folders in `directory`, sorted, and their numbers by name.

    Raises FileNotFoundError where there are none.

    >>> import os, tempfile
    >>> from tidu.vision.datasets.folder import find_classes
    >>> with tempfile.TemporaryDirectory() as root:
    ...     os.mkdir(f"{root}/dog")
    ...     os.mkdir(f"{root}/cat")
    ...     find_classes(root)
    (['cat', 'dog'], {'cat': 0, 'dog': 1})
    """
    classes = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir())
    if not classes:
        raise FileNotFoundError(f"Couldn't find any class folder in {directory}.")
    return classes, {name: i for i, name in enumerate(classes)}


def make_dataset(
    directory, class_to_idx=None, extensions=None, is_valid_file=None, allow_empty=False
) -> list[tuple[str, int]]:
    """Return (path, class number) of every file below the folders of the classes, sorted.

    A file counts by its extension, or if `is_valid_file(path)` says so; one of the two must be
    given, or ValueError is raised. Raises FileNotFoundError for a class without files, unless
    `allow_empty`.

    >>> import os, tempfile
    >>> from tidu.vision.datasets.folder import make_dataset
    >>> with tempfile.TemporaryDirectory() as root:
    ...     os.mkdir(f"{root}/cat")
    ...     open(f"{root}/cat/1.png", "w").close()
    ...     found = make_dataset(root, extensions=".png")
    >>> [(os.path.basename(path), label) for path, label in found]
    [('1.png', 0)]
    """
    directory = os.path.expanduser(directory)
    if class_to_idx is None:
        _, class_to_idx = find_classes(directory)
    elif not class_to_idx:
        raise ValueError(
            "'class_to_index' must have at least one entry to collect any samples."
        )
    if (extensions is None) == (is_valid_file is None):
        raise ValueError(
            "Both extensions and is_valid_file cannot be None or not None at the same time"
        )
    counts = is_valid_file or (lambda path: has_file_allowed_extension(path, extensions))
    samples = []
    empty = []
    for name in sorted(class_to_idx):
        found = [path for path in _files_below(os.path.join(directory, name)) if counts(path)]
        samples += [(path, class_to_idx[name]) for path in found]
        if not found:
            empty.append(name)
    if empty and not allow_empty:
        message = f"Found no valid file for the classes {', '.join(empty)}. "
        if extensions is not None:
            listed = extensions if isinstance(extensions, str) else ", ".join(extensions)
            message += f"Supported extensions are: {listed}"
        raise FileNotFoundError(message)
    return samples


def _files_below(folder: str) -> list[str]:
    return [
        os.path.join(parent, name)
        for parent, _, names in sorted(os.walk(folder, followlinks=True))
        for name in sorted(names)
    ]


class DatasetFolder(VisionDataset):
    """Files below `root/CLASS/`: item `i` is what `loader(path)` returns, and its class number.

    - `samples`: (path, class number) of all files; `targets`: the class numbers; `classes`: their
      names, sorted; `class_to_idx`: the numbers by name.
    - `extensions` or `is_valid_file` say which files count; see `make_dataset`.

    Raises FileNotFoundError where there are no classes, or none for one of them.

    >>> import os, pathlib, tempfile
    >>> from tidu.vision.datasets import DatasetFolder
    >>> with tempfile.TemporaryDirectory() as root:
    ...     for name in ("cat", "dog"):
    ...         os.mkdir(f"{root}/{name}")
    ...         _ = pathlib.Path(root, name, "1.txt").write_text(f"I am a {name}.")
    ...     data = DatasetFolder(root, lambda path: pathlib.Path(path).read_text(), ".txt")
    ...     data.classes, data[1]
    (['cat', 'dog'], ('I am a dog.', 1))
    """

    def __init__(
        self,
        root,
        loader,
        extensions=None,
        transform=None,
        target_transform=None,
        is_valid_file=None,
        allow_empty=False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.classes, self.class_to_idx = self.find_classes(self.root)
        self.samples = self.make_dataset(
            self.root, self.class_to_idx, extensions, is_valid_file, allow_empty
        )
        self.loader = loader
        self.extensions = extensions
        self.targets = [target for _, target in self.samples]

    # Methods, so that a subclass may find its classes and files in another way.
    def find_classes(self, directory):
        """Return the classes' names and their numbers by name."""
        return find_classes(directory)

    @staticmethod
    def make_dataset(
        directory, class_to_idx, extensions=None, is_valid_file=None, allow_empty=False
    ):
        return make_dataset(directory, class_to_idx, extensions, is_valid_file, allow_empty)

    def __getitem__(self, index: int):
        path, target = self.samples[index]
        sample = self.loader(path)
        if self.transform is not None:
            sample = self.transform(sample)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return sample, target

    def __len__(self) -> int:
        return len(self.samples)


class ImageFolder(DatasetFolder):
    """Images below `root/CLASS/`: item `i` is an RGB PIL image and its class number.

    As `DatasetFolder`, which see; needs Pillow. `imgs` is `samples`.

    >>> import os, tempfile
    >>> import tidu
    >>> from tidu.vision.datasets import ImageFolder
    >>> from tidu.vision.transforms import ToTensor
    >>> with tempfile.TemporaryDirectory() as root:
    ...     for name in ("cat", "dog"):
    ...         os.mkdir(f"{root}/{name}")
    ...         tidu.vision.utils.save_image(tidu.zeros(3, 4, 4), f"{root}/{name}/1.png")
    ...     data = ImageFolder(root, transform=ToTensor())
    ...     image, label = data[1]
    >>> image.shape, data.classes[label]
    (tidu.Size([3, 4, 4]), 'dog')
    """

    def __init__(
        self,
        root,
        transform=None,
        target_transform=None,
        loader=None,
        is_valid_file=None,
        allow_empty=False,
    ) -> None:
        super().__init__(
            root,
            default_loader if loader is None else loader,
            IMG_EXTENSIONS if is_valid_file is None else None,
            transform=transform,
            target_transform=target_transform,
            is_valid_file=is_valid_file,
            allow_empty=allow_empty,
        )
        self.imgs = self.samples


def default_loader(path: str):
    """Open an image and convert it to RGB. Needs Pillow."""
    from tidu.vision.transforms.functional import pillow

    # Through a file of our own, which is closed at once and not when Pillow sees fit.
    with open(path, "rb") as file:
        return pillow().open(file).convert("RGB")
