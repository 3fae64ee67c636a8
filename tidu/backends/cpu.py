"""The CPU: its instruction set, and the memory that tidu keeps for reuse.

Native kernels get the memory of larger results from a cache, since a fresh block costs a page fault
every 4 KiB (docs/native.md). Without native kernels memory comes from NumPy: the functions are there
all the same, and their counts stay 0.
"""

from __future__ import annotations

from ..backend import native

__all__ = ["empty_cache", "get_cpu_capability", "memory_stats", "reset_peak_memory_stats"]


def get_cpu_capability() -> str:
    """The instruction set that kernels use: "AVX512", "AVX2", or "DEFAULT" for any other.

    >>> import tidu
    >>> tidu.backends.cpu.get_cpu_capability() in ("AVX512", "AVX2", "DEFAULT")
    True
    """
    return native.cpu_capability()


def memory_stats() -> dict[str, int]:
    """The cache's state: bytes `in_use` by arrays, `cached` for the next, the `peak` of use, and how
    many `allocations` there were, `hits` of them from the cache.

    >>> import tidu
    >>> sorted(tidu.backends.cpu.memory_stats())
    ['allocations', 'cached', 'hits', 'in_use', 'peak']
    """
    return native.memory_stats()


def empty_cache() -> None:
    """Gives the cached blocks back to the system.

    >>> import tidu
    >>> tidu.backends.cpu.empty_cache()
    >>> tidu.backends.cpu.memory_stats()["cached"]
    0
    """
    native.empty_cache()


def reset_peak_memory_stats() -> None:
    """Lets the `peak` of `memory_stats` begin anew, at what is in use now.

    The cache holds at most what was once in use and a little more: it shrinks with the peak.

    >>> import tidu
    >>> tidu.backends.cpu.reset_peak_memory_stats()
    >>> stats = tidu.backends.cpu.memory_stats()
    >>> stats["peak"] == stats["in_use"]
    True
    """
    native.reset_peak()
