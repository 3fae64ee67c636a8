"""Tensors among Python's and NumPy's own: numbers, lists, arrays, copies, pickles."""

from __future__ import annotations

import numpy as np

from ..tensor import Tensor


def item(self):
    """The only element, as a Python number."""
    array = self._array
    if array.size != 1:
        raise RuntimeError(f"a Tensor with {array.size} elements cannot be converted to Scalar")
    return array.item()


def tolist(self):
    """The elements as nested lists of Python numbers (one number, if there is no dimension)."""
    return self._array.tolist()


def numpy(self, *, force=False):
    """The same memory as an ndarray."""
    if force:
        return self.detach()._array
    if self.requires_grad:
        raise RuntimeError(
            "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
        )
    return self._array


for _function in (item, tolist, numpy):
    setattr(Tensor, _function.__name__, _function)
