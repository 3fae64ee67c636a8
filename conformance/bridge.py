"""The few things the harness itself needs of a tensor, for both libraries.

Where tidu lacks the public function, its memory is taken directly, so that one missing name does
not hide every other comparison.
"""

from __future__ import annotations

import importlib

import numpy as np

from .libraries import subject, torch


def from_array(library, array: np.ndarray):
    """A tensor that shares an ndarray's memory, with the whole of its base as storage."""
    make = getattr(library, "from_numpy", None) or library.Tensor._wrap
    base = array.base
    offset = array.ctypes.data - base.ctypes.data if isinstance(base, np.ndarray) else 0
    if not offset:
        return make(array)
    steps = [step // array.itemsize for step in array.strides]
    if library is torch:  # not as_strided: the result of that would be a view
        storage = torch.from_numpy(base)
        empty = torch.empty(0, dtype=storage.dtype)
        return empty.set_(storage, offset // array.itemsize, array.shape, steps)
    return make(base).as_strided(array.shape, steps, offset // array.itemsize).detach()


def blank(library, like, shape):
    """A new tensor of zeros with the dtype of another."""
    if library is torch:  # memory of NumPy's could not be resized
        return torch.zeros(tuple(shape), dtype=like.dtype)
    return from_array(library, np.zeros(tuple(shape), to_array(like).dtype))


def to_array(tensor) -> np.ndarray:
    """A tensor's memory as an ndarray that shares it."""
    if isinstance(tensor, torch.Tensor):
        tensor = tensor.detach()
        return (tensor.float() if tensor.dtype is torch.bfloat16 else tensor).numpy(force=True)
    return tensor._array if hasattr(tensor, "_array") else tensor.detach().numpy()


def strides(tensor) -> tuple:
    """A tensor's strides, counted in elements."""
    if isinstance(tensor, torch.Tensor) or hasattr(subject.Tensor, "stride"):
        return tuple(tensor.stride())
    array = to_array(tensor)
    return tuple(step // array.itemsize for step in array.strides)


def seed(library, number: int):
    """Sets the random state, where the library has one."""
    if hasattr(library, "manual_seed"):
        library.manual_seed(number)


def gradients(library, outputs, inputs, cotangents, **options):
    """``autograd.grad`` with ``allow_unused=True``."""
    owner = library.autograd
    if not hasattr(owner, "grad"):
        owner = importlib.import_module(f"{library.__name__}.autograd.engine")
    return owner.grad(outputs, inputs, cotangents, allow_unused=True, **options)
