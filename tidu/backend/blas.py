"""OpenBLAS's threads: one, for the duration of a kernel that makes many small products.

A product of matrices of some 100,000 elements is over before a second thread has woken up, and a thread
that waits for the next one spins on a core that has better things to do. On two cores that makes
convolutions several times slower. The setting holds inside the kernel only; what the user set is back
afterwards. Where NumPy computes with another library, nothing happens.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable


@functools.cache
def controls() -> tuple[Callable, Callable]:
    """(get, set) of the number of threads of the OpenBLAS that NumPy has; without it get gives 1."""
    import ctypes

    try:
        _multiarray_umath = importlib.import_module("numpy._core._multiarray_umath")
        library = ctypes.CDLL(_multiarray_umath.__file__)  # finds the symbols of what it links to
        for prefix, suffix in (("scipy_", "64_"), ("scipy_", ""), ("", "64_"), ("", "")):
            try:
                get = getattr(library, f"{prefix}openblas_get_num_threads{suffix}")
                set_to = getattr(library, f"{prefix}openblas_set_num_threads{suffix}")
            except AttributeError:
                continue
            return get, set_to
    except (ImportError, AttributeError, OSError):
        return (lambda: 1), (lambda threads: None)
    return (lambda: 1), (lambda threads: None)


def one_thread(kernel):
    """A decorator: products inside `kernel` run in the calling thread."""

    @functools.wraps(kernel)
    def call(*args):
        get, set_to = controls()
        before = get()
        if before == 1:
            return kernel(*args)
        set_to(1)
        try:
            return kernel(*args)
        finally:
            set_to(before)

    return call
