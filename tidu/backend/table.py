"""The kernel table: for every operation, the function that computes it on one device's arrays.

`table.softplus(x, beta, threshold)` takes and returns arrays; names and parameters are those of the
operation. Where the function comes from, first found:

1. what a backend registered with `override`;
2. what the table's `improve` makes of the next (native programs: see `native.py`);
3. the operation's own forward in `tidu/ops/`, which is the reference. It gets the table itself as
   its first argument, `k`, and reaches the array library through `k.xp`.

So an operation exists on every device as soon as it is declared, and a backend adds only what it
does better.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .later import Registry
from .quiet import quietly

FORWARDS = Registry()  # name -> forward(k, *arguments), or the name of a function of `xp`
# Not operations, but the table's too: memory for new arrays, and writing into one.
FORWARDS.update(empty="empty", empty_like="empty_like", zeros="zeros")
ROW_ORDER: set = set()  # names of operations whose results are always contiguous
ELEMENTWISE: set[str] = set()  # the operations that work element by element
_tables: dict = {}  # array type -> Table


class Table:
    """The kernels of one device; `xp` is its array library (numpy, later cupy)."""

    improve: Callable | None = None  # (name, reference) -> a kernel that computes the same, or None
    improve_rules: Callable | None = None  # (Op, steps of a Plan) -> such steps for arrays

    def __init__(self, xp):
        self.xp = xp
        self.silent = set()  # names of kernels that never cause a floating-point warning

    def __getattr__(self, name):
        # Runs once per name: the result is kept as an ordinary attribute.
        try:
            forward = FORWARDS[name]
        except KeyError:
            raise AttributeError(f"no operation is named {name!r}") from None
        if isinstance(forward, str):
            kernel = getattr(self.xp, forward)
        else:
            kernel = positional(forward, self)
            if name in ROW_ORDER:
                kernel = _in_row_order(kernel, self.xp)
        if self.improve is not None:
            improved = self.improve(name, quietly(kernel))
            if improved is not None:
                self.silent.add(name)
                kernel = improved
        setattr(self, name, kernel)
        return kernel

    def override(self, name, kernel, silent=False):
        """Makes `kernel` compute operation `name`; `None` brings the reference back.

        `silent`: it never causes a floating-point warning, so nobody has to keep NumPy quiet.
        """
        self.silent.discard(name)
        if silent:
            self.silent.add(name)
        if kernel is None:
            self.__dict__.pop(name, None)
        else:
            setattr(self, name, kernel)
        if name in Kernels.instances:
            Kernels.instances[name].clear()


class Kernels:
    """One operation's kernels: `cpu` is looked up at the first call, and again after an override.

    They cause no floating-point warnings. `computes`: whether they could, as views cannot.
    """

    __slots__ = ("name", "computes", "cpu")
    instances: dict[str, Kernels] = {}

    def __init__(self, name, computes=True):
        self.name, self.computes = name, computes
        self.clear()
        Kernels.instances[name] = self

    def clear(self):
        """Looks the kernel up in the table at the next call."""

        def first(*args):
            kernel = getattr(cpu, self.name)
            noisy = self.computes and self.name not in cpu.silent
            self.cpu = quietly(kernel) if noisy else kernel
            return self.cpu(*args)

        self.cpu = first


def _write(k, target, values):
    target[...] = values


FORWARDS["write"] = _write


def positional(forward, table):
    """The kernel that a forward is with `table` as its `k`; it takes all arguments by position."""
    code = forward.__code__
    n_positional = code.co_argcount - 1
    keywords = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]

    if keywords:

        def kernel(*args):
            named = dict(zip(keywords, args[n_positional:]))
            return forward(table, *args[:n_positional], **named)

    else:

        def kernel(*args):
            return forward(table, *args)

    kernel.__name__ = forward.__name__
    return kernel


def _in_row_order(kernel, xp):
    """A kernel whose results lie in memory row by row, however its operands do."""

    def ordered(*args):
        out = kernel(*args)
        if type(out) is tuple:
            return tuple([a if a.flags.c_contiguous else xp.ascontiguousarray(a) for a in out])
        return out if out.flags.c_contiguous else xp.ascontiguousarray(out)

    ordered.__name__ = kernel.__name__
    return ordered


cpu = Table(np)
reference = Table(np)  # never improved: what native kernels are compared with
_tables[np.ndarray] = cpu
OWNERS = {type(None)}  # types of an array's `base` that nobody else can reach


def table_of(array):
    """The kernel table of the device that holds `array`."""
    return _tables.get(type(array), cpu)
