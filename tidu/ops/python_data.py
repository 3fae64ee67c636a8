"""Arrays from Python data: numbers and nested sequences of them, with PyTorch's rules and errors.

PyTorch looks at the data three times, and errors come in that order: the shape is that of the first
elements; the dtype is the promotion of all elements' dtypes; then the elements are stored, which
finds rows of other lengths and values that the dtype cannot hold.
"""

from __future__ import annotations

import builtins

import numpy as np

from .. import dtypes
from ..autograd.node import user_frame
from ..backend.quiet import IGNORE, loud, quiet
from ..tensor import Tensor

ndarray = np.ndarray
_PLAIN = frozenset((float, int, builtins.bool))
_LISTS = (list, tuple)


def array_of(data, dtype=None):
    """A new ndarray with the elements of `data`, of `dtype` (tidu's) or of what they suggest."""
    kind = type(data)
    if kind in _PLAIN:
        return _numbers(data, {kind}, dtype)
    if kind is list or kind is tuple:
        kinds = set(map(type, data))
        if kinds <= _PLAIN:
            return _numbers(data, kinds, dtype)
    return _nested(data, dtype)


def _numbers(data, kinds, dtype):
    """An array of Python floats, ints and bools (`kinds`): one of them, or a flat list."""
    if dtype is None:
        if float in kinds or not kinds:
            dtype = dtypes.get_default_dtype()
        else:
            dtype = dtypes.int64 if int in kinds else dtypes.bool
    if dtype.kind == dtypes.INTEGER:
        return _reals_as_integers(data, dtype) if float in kinds else _integers(data, dtype)
    settings = quiet(IGNORE)
    try:
        return np.array(data, dtype.numpy)
    except OverflowError:  # an int beyond float64
        raise RuntimeError("value cannot be converted to type double without overflow") from None
    finally:
        loud(settings)


def _integers(data, dtype):
    """Python ints as integers of a dtype; -1 becomes the highest number of an unsigned one."""
    try:
        if dtype is dtypes.uint64:
            return np.array(data, np.uint64)
        wide = np.array(data, np.int64)
    except OverflowError:
        if dtype is dtypes.uint64 and np.any(np.array(data) < 0):
            raise OverflowError("can't convert negative int to unsigned") from None
        raise ValueError("Overflow when unpacking long long") from None
    if dtype is dtypes.int64:
        return wide
    high = np.iinfo(dtype.numpy).max
    low = np.iinfo(dtype.numpy).min or -high
    if wide.size and (wide.min() < low or wide.max() > high):
        raise _overflow(dtype)
    return wide.astype(dtype.numpy)


def _reals_as_integers(data, dtype):
    """Python floats as integers: they lose their fractions."""
    values = np.array(data, np.float64)
    limits = np.iinfo(dtype.numpy)
    # 2**63 - 1 is no float64: there the next float above the limit is the first that is too large.
    fits = values < float(limits.max) + 1 if dtype.itemsize == 8 else values <= limits.max
    if not (fits & (values >= limits.min)).all():
        raise _overflow(dtype)
    return values.astype(dtype.numpy)


def _overflow(dtype):
    return RuntimeError(f"value cannot be converted to type {dtype.name} without overflow")


# Nested data, and elements that are not plain Python numbers.


def _nested(data, dtype):
    shape = _shape(data)
    if shape and type(data) in _LISTS and data and isinstance(data[0], ndarray):
        _warn_of_arrays()
        if dtype is None and all(isinstance(a, ndarray) and a.shape == shape[1:] for a in data):
            dtype = _infer(data)
            return np.array(data, dtype.numpy)
    try:
        leaves, from_arrays = _flatten(data, shape)
    except (TypeError, ValueError):
        if dtype is None:
            _infer(data)  # its errors come first
        raise
    if from_arrays and dtype is None:  # their elements are Python's by now
        dtype = _infer(data)
    kinds = set(map(type, leaves))
    if kinds <= _PLAIN and leaves:
        return _numbers(leaves, kinds, dtype).reshape(shape)
    if dtype is None:
        dtype = _infer(leaves)
    leaves = [_number(leaf, dtype) for leaf in leaves]
    return _numbers_of(leaves, dtype).reshape(shape)


def _numbers_of(leaves, dtype):
    if dtype.kind == dtypes.COMPLEX:
        settings = quiet(IGNORE)
        try:
            return np.array(leaves, dtype.numpy)
        finally:
            loud(settings)
    return _numbers(leaves, set(map(type, leaves)), dtype)


def _shape(data):
    """The lengths of the first elements, from the outside in."""
    shape = []
    while _is_sequence(data):
        shape.append(len(data))
        if not shape[-1] or isinstance(data, bytearray):
            break
        data = data[0]
        if isinstance(data, str):
            raise ValueError(f"too many dimensions '{type(data).__name__}'")
    return tuple(shape)


def _is_sequence(value):
    if isinstance(value, (list, tuple, range, ndarray, bytearray)):
        return True
    if isinstance(value, (Tensor, int, float, complex, str, bytes, dict, np.generic)):
        return False
    return hasattr(type(value), "__getitem__") and hasattr(type(value), "__len__")


def _flatten(data, shape):
    """All elements in one list, and whether some were an array's.

    Every sequence has to have the length of the first beside it.
    """
    items, from_arrays = [data], False
    for dim, length in enumerate(shape):
        from_arrays = from_arrays or any(isinstance(item, ndarray) for item in items)
        if not length:
            return [], from_arrays
        inner = []
        for sequence in items:
            if not _is_sequence(sequence):
                raise TypeError("not a sequence")
            if len(sequence) != length:
                raise ValueError(
                    f"expected sequence of length {length} at dim {dim} (got {len(sequence)})"
                )
            inner.extend(sequence.tolist() if _is_row(sequence, dim, shape) else sequence)
        items = inner
    return items, from_arrays


def _is_row(sequence, dim, shape):
    """Whether this is an array of numbers: as Python's, they are much faster to go through."""
    return isinstance(sequence, ndarray) and dim == len(shape) - 1 and sequence.ndim == 1


def _infer(data):
    """The dtype that nested data suggests: the promotion of its elements'."""
    if isinstance(data, Tensor):
        return data.dtype
    if isinstance(data, (ndarray, np.generic)):
        return dtypes.of(data)
    if isinstance(data, float):
        return dtypes.get_default_dtype()
    if isinstance(data, builtins.bool):
        return dtypes.bool
    if isinstance(data, int):
        return dtypes.int64
    if isinstance(data, complex):
        return dtypes.get_default_dtype().to_complex()
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
    if not _is_sequence(data):
        raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")
    if len(data) == 0:
        return dtypes.get_default_dtype()
    found, seen = None, set()
    for element in data:
        kind = type(element)
        if kind in _PLAIN:
            if kind in seen:
                continue
            seen.add(kind)
        d = _infer(element)
        found = d if found is None else dtypes.promote_types(found, d)
    return found


def _number(value, dtype):
    """A leaf as a Python number of the dtype's category."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, Tensor):
        if value._array.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        if dtype.kind >= dtypes.FLOAT:
            warn_of_history(value)
        value = value._array.item()
    elif isinstance(value, ndarray):
        if value.size != 1:
            raise TypeError("only length-1 arrays can be converted to Python scalars")
        value = value.item()
    if dtype.kind == dtypes.COMPLEX:
        return complex(value)
    if dtype.kind == dtypes.FLOAT:
        if isinstance(value, complex) or (
            not hasattr(value, "__float__") and not hasattr(value, "__index__")
        ):
            raise TypeError(f"must be real number, not {type(value).__name__}")
        return float(value)
    if dtype.kind == dtypes.BOOL:
        return builtins.bool(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, np.bool_) or not hasattr(value, "__index__"):
        name = "numpy.bool" if isinstance(value, np.bool_) else type(value).__name__
        raise TypeError(f"'{name}' object cannot be interpreted as an integer")
    return value.__index__()


_warned_of_history = False


def warn_of_history(tensor):
    """PyTorch's warning, once, where a number is taken out of a tensor that has a gradient."""
    global _warned_of_history
    if _warned_of_history or not tensor.requires_grad:
        return
    _warned_of_history = True
    import warnings

    frame = user_frame()
    warnings.warn_explicit(
        "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\n"
        "Consider using tensor.detach() first.",
        UserWarning,
        frame.f_code.co_filename if frame else "tidu",
        frame.f_lineno if frame else 0,
    )


_warned = False


def _warn_of_arrays():
    global _warned
    if _warned:
        return
    _warned = True
    import warnings

    warnings.warn(
        "Creating a tensor from a list of numpy.ndarrays is extremely slow. Please consider "
        "converting the list to a single numpy.ndarray with numpy.array() before converting to a "
        "tensor.",
        stacklevel=5,
    )
