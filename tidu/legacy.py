"""PyTorch's older types of tensors: `FloatTensor`, `LongTensor`, ...

Each is a constructor of tensors of one dtype, and `isinstance(x, tidu.FloatTensor)` asks for that
dtype. They load on first use.
"""

from __future__ import annotations

from . import dtypes, formats, naming
from .ops.from_data import legacy_tensor
from .tensor import Tensor


class tensortype:
    """A type of tensors: those of one dtype.

    >>> import tidu
    >>> tidu.LongTensor([1, 2])
    tensor([1, 2])
    >>> isinstance(tidu.ones(2), tidu.FloatTensor)
    True
    """

    is_cuda = is_sparse = False
    layout = formats.strided

    def __init__(self, dtype):
        self.dtype = dtype
        self.__name__ = self.__qualname__ = f"{dtype.title}Tensor"

    @property
    def __module__(self):  # type: ignore[override]  # the prefix may change
        return naming.prefix

    def __call__(self, *args, device=None):
        if len(args) == 1 and isinstance(args[0], Tensor) and args[0].dtype is not self.dtype:
            raise wrong_dtype(self.dtype, args[0].dtype)
        return legacy_tensor(Tensor, self.dtype, args, device)

    def __instancecheck__(self, value):
        return isinstance(value, Tensor) and value.dtype is self.dtype

    def __repr__(self):
        return f"<class '{naming.prefix}.{self.__name__}'>"

    def __reduce__(self):
        return self.__name__


def wrong_dtype(wanted, got):
    """The error for a tensor of another dtype."""
    from .ops.conversion import C_NAMES

    def options(dtype):
        return (
            f"TensorOptions(dtype={C_NAMES[dtype.name]}, device=cpu, layout=Strided, "
            "requires_grad=false (default), pinned_memory=false (default), memory_format=(nullopt))"
        )

    return TypeError(f"expected {options(wanted)} (got {options(got)})")


FloatTensor = tensortype(dtypes.float32)
DoubleTensor = tensortype(dtypes.float64)
HalfTensor = tensortype(dtypes.float16)
ByteTensor = tensortype(dtypes.uint8)
CharTensor = tensortype(dtypes.int8)
ShortTensor = tensortype(dtypes.int16)
IntTensor = tensortype(dtypes.int32)
LongTensor = tensortype(dtypes.int64)
BoolTensor = tensortype(dtypes.bool)


def set_default_tensor_type(t):
    """Makes the dtype of a floating-point type of tensors the default (use `set_default_dtype`).

    Warns that it is deprecated; TypeError for types of integers and bool.

    >>> import tidu, warnings
    >>> with warnings.catch_warnings(action="ignore"):
    ...     tidu.set_default_tensor_type(tidu.DoubleTensor)
    >>> tidu.ones(1).dtype
    tidu.float64
    >>> tidu.set_default_dtype(tidu.float32)
    """
    import warnings

    from .ops.conversion import type_dtype

    warnings.warn(
        "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use "
        "torch.set_default_dtype() and torch.set_default_device() as alternatives.",
        stacklevel=2,
    )
    try:
        dtype = type_dtype(t)
    except TypeError:
        dtype = None
    if dtype is None or not dtype.is_floating_point:
        raise TypeError(
            "invalid type object: only floating-point types are supported as the default type"
        )
    dtypes.set_default_dtype(dtype)
