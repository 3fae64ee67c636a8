"""Padding: `tidu.nn.functional.pad`."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..autograd.op import Array, op
from ..autograd.public import composite
from ..errors import class_name
from ..tensor import Tensor
from .checks import need_tensors
from .indexing import as_number

# A padding is a flat tuple as in PyTorch: (left, right) of the last dimension, then of the one
# before it, and so on. Negative numbers cut off.


def _by_axis(pad, ndim):
    """(axis, before, after) of the dimensions that are padded, the last dimension first."""
    return [(ndim - 1 - i, pad[2 * i], pad[2 * i + 1]) for i in range(len(pad) // 2)]


@op(public=False, method=False, node="ConstantPadNdBackward0")
def pad_constant(k, x: Array, pad, value=0):
    """`x` with a number around it."""
    shape, inner, outer = list(x.shape), [slice(None)] * x.ndim, [slice(None)] * x.ndim
    for axis, before, after in _by_axis(pad, x.ndim):
        n = shape[axis]
        shape[axis] = n + before + after
        if shape[axis] < 0:
            raise RuntimeError(
                f"The input size {n}, plus negative padding {before} and {after} resulted in a "
                f"negative output size, which is invalid. Check dimension {axis} of your input."
            )
        inner[axis] = slice(max(-before, 0), n - max(-after, 0))
        outer[axis] = slice(max(before, 0), shape[axis] - max(after, 0))
    out = k.xp.full(shape, as_number(value, x.dtype), x.dtype)
    out[tuple(outer)] = x[tuple(inner)]
    return out


@composite(out=False)
def constant_pad_nd(input, pad, value=0):
    """`input` with a number around it: the mode "constant" of `nn.functional.pad`.

    >>> import tidu
    >>> tidu.constant_pad_nd(tidu.ones(2), (1, 2), 3.0)
    tensor([3., 1., 1., 3., 3.])
    """
    return pad_constant.op.apply(input, tuple(pad), value)


pad_constant.vjp(x=lambda k, g, pad: k.pad_constant(g, tuple(-n for n in pad)))


def _reflect(n, before, after):
    places = np.arange(-before, n + after)
    return n - 1 - abs(n - 1 - abs(places))


def _replicate(n, before, after):
    return np.arange(-before, n + after).clip(0, n - 1)


def _circular(n, before, after):
    start = max(-before, 0)
    kept = n - start - max(-after, 0)  # what is cut off does not come around again
    places = np.arange(-max(before, 0), kept + max(after, 0))
    if kept < 1 and places.size:
        raise RuntimeError("Negative padding value is resulting in an empty dimension")
    return start + places % max(kept, 1)


_SOURCES = {"reflect": _reflect, "replicate": _replicate, "circular": _circular}


def _sources_node(x, pad, mode):
    dims = len(pad) // 2
    return {
        "reflect": f"ReflectionPad{dims}DBackward0",
        "replicate": f"ReplicationPad{dims}DBackward0",
        "circular": "CopySlices",
    }[mode]


@op(public=False, method=False, node=_sources_node)
def pad_from_self(k, x: Array, pad, mode):
    """`x` surrounded by elements of its own: "reflect", "replicate" or "circular"."""
    for axis, before, after in _by_axis(pad, x.ndim):
        x = x.take(_SOURCES[mode](x.shape[axis], before, after), axis)
    return x


pad_from_self.vjp(x=lambda k, g, x_shape, pad, mode: k.unpad(g, x_shape, pad, mode))


def _amounts(pad):
    if not isinstance(pad, (tuple, list)):
        raise TypeError(
            f"pad(): argument 'pad' (position 2) must be tuple of ints, not {class_name(pad)}"
        )
    for i, n in enumerate(pad, 1):
        if type(n) is not int and not hasattr(n, "__index__"):
            if i == 1:
                raise TypeError(
                    "pad(): argument 'pad' (position 2) must be tuple of ints, but found element of type "
                    f"{class_name(n)} at pos 0"
                )
            raise TypeError(
                f"pad(): argument 'pad' failed to unpack the object at pos {i} with error \"type must be "
                f"tuple of ints,but got {class_name(n)}\""
            )
    return tuple([n.__index__() for n in pad])


@op(public=False, method=False)
def unpad(k, x: Array, shape, pad, mode):
    """The gradient of `pad_from_self`: every element is added to the one that it came from."""
    for axis, before, after in reversed(_by_axis(pad, x.ndim)):
        n = shape[axis]
        rows = k.xp.moveaxis(x, axis, 0)
        source = _SOURCES[mode](n, before, after)
        full = k.xp.zeros((n, *rows.shape[1:]), x.dtype)
        start = max(before, 0)
        middle = slice(start, max(len(source) - max(after, 0), start))
        full[source[middle]] = rows[middle]
        for i in (*range(min(start, len(source))), *range(middle.stop, len(source))):
            full[source[i]] += rows[i]
        x = k.xp.moveaxis(full, 0, axis)
    return x


unpad.vjp(x=lambda k, g, pad, mode: k.pad_from_self(g, pad, mode))


@lru_cache(256)
def _check(shape, pad, mode):
    """PyTorch's conditions for padding with the tensor's own elements."""
    ndim, dims = len(shape), len(pad) // 2
    if ndim not in (dims + 1, dims + 2) or dims > 3:
        raise NotImplementedError(
            f"Padding size {len(pad)} is not supported for {ndim}D input tensor.\n"
            "Supported combinations for non-constant padding:\n"
            "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
            "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
            "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
        )
    if mode != "circular" and 0 in shape[ndim - dims - 1 :]:
        raise RuntimeError(
            f"Expected {dims + 1}D or {dims + 2}D (batch mode) tensor with possibly 0 batch size "
            f"and other non-zero dimensions for input, but got: {list(shape)}"
        )
    for i, (axis, before, after) in enumerate(_by_axis(pad, ndim)):
        n = shape[axis]
        if mode == "reflect" and (before >= n or after >= n):
            raise RuntimeError(
                f"Argument #{4 + 2 * i}: Padding size should be less than the corresponding input "
                f"dimension, but got: padding ({before}, {after}) at dimension {axis} of input "
                f"{list(shape)}"
            )
        if mode == "circular":
            if before > n or after > n:
                raise RuntimeError("Padding value causes wrapping around more than once.")
            if before + after + n < 0:
                raise RuntimeError("Negative padding value is resulting in an empty dimension")
    if mode != "circular":
        _check_result(shape, pad)


def _check_result(shape, pad):
    """PyTorch refuses a result without elements only if no padded dimension is left at all."""
    want = list(shape)
    for axis, before, after in _by_axis(pad, len(shape)):
        want[axis] += before + after
    padded = range(len(shape) - len(pad) // 2, len(shape))
    if max(want[i] for i in padded) < 1:
        names = "DHW"[-len(padded) :]
        had = " ".join(f"{c}: {shape[i]}" for c, i in zip(names, padded))
        left = " ".join(f"{c}: {want[i]}" for c, i in zip(names, padded))
        raise RuntimeError(f"input ({had}) is too small. Calculated output {left}")
    if min(want) < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(want)}: {want}")


@composite(public=False, out=False)
def pad(input, pad, mode="constant", value=None):
    """The tensor with its last dimensions padded: `pad` is (left, right, top, bottom, ...).

    `mode`: "constant" (with `value`, 0 if not given), or, for the last one to three dimensions,
    "reflect", "replicate" or "circular". Negative numbers cut off.

    >>> import tidu
    >>> tidu.nn.functional.pad(tidu.tensor([[1, 2, 3]]), (1, 1), mode="reflect")
    tensor([[2, 1, 2, 3, 2]])
    """
    if not isinstance(input, Tensor):
        need_tensors("pad", input=input)
    shape, pad = input._array.shape, _amounts(pad)
    if not isinstance(mode, str):
        raise TypeError(f"pad(): argument 'mode' (position 3) must be str, not {class_name(mode)}")
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(pad) > 2 * len(shape):
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got "
            f"padding length {len(pad)} and input of dimension {len(shape)}"
        )
    if mode == "constant":
        for axis, before, after in _by_axis(pad, len(shape)):
            if max(-before, 0) + max(-after, 0) > shape[axis]:
                raise RuntimeError("narrow(): length must be non-negative.")
        return pad_constant.op.apply(input, pad, 0 if value is None else value)
    if value is not None and value != 0:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in _SOURCES:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    _check(shape, pad, mode)
    return pad_from_self.op.apply(input, pad, mode)
