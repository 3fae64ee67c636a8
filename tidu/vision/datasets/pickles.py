"""Read the pickles that datasets are published in, and let them make nothing but plain data."""

from __future__ import annotations

import pickle

import numpy as np
from numpy._core import multiarray, numeric

# What a pickle of arrays refers to, under the names of the NumPy and Python that wrote it.
_ALLOWED: dict[tuple[str, str], object] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}
for _core in ("numpy.core", "numpy._core"):
    _ALLOWED[f"{_core}.multiarray", "_reconstruct"] = multiarray._reconstruct
    _ALLOWED[f"{_core}.multiarray", "scalar"] = multiarray.scalar
    _ALLOWED[f"{_core}.numeric", "_frombuffer"] = numeric._frombuffer  # type: ignore[attr-defined]


class PlainUnpickler(pickle.Unpickler):
    """An unpickler that knows arrays, numbers, strings, lists, tuples and dicts, nothing else.

    A pickle can name any function and have it called; one that names another than an array's own
    raises `pickle.UnpicklingError` before anything is called.
    """

    def find_class(self, module: str, name: str):
        if (module, name) == ("_codecs", "encode"):
            return _encode
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"the file refers to {module}.{name}, which a dataset has no use for; "
                "it may be malicious and was not opened"
            ) from None


def _encode(text: str, encoding: str) -> bytes:
    """Stand in for `codecs.encode`, by which old pickles keep bytes, and only for that."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes in the encoding {encoding!r}")
    return text.encode("latin1")


def load(path) -> dict:
    """Read a pickle written by Python 2 or 3, with strings as strings."""
    with open(path, "rb") as file:
        return PlainUnpickler(file, encoding="latin1").load()
