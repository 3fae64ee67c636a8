"""Unpack archives: nothing outside of the folder, nothing but files, and all or nothing."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

_OPENERS: dict[str, Callable] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_TAR_ALIASES = {".tgz": ".tar.gz", ".tbz": ".tar.bz2", ".tbz2": ".tar.bz2"}
_ARCHIVES = (".tar", ".zip")


def extract_archive(from_path, to_path=None, remove_finished: bool = False):
    """Unpack a .tar or .zip archive, or a single compressed file, into a folder.

    What it is, its name says: .tar (also compressed by .gz, .bz2 or .xz, or as .tgz, .tbz), .zip,
    or .gz, .bz2, .xz alone. `to_path` is the archive's own folder if left out. Nothing appears
    there before all of it is unpacked.

    Returns where it went, a folder or a single file. Raises RuntimeError for a name of another
    kind, and for an archive that would write outside of the folder or that holds links or devices.

    >>> import os, shutil, tempfile
    >>> from tidu.vision.datasets.utils import extract_archive
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     os.makedirs(f"{folder}/here/cats")
    ...     archive = shutil.make_archive(f"{folder}/cats", "zip", f"{folder}/here")
    ...     _ = extract_archive(archive, f"{folder}/there")
    ...     os.listdir(f"{folder}/there")
    ['cats']
    """
    source = Path(from_path)
    target = source.parent if to_path is None else Path(to_path)
    archive, compression, suffix = _kind_of(source.name)
    target.mkdir(parents=True, exist_ok=True)
    # In the target itself, so that moving from there is renaming.
    with tempfile.TemporaryDirectory(dir=target, prefix=".unpacking-") as scratch:
        if archive == ".tar":
            _unpack_tar(source, Path(scratch))
        elif archive == ".zip":
            _unpack_zip(source, Path(scratch))
        else:
            name = source.name.removesuffix(suffix)
            with _OPENERS[compression](source, "rb") as packed:
                _write(packed, Path(scratch, name))
        _move_into(Path(scratch), target)
    if remove_finished:
        source.unlink()
    result = target if archive else target / name
    return result if isinstance(from_path, Path) else os.fspath(result)


def _kind_of(name: str) -> tuple[str | None, str, str]:
    """Return the kind of archive, its compression and the part of the name that says so."""
    suffixes = PurePosixPath(name).suffixes
    if not suffixes:
        raise RuntimeError(
            f"File '{name}' has no suffixes that could be used to detect the archive type and "
            "compression."
        )
    last = suffixes[-1]
    if last in _TAR_ALIASES:
        return ".tar", _TAR_ALIASES[last].removeprefix(".tar"), last
    if last in _ARCHIVES:
        return last, "", last
    if last in _OPENERS:
        if len(suffixes) > 1 and suffixes[-2] in _ARCHIVES:
            return suffixes[-2], last, suffixes[-2] + last
        return None, last, last
    known = sorted([*_TAR_ALIASES, *_ARCHIVES, *_OPENERS])
    raise RuntimeError(
        f"Unknown compression or archive type: '{last}'.\nKnown suffixes are: '{known}'."
    )


def _unpack_tar(source: Path, target: Path) -> None:
    with tarfile.open(source) as tar:
        for member in tar:
            path = _inside(target, member.name, source)
            if member.isdir():
                path.mkdir(parents=True, exist_ok=True)
            elif member.isreg():
                packed = tar.extractfile(member)
                assert packed is not None  # it is a regular file
                _write(packed, path)
            else:
                raise _unsafe(source, member.name, "is a link or a device")


def _unpack_zip(source: Path, target: Path) -> None:
    with zipfile.ZipFile(source) as archive:
        for info in archive.infolist():
            path = _inside(target, info.filename, source)
            if info.is_dir():
                path.mkdir(parents=True, exist_ok=True)
            elif stat.S_IFMT(info.external_attr >> 16) in (0, stat.S_IFREG):
                with archive.open(info) as packed:
                    _write(packed, path)
            else:
                raise _unsafe(source, info.filename, "is a link or a device")


def _inside(folder: Path, name: str, archive: Path) -> Path:
    """Return where a member goes, or raise RuntimeError where that is not inside of `folder`."""
    posix = PurePosixPath(name.replace("\\", "/"))
    if posix.is_absolute() or ".." in posix.parts:
        raise _unsafe(archive, name, "points outside of the folder")
    if os.name == "nt" and any(":" in part for part in posix.parts):
        raise _unsafe(archive, name, "points outside of the folder")
    return folder.joinpath(*posix.parts)


def _unsafe(archive: Path, name: str, why: str) -> RuntimeError:
    error = RuntimeError(f"{archive.name} is not safe to unpack: {name!r} {why}")
    error.add_note("Nothing was unpacked. Look at where the archive comes from.")
    return error


def _write(packed, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        shutil.copyfileobj(packed, file, 1 << 20)


def _move_into(scratch: Path, target: Path) -> None:
    """Move everything into `target`: whole folders where they are new, else file by file."""
    for entry in list(scratch.iterdir()):
        place = target / entry.name
        if entry.is_dir() and place.is_dir():
            _move_into(entry, place)
        else:
            os.replace(entry, place)
