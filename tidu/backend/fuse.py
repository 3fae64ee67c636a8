"""Formulas made into native programs: one pass over memory, however many steps.

The forward of an elementwise operation and its gradient rules are formulas in operators and kernels.
Called once with symbols in the place of arrays, a formula writes down its steps:

    lambda k, g, out: g * (1 - out * out)     ->     square, sub, mul

and a `Program` of `tidu.backend._kernels` runs them block by block. Nothing is stated twice: the
formula in `tidu/ops/` stays the only one, and is also what computes whatever the program does not
take (other dtypes, negative strides) or what cannot be written down: a formula that looks at
shapes or values, or uses a function that has no instruction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import _kernels
from .table import ELEMENTWISE, FORWARDS

ndarray = np.ndarray
F32, F64 = np.dtype("float32"), np.dtype("float64")
BOOL = np.dtype("bool")
_RESULT = 255  # the register that stands for the result
_LIMITS = {"inputs": 8, "constants": 16, "registers": 64, "code": 96}

OPCODES: dict[str, tuple[int, int]] = _kernels.opcodes
# Operations and NumPy functions that are one instruction under another name.
_INSTRUCTIONS = {
    "absolute": "abs", "negative": "neg", "subtract": "sub", "multiply": "mul", "divide": "div",
    "true_divide": "div", "clamp_min": "maximum", "clamp_max": "minimum", "less": "lt",
    "less_equal": "le", "greater": "gt", "greater_equal": "ge", "equal": "eq", "not_equal": "ne",
    "logical_not": "invert", "logical_and": "both", "logical_or": "either", "isnan": "is_nan",
    "rint": "round", "fabs": "abs", "power": "pow",
}  # fmt: skip
_GIVE_CONDITION = {
    "lt", "le", "gt", "ge", "eq", "ne", "both", "either", "differ", "invert", "is_nan", "from_bool",
}  # fmt: skip
_TAKE_CONDITIONS = {"both", "either", "differ", "invert", "to_number"}


HANDED_ON = object()  # instead of a program: the result is one of the operands, as it is


class Untraceable(Exception):
    """A formula does what no program can."""


class Symbol:
    """A value that a program will compute: `key` says how, and is equal for equal values."""

    __slots__ = ("condition", "dtype", "key", "trace")

    def __init__(self, trace: Trace, key: tuple, condition: bool = False):
        self.trace, self.key, self.condition = trace, key, condition
        self.dtype = BOOL if condition else trace.dtype

    def _two(name: str, swapped: bool = False):  # type: ignore[misc]
        def operator(self, other):
            both = (other, self) if swapped else (self, other)
            return self.trace.emit(name, *both)

        return operator

    __add__, __radd__ = _two("add"), _two("add", True)
    __sub__, __rsub__ = _two("sub"), _two("sub", True)
    __mul__, __rmul__ = _two("mul"), _two("mul", True)
    __truediv__, __rtruediv__ = _two("div"), _two("div", True)
    __lt__, __le__, __gt__, __ge__ = _two("lt"), _two("le"), _two("gt"), _two("ge")
    __eq__, __ne__ = _two("eq"), _two("ne")
    __and__, __or__, __xor__ = _two("both"), _two("either"), _two("differ")
    __hash__ = None  # type: ignore[assignment]

    def __neg__(self):
        return self.trace.emit("neg", self)

    def __invert__(self):
        return self.trace.emit("invert", self)

    def __abs__(self):
        return self.trace.emit("abs", self)

    def __pow__(self, exponent):
        name = {2: "square", 0.5: "sqrt", -1: "reciprocal", 1: "copy"}.get(exponent)
        if name is None:
            return self.trace.emit("pow", self, exponent)
        return self.trace.emit(name, self)

    def __array_ufunc__(self, ufunc, method, *operands, **options):
        """One of NumPy's functions, or an operator with one of its numbers on the left."""
        if method != "__call__" or options:
            raise Untraceable(f"{ufunc.__name__} with options")
        if ufunc.__name__ == "clip":
            x, low, high = operands
            return self.trace.emit("minimum", high, self.trace.emit("maximum", low, x))
        return getattr(self.trace.xp, ufunc.__name__)(*operands)

    def __bool__(self):
        raise Untraceable("a formula that depends on values")


class Functions:
    """Plays the array library, `k.xp`, while a formula is written down."""

    def __init__(self, trace: Trace):
        self.trace = trace

    def __getattr__(self, name: str):
        name = _INSTRUCTIONS.get(name, name)
        if name not in OPCODES:
            raise Untraceable(name)
        return lambda *operands: self.trace.emit(name, *operands)


class Trace:
    """The steps of one formula for operands of one dtype. It also plays `k`, the kernel table."""

    def __init__(self, dtype: np.dtype):
        self.dtype = dtype
        self.xp = Functions(self)
        self.steps: dict[tuple, None] = {}  # keys of computed symbols, in order; none twice
        self.constants: list[float] = []

    def __getattr__(self, name: str):
        name = _INSTRUCTIONS.get(name, name)
        if name in OPCODES:
            return lambda *operands: self.emit(name, *operands)
        try:
            forward = FORWARDS[name]
        except KeyError:
            raise Untraceable(name) from None
        if isinstance(forward, str) or name not in ELEMENTWISE:
            raise Untraceable(name)
        return lambda *args: forward(self, *args)

    def emit(self, name: str, *operands) -> Symbol:
        """One instruction more, unless the same was written before."""
        if len(operands) != OPCODES[name][1]:
            raise Untraceable(f"{name} of {len(operands)} operands")
        symbols = [self.symbol(operand) for operand in operands]
        conditions = _conditions_of(name)
        for i, symbol in enumerate(symbols):
            expects = name in _TAKE_CONDITIONS or i in conditions
            if symbol.condition and not expects:
                symbols[i] = self.emit("to_number", symbol)
            elif expects and not symbol.condition:
                raise Untraceable(f"a number where {name} takes a condition")
        key = (name, *(symbol.key for symbol in symbols))
        self.steps.setdefault(key)
        return Symbol(self, key, name in _GIVE_CONDITION)

    def symbol(self, value) -> Symbol:
        """A number of a formula as a symbol."""
        if isinstance(value, Symbol):
            return value
        if isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype == self.dtype:
            value = value[()]
        if not isinstance(value, (int, float)) and type(value) is not self.dtype.type:
            raise Untraceable(f"a {type(value).__name__} among the operands")
        number = float(value)
        if number not in self.constants or (number == 0 and str(number) != "0.0"):
            self.constants.append(number)
        return Symbol(self, ("constant", self.constants.index(number)))

    def program(self, name: str, kinds: str, result, fallback: Callable) -> Any:
        """The native program that computes `result`, a symbol."""
        if not isinstance(result, Symbol):
            raise Untraceable("no symbol as the result")
        if result.key not in self.steps:
            return HANDED_ON
        gives_bool = result.condition
        last = self.emit("to_bool", result).key if gives_bool else result.key
        code, registers = _assign(list(self.steps), last, len(kinds), len(self.constants))
        if (
            len(kinds) > _LIMITS["inputs"] or len(self.constants) > _LIMITS["constants"]
            or registers > _LIMITS["registers"] or len(code) > 5 * _LIMITS["code"]
        ):  # fmt: skip
            raise Untraceable("a formula of many steps")
        return _kernels.Program(
            name, kinds, tuple(self.constants), code, registers, gives_bool, fallback
        )


def _conditions_of(name: str) -> tuple[int, ...]:
    return {"where": (0,), "keep": (1,), "to_bool": (0,)}.get(name, ())


def _assign(steps: list[tuple], last: tuple, n_inputs: int, n_constants: int) -> tuple[bytes, int]:
    """The code of the steps that `last` needs, and how many registers it uses."""
    needed, stack = set(), [last]
    while stack:
        key = stack.pop()
        if key not in needed and key[0] not in ("input", "constant"):
            needed.add(key)
            stack.extend(key[1:])
    order = [key for key in steps if key in needed]
    last_use = {operand: i for i, key in enumerate(order) for operand in key[1:]}
    place: dict[tuple, int] = {}
    for i in range(n_inputs):
        place["input", i] = i
    for i in range(n_constants):
        place["constant", i] = n_inputs + i
    used, free, code = n_inputs + n_constants, [], bytearray()
    for i, key in enumerate(order):
        operands = [place[operand] for operand in key[1:]]
        free += [
            place[operand]
            for operand in set(key[1:])
            if last_use[operand] == i and operand[0] not in ("input", "constant")
        ]
        if key == last:
            target = _RESULT
        elif free:
            target = free.pop()
        else:
            target, used = used, used + 1
        place[key] = target
        code += bytes([OPCODES[key[0]][0], target, *operands, *[0] * (3 - len(operands))])
    return bytes(code), used


def compile_formula(formula: Callable, name: str, args: tuple, numbers: tuple, fallback: Callable):
    """A program for `formula(k, *args)` with arguments like these; None if there is none, or HANDED_ON.

    It is called with the arrays among `args` and with the numbers of the types in `numbers`, in
    their order; other arguments are the same in each call.
    """
    floats = {a.dtype for a in args if type(a) is ndarray and a.dtype != BOOL}
    if len(floats) != 1 or not floats <= {F32, F64}:
        return None
    trace = Trace(floats.pop())
    kinds, symbols = "", []
    try:
        for a in args:
            if type(a) is ndarray or type(a) in numbers:
                condition = type(a) is ndarray and a.dtype == BOOL
                symbol = Symbol(trace, ("input", len(kinds)))
                if condition:
                    symbol = trace.emit("from_bool", symbol)
                kinds += "b" if condition else "x"
                symbols.append(symbol)
            else:
                symbols.append(a)
        result = formula(trace, *symbols)
        return trace.program(name, kinds, result, fallback)
    except Exception:  # if it is about the arguments, the reference raises it again
        return None


class Fused:
    """Makes a kernel's programs when they are first needed; `kernel` finds them for each call.

    `formula(k, *args)` is what they compute, `reference(*args)` computes the rest. The first program
    that needs nothing from here any more is handed to `settle`, to be called directly. So is None if
    the formula hands on an operand as it is: nothing is left to compute.
    """

    def __init__(self, name: str, formula: Callable, reference: Callable, settle: Callable):
        self.name = name
        self.formula, self.reference, self.settle = formula, reference, settle
        self.settled: tuple | None = None
        self.kernel = _kernels.Cases(self.make, reference)

    def make(self, *args):
        """What computes calls with arguments of these dtypes and types: see csrc/cases.h."""
        for numbers in ((float, int), (float,), ()):
            variable = [type(a) is ndarray or type(a) in numbers for a in args]
            if all(variable):
                settles = self.settled is None
                fallback = self.elsewhere if settles else self.reference
                program = compile_formula(self.formula, self.name, args, numbers, fallback)
                if program is not None:
                    if settles:
                        self.settled = _kinds(args)
                        self.settle(None if program is HANDED_ON else program)
                    return self.reference if program is HANDED_ON else program, ()
            elif compile_formula(self.formula, self.name, args, numbers, self.reference):
                fixed = tuple([i for i, varies in enumerate(variable) if not varies])
                return self._maker(numbers, variable), fixed
        return self.reference, ()

    def elsewhere(self, *args):
        """What the settled program does not take."""
        return self.reference(*args) if _kinds(args) == self.settled else self.kernel(*args)

    def _maker(self, numbers: tuple, variable: list[bool]):
        """Makes programs for the values of the arguments that are neither arrays nor numbers that a
        program could take."""

        def make(*args):
            fixed = [arg for arg, varies in zip(args, variable) if not varies]

            def reference(*others):
                given, rest = iter(others), iter(fixed)
                return self.reference(*[next(given if varies else rest) for varies in variable])

            program = compile_formula(self.formula, self.name, args, numbers, reference)
            return reference if program in (None, HANDED_ON) else program

        return make


def _kinds(args: tuple) -> tuple:
    return tuple([a.dtype if type(a) is ndarray else type(a) for a in args])
