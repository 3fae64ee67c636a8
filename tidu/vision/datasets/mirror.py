"""Where a dataset's files come from, and which checksums they must have.

The environment variable TIDU_DATASETS_MIRROR names a folder or an URL that has the files of
datasets: the archives as they are published, or what is in them, under the paths that it has
within a dataset's `root` (`cifar-10-batches-py/data_batch_1`). If it has a file MD5SUMS, as
`md5sum` writes it, then what that lists is on offer, and its checksums hold in place of the
published ones.

A dataset set up from such a mirror must be good tomorrow too, without the variable. So checksums
that differ from the published ones are written down in `root/MD5SUMS`, in the same format, and
hold for what lies in `root`; `md5sum -c MD5SUMS` checks it by hand.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from urllib.parse import quote

from tidu.vision.datasets import checksums

VARIABLE = "TIDU_DATASETS_MIRROR"


class Mirror:
    """A folder or URL that has files of datasets.

    >>> Mirror("https://example.org/data").place_of("MNIST/raw/a b.gz")
    'https://example.org/data/MNIST/raw/a%20b.gz'
    """

    def __init__(self, location: str) -> None:
        self.is_url = "://" in location
        self.location = location.rstrip("/") if self.is_url else os.path.expanduser(location)
        self._listed: dict[str, str] | None = None

    @classmethod
    def of_environment(cls) -> Mirror | None:
        """Return the mirror that the environment names, if it names one."""
        location = os.environ.get(VARIABLE)
        return cls(location) if location else None

    def place_of(self, name: str) -> str:
        """Return the path or URL of one file."""
        if self.is_url:
            return f"{self.location}/{quote(name)}"
        return os.path.join(self.location, *name.split("/"))

    def listed(self) -> dict[str, str]:
        """Return the MD5 checksums by name, or nothing where there is no readable MD5SUMS."""
        if self._listed is None:
            try:
                self._listed = self._read_listed()
            except OSError:
                self._listed = {}
        return self._listed

    def _read_listed(self) -> dict[str, str]:
        if not self.is_url:
            return checksums.read_checksums(Path(self.location, checksums.FILE))
        from urllib.request import urlopen

        with urlopen(self.place_of(checksums.FILE), timeout=30) as response:
            return checksums.parse_checksums(response.read().decode())

    def offer(self, names: list[str], published: str | None) -> tuple[str, str | None] | None:
        """Return the first of `names` that is on offer, with the checksum it must have."""
        listed = self.listed()
        for name in names:
            if name in listed:
                return name, listed[name]
            if not listed and (self.is_url or os.path.exists(self.place_of(name))):
                return name, published
        return None

    def get(self, name: str, path: Path, md5: str | None) -> None:
        """Copy or download a file to `path`; raises what `fetch` raises."""
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.is_url:
            from tidu.vision.datasets.download import fetch

            fetch(self.place_of(name), path, md5)
            return
        self.check(name, md5)
        part = path.with_name(path.name + ".part")
        shutil.copyfile(self.place_of(name), part)
        os.replace(part, path)

    def check(self, name: str, md5: str | None) -> None:
        """Raise RuntimeError where a file in a mirror's folder has another checksum."""
        found = checksums.calculate_md5(self.place_of(name))
        if md5 is not None and found != md5:
            error = RuntimeError("File not found or corrupted.")
            error.add_note(
                f"{self.place_of(name)} has the MD5 checksum {found}, not {md5} as expected"
            )
            raise error


def is_intact(root: Path, name: str, published: str, mirror: Mirror | None) -> bool:
    """Whether `root/name` is there and has the published checksum, or one that holds instead.

    Those are what `root/MD5SUMS` and the mirror's MD5SUMS say of it.
    """
    path = root / name
    if not path.is_file():
        return False
    found = checksums.digest(path)
    if found in (published, checksums.read_checksums(root / checksums.FILE).get(name)):
        return True
    return mirror is not None and mirror.listed().get(name) == found
