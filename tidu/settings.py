"""How PyTorch computes: threads, determinism, the precision of products.

The number of threads is that of NumPy's BLAS, where that is OpenBLAS; tidu's own kernels use one.
tidu always computes the same way twice and with the full precision of float32: those settings are
kept, for programs that ask, and change nothing.
"""

from __future__ import annotations

import warnings

_deterministic = {"enabled": False, "warn_only": False}
_precision = {"float32_matmul": "highest"}


def get_num_threads() -> int:
    """The number of threads that multiply matrices.

    >>> import tidu
    >>> tidu.get_num_threads() >= 1
    True
    """
    from .backend import blas

    get, _ = blas.controls()
    return get()


def set_num_threads(threads) -> None:
    """Sets the number of threads that multiply matrices.

    >>> import tidu
    >>> before = tidu.get_num_threads()
    >>> tidu.set_num_threads(1)
    >>> tidu.get_num_threads()
    1
    >>> tidu.set_num_threads(before)
    """
    from .backend import blas

    if type(threads) is not int:
        raise RuntimeError(f"set_num_threads expects an int, but got {type(threads).__name__}")
    if threads <= 0:
        raise RuntimeError("set_num_threads expects a positive integer")
    _, set_to = blas.controls()
    set_to(threads)


def get_num_interop_threads() -> int:
    """The number of operations that run at the same time: 1.

    >>> import tidu
    >>> tidu.get_num_interop_threads() >= 1
    True
    """
    return 1


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
