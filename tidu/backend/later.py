"""Operations that are declared when they are first used.

A first program needs few operations, and declaring the others takes as long as the rest of `import
tidu`. So some families of `tidu/ops` are only known by the names that they will declare, which
`tidu/ops/index.py` lists; a name that is asked for brings its family in.
"""

from __future__ import annotations

import gc
from importlib import import_module

FAMILIES: dict = {}  # a name that is yet to be declared, or was -> the family that declares it


class Registry(dict):
    """What operations are entered in by name; a missing name brings in the family that has it."""

    def __missing__(self, name):
        declare(name)
        found = self.get(name)
        if found is None:
            raise KeyError(name)
        return found


class Method:
    """Stands for a method of Tensor until it is asked for, which is what replaces it."""

    __slots__ = ("name",)

    def __init__(self, name):
        self.name = name

    def __get__(self, tensor, owner):
        declare(self.name)
        return getattr(owner if tensor is None else tensor, self.name)


def declare(name):
    """Brings in the family that declares `name`, if there is one."""
    family = FAMILIES.get(name)
    if family is not None:
        without_collecting(import_module, f"tidu.ops.{family}")


def declare_all():
    """Brings in every family: for those who want to see all the operations there are."""
    for family in dict.fromkeys(FAMILIES.values()):
        import_module(f"tidu.ops.{family}")


def without_collecting(function, *args):
    """Calls a function that makes much and drops nothing.

    To look for garbage meanwhile, among NumPy's objects too, takes a fifth of the time of `import
    tidu`, and finds none.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return function(*args)
    finally:
        if collecting:
            gc.enable()
