"""The element types of tensors, and PyTorch's rules for mixing them."""

from __future__ import annotations

import builtins

import numpy as np

from . import naming

BOOL, INTEGER, FLOAT, COMPLEX = range(4)


class dtype:
    """The type of a tensor's elements; `dtype.numpy` is NumPy's name for the same thing."""

    __slots__ = ("name", "numpy", "kind", "itemsize", "title", "is_signed", "real")

    def __init__(self, name, title):
        self.name = name
        self.numpy = np.dtype(name)
        self.itemsize = self.numpy.itemsize
        self.title = title  # what PyTorch's messages call it: "Float", "Long", ...
        self.kind = {"b": BOOL, "i": INTEGER, "u": INTEGER, "f": FLOAT, "c": COMPLEX}[
            self.numpy.kind
        ]
        self.is_signed = self.numpy.kind not in "bu"
        self.real = self

    @property
    def is_floating_point(self):
        return self.kind == FLOAT

    @property
    def is_complex(self):
        return self.kind == COMPLEX

    def to_complex(self):
        """The complex dtype whose parts have this dtype."""
        return complex128 if self.numpy.itemsize == 8 or self is complex128 else complex64

    def to_real(self):
        """The dtype of the parts of a complex dtype; any other dtype is its own."""
        return self.real

    def __repr__(self):
        return f"{naming.prefix}.{self.name}"

    def __reduce__(self):
        return self.name


bool = dtype("bool", "Bool")
uint8 = dtype("uint8", "Byte")
int8 = dtype("int8", "Char")
int16 = dtype("int16", "Short")
int32 = dtype("int32", "Int")
int64 = dtype("int64", "Long")
uint16 = dtype("uint16", "UInt16")
uint32 = dtype("uint32", "UInt32")
uint64 = dtype("uint64", "UInt64")
float16 = dtype("float16", "Half")
float32 = dtype("float32", "Float")
float64 = dtype("float64", "Double")
complex64 = dtype("complex64", "ComplexFloat")
complex128 = dtype("complex128", "ComplexDouble")
complex64.real, complex128.real = float32, float64

ALL = (
    bool, uint8, int8, int16, int32, int64, uint16, uint32, uint64,
    float16, float32, float64, complex64, complex128,
)  # fmt: skip
ALIASES = {
    "half": float16, "float": float32, "double": float64, "short": int16, "int": int32,
    "long": int64, "cfloat": complex64, "cdouble": complex128,
}  # fmt: skip

_by_numpy = {d.numpy: d for d in ALL}
_default = float32


def of(array):
    """The tidu dtype of an ndarray, or of a NumPy dtype."""
    found = _by_numpy.get(getattr(array, "dtype", array))
    if found is None:
        raise TypeError(
            f"can't convert np.ndarray of type {getattr(array, 'dtype', array)}. The only supported "
            "types are: float64, float32, float16, complex64, complex128, int64, int32, int16, "
            "int8, uint64, uint32, uint16, uint8, and bool."
        )
    return found


def get_default_dtype():
    """The dtype of new tensors made from Python floats.

    >>> import tidu
    >>> tidu.get_default_dtype()
    tidu.float32
    """
    return _default


def set_default_dtype(d):
    """Sets the dtype of new tensors made from Python floats: float16, float32 or float64.

    >>> import tidu
    >>> tidu.set_default_dtype(tidu.float64)
    >>> tidu.tensor(1.5).dtype
    tidu.float64
    >>> tidu.set_default_dtype(tidu.float32)
    """
    global _default
    if not isinstance(d, dtype):
        raise TypeError(
            "invalid dtype object: only floating-point types are supported as the default type"
        )
    if not d.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    _default = d
    _result_cache.clear()


def of_number(value):
    """The dtype that a Python number gets when it becomes a tensor of its own."""
    kind = type(value)
    if kind is float:
        return _default
    if kind is int:
        return int64
    if isinstance(value, (builtins.bool, np.bool_)):
        return bool
    if isinstance(value, (int, np.integer)):
        return int64
    if isinstance(value, (float, np.floating)):
        return _default
    return _default.to_complex()


def promote_types(type1, type2):
    """The smallest dtype that holds both.

    >>> import tidu
    >>> tidu.promote_types(tidu.int32, tidu.float16)
    tidu.float16
    """
    if type1 is type2:
        return type1
    low, high = sorted((type1, type2), key=lambda d: (d.kind, d.itemsize))
    if high.kind == COMPLEX:
        return promote_types(low.to_complex(), high) if low.kind == FLOAT else high
    if high.kind == FLOAT:
        return high
    if low.kind == BOOL or low.is_signed == high.is_signed:
        return high
    unsigned, signed = (high, low) if low.is_signed else (low, high)
    if unsigned is not uint8:
        raise RuntimeError(
            "Promotion for uint16, uint32, uint64 types is not supported, attempted to promote "
            f"{type1.title} and {type2.title}"
        )
    return int16 if signed is int8 else signed


def _combine(higher, lower):
    """Joins two priority classes: the lower one counts only if its category is the higher."""
    if higher is None or lower is None:
        return higher or lower
    if higher.kind == COMPLEX:
        return higher
    if higher.kind == FLOAT:
        return higher.to_complex() if lower.kind == COMPLEX else higher
    if higher.kind == BOOL or lower.kind >= FLOAT:
        return promote_types(higher, lower)
    return higher


_result_cache: dict = {}


def result(*operands):
    """The NumPy dtype for an operation on ndarrays and Python numbers, by PyTorch's rules.

    Arrays with dimensions come before 0-d arrays, and these before Python numbers: one of lower
    priority changes the dtype only when it is of a higher category (bool, integer, float, complex).
    """
    key = tuple(
        (x.dtype.char, x.ndim == 0) if isinstance(x, np.ndarray) else type(x) for x in operands
    )
    found = _result_cache.get(key)
    if found is None:
        classes = [None, None, None]
        for x in operands:
            if isinstance(x, np.ndarray):
                rank, d = (0 if x.ndim else 1), of(x)
            else:
                rank, d = 2, of_number(x)
            classes[rank] = d if classes[rank] is None else promote_types(classes[rank], d)
        found = _result_cache[key] = _combine(classes[0], _combine(classes[1], classes[2])).numpy
    return found


def can_cast(from_, to):
    """Whether PyTorch converts `from_` to `to` in a result (to a category at least as high).

    >>> import tidu
    >>> tidu.can_cast(tidu.float64, tidu.float32), tidu.can_cast(tidu.float32, tidu.int64)
    (True, False)
    """
    return from_.kind <= to.kind


class finfo:
    """Numerical limits of a floating-point dtype.

    >>> import tidu
    >>> tidu.finfo(tidu.float32).eps
    1.1920928955078125e-07
    """

    def __init__(self, type=None):
        d = _default if type is None else type
        if d.kind < FLOAT:
            raise TypeError(
                "torch.finfo() requires a floating point input type. Use torch.iinfo to handle "
                "'torch.finfo'"
            )
        info = np.finfo(d.real.numpy)
        self.bits, self.dtype = info.bits, d.real.name
        self.eps, self.max, self.min = float(info.eps), float(info.max), float(info.min)
        self.tiny = self.smallest_normal = float(info.smallest_normal)
        self.resolution = float(info.resolution)

    def __repr__(self):
        names = "resolution", "min", "max", "eps", "smallest_normal", "tiny"
        parts = ", ".join(f"{name}={getattr(self, name):g}" for name in names)
        return f"finfo({parts}, dtype={self.dtype})"


class iinfo:
    """Numerical limits of an integer dtype.

    >>> import tidu
    >>> tidu.iinfo(tidu.int8)
    iinfo(min=-128, max=127, dtype=int8)
    """

    def __init__(self, type):
        if type.kind >= FLOAT:
            raise TypeError(
                "torch.iinfo() requires an integer input type. Use torch.finfo to handle "
                "'torch.iinfo'"
            )
        if type is bool:
            raise TypeError("torch.bool is not supported by torch.iinfo")
        info = np.iinfo(type.numpy)
        self.bits, self.dtype = info.bits, type.name
        self.min, self.max = int(info.min), int(info.max)

    def __repr__(self):
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"
