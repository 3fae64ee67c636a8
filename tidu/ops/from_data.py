"""New tensors from data: numbers, lists, arrays, buffers; and the `new_*` methods."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import device as devices
from .. import dtypes
from ..backend.table import FORWARDS, cpu
from ..errors import class_name
from ..size import Size
from ..tensor import Tensor
from .creation import dtype_of, empty_strided, factory, finish, shape_of
from .python_data import array_of

ndarray = np.ndarray


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
        array = converted(data._array, dtype, copy=True)
    elif isinstance(data, ndarray):
        array = converted(checked(data), dtype, copy=True)
    else:
        array = array_of(data, dtype)
    if device is None and requires_grad is False and not pin_memory:
        return Tensor._wrap(array)
    return finish(array, requires_grad, device, pin_memory)


def _warn_of_copy(name="torch.tensor"):
    import warnings

    warnings.warn(
        "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() "
        f"or sourceTensor.detach().clone().requires_grad_(True), rather than {name}(sourceTensor).",
        stacklevel=3,
    )


def converted(array, dtype, copy):
    """An array in another dtype, as `to` does it; `copy=False` gives the same one if it can."""
    if dtype is None or dtype.numpy == array.dtype:
        return array.copy(order="K") if copy else array
    from .conversion import cast

    return cast(array, dtype)


def checked(array):
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
    itemsize = array.itemsize
    for stride in array.strides:
        if stride < 0:
            raise ValueError(
                "At least one stride in the given numpy array is negative, and tensors with "
                "negative strides are not currently supported. (You can probably work around this "
                "by making a copy of your array  with array.copy().) "
            )
        if stride % itemsize:
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
        raise TypeError(f"expected np.ndarray (got {class_name(ndarray_)})")
    array = checked(ndarray_)
    if not array.flags.writeable:
        _warn_not_writable()
        array = writable(array)
    elif array.base is not None:
        array = cpu.root(array)  # the tensor's storage begins where this array does
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


class _Memory:
    """An array's memory, offered as memory that may be written to."""

    def __init__(self, array):
        interface = dict(array.__array_interface__)
        interface["data"] = (interface["data"][0], False)
        self.__array_interface__, self.array = interface, array


def root(k, array):
    """An array like this one, on the same memory, which is no view of an array."""
    return k.xp.asarray(_Memory(array))


FORWARDS["root"] = root


def writable(array):
    """An array on the same memory that may be written to, as a tensor's always may."""
    return array if array.flags.writeable else np.asarray(_Memory(array))


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


@factory
def asarray(obj, *, dtype=None, device=None, copy=None, requires_grad=None):
    """A tensor of `obj`: a tensor, an array, a buffer, a nested sequence of numbers.

    Memory is shared where possible; `copy=True` never shares, `copy=False` raises ValueError where
    sharing is not possible.

    >>> import tidu
    >>> tidu.asarray([1, 2], dtype=tidu.float32)
    tensor([1., 2.])
    """
    if device is not None:
        devices.check(device)
    if dtype is not None:
        dtype = dtype_of(dtype, "asarray")
    if isinstance(obj, Tensor):
        source = obj
        if requires_grad is None:
            requires_grad = obj.requires_grad
            if requires_grad:
                _warn_of_unspecified()
    elif isinstance(obj, (ndarray, np.generic)):
        source = from_numpy(np.asarray(obj))
    elif isinstance(obj, (bytes, bytearray, memoryview)):
        source = frombuffer(obj, dtype=dtype or dtypes.get_default_dtype())
    elif hasattr(obj, "__dlpack__"):
        from .protocols import from_dlpack

        source = from_dlpack(obj)
    elif copy is False:
        raise ValueError("can't alias arbitrary sequence into a tensor.")
    else:
        return finish(array_of(obj, dtype), bool(requires_grad), name="asarray")
    if dtype is not None and dtype is not source.dtype:
        if copy is False:
            raise ValueError(
                f"can't alias tensor with dtype '{source.dtype.title}' into dtype '{dtype.title}'."
            )
        source = source.to(dtype)
    elif copy:
        source = source.clone()
    if source.requires_grad and not requires_grad:
        return source.detach()
    if requires_grad and not source.requires_grad:
        return finish(source._array, True, name="asarray")
    return source.detach().requires_grad_() if not source.is_leaf else source


def _warn_of_unspecified():
    import warnings

    warnings.warn(
        "torch.asarray: unspecified requires_grad now defaults to obj.requires_grad instead of "
        "False. Pass requires_grad=False explicitly to get the old behavior and silence this "
        "warning.",
        stacklevel=3,
    )


@factory
def frombuffer(buffer, *, dtype, count=-1, offset=0, requires_grad=False):
    """A tensor of one dimension on the memory of any object with Python's buffer interface.

    `offset` counts bytes, `count` elements (-1: all that are left).

    >>> import tidu
    >>> tidu.frombuffer(bytearray(b"\\x01\\x02"), dtype=tidu.uint8)
    tensor([1, 2], dtype=tidu.uint8)
    """
    wanted = dtype_of(dtype, "frombuffer").numpy
    try:
        length = memoryview(buffer).nbytes
    except TypeError:
        raise ValueError("object does not implement Python buffer protocol.") from None
    if length == 0 or count == 0:
        raise ValueError(f"both buffer length ({length}) and count ({count}) must not be 0")
    if not 0 <= offset < length:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length "
            f"({length} bytes) minus 1"
        )
    rest = length - offset
    if count < 0 and rest % wanted.itemsize:
        raise ValueError(
            f"buffer length ({rest} bytes) after offset ({offset} bytes) must be a multiple of "
            f"element size ({wanted.itemsize})"
        )
    if count * wanted.itemsize > rest:
        raise ValueError(
            f"requested buffer length ({count} * {wanted.itemsize} bytes) after offset ({offset} "
            f"bytes) must not be greater than actual buffer length ({length} bytes)"
        )
    array = np.frombuffer(buffer, wanted, count, offset)
    if not array.flags.writeable:
        import warnings

        warnings.warn(
            "The given buffer is not writable, and PyTorch does not support non-writable tensors. "
            "This means you can write to the underlying (supposedly non-writable) buffer using the "
            "tensor. You may want to copy the buffer to protect its data or make it writable "
            "before converting it to a tensor. This type of warning will be suppressed for the "
            "rest of this program.",
            stacklevel=2,
        )
    return finish(writable(array), requires_grad, name="frombuffer")


# Methods: new tensors of this one's dtype


def new_tensor(self, data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """A new tensor with a copy of `data`, in this tensor's dtype unless `dtype` says otherwise.

    >>> import tidu
    >>> tidu.ones(1).new_tensor([1, 2])
    tensor([1., 2.])
    """
    if isinstance(data, Tensor):
        _warn_of_copy("tensor.new_tensor")
        data = data._array
    wanted = self.dtype if dtype is None else dtype_of(dtype, "new_tensor")
    array = converted(data, wanted, True) if isinstance(data, ndarray) else array_of(data, wanted)
    return finish(array, requires_grad, device, pin_memory, name="new_tensor")


def new_empty_strided(self, size, stride, *, dtype=None, **options):
    """`empty_strided` in this tensor's dtype unless `dtype` says otherwise.

    >>> import tidu
    >>> tidu.ones(1).new_empty_strided((2, 3), (1, 2)).stride()
    (1, 2)
    """
    return empty_strided(size, stride, dtype=self.dtype if dtype is None else dtype, **options)


Tensor.new_tensor, Tensor.new_empty_strided = new_tensor, new_empty_strided


# PyTorch's older constructors


def legacy_tensor(cls, dtype, args, device):
    """`Tensor(2, 3)`, `Tensor([1.0])`, `FloatTensor(...)`: a shape, or values of a fixed dtype.

    `cls` is the class of the result. A tensor given is shared, graph and all.
    """
    kind = "cpu" if device is None else devices.device(device).type
    if kind != "cpu":
        raise RuntimeError(
            f"legacy constructor expects device type: cpu but device type: {kind} was passed"
        )
    data = args[0] if len(args) == 1 else None
    if not args:
        array = np.empty(0, dtype.numpy)
    elif len(args) > 1 or isinstance(data, (Size, np.integer)) or type(data) is int:
        array = np.empty(shape_of(args, "new"), dtype.numpy)
    elif isinstance(data, Tensor):
        return data.view_as(data) if data.requires_grad else _as_class(cls, data._array)
    elif isinstance(data, ndarray):
        array = converted(checked(data), dtype, copy=True)
    elif hasattr(data, "_untyped_storage") or hasattr(data, "data_ptr"):
        memory: Any = getattr(data, "_untyped_storage", data)
        count = memory.nbytes() // dtype.itemsize
        array = memory.array(dtype.numpy, 0, (count,), (1,))
    elif isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(data).__name__}'")
    elif not hasattr(data, "__len__"):
        raise TypeError(f"new(): data must be a sequence (got {type(data).__name__})")
    else:
        array = array_of(data, dtype)
    return _as_class(cls, array)


def _as_class(cls, array):
    if cls is Tensor:
        return Tensor._wrap(array)
    result = object.__new__(cls)
    result._array = array
    result._node = result._view = result._counter = None
    return result


def new(self, *args, device=None):
    """`Tensor.new(...)`: the older constructor, in this tensor's dtype.

    >>> import tidu
    >>> tidu.ones(1).new([1, 2])
    tensor([1., 2.])
    """
    if len(args) == 1 and isinstance(args[0], Tensor) and args[0].dtype is not self.dtype:
        from ..legacy import wrong_dtype

        raise wrong_dtype(self.dtype, args[0].dtype)
    return legacy_tensor(Tensor, self.dtype, args, device)


Tensor.new = new
