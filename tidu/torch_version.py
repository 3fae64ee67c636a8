"""`TorchVersion`: a version that programs compare with others, as strings or as numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["TorchVersion"]


class TorchVersion(str):
    """A string like "2.13.0" that compares as a version: with strings and with tuples.

    A pre-release ("2.13.0rc1", "2.13.0.dev1", "2.13.0a0") comes before its release, a local or
    post-release build ("2.13.0+cpu") after it.

    >>> from tidu.torch_version import TorchVersion
    >>> TorchVersion("2.13.0") > "2.9", TorchVersion("2.13.0") >= (2, 13)
    (True, True)
    """

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return _order(self) == _order(other)

    def __lt__(self, other: object) -> bool:
        return _order(self) < _order(other)

    def __le__(self, other: object) -> bool:
        return _order(self) <= _order(other)

    def __gt__(self, other: object) -> bool:
        return _order(self) > _order(other)

    def __ge__(self, other: object) -> bool:
        return _order(self) >= _order(other)


def _order(version: object) -> tuple:
    """The key by which versions are sorted."""
    if isinstance(version, Iterable) and not isinstance(version, str):
        version = ".".join(map(str, version))
    found = re.fullmatch(r"\s*v?(\d+(?:\.\d+)*)(.*?)\s*", str(version))
    if found is None:
        return (), 0, str(version)
    numbers = [int(number) for number in found[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    rest = found[2].lower()
    before_release = re.match(r"[._-]?(a|b|c|rc|alpha|beta|pre|preview|dev)", rest)
    return tuple(numbers), -1 if before_release else int(rest != ""), rest
