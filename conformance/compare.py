"""The first difference between two plain results, in words."""

from __future__ import annotations

import math

import numpy as np

from .convert import Plain

# Relative tolerance, and absolute tolerance as a share of the largest expected magnitude (or 1).
TOLERANCES = {
    "float64": (1e-7, 1e-10),
    "complex128": (1e-7, 1e-10),
    "float32": (1.3e-5, 2e-6),
    "complex64": (1.3e-5, 2e-6),
    "float16": (2e-3, 1e-3),
    "bfloat16": (1.6e-2, 1e-2),
}


def difference(expected, got, *, values=True, lenient_none=False, where="") -> str | None:
    """What differs first, or None; `values=False` compares shapes and dtypes alone.

    With `lenient_none` a gradient that is None equals one that is zero but for rounding.
    """
    options = {"values": values, "lenient_none": lenient_none}
    if lenient_none and (expected is None) != (got is None):
        present = got if expected is None else expected
        if isinstance(present, Plain) and np.allclose(present.array, 0, atol=1e-12):
            return None
    if isinstance(expected, Plain) or isinstance(got, Plain):
        found = _tensor_difference(expected, got, values)
    elif isinstance(expected, (list, dict)):
        if type(expected) is not type(got):
            found = f"expected a {_kind(expected)}, got a {_kind(got)}"
        elif len(expected) != len(got):
            found = f"expected {len(expected)} items, got {len(got)}"
        elif isinstance(expected, dict) and expected.keys() != got.keys():
            found = f"expected keys {list(expected)}, got {list(got)}"
        else:
            keys = expected if isinstance(expected, dict) else range(len(expected))
            parts = (
                difference(expected[key], got[key], where=f"{where}[{key}]", **options)
                for key in keys
            )
            return next((part for part in parts if part), None)
    else:
        found = _scalar_difference(expected, got, values)
    return f"{where.lstrip()}: {found}" if found and where else found


def _kind(value) -> str:
    return "tensor" if isinstance(value, Plain) else type(value).__name__


def _scalar_difference(expected, got, values) -> str | None:
    if isinstance(expected, np.ndarray):
        return None if np.array_equal(expected, got) else f"expected {expected}, got {got}"
    if type(expected) is not type(got):
        return f"expected {expected!r:.60}, got a {_kind(got)}: {got!r:.60}"
    if not values or expected == got:
        return None
    if isinstance(expected, float):
        if math.isnan(expected) and math.isnan(got):
            return None
        if math.isclose(expected, got, rel_tol=1e-7, abs_tol=1e-10):
            return None
    return f"expected {expected!r:.80}, got {got!r:.80}"


def _tensor_difference(expected, got, values) -> str | None:
    if not (isinstance(expected, Plain) and isinstance(got, Plain)):
        shown = [_kind(side) if side is not None else "None" for side in (expected, got)]
        return f"expected {shown[0]}, got {shown[1]}"
    if expected.array.shape != got.array.shape:
        return f"expected shape {expected.array.shape}, got {got.array.shape}"
    if expected.dtype != got.dtype:
        return f"expected dtype {expected.dtype}, got {got.dtype}"
    if not values or expected.array.size == 0:
        return None
    return _array_difference(expected.array, got.array, TOLERANCES.get(expected.dtype))


def _array_difference(expected, got, tolerance) -> str | None:
    if tolerance is None:
        close = expected == got
    else:
        relative, share = tolerance
        with np.errstate(all="ignore"):
            finite = np.abs(expected[np.isfinite(expected)])
            largest = max(1.0, float(finite.max(initial=0.0)))
            close = np.isclose(got, expected, rtol=relative, atol=share * largest, equal_nan=True)
    if np.all(close):
        return None
    bad = np.argwhere(~np.asarray(close))
    place = tuple(int(i) for i in bad[0])
    one, other = expected[place], got[place]
    at = f" at {place}" if place else ""
    return f"{len(bad)} of {expected.size} values differ, first{at}: expected {one}, got {other}"
