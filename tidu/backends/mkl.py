"""Intel's MKL: NumPy's own library multiplies matrices."""

from __future__ import annotations


def is_available() -> bool:
    """Whether the library is used: False."""
    return False
