"""Other dtypes, devices and memory formats; questions about a tensor's form."""

from __future__ import annotations

import numpy as np

from .. import device as devices
from .. import dtypes, formats
from ..autograd.op import op
from ..autograd.public import PUBLIC, composite, operations
from ..backend.quiet import loud, quiet
from ..tensor import Tensor


def cast(array, dtype):
    """The elements of an ndarray in another dtype (a new array, unless it has that dtype)."""
    if array.dtype.kind == "c" and dtype.kind in (dtypes.INTEGER, dtypes.FLOAT):
        array = array.real
    settings = quiet()
    try:
        return array.astype(dtype.numpy, copy=False)
    finally:
        loud(settings)


@op(public=False, method=False, node="ToCopyBackward0")
def to_dtype(k, x: Array, dtype):  # noqa: F821
    """The elements converted to `dtype`."""
    if x.dtype.kind == "c" and dtype.kind in (dtypes.INTEGER, dtypes.FLOAT):
        x = x.real
    return x.astype(dtype.numpy)


to_dtype.vjp(x=lambda g: g)  # the engine casts gradients to the dtype of what they belong to


@op()
def clone(k, x: Array, *, memory_format=None):  # noqa: F821
    """A copy with the same elements, through which gradients flow.

    >>> import tidu
    >>> x = tidu.ones(2, requires_grad=True)
    >>> x.clone()
    tensor([1., 1.], grad_fn=<CloneBackward0>)
    """
    if memory_format is None or memory_format is formats.preserve_format:
        return x.copy(order="K")
    out = formats.empty(k.xp, x.shape, x.dtype, memory_format)
    out[...] = x
    return out


clone.vjp(x=lambda g: g)


def to(self, dtype=None):
    if dtype.numpy == self._array.dtype:
        return self
    return operations.to_dtype(self, dtype)


Tensor.to = to


def _converter(name, dtype):
    def method(self, memory_format=None):
        return to(self, dtype)

    method.__name__ = name
    return method


for _name, _dtype in {"float": "float32", "double": "float64", "half": "float16", "int": "int32",
                      "long": "int64", "short": "int16", "char": "int8", "byte": "uint8",
                      "bool": "bool", "cfloat": "complex64", "cdouble": "complex128"}.items():  # fmt: skip
    setattr(Tensor, _name, _converter(_name, getattr(dtypes, _dtype)))


@composite(method=True, public=False, out=False)
def contiguous(input, memory_format=formats.contiguous_format):
    """This tensor if it lies in memory in the given format, else a copy that does."""
    if formats.is_contiguous(input._array, memory_format):
        return input
    return operations.clone(input, memory_format)
