"""New tensors: from data, filled, in ranges."""

from __future__ import annotations

import math

import numpy as np

from .. import device as devices
from .. import dtypes, formats
from ..autograd.grad_mode import mode
from ..autograd.node import LEAF
from ..autograd.public import PUBLIC
from ..autograd.usual import usual
from ..backend.table import cpu
from ..errors import class_name, only_floats
from ..tensor import _ONLY_FLOATS, Tensor
from .python_data import array_of

ndarray = np.ndarray


def factory(function):
    """Enters a function that makes tensors under its name in the package."""
    PUBLIC[function.__name__] = usual(None, function, lowers=function.__name__)
    return function


# What all of them take.


def dtype_of(dtype, name):
    """The tidu dtype that the argument `dtype` means: it may be one of Python's number types."""
    if type(dtype) is dtypes.dtype:
        return dtype
    found = dtypes.plain(dtype)
    if type(found) is not dtypes.dtype:
        raise TypeError(
            f"{name}(): argument 'dtype' must be torch.dtype, not {type(dtype).__name__}"
        )
    return found


def finish(array, requires_grad=False, device=None, pin_memory=False, layout=None, name="tensor"):
    """The tensor around a new array, with the options that every creating function has."""
    if device is not None:
        devices.check(device, name)
    if pin_memory:
        raise RuntimeError(
            "pin_memory=True requires a CUDA or other accelerator backend; no pinned memory "
            "allocator is available on this system."
        )
    if layout is not None and not isinstance(layout, formats.layout):
        kind = type(layout).__name__
        raise TypeError(f"{name}(): argument 'layout' must be torch.layout, not {kind}")
    if layout is not None and layout is not formats.strided:
        raise NotImplementedError(f"tidu has no tensors of layout {layout!r} yet")
    result = Tensor._wrap(array)
    if requires_grad is not False and requires_grad is not None:
        if type(requires_grad) is not bool:
            kind = type(requires_grad).__name__
            raise TypeError(f"{name}(): argument 'requires_grad' must be bool, not {kind}")
        if requires_grad:
            check_requires(array.dtype)
            result._node = LEAF
    return result


def check_requires(dtype):
    """PyTorch's error for dtypes that have no gradients (`dtype`: NumPy's)."""
    if dtype.kind not in "fc":
        raise only_floats(_ONLY_FLOATS, dtypes.of(dtype))


def shape_of(size, name):
    """A shape as a tuple, given as several ints or as one sequence of them."""
    for n in size:
        if type(n) is not int or n < 0:
            break
    else:
        return size  # the usual case
    nested = len(size) == 1 and isinstance(size[0], (tuple, list))
    if nested:
        size = size[0]
    for position, n in enumerate(size):
        if type(n) is not int:
            n = _as_int(n, position, nested, name)
            size = (*size[:position], n, *size[position + 1 :])
        if n < 0:
            if name == "zeros":
                raise RuntimeError("zeros: Dimension size must be non-negative.")
            raise RuntimeError(f"Trying to create tensor with negative dimension {n}: {list(size)}")
    return tuple(size)


def _as_int(n, position, nested, name):
    """A size that is no Python int: an integer of NumPy or a tensor of one."""
    if (position or not isinstance(n, bool)) and not (isinstance(n, Tensor) and n._array.ndim):
        try:
            return n.__index__()
        except (AttributeError, TypeError):
            pass
    kind = class_name(n)
    if position:
        raise TypeError(
            f"{name}(): argument 'size' failed to unpack the object at pos {position + 1} with "
            f'error "type must be tuple of ints,but got {kind}"'
        )
    found = f"but found element of type {kind} at pos 0" if nested else f"not {kind}"
    raise TypeError(f"{name}(): argument 'size' (position 1) must be tuple of ints, {found}")


def number_of(value, name, argument, position):
    """A Python number, given as one, as NumPy's, or as a tensor without dimensions."""
    if isinstance(value, (int, float, complex)):
        return value.item() if isinstance(value, np.generic) else value
    if isinstance(value, (np.number, np.bool_)):
        return value.item()
    if isinstance(value, Tensor) and value._array.ndim == 0 and not value.requires_grad:
        return value._array.item()
    raise TypeError(
        f"{name}(): argument '{argument}' (position {position}) must be Number, not "
        f"{type(value).__name__}"
    )


def filled_value(value, dtype):
    """A number as a 0-d array of a tidu dtype; RuntimeError if the dtype cannot hold it."""
    if type(value) is int and not -(1 << 63) <= value < 1 << 64:
        raise OverflowError("int too big to convert")
    if isinstance(value, complex) and dtype.kind < dtypes.COMPLEX:
        if value.imag:
            raise _overflow(dtype)
        value = value.real
    try:
        found = array_of(value, dtype)
    except (RuntimeError, ValueError):
        raise _overflow(dtype) from None
    if dtype.kind == dtypes.FLOAT and np.isinf(found) and not math.isinf(value):
        raise _overflow(dtype)
    return found


def _overflow(dtype):
    name = {"float32": "float", "float64": "double", "float16": "c10::Half", "bool": "bool"}.get(
        dtype.name, dtype.name + "_t"
    )
    return RuntimeError(f"value cannot be converted to type {name} without overflow")


def _ones(shape, dtype):
    array = cpu.empty(shape, dtype)
    cpu.write(array, 1)
    return array


def _filled(name, make, size, out, dtype, layout, device, pin_memory, requires_grad, keywords):
    """zeros, ones and empty: `make(shape, dtype)` gives the array."""
    if keywords:
        size = _size_keyword(name, size, keywords)
    elif not size:
        raise TypeError(f'{name}() missing 1 required positional arguments: "size"')
    shape = shape_of(size, name)
    if out is not None and not isinstance(out, Tensor):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {class_name(out)}")
    if out is not None:
        return into(name, out, dtype, make(shape, out._array.dtype), requires_grad)
    wanted = dtypes.get_default_dtype() if dtype is None else dtype_of(dtype, name)
    try:
        array = make(shape, wanted.numpy)
    except ValueError:  # NumPy: too big for an index
        raise RuntimeError(
            f"Storage size calculation overflowed with sizes={list(shape)}"
        ) from None
    except MemoryError:
        raise RuntimeError(
            "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate "
            f"memory: you tried to allocate {math.prod(shape) * wanted.itemsize} bytes. Error code "
            "12 (Cannot allocate memory)"
        ) from None
    return finish(array, requires_grad, device, pin_memory, layout, name)


def _size_keyword(name, size, keywords):
    if "size" in keywords and not size:
        size = keywords.pop("size")
        if not isinstance(size, (tuple, list)):
            raise TypeError(
                f"{name}(): argument 'size' must be tuple of ints, not {type(size).__name__}"
            )
        size = (size,)
    if keywords:
        raise TypeError(f"{name}() got an unexpected keyword argument '{next(iter(keywords))}'")
    return size


_RESIZING = ("zeros", "ones", "empty", "full")  # these give `out` their shape without a warning


def into(name, out, dtype, array, requires_grad=False):
    """Writes a new array into the tensor given as `out`."""
    from ..autograd.inplace import fill

    if dtype is not None and dtype_of(dtype, name) is not out.dtype:
        raise RuntimeError(
            f"dtype {dtype_of(dtype, name).title} does not match dtype of out parameter "
            f"({out.dtype.title})"
        )
    if out.requires_grad and mode.enabled:
        raise RuntimeError(
            f"aten::{name}(): functions with out=... arguments don't support automatic "
            "differentiation, but one of the arguments requires grad."
        )
    if name in _RESIZING and out._array.shape != array.shape:
        out._array = np.empty(array.shape, out._array.dtype)
    fill(name, out, Tensor._wrap(array))
    return out.requires_grad_(requires_grad) if requires_grad else out


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
    return _filled("zeros", cpu.zeros, size, out, dtype, layout, device, pin_memory, requires_grad,
                   keywords)  # fmt: skip


@factory
def ones(*size, out=None, dtype=None, layout=None, device=None, pin_memory=False,
         requires_grad=False, **keywords):  # fmt: skip
    """A tensor of ones; the shape is given as several ints or as one sequence.

    >>> import tidu
    >>> tidu.ones(2, dtype=tidu.int64)
    tensor([1, 1])
    """
    return _filled("ones", _ones, size, out, dtype, layout, device, pin_memory, requires_grad,
                   keywords)  # fmt: skip


@factory
def empty(*size, out=None, dtype=None, layout=None, device=None, pin_memory=False,
          requires_grad=False, memory_format=None, **keywords):  # fmt: skip
    """A tensor whose memory is not initialised.

    >>> import tidu
    >>> tidu.empty(2, 3).shape
    tidu.Size([2, 3])
    """

    formats.check(memory_format, "empty")

    def make(shape, numpy_dtype):
        return formats.empty(cpu, shape, numpy_dtype, memory_format)

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
    return _full("full", size, fill_value, dtype, out, requires_grad, device, pin_memory, layout)


def _full(name, size, fill_value, dtype, out=None, requires_grad=False, device=None,
          pin_memory=False, layout=None):  # fmt: skip
    value = number_of(fill_value, name, "fill_value", 2)
    if not isinstance(size, (tuple, list)):
        raise TypeError(
            f"{name}(): argument 'size' (position 1) must be tuple of ints, not {class_name(size)}"
        )
    shape = shape_of((size,), name)
    if out is not None:
        dtype = out.dtype if dtype is None else dtype
    wanted = dtypes.of_number(value) if dtype is None else dtype_of(dtype, name)
    value = filled_value(value, wanted)
    array = cpu.empty(shape, value.dtype)
    cpu.write(array, value)
    if out is not None:
        return into(name, out, dtype, array, requires_grad)
    return finish(array, requires_grad, device, pin_memory, layout, name)


@factory
def scalar_tensor(s, *, dtype=None, layout=None, device=None, pin_memory=False,
                  requires_grad=False):  # fmt: skip
    """A tensor without dimensions that holds one number, in the default dtype or in `dtype`.

    >>> import tidu
    >>> tidu.scalar_tensor(3)
    tensor(3.)
    """
    value = number_of(s, "scalar_tensor", "s", 1)
    wanted = dtypes.get_default_dtype() if dtype is None else dtype_of(dtype, "scalar_tensor")
    return finish(filled_value(value, wanted), requires_grad, device, pin_memory, layout)


@factory
def empty_strided(size, stride, *, dtype=None, layout=None, device=None, pin_memory=False,
                  requires_grad=False):  # fmt: skip
    """A tensor whose memory is not initialised, with the given strides (counted in elements).

    >>> import tidu
    >>> tidu.empty_strided((2, 3), (1, 2)).stride()
    (1, 2)
    """
    shape = shape_of((size,), "empty_strided")
    if len(shape) != len(stride):
        raise RuntimeError(
            f"dimensionality of sizes ({len(shape)}) must match dimensionality of strides "
            f"({len(stride)})"
        )
    if any(s < 0 for s in stride):
        raise RuntimeError(
            f"Storage size calculation overflowed with sizes={list(shape)} and "
            f"strides={list(stride)}"
        )
    wanted = (
        dtypes.get_default_dtype() if dtype is None else dtype_of(dtype, "empty_strided")
    ).numpy
    count = 0 if 0 in shape else 1 + sum((n - 1) * s for n, s in zip(shape, stride))
    memory = np.empty(count, wanted)
    array = np.lib.stride_tricks.as_strided(memory, shape, [s * wanted.itemsize for s in stride])
    return finish(array, requires_grad, device, pin_memory, layout, "empty_strided")


@factory
def empty_permuted(size, physical_layout, *, dtype=None, layout=None, device=None,
                   pin_memory=False, requires_grad=False):  # fmt: skip
    """A tensor whose memory is not initialised, with its dimensions in memory in a given order.

    >>> import tidu
    >>> tidu.empty_permuted((2, 3, 5), (0, 2, 1)).stride()
    (15, 1, 3)
    """
    shape = shape_of((size,), "empty_permuted")
    wanted = dtypes.get_default_dtype() if dtype is None else dtype_of(dtype, "empty_permuted")
    _check_permutation(shape, physical_layout)
    back = sorted(range(len(shape)), key=physical_layout.__getitem__)
    array = np.empty([shape[d] for d in physical_layout], wanted.numpy).transpose(back)
    return finish(array, requires_grad, device, pin_memory, layout, "empty_permuted")


def _check_permutation(shape, order):
    if len(shape) != len(order):
        raise RuntimeError(
            "Number of dimensions in size does not match the length of the physical_layout; i.e. "
            f"len(size) = {len(shape)} is not equal to len(physical_layout) = {len(order)}"
        )
    for i, dim in enumerate(order):
        if not 0 <= dim < len(shape):
            raise RuntimeError(
                f"Dimension out of range (expected to be between 0 and {len(shape) - 1}, but got "
                f"{dim} at index {i}). NB: negative dims not currently supported; file an issue if "
                "you want it."
            )
    if len(set(order)) < len(order):
        raise RuntimeError("Duplicate dim not allowed")


# Methods: new tensors of this one's dtype


def _new(name, make):
    def method(self, *size, dtype=None, layout=None, device=None, pin_memory=False,
               requires_grad=False, **keywords):  # fmt: skip
        dtype = self.dtype if dtype is None else dtype
        return _filled(f"new_{name}", make, size, None, dtype, layout, device, pin_memory,
                       requires_grad, keywords)  # fmt: skip

    method.__name__ = method.__qualname__ = f"new_{name}"
    method.__doc__ = f"""`{name}` in this tensor's dtype unless `dtype` says otherwise.

    >>> import tidu
    >>> x = tidu.tensor([1, 2]).new_{name}(2, 3)
    >>> x.shape, x.dtype
    (tidu.Size([2, 3]), tidu.int64)
    """
    setattr(Tensor, method.__name__, method)


for _name, _make in (("zeros", np.zeros), ("ones", _ones), ("empty", np.empty)):
    _new(_name, _make)


def _new_full(self, size, fill_value, *, dtype=None, **options):
    """A tensor filled with one number, in this tensor's dtype unless `dtype` says otherwise.

    >>> import tidu
    >>> tidu.tensor([1, 2]).new_full((3,), 7)
    tensor([7, 7, 7])
    """
    return _full("new_full", size, fill_value, self.dtype if dtype is None else dtype, **options)


_new_full.__name__ = _new_full.__qualname__ = "new_full"
Tensor.new_full = _new_full


# Like another tensor


def _like(name, input, dtype, memory_format, device, layout, pin_memory, requires_grad, value):
    """A tensor of the shape of `input`, filled with `value` (None: not initialised)."""
    if not isinstance(input, Tensor):
        raise TypeError(
            f"{name}(): argument 'input' (position 1) must be Tensor, not {class_name(input)}"
        )
    wanted = dtypes.of(input._array) if dtype is None else dtype_of(dtype, name)
    if memory_format is not None:
        formats.check(memory_format, name)
    array = formats.empty_like(cpu, input._array, wanted.numpy, memory_format)
    if value is not None:
        if type(value) is not int or not 0 <= value <= 1:
            value = filled_value(value, wanted)
        cpu.write(array, value)
    return finish(array, requires_grad, device, pin_memory, layout, name)


@factory
def zeros_like(input, *, dtype=None, layout=None, device=None, pin_memory=False,
               requires_grad=False, memory_format=None):  # fmt: skip
    """Zeros in the shape, dtype and memory format of another tensor.

    >>> import tidu
    >>> tidu.zeros_like(tidu.tensor([1, 2]))
    tensor([0, 0])
    """
    return _like("zeros_like", input, dtype, memory_format, device, layout, pin_memory,
                 requires_grad, 0)  # fmt: skip


@factory
def ones_like(input, *, dtype=None, layout=None, device=None, pin_memory=False,
              requires_grad=False, memory_format=None):  # fmt: skip
    """Ones in the shape, dtype and memory format of another tensor.

    >>> import tidu
    >>> tidu.ones_like(tidu.tensor([1.5, 2.5]))
    tensor([1., 1.])
    """
    return _like("ones_like", input, dtype, memory_format, device, layout, pin_memory,
                 requires_grad, 1)  # fmt: skip


@factory
def empty_like(input, *, dtype=None, layout=None, device=None, pin_memory=False,
               requires_grad=False, memory_format=None):  # fmt: skip
    """Memory that is not initialised, in the shape, dtype and memory format of another tensor.

    >>> import tidu
    >>> tidu.empty_like(tidu.ones(2, 3)).shape
    tidu.Size([2, 3])
    """
    return _like("empty_like", input, dtype, memory_format, device, layout, pin_memory,
                 requires_grad, None)  # fmt: skip


@factory
def full_like(input, fill_value, *, dtype=None, layout=None, device=None, pin_memory=False,
              requires_grad=False, memory_format=None):  # fmt: skip
    """One number in the shape, dtype and memory format of another tensor.

    >>> import tidu
    >>> tidu.full_like(tidu.ones(2), 7)
    tensor([7., 7.])
    """
    value = number_of(fill_value, "full_like", "fill_value", 2)
    return _like("full_like", input, dtype, memory_format, device, layout, pin_memory,
                 requires_grad, value)  # fmt: skip
