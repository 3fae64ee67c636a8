"""Floating-point warnings: NumPy warns of 1/0, PyTorch does not, and neither may tidu.

    settings = quiet(IGNORE)
    try:
        ...
    finally:
        loud(settings)

`np.errstate` costs more than a small operation does, so the hot path switches the context variable
behind it. It is set and reset around each operation: the user's own NumPy calls keep their settings.
Native kernels warn of nothing, so `quietly` stands around what NumPy computes only.
"""

from __future__ import annotations

from typing import Any

import numpy as np

try:
    from numpy._core.umath import _extobj_contextvar as _errors

    with np.errstate(all="ignore"):
        IGNORE: Any = _errors.get()
    quiet, loud = _errors.set, _errors.reset

except ImportError:  # a NumPy that keeps its settings elsewhere
    IGNORE = None

    def quiet(ignore):
        """Silences warnings; returns what `loud` needs to bring the user's settings back."""
        return np.seterr(all="ignore")

    def loud(settings):
        """Brings the user's settings back."""
        np.seterr(**settings)


def quietly(function):
    """The function, with NumPy's warnings off while it runs."""

    def call(*args):
        settings = quiet(IGNORE)
        try:
            return function(*args)
        finally:
            loud(settings)

    call.__name__ = getattr(function, "__name__", "call")
    return call
