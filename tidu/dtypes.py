"""The element types of tensors, and PyTorch's rules for mixing them."""

from __future__ import annotations

import builtins

import numpy as np

from . import naming

BOOL, INTEGER, FLOAT, COMPLEX = range(4)


class dtype:
    """The type of a tensor's elements; `dtype.numpy` is NumPy's name for the same thing.

    >>> import tidu
    >>> tidu.float32, tidu.float32.itemsize
    (tidu.float32, 4)
    >>> tidu.tensor([1, 2]).dtype
    tidu.int64
    """

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

    def __new__(cls, *description):
        if not description:
            raise TypeError("cannot create 'torch.dtype' instances")
        return object.__new__(cls)

    @property
    def is_floating_point(self):
        return self.kind == FLOAT

    @property
    def is_complex(self):
        return self.kind == COMPLEX

    def to_complex(self):
        """The complex dtype whose parts have this dtype."""
        if self.kind < FLOAT:
            raise RuntimeError(f"Unknown Complex ScalarType for {self.title}")
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

_OF_TYPES = {builtins.bool: bool, int: int64, float: float64, complex: complex128}
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


def set_default_dtype(d, /):
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


def plain(value):
    """The dtype that a Python type of numbers stands for as `dtype=`; anything else as it is."""
    return _OF_TYPES.get(value, value) if isinstance(value, type) else value


def _check(name, **arguments):
    """PyTorch's error for an argument that is no dtype."""
    for position, (argument, value) in enumerate(arguments.items()):
        if value is None:
            raise TypeError(f'{name}() missing 1 required positional arguments: "{argument}"')
        if not isinstance(value, dtype):
            raise TypeError(
                f"{name}(): argument '{argument}' (position {position + 1}) must be torch.dtype, "
                f"not {type(value).__name__}"
            )


def promote_types(type1=None, type2=None):
    """The smallest dtype that holds both.

    >>> import tidu
    >>> tidu.promote_types(tidu.int32, tidu.float16)
    tidu.float16
    """
    type1, type2 = plain(type1), plain(type2)
    if type1 is type2 and isinstance(type1, dtype):
        return type1
    _check("promote_types", type1=type1, type2=type2)
    low, high = sorted((type1, type2), key=lambda d: (d.kind, d.itemsize))
    if high.kind == COMPLEX:
        return promote_types(low.to_complex(), high) if low.kind == FLOAT else high
    if high.kind == FLOAT:
        return high
    for d in (low, high):
        if d.itemsize > 1 and not d.is_signed:
            raise RuntimeError(
                "Promotion for uint16, uint32, uint64 types is not supported, attempted to promote "
                f"{type1.title} and {type2.title}"
            )
    return int16 if {low, high} == {uint8, int8} else high


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


def can_cast(from_=None, to=None):
    """Whether PyTorch converts `from_` to `to` in a result (to a category at least as high).

    >>> import tidu
    >>> tidu.can_cast(tidu.float64, tidu.float32), tidu.can_cast(tidu.float32, tidu.int64)
    (True, False)
    """
    from_, to = plain(from_), plain(to)
    _check("can_cast", from_=from_, to=to)
    return from_.kind <= to.kind


class _Limits:
    """Numerical limits of a dtype."""

    names: tuple[str, ...] = ()  # what is printed

    def __init__(self, of, info):
        self.bits, self.dtype = info.bits, of.name

    def __eq__(self, other):
        return type(self) is type(other) and self.dtype == other.dtype

    def __hash__(self):
        return hash(self.dtype)

    def __repr__(self):
        parts = ", ".join(f"{name}={getattr(self, name):g}" for name in self.names)
        return f"{type(self).__name__}({parts}, dtype={self.dtype})"


class finfo(_Limits):
    """Numerical limits of a floating-point dtype.

    >>> import tidu
    >>> tidu.finfo(tidu.float32).eps
    1.1920928955078125e-07
    """

    names = "resolution", "min", "max", "eps", "smallest_normal", "tiny"

    def __init__(self, type=None):
        d = _default if type is None else plain(type)
        _check("finfo", type=d)
        if d.kind < FLOAT:
            raise TypeError(
                "torch.finfo() requires a floating point input type. Use torch.iinfo to handle "
                "'torch.finfo'"
            )
        info = np.finfo(d.real.numpy)
        super().__init__(d.real, info)
        self.eps, self.max, self.min = float(info.eps), float(info.max), float(info.min)
        self.tiny = self.smallest_normal = float(info.smallest_normal)
        self.resolution = 10.0**-info.precision


class iinfo(_Limits):
    """Numerical limits of an integer dtype.

    >>> import tidu
    >>> tidu.iinfo(tidu.int8)
    iinfo(min=-128, max=127, dtype=int8)
    """

    names = "min", "max"

    def __init__(self, type=None):
        type = plain(type)
        _check("iinfo", type=type)
        if type.kind >= FLOAT:
            raise TypeError(
                "torch.iinfo() requires an integer input type. Use torch.finfo to handle "
                "'torch.iinfo'"
            )
        if type is bool:
            raise TypeError("torch.bool is not supported by torch.iinfo")
        info = np.iinfo(type.numpy)
        super().__init__(type, info)
        self.min, self.max = int(info.min), int(info.max)
