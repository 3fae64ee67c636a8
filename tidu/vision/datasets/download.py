"""Download a file: with progress, trying again, going on where it stopped, and all or nothing.

What has arrived is kept beside the file, as `NAME.part`, until the whole is there and its checksum
is right. So a file under its final name is complete, and a download that was cut off goes on
where it stopped, in the same call or days later.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from tidu import version
from tidu.vision.datasets.checksums import calculate_md5

CHUNK = 1 << 16
TIMEOUT = 30.0  # seconds without a byte, after which a connection is given up
RETRIES = 3  # in a row, without anything having arrived
RETRY_DELAY = 0.5  # seconds before the first; each further one waits twice as long


class DownloadError(URLError, RuntimeError):
    """A file could be had from nowhere. Its notes say what to do.

    Both an URLError and a RuntimeError, because torchvision's datasets raise now one, now the
    other.

    >>> str(DownloadError("no network"))
    'no network'
    """

    def __str__(self) -> str:
        return str(self.reason)


def fetch(url: str, path: Path, md5: str | None = None) -> None:
    """Download `url` to `path`, and check it against `md5` if that is known.

    A failure that may pass (no answer, a broken connection, a server's 5xx) is tried again; as
    long as data arrives there is no limit to that.

    Raises what urllib raises, and RuntimeError for a wrong checksum.
    """
    part = path.with_name(path.name + ".part")
    if md5 is None:
        # Nothing would tell whether an old part belongs to the file that is there today.
        part.unlink(missing_ok=True)
    failures = 0
    while True:
        before = _size(part)
        try:
            resumed = _receive(url, part)
        except (OSError, HTTPException) as error:
            if isinstance(error, HTTPError):
                error.close()  # it holds the connection open
            failures = 0 if _size(part) > before else failures + 1
            if failures > RETRIES or not _may_pass(error):
                raise
            time.sleep(RETRY_DELAY * 2 ** max(failures - 1, 0))
            continue
        if md5 is None or (found := calculate_md5(part)) == md5:
            os.replace(part, path)
            return
        part.unlink()
        if not resumed:
            corrupted = RuntimeError("File not found or corrupted.")
            corrupted.add_note(f"{url} has the MD5 checksum {found}, not {md5} as expected")
            raise corrupted
        # The part may have been of another version of the file: once more, from the start.


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _may_pass(error: Exception) -> bool:
    """Whether a failure is worth another try."""
    if isinstance(error, HTTPError):
        return error.code >= 500 or error.code in (408, 429)
    reason = getattr(error, "reason", error)
    # A name that cannot be resolved: there is no network, and waiting would only hide that.
    return not isinstance(reason, socket.gaierror | ValueError | str)


def _receive(url: str, part: Path) -> bool:
    """Receive what is missing of `part`; return whether there was something to go on from."""
    have = _size(part)
    headers = {"User-Agent": f"tidu/{version.own}"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        response = urlopen(Request(url, headers=headers), timeout=TIMEOUT)
    except HTTPError as error:
        if error.code != 416 or not have:
            raise
        # Nothing beyond what is there: it is all there, or it is no part of this file.
        with error:
            if error.headers.get("Content-Range", "").endswith(f"/{have}"):
                return True
        part.unlink()
        return _receive(url, part)
    with response:
        resumed = bool(have) and response.status == 206
        if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            part.unlink()
            raise ConnectionError(f"{url}: the server sent another range than was asked for")
        length = response.headers.get("Content-Length")
        start = have if resumed else 0
        total = None if length is None else start + int(length)
        with open(part, "ab" if resumed else "wb") as file, _progress(url, total, start) as bar:
            while chunk := response.read(CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
        if total is not None and _size(part) < total:
            raise ConnectionError(f"{url}: the connection broke off at {_size(part)} of {total} B")
    return resumed


def _progress(url: str, total: int | None, start: int):
    try:
        from tqdm import tqdm
    except ImportError:
        return PlainProgress(url.rpartition("/")[2], total, start)
    return tqdm(total=total, initial=start, unit="B", unit_scale=True)


class PlainProgress:
    """How far a download is, on standard error; for where tqdm is not installed.

    On a terminal the line rewrites itself, elsewhere (a log) there is one for each tenth.
    """

    def __init__(self, name: str, total: int | None, start: int = 0) -> None:
        self.name = name
        self.total = total
        self.start = self.done = start
        self.started = time.monotonic()
        self.rewrites = sys.stderr.isatty()
        self.shown = -1.0  # on a terminal the time, elsewhere the number of tenths

    def __enter__(self) -> PlainProgress:
        return self

    def __exit__(self, *failure) -> None:
        if self.rewrites:
            print(f"\r{self._line()}", file=sys.stderr, flush=True)

    def update(self, size: int) -> None:
        """Count `size` more bytes, and show where that leads."""
        self.done += size
        if self.rewrites:
            now = time.monotonic()
            if now - self.shown > 0.1:
                self.shown = now
                print(f"\r{self._line()}", end="", file=sys.stderr, flush=True)
        else:
            unit = self.total / 10 if self.total else 100e6
            if self.done // unit > self.shown:
                self.shown = self.done // unit
                print(self._line(), file=sys.stderr, flush=True)

    def _line(self) -> str:
        speed = (self.done - self.start) / max(time.monotonic() - self.started, 1e-3)
        amount = f"{self.done / 1e6:.1f} MB"
        if self.total:
            amount = f"{self.done / self.total:4.0%} of {self.total / 1e6:.1f} MB"
        return f"{self.name}: {amount}, {speed / 1e6:.1f} MB/s"
