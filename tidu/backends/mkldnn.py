"""oneDNN, Intel's library of layers: not used."""

from __future__ import annotations


def is_available() -> bool:
    """Whether the library is used: False."""
    return False
