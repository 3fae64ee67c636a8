"""`torch.__config__`: what this installation computes with."""

from __future__ import annotations

import os
import platform

import numpy

from .backend import blas, native
from .version import own, torch


def show() -> str:
    """Instruction set, threads, allocator and versions, as text.

    >>> import tidu
    >>> print(tidu.__config__.show())  # doctest: +ELLIPSIS
    tidu ...
    """
    lines = [f"tidu {own} (for PyTorch {torch})"]
    build = native.build()
    if build is None:
        lines.append(f"  - native kernels: none, {native.reason}")
        lines.append("  - allocator: NumPy's")
    else:
        lines.append(f"  - native kernels: {build['isa']} (of {' '.join(build['isas'])})")
        lines.append(f"  - built with: {build['compiler']}, NumPy {build['numpy']}")
        memory = native.memory_stats()
        lines.append(
            f"  - allocator: tidu's; {_mebibytes(memory['in_use'])} in use, "
            f"{_mebibytes(memory['cached'])} cached"
        )
    lines.append(f"  - CPU capability: {native.cpu_capability()}")
    lines.append(f"  - threads: {native.threads()}")
    lines.append(f"  - Python {platform.python_version()}, NumPy {numpy.__version__} ({_blas()})")
    lines.append(f"  - {platform.system()} {platform.machine()}, {os.cpu_count()} processors")
    return "\n".join(lines)


def parallel_info() -> str:
    """The threads, and the environment variables that set their number, as text.

    >>> import tidu
    >>> print(tidu.__config__.parallel_info())  # doctest: +ELLIPSIS
    tidu.get_num_threads() : ...
    """
    names = ("TIDU_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return "\n".join(
        [
            f"tidu.get_num_threads() : {native.threads()}",
            f"NumPy's BLAS : {_blas()}",
            "Environment variables:",
            *[f"\t{name} : {os.environ.get(name, '[not set]')}" for name in names],
            f"Parallel backend: {'a pool of threads' if native.available else 'none'}",
        ]
    )


def _mebibytes(count: int) -> str:
    return f"{count / 2**20:.1f} MiB"


def _blas() -> str:
    get, _ = blas.controls()
    if get is blas.no_control:
        return "a BLAS whose threads cannot be set"
    return f"OpenBLAS, {get()} threads"
