"""Get a dataset's files, from the mirror that the environment names or from their publisher."""

from __future__ import annotations

from pathlib import Path

from tidu.vision.datasets import checksums
from tidu.vision.datasets.download import DownloadError, fetch
from tidu.vision.datasets.mirror import VARIABLE, Mirror, is_intact


def obtain(root: Path, name: str, urls: list[str], md5: str, mirror_names: list[str]) -> Path:
    """Return where a published file lies, after getting it from a mirror or an URL if need be.

    It goes to `root/name`, except that a mirror's folder is read where it is. `mirror_names` are
    the names that it may have on a mirror.

    Raises DownloadError when it can be had from nowhere.
    """
    path = root / name
    mirror = Mirror.of_environment()
    if is_intact(root, name, md5, mirror):
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    tried: list[tuple[str, Exception]] = []
    offer = mirror.offer(mirror_names, md5) if mirror else None
    if mirror and offer:
        offered, expected = offer
        try:
            if not mirror.is_url:
                mirror.check(offered, expected)
                return Path(mirror.place_of(offered))
            mirror.get(offered, path, expected)
            return path
        except (OSError, RuntimeError) as error:
            tried.append((mirror.place_of(offered), error))
    for url in urls:
        try:
            fetch(url, path, md5)
            return path
        except (OSError, RuntimeError) as error:
            tried.append((url, error))
    raise _explain(path, tried, mirror, offer is not None)


def obtain_unpacked(root: Path, names: list[str]) -> bool:
    """Get files from a mirror that lists all of them, each by itself; return whether it does."""
    mirror = Mirror.of_environment()
    listed = mirror.listed() if mirror else {}
    if mirror is None or not all(name in listed for name in names):
        return False
    for name in names:
        mirror.get(name, root / name, listed[name])
    return True


def remember_unpacked(root: Path, published: dict[str, str]) -> None:
    """Remember the checksums of files that were just unpacked, where they are not the published.

    The archive's own checksum was right, so what came out of it is what the mirror meant, unless
    the mirror says otherwise.
    """
    mirror = Mirror.of_environment()
    listed = mirror.listed() if mirror else {}
    there = {name: checksums.digest(root / name) for name in published if (root / name).is_file()}
    own = {name: listed.get(name, md5) for name, md5 in there.items() if md5 != published[name]}
    if own:
        checksums.remember_checksums(root, own)


def _explain(path: Path, tried: list, mirror: Mirror | None, offered: bool) -> DownloadError:
    lines = [f"Tried {place}, got:\n{error}\n" for place, error in tried]
    error = DownloadError(f"Error downloading {path.name}:\n" + "".join(lines))
    for _, cause in tried:
        for note in getattr(cause, "__notes__", ()):
            error.add_note(note)
    error.add_note(
        f"Without a network: get {path.name} elsewhere and put it at {path.absolute()},\n"
        f"or set {VARIABLE} to a folder or URL that has it, and an MD5SUMS with its checksum."
    )
    if mirror is not None and not offered:
        error.add_note(f"{VARIABLE} is {mirror.location} now, which does not have {path.name}.")
    return error
