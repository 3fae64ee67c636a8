"""Copies: to other dtypes and memory formats, into other tensors' memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import device as devices
from .. import dtypes, formats, naming
from ..autograd import inplace
from ..autograd.grad_mode import mode
from ..autograd.node import user_frame
from ..autograd.op import Array, elementwise, op
from ..autograd.public import PUBLIC, operations
from ..autograd.usual import usual
from ..backend.quiet import IGNORE, loud, quiet
from ..backend.table import cpu
from ..errors import class_name
from ..tensor import Tensor
from .creation import dtype_of, filled_value, number_of, shape_of

_PRESERVE = formats.preserve_format


def cast(array, dtype):
    """The elements of an ndarray in another dtype (the same array, if it has that dtype)."""
    if array.dtype.kind == "c" and dtype.kind in (dtypes.INTEGER, dtypes.FLOAT):
        _warn_of_complex()
        array = array.real
    settings = quiet(IGNORE)
    try:
        return array.astype(dtype.numpy, copy=False)
    finally:
        loud(settings)


def _warn_of_complex():
    import warnings

    warnings.warn(
        "Casting complex values to real discards the imaginary part",
        stacklevel=_user_depth(),
    )


def _user_depth():
    """How many frames up the user's own code is, for warnings."""
    import sys

    frame: Any = sys._getframe(1)
    depth = 1
    user = user_frame(2)
    while frame is not None and frame is not user:
        frame, depth = frame.f_back, depth + 1
    return depth


# Operations


@op(public=False, method=False, node="ToCopyBackward0")
def to_dtype(k, x: Array, dtype, memory_format=None):
    """The elements converted to `dtype`, in a new tensor."""
    if x.dtype.kind == "c" and dtype.kind in (dtypes.INTEGER, dtypes.FLOAT):
        x = x.real
    if memory_format is None or memory_format is _PRESERVE:
        return x.astype(dtype.numpy, order=formats.order_of(x))
    out = formats.empty(k.xp, x.shape, dtype.numpy, memory_format)
    out[...] = x
    return out


to_dtype.vjp(x=lambda g: g)  # the engine casts gradients to the dtype of what they belong to


@elementwise(public=False, method=False)
def clone(k, x):
    """A copy with the same elements, laid out in the same order."""
    return x.copy(formats.order_of(x))


clone.vjp(x=lambda g: g)


@op(public=False, method=False, node="CloneBackward0")
def clone_as(k, x: Array, memory_format):
    """A copy with the same elements in another memory format."""
    out = formats.empty(k.xp, x.shape, x.dtype, memory_format)
    out[...] = x
    return out


clone_as.vjp(x=lambda g: g)


@op(public=False, method=False, name="zeros_like")
def zeros_of(k, x: Array):
    """Zeros in the shape and dtype of `x`."""
    return k.xp.zeros(x.shape, x.dtype)


@op(public=False, method=False, node="CopyBackwards")
def copied(k, x: Array, src: Array):
    """What `x.copy_(src)` makes of `x`."""
    if src.dtype.kind == "c" != x.dtype.kind:
        src = src.real
    return k.xp.broadcast_to(src, x.shape).astype(x.dtype)


copied.vjp(x=lambda k, g: k.zeros_like(g), src=lambda g: g)


@op(
    public=False,
    method=False,
    name="fill_number",
    node=lambda x, value, in_place: f"FillBackward{2 * in_place}",
)
def fill_number(k, x: Array, value, in_place):
    """`x` with a number (a 0-d array) in every place."""
    return k.xp.full_like(x, value)


fill_number.vjp(x=lambda k, g: k.zeros_like(g))


@op(
    public=False,
    method=False,
    name="fill_tensor",
    node=lambda x, value, in_place: f"FillBackward{1 + 2 * in_place}",
)
def fill_tensor(k, x: Array, value: Array, in_place):
    """`x` with the value of a 0-d tensor in every place."""
    return k.xp.full_like(x, value)


fill_tensor.vjp(
    x=lambda k, g: k.zeros_like(g), value=lambda g: g
)  # the engine sums over the places


@op(public=False, method=False, node="ZeroBackward0")
def zeroed(k, x: Array):
    """What `x.zero_()` makes of `x`."""
    return k.xp.zeros_like(x)


zeroed.vjp(x=lambda k, g: k.zeros_like(g))


# clone, to, type and the methods named after dtypes


def clone_tensor(input, *, memory_format=None):
    """A copy with the same elements, through which gradients flow.

    `memory_format`: the order of the elements in memory, by default that of the tensor.

    >>> import tidu
    >>> x = tidu.ones(2, requires_grad=True)
    >>> x.clone()
    tensor([1., 1.], grad_fn=<CloneBackward0>)
    """
    if memory_format is None or memory_format is _PRESERVE:
        return _clone(input)
    formats.check(memory_format, "clone")
    return operations.clone_as(input, memory_format)


_clone = clone.op.apply
clone_tensor.__name__ = clone_tensor.__qualname__ = "clone"
PUBLIC["clone"] = Tensor.clone = clone_tensor


def contiguous(self, memory_format=formats.contiguous_format):
    """This tensor if it lies in memory in the given format without gaps, else a copy that does.

    >>> import tidu
    >>> x = tidu.arange(6).reshape(2, 3).t()
    >>> x.is_contiguous(), x.contiguous().is_contiguous()
    (False, True)
    """
    if memory_format is not formats.contiguous_format:
        formats.check(memory_format, "contiguous")
    if formats.is_contiguous(self._array, memory_format):
        return self
    if memory_format is formats.contiguous_format:
        return operations.clone_as(self, memory_format)
    formats.order(memory_format, self._array.ndim)
    return operations.clone_as(self, memory_format)


Tensor.contiguous = contiguous


def to(self, *args, **kwargs):
    """The tensor in another dtype, on another device, in another memory format.

    Takes `to(dtype)`, `to(device, dtype)` or `to(other)`, each followed by `non_blocking` and
    `copy`, and `memory_format=`. Returns the tensor itself if nothing changes and `copy` is False.

    >>> import tidu
    >>> tidu.tensor([1.5, 2.0]).to(tidu.int64)
    tensor([1, 2])
    """
    if len(args) == 1 and not kwargs:  # the usual calls, without the general way
        first = args[0]
        if type(first) is dtypes.dtype:
            return self if first.numpy is self._array.dtype else convert(self, first)
        if type(first) is str and first == "cpu":
            return self
    dtype, copy, memory_format = parse_to(args, kwargs)
    return convert(self, dtype or self.dtype, copy, memory_format)


def parse_to(args, kwargs):
    """dtype (None: no other), copy and memory format from the arguments of `to`."""
    args = list(args)
    dtype, memory_format = None, kwargs.pop("memory_format", _PRESERVE)
    formats.check(memory_format, "to")
    if not args and isinstance(kwargs.get("tensor"), Tensor):
        args = [kwargs.pop("tensor")]
    first = args[0] if args else None
    if isinstance(first, Tensor):
        dtype = args.pop(0).dtype
    elif type(first) is dtypes.dtype or isinstance(first, type):
        dtype = dtype_of(args.pop(0), "to")
    else:
        device = args.pop(0) if args else kwargs.pop("device", None)
        if device is not None and not isinstance(device, (str, int, devices.device)):
            raise TypeError(
                "to() received an invalid combination of arguments: expected a device, a dtype or "
                f"a tensor, not {class_name(device)}"
            )
        devices.check(device)
        if args:
            dtype = args.pop(0)
        dtype = kwargs.pop("dtype", dtype)
        if dtype is not None:
            dtype = dtype_of(dtype, "to")
    for flag in ("non_blocking", "copy"):
        if args and isinstance(args[0], bool):
            kwargs.setdefault(flag, args.pop(0))
    kwargs.pop("non_blocking", None)
    copy = kwargs.pop("copy", False)
    if kwargs or args:
        raise TypeError(
            "to() received an invalid combination of arguments: expected (device, dtype), (dtype) "
            f"or (tensor), not also {next(iter(kwargs), None) or type(args[0]).__name__}"
        )
    return dtype, copy, memory_format


def convert(tensor, dtype, copy=False, memory_format=_PRESERVE):
    """The tensor itself if it has this dtype and format (and `copy` is False), else a copy."""
    array = tensor._array
    if not copy and dtype.numpy == array.dtype:
        if memory_format is _PRESERVE or memory_format is None:
            return tensor
        if memory_format is not formats.contiguous_format:
            formats.order(memory_format, array.ndim)
        if formats.is_contiguous(array, memory_format):
            return tensor
    if array.dtype.kind == "c" and dtype.kind in (dtypes.INTEGER, dtypes.FLOAT):
        _warn_of_complex()
    return operations.to_dtype(tensor, dtype, memory_format)


Tensor.to = to


def _converter(name, dtype):
    def method(self, *, memory_format=_PRESERVE):
        formats.check(memory_format, name)
        return convert(self, dtype, False, memory_format)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"""The elements converted to {dtype.name} (the tensor itself, if they are).

    >>> import tidu
    >>> tidu.tensor([1, 0]).{name}().dtype
    {dtype}
    """
    return method


for _name, _dtype in {
    "float": dtypes.float32, "double": dtypes.float64, "half": dtypes.float16,
    "int": dtypes.int32, "long": dtypes.int64, "short": dtypes.int16, "char": dtypes.int8,
    "byte": dtypes.uint8, "bool": dtypes.bool,
    "cfloat": dtypes.complex64, "cdouble": dtypes.complex128,
}.items():  # fmt: skip
    setattr(Tensor, _name, _converter(_name, _dtype))


def type_(self, dtype=None, non_blocking=False):
    """The name of the tensor's type; with `dtype` (a dtype, type or name of one), a conversion.

    >>> import tidu
    >>> tidu.ones(1).type()
    'tidu.FloatTensor'
    """
    if dtype is None:
        return f"{naming.prefix}.{self.dtype.title}Tensor"
    return convert(self, type_dtype(dtype))


def type_dtype(dtype):
    """The dtype that an argument of `type` names."""
    if type(dtype) is dtypes.dtype:
        return dtype
    if isinstance(dtype, str):
        prefix, _, name = dtype.rpartition(".")
        if prefix in ("torch.cuda", "tidu.cuda"):
            devices.check("cuda")
        for d in dtypes.ALL:
            if prefix in ("torch", "tidu") and name == f"{d.title}Tensor":
                return d
        raise ValueError(f"invalid type: '{dtype}'")
    if dtype is Tensor:
        return dtypes.get_default_dtype()
    if isinstance(dtype, type):
        return dtype_of(dtype, "type")
    found = getattr(dtype, "dtype", None)
    if type(found) is not dtypes.dtype:
        raise TypeError("dtype must be a type, str, or dtype object")
    return found


Tensor.type = type_


def type_as(self, other):
    """The elements converted to the dtype of another tensor.

    >>> import tidu
    >>> tidu.tensor([1, 2]).type_as(tidu.zeros(1))
    tensor([1., 2.])
    """
    if not isinstance(other, Tensor):
        raise TypeError(
            f"type_as(): argument 'other' (position 1) must be Tensor, not {class_name(other)}"
        )
    return convert(self, other.dtype)


Tensor.type_as = type_as


# Into a tensor's own memory


def overwrite(name, x, values):
    """Writes an array's values (or one number) into `x` where nothing is to be recorded."""
    target = x._array
    if type(values) is not np.ndarray or values.dtype is target.dtype:
        cpu.write(target, values)
    elif values.dtype.kind == "c":
        cpu.write(target, cast(values, x.dtype))
    else:
        settings = quiet(IGNORE)
        try:
            cpu.write(target, values)
        finally:
            loud(settings)
    x._bump(name)
    return x


def copy_(self, other, non_blocking=False):
    """Copies the elements of another tensor into this one, which keeps its dtype and memory.

    The other tensor is broadcast to this one's shape; RuntimeError if it cannot be.

    >>> import tidu
    >>> tidu.zeros(2).copy_(tidu.tensor([1, 2]))
    tensor([1., 2.])
    """
    if not isinstance(other, Tensor):
        if not isinstance(other, (int, float, complex)):
            raise TypeError(
                f"copy_(): argument 'other' (position 1) must be Tensor, not {class_name(other)}"
            )
        other = Tensor._wrap(np.asarray(other))
    if other._array.shape != self._array.shape:
        _check_shapes(self._array.shape, other._array.shape)
    if self._counter is not None and other._counter is self._counter and other is not self:
        inplace.check_partial_overlap(self._array, other._array)
    if (self.requires_grad or other.requires_grad) and mode.enabled:
        return inplace.write("copy_", self, copied, (other,), {})
    if not self._array.flags.c_contiguous:
        inplace._check_overlap(self._array)
    return overwrite("copy_", self, other._array)


def _check_shapes(target, source):
    """PyTorch's errors for a source that does not fit a target."""
    for i in range(-1, -1 - min(len(target), len(source)), -1):
        n, m = target[i], source[i]
        if n != m and n != 1 and m != 1:
            raise RuntimeError(
                f"The size of tensor a ({n}) must match the size of tensor b ({m}) at "
                f"non-singleton dimension {max(len(target), len(source)) + i}"
            )
    shape = np.broadcast_shapes(target, source)
    if shape != target:
        raise RuntimeError(
            f"output with shape {list(target)} doesn't match the broadcast shape {list(shape)}"
        )


Tensor.copy_ = usual(None, copy_, lowers="copy_")


def fill_(input, value):
    """Sets every element to one number, or to the value of a 0-d tensor.

    >>> import tidu
    >>> tidu.zeros(2).fill_(7)
    tensor([7., 7.])
    """
    if isinstance(value, Tensor):
        _check_scalar(value)
        if mode.enabled and (input.requires_grad or value.requires_grad):
            return inplace.write("fill_", input, fill_tensor, (value, True), {})
        return overwrite("fill_", input, value._array)
    recorded = input.requires_grad and mode.enabled
    if type(value) is float and input._array.dtype.kind == "f" and abs(value) < 6e4 and not recorded:
        return overwrite("fill_", input, value)
    value = filled_value(number_of(value, "fill_", "value", 1), input.dtype)
    if recorded:
        return inplace.write("fill_", input, fill_number, (value, True), {})
    return overwrite("fill_", input, value)


def _check_scalar(value):
    if value._array.ndim:
        raise RuntimeError(
            "fill_ only supports 0-dimension value tensor but got tensor with "
            f"{value._array.ndim} dimensions."
        )


def fill(input, value):
    """A tensor of the same shape and dtype with every element set to `value`.

    >>> import tidu
    >>> tidu.fill(tidu.zeros(2), 7)
    tensor([7., 7.])
    """
    if isinstance(value, Tensor):
        _check_scalar(value)
        return operations.fill_tensor(input, value, False)
    value = filled_value(number_of(value, "fill", "value", 2), input.dtype)
    return operations.fill_number(input, value, False)


def zero_(input):
    """Sets every element to zero.

    >>> import tidu
    >>> tidu.ones(2).zero_()
    tensor([0., 0.])
    """
    if input.requires_grad and mode.enabled:
        return inplace.write("zero_", input, zeroed, (), {})
    return overwrite("zero_", input, 0)


PUBLIC["fill"] = fill
PUBLIC["fill_"] = Tensor.fill_ = usual(None, fill_, lowers="fill_")
PUBLIC["zero_"] = Tensor.zero_ = usual(None, zero_, lowers="zero_")


# Other memory for a tensor


def resize_(self, *sizes, memory_format=formats.contiguous_format):
    """Gives the tensor another shape, in the same memory if that is large enough.

    Elements beyond the old ones are not initialised. If new memory is needed, views that shared the
    old one keep it.

    >>> import tidu
    >>> tidu.arange(4).resize_(2)
    tensor([0, 1])
    """
    if self.requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    shape = shape_of(sizes, "resize_")
    array, dtype = self._array, self._array.dtype
    count, memory, offset = math.prod(shape), self.untyped_storage(), self.storage_offset()
    held = max(memory.nbytes() // dtype.itemsize - offset, 0)
    if count > held:
        grown = np.empty(count, dtype)
        grown[:held] = memory.array(dtype, offset, (held,), (1,))
        self._array = grown.reshape(shape)
    elif shape != array.shape:
        self._array = memory.array(dtype, offset, (count,), (1,)).reshape(shape)
    if memory_format is not formats.contiguous_format and memory_format is not _PRESERVE:
        laid_out = formats.empty(np, shape, dtype, memory_format)
        laid_out[...] = self._array
        self._array = laid_out
    return self


def resize_as_(self, the_template, *, memory_format=None):
    """Gives the tensor the shape of another one; see `resize_`.

    >>> import tidu
    >>> tidu.arange(4).resize_as_(tidu.zeros(2, 2))
    tensor([[0, 1],
            [2, 3]])
    """
    return self.resize_(*the_template.shape or ((),))


def set_(self, source=None, storage_offset=0, size=None, stride=None):
    """Makes the tensor share the memory of another tensor, or lie in a storage.

    `storage_offset`, `size` and `stride` say where in a storage, counted in elements.

    >>> import tidu
    >>> x = tidu.arange(4.0)
    >>> tidu.empty(0).set_(x).data_ptr() == x.data_ptr()
    True
    """
    if self.requires_grad and mode.enabled:
        raise RuntimeError("set_() cannot be used on a tensor that requires grad")
    if source is None:
        self._array = np.empty(0, self._array.dtype)
    elif isinstance(source, Tensor):
        if source._array.dtype != self._array.dtype:
            have, want = C_NAMES[source.dtype.name], C_NAMES[self.dtype.name]
            raise RuntimeError(f"Could not set tensor of type {have} to a tensor of type {want}")
        self._array = source._array
        if size is not None:
            from .slicing import as_strided

            self._array = as_strided(source, size, stride, storage_offset)._array
    else:
        memory, dtype = getattr(source, "_untyped_storage", source), self._array.dtype
        size = (memory.nbytes() // dtype.itemsize,) if size is None else shape_of((size,), "set_")
        if stride is None:
            stride = [math.prod(size[i + 1 :]) for i in range(len(size))]
        self._array = memory.array(dtype, storage_offset, size, stride)
    self._bump("set_")
    return self


C_NAMES = {
    "float16": "c10::Half", "float32": "float", "float64": "double", "bool": "bool",
    "uint8": "unsigned char", "int8": "signed char", "int16": "short", "int32": "int",
    "int64": "long int", "uint16": "short unsigned int", "uint32": "unsigned int",
    "uint64": "long unsigned int",
    "complex64": "c10::complex<float>", "complex128": "c10::complex<double>",
}  # fmt: skip

PUBLIC["resize_as_"] = resize_as_
for _method in (resize_, resize_as_, set_):
    setattr(Tensor, _method.__name__, _method)


def share_memory_(self):
    """Moves the memory where other processes see it; tidu leaves it where it is.

    >>> import tidu
    >>> tidu.ones(2).share_memory_()
    tensor([1., 1.])
    """
    return self


Tensor.share_memory_ = share_memory_
