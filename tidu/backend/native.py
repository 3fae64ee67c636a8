"""The native backend: what of the kernel table it computes, and how it is found.

It is there if the extension was built (`tidu.backend._kernels`) and TIDU_NATIVE is not 0. Every
kernel falls back by itself to the reference for what it does not take.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from .table import ELEMENTWISE, FORWARDS, OWNERS, cpu

available = False  # whether native kernels are in use
isa: str | None = None  # the instruction set that was chosen for them
_kernels: Any = None  # the extension

# Operations that are not made into programs although they could be: one step of them has to be
# the reference's (it hands an operand on, or refuses dtypes by an error).
_LEFT_ALONE = {"clone", "positive"}


def install() -> None:
    """Puts native kernels into the table of the CPU, unless they are missing or unwanted."""
    global available, isa, _kernels
    if os.environ.get("TIDU_NATIVE", "1") == "0":
        return
    try:
        from . import _kernels
    except ImportError:
        return
    available = True
    isa = _kernels.isa
    OWNERS.add(_kernels.Memory)
    cpu.improve = _improve
    cpu.improve_rules = _improve_rules


def _improve(name: str, reference: Callable):
    """The extension's kernel of that name, or one made of programs; None if there is neither."""
    kernel = _kernels.kernel(name, reference)
    if kernel is not None:
        return kernel
    from . import fuse

    if name in _LEFT_ALONE or not (name in ELEMENTWISE or name in fuse.OPCODES):
        return None
    formula = FORWARDS[name]
    if isinstance(formula, str) or name in fuse.OPCODES:
        instruction = formula if isinstance(formula, str) else name

        def formula(k, *arrays):
            return getattr(k.xp, instruction)(*arrays)

    def settle(program):
        # From now on the program is called directly, and calls back for what it does not take.
        cpu.override(name, program)

    return fuse.Fused(name, formula, reference, settle)


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

        def settle(program, i=i, where=where, pick=pick):
            improved[i] = (where, program, pick, False)

        fused = fuse.Fused(f"{op.name}, gradient", formula, reference, settle)
        improved.append((where, fused, pick, False))
    return improved
