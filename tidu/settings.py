"""How PyTorch computes: threads, determinism, the precision of products; and what computes here.

The number of threads is that of the native kernels' pool (docs/native.md); without native kernels it
is that of NumPy's BLAS, where that is OpenBLAS. tidu always computes the same way twice and with the
full precision of float32: those settings are kept, for programs that ask, and change nothing.
"""

from __future__ import annotations

import operator
import warnings

_deterministic = {"enabled": False, "warn_only": False}
_precision = {"float32_matmul": "highest"}
_interop: list[int] = []  # what `set_num_interop_threads` set


def get_num_threads() -> int:
    """The number of threads that kernels compute with, the caller's among them.

    >>> import tidu
    >>> tidu.get_num_threads() >= 1
    True
    """
    from .backend import native

    return native.threads()


def set_num_threads(threads) -> None:
    """Sets the number of threads that kernels compute with; NumPy's own calls keep theirs.

    At first it is the number of processors, or what the environment's TIDU_NUM_THREADS or
    OMP_NUM_THREADS says. Without native kernels it is the number of NumPy's BLAS.

    >>> import tidu
    >>> before = tidu.get_num_threads()
    >>> tidu.set_num_threads(1)
    >>> tidu.get_num_threads()
    1
    >>> tidu.set_num_threads(before)
    """
    from .backend import native

    native.set_threads(_count("set_num_threads", threads))


def get_num_interop_threads() -> int:
    """The number of operations that run at the same time: 1, or what was set.

    >>> import tidu
    >>> tidu.get_num_interop_threads() >= 1
    True
    """
    return _interop[0] if _interop else 1


def set_num_interop_threads(threads) -> None:
    """Keeps a number of operations to run at the same time; tidu runs one. It can be set once.

    >>> import tidu
    >>> tidu.set_num_interop_threads(0)
    Traceback (most recent call last):
    RuntimeError: set_num_interop_threads expects a positive integer
    """
    threads = _count("set_num_interop_threads", threads)
    if _interop:
        raise RuntimeError(
            "Error: cannot set number of interop threads after parallel work has started or "
            "set_num_interop_threads called"
        )
    _interop.append(threads)


def _count(function: str, threads) -> int:
    try:
        count = operator.index(threads)
    except TypeError:
        count = None
    if count is None or isinstance(threads, bool):
        raise RuntimeError(f"{function} expects an int, but got {type(threads).__name__}")
    if count <= 0:
        raise RuntimeError(f"{function} expects a positive integer")
    if count > 0x7FFFFFFF:
        raise ValueError("Overflow when unpacking long")
    return count


def show_config() -> None:
    """Prints what computes: native kernels and their instruction set, threads, allocator, versions.

    `tidu.__config__.show()` returns the text.

    >>> import tidu
    >>> tidu.show_config()  # doctest: +ELLIPSIS
    tidu ...
    """
    from . import __config__

    print(__config__.show())


def use_deterministic_algorithms(mode, *, warn_only=False) -> None:
    """Asks for the same results each time, which tidu gives anyway.

    >>> import tidu
    >>> tidu.use_deterministic_algorithms(True)
    >>> tidu.are_deterministic_algorithms_enabled()
    True
    >>> tidu.use_deterministic_algorithms(False)
    """
    _deterministic.update(enabled=bool(mode), warn_only=bool(warn_only))


def are_deterministic_algorithms_enabled() -> bool:
    """Whether `use_deterministic_algorithms` asked for it.

    >>> import tidu
    >>> tidu.are_deterministic_algorithms_enabled()
    False
    """
    return _deterministic["enabled"]


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether `use_deterministic_algorithms` asked for warnings instead of errors.

    >>> import tidu
    >>> tidu.is_deterministic_algorithms_warn_only_enabled()
    False
    """
    return _deterministic["warn_only"]


def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` set: "highest" at first.

    >>> import tidu
    >>> tidu.get_float32_matmul_precision()
    'highest'
    """
    return _precision["float32_matmul"]


def set_float32_matmul_precision(precision) -> None:
    """Allows products of float32 with less precision ("high", "medium"); tidu does not use it.

    >>> import tidu
    >>> tidu.set_float32_matmul_precision("high")
    >>> tidu.get_float32_matmul_precision()
    'high'
    >>> tidu.set_float32_matmul_precision("highest")
    """
    if precision not in ("highest", "high", "medium"):
        warnings.warn(
            f"{precision} is not one of 'highest', 'high', or 'medium'; the current"
            "setFloat32MatmulPrecision call has no effect.",
            stacklevel=2,
        )
        return
    _precision["float32_matmul"] = precision
