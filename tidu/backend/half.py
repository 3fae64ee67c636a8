"""Numbers beside float16: kept in float32, so that what is computed with them rounds once."""

from __future__ import annotations

import numpy as np

F16, F32 = np.dtype("float16"), np.dtype("float32")


class Unrounded(np.ndarray):
    """A float32 number that float16 operands meet: NumPy computes in float32, the result is float16.

    PyTorch multiplies and divides so: 1e5, which float16 cannot hold, is a factor like any other.
    """

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        wide = [np.asarray(value, F32) for value in inputs]
        return getattr(ufunc, method)(*wide, **options).astype(F16)


def unrounded(value):
    """A number, or the array of a 0-d tensor, as such an operand."""
    return np.asarray(value, F32).view(Unrounded)
