"""torchvision's helpers for datasets of one's own: download, check, unpack, list."""

from __future__ import annotations

import os
from pathlib import Path

from tidu.vision.datasets.archives import extract_archive
from tidu.vision.datasets.checksums import calculate_md5
from tidu.vision.datasets.download import DownloadError, fetch

__all__ = [
    "DownloadError",
    "calculate_md5",
    "check_integrity",
    "check_md5",
    "download_and_extract_archive",
    "download_url",
    "extract_archive",
    "iterable_to_str",
    "list_dir",
    "list_files",
    "verify_str_arg",
]


def check_md5(fpath, md5: str, **kwargs) -> bool:
    """Whether a file has an MD5 checksum.

    >>> import tempfile
    >>> from tidu.vision.datasets.utils import check_md5
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     open(f"{folder}/empty", "w").close()
    ...     check_md5(f"{folder}/empty", "d41d8cd98f00b204e9800998ecf8427e")
    True
    """
    return md5 == calculate_md5(fpath, **kwargs)


def check_integrity(fpath, md5: str | None = None) -> bool:
    """Whether a file is there and has its MD5 checksum, if one is given.

    >>> check_integrity("no such file")
    False
    """
    return os.path.isfile(fpath) and (md5 is None or check_md5(fpath, md5))


def download_url(url: str, root, filename=None, md5=None, max_redirect_hops: int = 3) -> None:
    """Download `url` into the folder `root`, unless it is there and has the right checksum.

    Broken downloads are tried again and go on where they stopped. `max_redirect_hops` is accepted
    for torchvision's sake; urllib's own limit holds. Raises what urllib raises, and RuntimeError
    for a wrong checksum.

    >>> import pathlib, tempfile
    >>> from tidu.vision.datasets.utils import download_url
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     source = pathlib.Path(folder, "words.txt")
    ...     _ = source.write_text("hello")
    ...     download_url(source.as_uri(), f"{folder}/copies")  # or https://...
    ...     pathlib.Path(folder, "copies", "words.txt").read_text()
    'hello'
    """
    path = Path(os.path.expanduser(root), filename or os.path.basename(url))
    path.parent.mkdir(parents=True, exist_ok=True)
    if not check_integrity(path, md5):
        fetch(url, path, md5)


def download_and_extract_archive(
    url: str, download_root, extract_root=None, filename=None, md5=None, remove_finished=False
) -> None:
    """Download an archive into `download_root` and unpack it into `extract_root`, or there too.

    >>> import os, pathlib, shutil, tempfile
    >>> from tidu.vision.datasets.utils import download_and_extract_archive
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     os.makedirs(f"{folder}/here/cats")
    ...     archive = shutil.make_archive(f"{folder}/cats", "zip", f"{folder}/here")
    ...     download_and_extract_archive(pathlib.Path(archive).as_uri(), f"{folder}/there")
    ...     sorted(os.listdir(f"{folder}/there"))
    ['cats', 'cats.zip']
    """
    folder = os.path.expanduser(download_root)
    filename = filename or os.path.basename(url)
    download_url(url, folder, filename, md5)
    extract_archive(os.path.join(folder, filename), extract_root or folder, remove_finished)


def list_dir(root, prefix: bool = False) -> list[str]:
    """Return the folders in `root`, with `root` in front if `prefix`.

    >>> import os, tempfile
    >>> from tidu.vision.datasets.utils import list_dir
    >>> with tempfile.TemporaryDirectory() as root:
    ...     os.mkdir(f"{root}/cats")
    ...     list_dir(root)
    ['cats']
    """
    root = os.path.expanduser(root)
    names = [name for name in os.listdir(root) if os.path.isdir(os.path.join(root, name))]
    return [os.path.join(root, name) for name in names] if prefix else names


def list_files(root, suffix, prefix: bool = False) -> list[str]:
    """Return the files in `root` that end in `suffix` (or one of several), as `list_dir` does.

    >>> import tempfile
    >>> from tidu.vision.datasets.utils import list_files
    >>> with tempfile.TemporaryDirectory() as root:
    ...     open(f"{root}/cat.png", "w").close()
    ...     open(f"{root}/notes.txt", "w").close()
    ...     list_files(root, ".png")
    ['cat.png']
    """
    root = os.path.expanduser(root)
    names = [
        name
        for name in os.listdir(root)
        if os.path.isfile(os.path.join(root, name)) and name.endswith(suffix)
    ]
    return [os.path.join(root, name) for name in names] if prefix else names


def iterable_to_str(iterable) -> str:
    """Return a list of words in quotes.

    >>> iterable_to_str(["a", "b"])
    "'a', 'b'"
    """
    return "'" + "', '".join(str(item) for item in iterable) + "'"


def verify_str_arg(value, arg=None, valid_values=None, custom_msg=None):
    """Return a string argument, or raise ValueError if it is none or not among `valid_values`.

    >>> verify_str_arg("train", "split", ("train", "test"))
    'train'
    """
    if not isinstance(value, str):
        place = "" if arg is None else f" for argument {arg}"
        raise ValueError(f"Expected type str{place}, but got type {type(value)}.")
    if valid_values is None or value in valid_values:
        return value
    if custom_msg is not None:
        raise ValueError(custom_msg)
    raise ValueError(
        f"Unknown value '{value}' for argument {arg}. "
        f"Valid values are {{{iterable_to_str(valid_values)}}}."
    )
