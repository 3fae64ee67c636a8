"""New tensors: from data, filled, in ranges."""

from __future__ import annotations

import math

import numpy as np

from .. import device as devices
from .. import dtypes, formats
from ..autograd.node import LEAF
from ..autograd.public import PUBLIC, composite
from ..tensor import Tensor
from .python_data import array_of

ndarray = np.ndarray
_PYTHON_TYPES = {float: "float64", int: "int64", type(True): "bool", complex: "complex128"}


def factory(function):
    """Enters a function that makes tensors under its name in the package."""
    PUBLIC[function.__name__] = function
    return function


# What all of them take.


def dtype_of(dtype, name):
    """The tidu dtype that the argument `dtype` means: one of them, or one of Python's number types."""
    if type(dtype) is dtypes.dtype:
        return dtype
    found = _PYTHON_TYPES.get(dtype) if isinstance(dtype, type) else None
    if found is None:
        raise TypeError(
            f"{name}(): argument 'dtype' must be torch.dtype, not {type(dtype).__name__}"
        )
    return getattr(dtypes, found)


def finish(array, requires_grad=False, device=None, pin_memory=False, layout=None, name="tensor"):
    """The tensor around a new array, with the options that every creating function has."""
    if device is not None:
        devices.check(device)
    if pin_memory:
        raise RuntimeError(
            "pin_memory=True requires a CUDA or other accelerator backend; no pinned memory "
            "allocator is available on this system."
        )
    if layout is not None and layout is not formats.strided:
        raise NotImplementedError(f"tidu has no tensors of layout {layout!r} yet")
    result = Tensor._wrap(array)
    if requires_grad is not False:
        if type(requires_grad) is not type(True):
            kind = type(requires_grad).__name__
            raise TypeError(f"{name}(): argument 'requires_grad' must be bool, not {kind}")
        if requires_grad:
            check_requires(array.dtype)
            result._node = LEAF
    return result


def check_requires(dtype):
    """PyTorch's error for dtypes that have no gradients (`dtype`: NumPy's)."""
    if dtype.kind not in "fc":
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")


def shape_of(size, name):
    """A shape as a tuple, given as several ints or as one sequence of them."""
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = size[0]
    for position, n in enumerate(size):
        if type(n) is not int:
            n = _as_int(n, position, size, name)
            size = (*size[:position], n, *size[position + 1 :])
        if n < 0:
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {n}: {list(size)}"
            )
    return tuple(size)


def _as_int(n, position, size, name):
    if not isinstance(n, (float, str, complex)):
        try:
            return n.__index__()
        except (AttributeError, TypeError):
            pass
    if len(size) == 1:
        raise TypeError(
            f"{name}(): argument 'size' (position 1) must be tuple of ints, not {type(n).__name__}"
        )
    raise TypeError(
        f"{name}(): argument 'size' must be tuple of ints, but found element of type "
        f"{type(n).__name__} at pos {position}"
    )


def _filled(name, make, size, out, dtype, layout, device, pin_memory, requires_grad, keywords):
    """zeros, ones and empty: `make(shape, dtype)` gives the array."""
    if keywords:
        size = _size_keyword(name, size, keywords)
    shape = shape_of(size, name)
    if out is not None:
        return _into(name, out, shape, dtype, lambda target: make(shape, target))
    wanted = dtypes.get_default_dtype() if dtype is None else dtype_of(dtype, name)
    return finish(make(shape, wanted.numpy), requires_grad, device, pin_memory, layout, name)


def _size_keyword(name, size, keywords):
    names = keywords.pop("names", None)
    if names is not None:
        raise NotImplementedError("tidu has no named tensors")
    if "size" in keywords and not size:
        size = keywords.pop("size")
        size = (size,) if isinstance(size, int) else tuple(size)
    if keywords:
        raise TypeError(f"{name}() got an unexpected keyword argument '{next(iter(keywords))}'")
    return size


def _into(name, out, shape, dtype, values):
    """Writes what `values(dtype)` gives into the tensor given as `out`."""
    from ..autograd.inplace import fill

    if dtype is not None and dtype_of(dtype, name) is not out.dtype:
        raise RuntimeError(
            f"dtype {dtype} does not match dtype of out parameter ({out.dtype})"
        )
    fill(name, out, Tensor._wrap(np.asarray(values(out._array.dtype))))
    return out


# From data


@factory
def tensor(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """A new tensor with a copy of `data`: a number, a nested sequence of numbers, an array.

    Floats become the default dtype, ints int64, bools bool, unless `dtype` says otherwise. Rows of
    different lengths raise ValueError.

    >>> import tidu
    >>> tidu.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    >>> tidu.tensor([1.0, 2.0], requires_grad=True)
    tensor([1., 2.], requires_grad=True)
    """
    if dtype is not None:
        dtype = dtype_of(dtype, "tensor")
    if isinstance(data, Tensor):
        _warn_of_copy()
        array = _converted(data._array, dtype, copy=True)
    elif isinstance(data, ndarray):
        array = _converted(_checked(data), dtype, copy=True)
    else:
        array = array_of(data, dtype)
    if device is None and requires_grad is False and not pin_memory:
        return Tensor._wrap(array)
    return finish(array, requires_grad, device, pin_memory)


def _warn_of_copy():
    import warnings

    warnings.warn(
        "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
        "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor).",
        stacklevel=3,
    )


def _converted(array, dtype, copy):
    """An array in another dtype, as `to` does it; `copy=False` gives the same one if it can."""
    if dtype is None or dtype.numpy == array.dtype:
        return array.copy(order="K") if copy else array
    from .conversion import cast

    return cast(array, dtype)


def _checked(array):
    """The ndarray, if a tensor can share its memory; else PyTorch's error."""
    if type(array) is not ndarray:
        array = array.view(ndarray)
    if array.dtype not in dtypes._by_numpy:
        native = array.dtype.newbyteorder("=")
        if native in dtypes._by_numpy and array.dtype.byteorder not in "=|":
            raise ValueError(
                "given numpy array has byte order different from the native byte order. Conversion "
                "between byte orders is currently not supported."
            )
        kind = array.dtype.type
        raise TypeError(
            f"can't convert np.ndarray of type {kind.__module__}.{kind.__name__}. The only "
            "supported types are: float64, float32, float16, complex64, complex128, int64, int32, "
            "int16, int8, uint64, uint32, uint16, uint8, and bool."
        )
    for stride in array.strides:
        if stride < 0:
            raise ValueError(
                "At least one stride in the given numpy array is negative, and tensors with "
                "negative strides are not currently supported. (You can probably work around this "
                "by making a copy of your array  with array.copy().) "
            )
        if stride % array.itemsize:
            raise ValueError(
                "given numpy array strides not a multiple of the element byte size. Copy the numpy "
                "array to reallocate the memory."
            )
    return array


@factory
def from_numpy(ndarray_, /):
    """A tensor that shares the memory of an ndarray: a write to one shows in the other.

    Raises TypeError for dtypes that tensors do not have, ValueError for negative strides.

    >>> import numpy, tidu
    >>> tidu.from_numpy(numpy.arange(3))
    tensor([0, 1, 2])
    """
    if not isinstance(ndarray_, ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray_).__name__})")
    array = _checked(ndarray_)
    if not array.flags.writeable:
        _warn_not_writable()
        array = _writable(array)
    return Tensor._wrap(array)


def _warn_not_writable():
    import warnings

    warnings.warn(
        "The given NumPy array is not writable, and PyTorch does not support non-writable tensors. "
        "This means writing to this tensor will result in undefined behavior. You may want to copy "
        "the array to protect its data or make it writable before converting it to a tensor. This "
        "type of warning will be suppressed for the rest of this program.",
        stacklevel=3,
    )


def _writable(array):
    """An array on the same memory that may be written to, as PyTorch's tensors always may."""
    return array


@factory
def as_tensor(data, dtype=None, device=None):
    """A tensor of `data` that shares its memory (and its graph) where that is possible.

    >>> import numpy, tidu
    >>> a = numpy.zeros(2)
    >>> t = tidu.as_tensor(a)
    >>> a[0] = 1
    >>> t
    tensor([1., 0.], dtype=tidu.float64)
    """
    if dtype is not None:
        dtype = dtype_of(dtype, "as_tensor")
    if device is not None:
        devices.check(device)
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    if isinstance(data, ndarray):
        shared = from_numpy(data)
        return shared if dtype is None else shared.to(dtype)
    return Tensor._wrap(array_of(data, dtype))


# Filled


@factory
def zeros(*size, out=None, dtype=None, layout=None, device=None, pin_memory=False,
          requires_grad=False, **keywords):  # fmt: skip
    """A tensor of zeros; the shape is given as several ints or as one sequence.

    >>> import tidu
    >>> tidu.zeros(2, 3)
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
    """
    return _filled("zeros", np.zeros, size, out, dtype, layout, device, pin_memory, requires_grad,
                   keywords)  # fmt: skip


@factory
def ones(*size, out=None, dtype=None, layout=None, device=None, pin_memory=False,
         requires_grad=False, **keywords):  # fmt: skip
    """A tensor of ones; the shape is given as several ints or as one sequence.

    >>> import tidu
    >>> tidu.ones(2, dtype=tidu.int64)
    tensor([1, 1])
    """
    return _filled("ones", np.ones, size, out, dtype, layout, device, pin_memory, requires_grad,
                   keywords)  # fmt: skip


@factory
def empty(*size, out=None, dtype=None, layout=None, device=None, pin_memory=False,
          requires_grad=False, memory_format=None, **keywords):  # fmt: skip
    """A tensor whose memory is not initialised.

    >>> import tidu
    >>> tidu.empty(2, 3).shape
    tidu.Size([2, 3])
    """

    def make(shape, numpy_dtype):
        return formats.empty(np, shape, numpy_dtype, memory_format)

    return _filled("empty", make, size, out, dtype, layout, device, pin_memory, requires_grad,
                   keywords)  # fmt: skip


@factory
def full(size, fill_value, *, out=None, dtype=None, layout=None, device=None, pin_memory=False,
         requires_grad=False, names=None):  # fmt: skip
    """A tensor filled with one number, whose type decides the dtype if `dtype` does not.

    >>> import tidu
    >>> tidu.full((2, 2), 7)
    tensor([[7, 7],
            [7, 7]])
    """
    value = array_of(fill_value)
    if value.ndim:
        raise TypeError("full(): argument 'fill_value' (position 2) must be Number, not "
                        f"{type(fill_value).__name__}")  # fmt: skip
    shape = shape_of((size,), "full")
    if out is not None:
        return _into("full", out, shape, dtype, lambda d: np.full(shape, value, d))
    if dtype is not None:
        value = value.astype(dtype_of(dtype, "full").numpy)
    return finish(np.full(shape, value), requires_grad, device, pin_memory, layout, "full")


# Ranges


@factory
def arange(*args, start=0, end=None, step=1, out=None, dtype=None, layout=None, device=None,
           pin_memory=False, requires_grad=False):  # fmt: skip
    """The numbers from `start` (0) up to but not including `end`, `step` (1) apart.

    The dtype is int64 if all three are integers, else the default dtype.

    >>> import tidu
    >>> tidu.arange(5)
    tensor([0, 1, 2, 3, 4])
    >>> tidu.arange(1, 2, 0.5)
    tensor([1.0000, 1.5000])
    """
    if len(args) == 1:
        end = args[0]
    elif len(args) == 2:
        start, end = args
    elif args:
        start, end, step = args
    start, end, step = (x.item() if isinstance(x, (Tensor, np.generic)) else x for x in (start, end, step))
    if dtype is not None:
        wanted = dtype_of(dtype, "arange")
    elif out is not None:
        wanted = out.dtype
    elif any(isinstance(x, float) for x in (start, end, step)):
        wanted = dtypes.get_default_dtype()
    else:
        wanted = dtypes.int64
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    count = math.ceil((end - start) / step)
    kind = np.int64 if wanted.kind == dtypes.INTEGER else np.float64
    values = (np.arange(count, dtype=kind) * kind(step) + kind(start)).astype(wanted.numpy)
    if out is not None:
        return _into("arange", out, values.shape, None, lambda d: values)
    return finish(values, requires_grad, device, pin_memory, layout, "arange")


# PyTorch's older constructors


def legacy_tensor(cls, dtype, args, device):
    """`Tensor(2, 3)`, `Tensor([1.0])`, `FloatTensor(...)`: a shape, or values of a fixed dtype."""
    if device is not None:
        devices.check(device)
    if not args:
        return Tensor._wrap(np.empty(0, dtype.numpy))
    if len(args) == 1 and not isinstance(args[0], (int, tuple)) or isinstance(args[0], tuple) and not hasattr(args[0], "numel"):
        data = args[0]
        if isinstance(data, Tensor):
            return Tensor._wrap(data._array)
        return Tensor._wrap(array_of(data, dtype))
    return Tensor._wrap(np.empty(shape_of(args, "new"), dtype.numpy))
