"""The native backend: what of the kernel table it computes, and how it is found.

It is there if the extension was built (`tidu.backend._kernels`) and TIDU_NATIVE is not 0. Every
kernel falls back by itself to the reference for what it does not take.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

from . import blas, twister
from .table import ELEMENTWISE, FORWARDS, OWNERS, cpu, positional

available = False  # whether native kernels are in use
isa: str | None = None  # the instruction set that was chosen for them
reason = ""  # why they are not in use
_kernels: Any = None  # the extension
_winograd = True  # the setting where there is no extension to keep it

HOW = "with a C++ compiler there, `pip install --force-reinstall --no-binary tidu tidu` builds it"

# Operations that are not made into programs although they could be: one step of them has to be
# the reference's (it hands an operand on, or refuses dtypes by an error).
_LEFT_ALONE = {"clone", "positive"}

# Where NumPy's BLAS computes what no native kernel takes. Its threads would wait for more work on
# the processors that the kernels' own threads need.
_USE_BLAS = {
    f"tidu.ops.{family}" for family in ("matmul", "decompositions", "linalg", "norms", "einsum")
}


def install() -> None:
    """Puts native kernels into the table of the CPU, unless they are missing or unwanted."""
    global available, isa, reason, _kernels
    if os.environ.get("TIDU_NATIVE", "1") == "0":
        reason = "TIDU_NATIVE=0 leaves them out"
        return
    try:
        _kernels = importlib.import_module(f"{__package__}._kernels")
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError)
        reason = (
            f"the extension was not built ({HOW})" if missing else f"it does not load ({error})"
        )
        _tell()
        return
    available = True
    isa = _kernels.isa
    OWNERS.add(_kernels.Memory)
    twister.make_engine = _kernels.Engine
    cpu.improve = _improve
    cpu.improve_rules = _improve_rules


def extension():
    """The extension's module; None if it is missing or unwanted."""
    return _kernels if available else None


def _tell() -> None:
    """Says once, on stderr, that this installation is the slow one. TIDU_NATIVE=0 is the answer
    of those who know. (Not a warning: where warnings are errors, programs have to run all the same.)"""
    if sys.stderr is not None:
        print(
            f"tidu computes with NumPy alone, several times slower than it can: {reason}. "
            "TIDU_NATIVE=0 keeps this line away.",
            file=sys.stderr,
        )


def threads() -> int:
    """The number of threads that kernels use; without the extension, of NumPy's BLAS."""
    return _kernels.threads() if available else blas.controls()[0]()


def set_threads(count: int) -> None:
    """Sets the number that `threads` returns."""
    if available:
        _kernels.set_threads(count)
    else:
        blas.controls()[1](count)


def build() -> dict | None:
    """What the extension is: {"isa": in use, "isas": of this processor, "compiler", "numpy"}."""
    return _kernels.build() if available else None


def cpu_capability() -> str:
    """The instruction set in use, by PyTorch's names."""
    return {"v3": "AVX2", "v4": "AVX512"}.get(isa or "", "DEFAULT")


def memory_stats() -> dict[str, int]:
    """The allocator's counts, zeros without it: see `tidu.backends.cpu.memory_stats`."""
    if available:
        return _kernels.memory_stats()
    return dict.fromkeys(("in_use", "cached", "peak", "allocations", "hits"), 0)


def empty_cache() -> None:
    """Gives cached memory back; without the extension there is none."""
    if available:
        _kernels.empty_cache()


def reset_peak() -> None:
    """Lets the peak of `memory_stats` begin anew."""
    if available:
        _kernels.reset_peak()


def winograd() -> bool:
    """Whether convolutions may use Winograd's algorithm."""
    return _kernels.winograd_allowed() if available else _winograd


def allow_winograd(on: bool) -> None:
    """Lets convolutions use Winograd's algorithm, or not; without the extension none does."""
    global _winograd
    if not isinstance(on, bool):
        raise TypeError(f"backends.winograd is True or False, not {on!r}")
    _winograd = on
    if available:
        _kernels.allow_winograd(on)


def _improve(name: str, reference: Callable):
    """The extension's kernel of that name, or one made of programs; None if there is neither."""
    formula = FORWARDS[name]
    limited = getattr(formula, "__module__", None) in _USE_BLAS
    if limited:
        reference = blas.one_thread(reference)
    kernel = _kernels.kernel(name, reference)
    if kernel is not None:
        return kernel
    if limited:
        return reference
    from . import fuse

    if name in _LEFT_ALONE or not (name in ELEMENTWISE or name in fuse.OPCODES):
        return None
    if isinstance(formula, str) or name in fuse.OPCODES:
        instruction = formula if isinstance(formula, str) else name

        def formula(k, *arrays):
            return getattr(k.xp, instruction)(*arrays)

    elif formula.__code__.co_kwonlyargcount:
        forward = formula

        def formula(k, *args):
            return positional(forward, k)(*args)

    def settle(program):
        # From now on the program is called directly, and calls back for what it does not take.
        if program is not None:
            cpu.override(name, program, silent=True)

    return fuse.Fused(name, formula, reference, settle).kernel


def _improve_rules(op, steps: list) -> list:
    """The steps of a gradient rule, for arrays: kernels of the extension, or programs.

    Formulas become programs at their first use.
    """
    improved: list = []
    for i, (where, rule, pick, wants_k) in enumerate(steps):

        def formula(k, *arrays, rule=rule, wants_k=wants_k):
            return rule(k, *arrays) if wants_k else rule(*arrays)

        def reference(*arrays, formula=formula):
            return formula(cpu, *arrays)

        if rule.__module__ in _USE_BLAS:
            reference = blas.one_thread(reference)
        joint = type(where) is tuple
        inputs = [op.params[op.tensors[i]] for i in (where if joint else (where,))]
        kernel = _kernels.kernel(f"{op.name}.{','.join(inputs)}", reference)
        if kernel is not None:
            improved.append((where, kernel, pick, False))
            continue
        if joint:
            improved.append((where, rule, pick, wants_k))
            continue
        from . import fuse

        def settle(program, i=i, where=where, rule=rule, pick=pick, wants_k=wants_k):
            if program is None:
                improved[i] = (where, rule, pick, wants_k)
            else:
                improved[i] = (where, program, pick, False)

        fused = fuse.Fused(f"{op.name}, gradient", formula, reference, settle)
        improved.append((where, fused.kernel, pick, False))
    return improved


install()
