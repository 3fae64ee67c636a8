"""The few things the harness itself needs of a tensor, for both libraries.

Where tidu lacks the public function, its memory is taken directly, so that one missing name does
not hide every other comparison.
"""

from __future__ import annotations

import importlib

import numpy as np

from .libraries import subject, torch


def from_array(library, array: np.ndarray):
    """A tensor that shares an ndarray's memory."""
    make = getattr(library, "from_numpy", None) or library.Tensor._wrap
    return make(array)


def to_array(tensor) -> np.ndarray:
    """A tensor's memory as an ndarray that shares it."""
    if isinstance(tensor, torch.Tensor):
        tensor = tensor.detach().resolve_conj().resolve_neg()
        return (tensor.float() if tensor.dtype is torch.bfloat16 else tensor).numpy()
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
