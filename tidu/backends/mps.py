"""Apple's GPUs: not used."""

from __future__ import annotations


def is_available() -> bool:
    """Whether there is a GPU of Apple's to compute on: False."""
    return False


def is_built() -> bool:
    """Whether this build could use one: False."""
    return False


def is_macos_or_newer(major: int, minor: int) -> bool:
    """Whether this is macOS of at least that version, seen by the GPU's library: False."""
    return False
