"""OpenBLAS's threads: one, while NumPy multiplies matrices on behalf of tidu.

A product of matrices of some 100,000 elements is over before a second thread has woken up, and a thread
that waits for the next one spins on a core that has better things to do: tidu's own threads run there.
On two cores that makes convolutions several times slower. So products and decompositions that NumPy
computes for tidu run in the calling thread. The setting holds inside such a kernel only: NumPy's calls
of the user's own have what the user set. Where NumPy computes with another library, nothing happens.
"""

from __future__ import annotations

import functools
import importlib
import os
import threading
from collections.abc import Callable


def no_control(threads: int = 1) -> int:
    """Plays both functions of `controls` where there is no OpenBLAS."""
    return 1


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
        pass
    return no_control, no_control


class _Limit:
    """The setting is the whole process's: the first kernel to begin sets it, the last one to end
    brings back what there was."""

    def __init__(self):
        self.lock = threading.Lock()
        self.kernels, self.before = 0, 1
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def __enter__(self):
        get, set_to = controls()
        with self.lock:
            if self.kernels == 0:
                self.before = get()
                if self.before > 1:
                    set_to(1)
            self.kernels += 1

    def __exit__(self, *exception):
        with self.lock:
            self.kernels -= 1
            if self.kernels == 0 and self.before > 1:
                controls()[1](self.before)

    def _forget(self):
        # In the child of a fork there is only the thread that called it, and it is in no kernel.
        self.lock = threading.Lock()
        if self.kernels and self.before > 1:
            controls()[1](self.before)
        self.kernels = 0


_limit = _Limit()


def one_thread(kernel):
    """A decorator: products inside `kernel` run in the calling thread."""

    @functools.wraps(kernel)
    def call(*args):
        with _limit:
            return kernel(*args)

    return call
