"""NumPy's own ufunc behind `np.clip`, which is faster than `maximum` and free of Python code."""

from __future__ import annotations

import numpy as np

try:
    from numpy._core.umath import clip  # type: ignore[attr-defined]
except ImportError:  # a NumPy that keeps it elsewhere

    def clip(x, low, high):
        """The elements of x, limited to [low, high]."""
        return np.minimum(np.maximum(x, low), high)


# For each float dtype, 0, 1, -inf and inf as 0-d arrays: Python numbers cost a conversion per call.
CONSTANTS = {
    np.dtype(t): tuple(np.asarray(value, t) for value in (0, 1, -np.inf, np.inf))
    for t in ("float16", "float32", "float64")
}
