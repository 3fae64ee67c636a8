"""New tensors: from data, filled, in ranges."""

from __future__ import annotations

import numpy as np

from .. import device as devices
from .. import dtypes, formats
from ..autograd.grad_mode import mode
from ..autograd.node import LEAF
from ..autograd.public import PUBLIC
from ..size import Size
from ..errors import class_name
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
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {n}: {list(size)}"
            )
    return tuple(size)


def _as_int(n, position, nested, name):
    """A size that is no Python int: an integer of NumPy or a tensor of one."""
    if not isinstance(n, type(True)) and not (isinstance(n, Tensor) and n._array.ndim):
        try:
            return n.__index__()
        except (AttributeError, TypeError):
            pass
    kind = class_name(n)
    if position:
        raise TypeError(
            f"{name}(): argument 'size' failed to unpack the object at pos {position + 1} with error "
            f'"type must be tuple of ints,but got {kind}"'
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
    if isinstance(value, complex) and dtype.kind < dtypes.COMPLEX:
        if value.imag:
            raise _overflow(dtype)
        value = value.real
    try:
        return array_of(value, dtype)
    except (RuntimeError, ValueError):
        raise _overflow(dtype) from None


def _overflow(dtype):
    name = {"float32": "float", "float64": "double", "float16": "c10::Half", "bool": "bool"}.get(
        dtype.name, dtype.name + "_t"
    )
    return RuntimeError(f"value cannot be converted to type {name} without overflow")


def _filled(name, make, size, out, dtype, layout, device, pin_memory, requires_grad, keywords):
    """zeros, ones and empty: `make(shape, dtype)` gives the array."""
    if keywords:
        size = _size_keyword(name, size, keywords)
    elif not size:
        raise TypeError(f'{name}() missing 1 required positional arguments: "size"')
    shape = shape_of(size, name)
    if out is not None:
        return into(name, out, dtype, make(shape, out._array.dtype), requires_grad)
    wanted = dtypes.get_default_dtype() if dtype is None else dtype_of(dtype, name)
    try:
        array = make(shape, wanted.numpy)
    except ValueError:  # NumPy: too big for an index
        raise RuntimeError(
            f"Storage size calculation overflowed with sizes={list(shape)}"
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
    fill(name, out, Tensor._wrap(array))
    return out.requires_grad_(requires_grad) if requires_grad else out


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


def _warn_of_copy(name="torch.tensor"):
    import warnings

    warnings.warn(
        "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
        f"sourceTensor.detach().clone().requires_grad_(True), rather than {name}(sourceTensor).",
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
        raise TypeError(f"expected np.ndarray (got {class_name(ndarray_)})")
    array = _checked(ndarray_)
    if not array.flags.writeable:
        _warn_not_writable()
        array = _writable(array)
    elif array.base is not None:
        array = np.asarray(_Memory(array))  # the tensor's storage begins where this array does
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


def _writable(array):
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
            "tensor. You may want to copy the buffer to protect its data or make it writable before "
            "converting it to a tensor. This type of warning will be suppressed for the rest of "
            "this program.",
            stacklevel=2,
        )
    return finish(_writable(array), requires_grad, name="frombuffer")


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
    value = number_of(fill_value, "full", "fill_value", 2)
    if not isinstance(size, (tuple, list)):
        raise TypeError(
            f"full(): argument 'size' (position 1) must be tuple of ints, not {class_name(size)}"
        )
    shape = shape_of((size,), "full")
    if out is not None:
        dtype = out.dtype if dtype is None else dtype
    value = array_of(value) if dtype is None else filled_value(value, dtype_of(dtype, "full"))
    array = np.full(shape, value, value.dtype)
    if out is not None:
        return into("full", out, dtype, array, requires_grad)
    return finish(array, requires_grad, device, pin_memory, layout, "full")


@factory
def scalar_tensor(s, *, dtype=None, layout=None, device=None, pin_memory=False,
                  requires_grad=False):  # fmt: skip
    """A tensor without dimensions that holds one number, in the default dtype unless `dtype` says so.

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
    wanted = (dtypes.get_default_dtype() if dtype is None else dtype_of(dtype, "empty_strided")).numpy
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
    back = sorted(range(len(shape)), key=physical_layout.__getitem__)
    array = np.empty([shape[d] for d in physical_layout], wanted.numpy).transpose(back)
    return finish(array, requires_grad, device, pin_memory, layout, "empty_permuted")


# Like another tensor


def _like(name, input, dtype, memory_format, device, layout, pin_memory, requires_grad, value):
    """A tensor of the shape of `input`, filled with `value` (None: not initialised)."""
    if not isinstance(input, Tensor):
        raise TypeError(
            f"{name}(): argument 'input' (position 1) must be Tensor, not {class_name(input)}"
        )
    wanted = dtypes.of(input._array) if dtype is None else dtype_of(dtype, name)
    array = formats.empty_like(np, input._array, wanted.numpy, memory_format)
    if value is not None:
        array[...] = value if type(value) is int and -1 < value < 2 else filled_value(value, wanted)
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


# Methods: new tensors of this one's dtype


def new_tensor(self, data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """A new tensor with a copy of `data`, in this tensor's dtype unless `dtype` says otherwise."""
    if isinstance(data, Tensor):
        _warn_of_copy("tensor.new_tensor")
        data = data._array
    wanted = self.dtype if dtype is None else dtype_of(dtype, "new_tensor")
    array = _converted(data, wanted, True) if isinstance(data, ndarray) else array_of(data, wanted)
    return finish(array, requires_grad, device, pin_memory, name="new_tensor")


def new_full(self, size, fill_value, *, dtype=None, **options):
    """A tensor filled with one number, in this tensor's dtype unless `dtype` says otherwise."""
    return full(size, fill_value, dtype=self.dtype if dtype is None else dtype, **options)


def new_empty_strided(self, size, stride, *, dtype=None, **options):
    """`empty_strided` in this tensor's dtype unless `dtype` says otherwise."""
    return empty_strided(size, stride, dtype=self.dtype if dtype is None else dtype, **options)


def _new(make):
    def method(self, *size, dtype=None, **options):
        return make(*size, dtype=self.dtype if dtype is None else dtype, **options)

    method.__name__ = method.__qualname__ = f"new_{make.__name__}"
    method.__doc__ = f"`{make.__name__}` in this tensor's dtype unless `dtype` says otherwise."
    return method


for _method in (new_tensor, new_full, new_empty_strided, *map(_new, (zeros, ones, empty))):
    setattr(Tensor, _method.__name__, _method)


# PyTorch's older constructors


def legacy_tensor(cls, dtype, args, device):
    """`Tensor(2, 3)`, `Tensor([1.0])`, `FloatTensor(...)`: a shape, or values of a fixed dtype.

    `cls` is the class of the result. A tensor given is shared, graph and all.
    """
    if device is not None and devices.device(device).type != "cpu":
        kind = devices.device(device).type
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
        array = _converted(_checked(data), dtype, copy=True)
    elif hasattr(data, "_untyped_storage") or hasattr(data, "data_ptr"):
        memory = getattr(data, "_untyped_storage", data)
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
    """`Tensor.new(...)`: the older constructor, in this tensor's dtype."""
    if len(args) == 1 and isinstance(args[0], Tensor) and args[0].dtype is not self.dtype:
        from ..legacy import wrong_dtype

        raise wrong_dtype(self.dtype, args[0].dtype)
    return legacy_tensor(Tensor, self.dtype, args, device)


Tensor.new = new
