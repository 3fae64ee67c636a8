"""cuDNN, NVIDIA's library of layers: not there. Its settings are kept and change nothing."""

from __future__ import annotations

enabled = True
benchmark = False
benchmark_limit = None
deterministic = False
allow_tf32 = True


def is_available() -> bool:
    """Whether the library is there: False."""
    return False


def version() -> None:
    """The library's version: None."""
    return
