"""MD5 checksums of files, and the files that `md5sum` writes them into."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

FILE = "MD5SUMS"


def calculate_md5(fpath, chunk_size: int = 1 << 20) -> str:
    """Return a file's MD5 checksum in hexadecimal.

    >>> import tempfile
    >>> from tidu.vision.datasets.utils import calculate_md5
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = f"{folder}/greeting.txt"
    ...     with open(path, "w") as file:
    ...         _ = file.write("hello")
    ...     calculate_md5(path)
    '5d41402abc4b2a76b9719d911017c592'
    """
    # Not for security: the published datasets name MD5 and nothing else.
    md5 = hashlib.md5(usedforsecurity=False)
    with open(fpath, "rb") as file:
        while chunk := file.read(chunk_size):
            md5.update(chunk)
    return md5.hexdigest()


def parse_checksums(text: str) -> dict[str, str]:
    """Read the lines of `md5sum`.

    >>> parse_checksums("d41d8cd98f00b204e9800998ecf8427e  ./a/b\\n")
    {'a/b': 'd41d8cd98f00b204e9800998ecf8427e'}
    """
    found = {}
    for line in text.splitlines():
        md5, _, name = line.strip().partition(" ")
        if len(md5) == 32 and name:
            # A star before the name marks what was read as binary.
            found[name.strip().removeprefix("*").removeprefix("./")] = md5.lower()
    return found


def read_checksums(path: Path) -> dict[str, str]:
    """Read a file of checksums; there are none where there is no such file."""
    return parse_checksums(path.read_text()) if path.is_file() else {}


def remember_checksums(root: Path, checksums: dict[str, str]) -> None:
    """Add checksums to `root/MD5SUMS`, which from then on hold for what lies in `root`."""
    path = root / FILE
    known = read_checksums(path)
    if checksums.items() <= known.items():
        return
    part = path.with_name(path.name + ".part")
    lines = (f"{md5}  {name}\n" for name, md5 in sorted({**known, **checksums}.items()))
    part.write_text("".join(lines))
    os.replace(part, path)


_digests: dict[str, tuple[tuple, str]] = {}


def digest(path: Path) -> str:
    """Return a file's checksum, computed once as long as the file stays as it is."""
    status = path.stat()
    state = (status.st_size, status.st_mtime_ns, status.st_ino)
    known = _digests.get(os.fspath(path))
    if known is None or known[0] != state:
        known = _digests[os.fspath(path)] = (state, calculate_md5(path))
    return known[1]


