"""OpSpec: one row of the tables in `tests/ops/specs/`, from which all tests of an operation come.

    OpSpec("sigmoid", (2, 3), ref=lambda x: 1 / (1 + np.exp(-x)))
    OpSpec("log", (2, 3), domain=(0.1, 3), ref=np.log)
    OpSpec("gather", (3, 4), args=(1, Index((3, 2), below=4)))
    OpSpec("nn.functional.conv2d", (1, 2, 5, 5), (3, 2, 3, 3), kwargs={"padding": 1})

From a row come: the value against `ref`, the first and second gradient against finite differences
(float64), each with non-contiguous inputs too, the in-place and `out=` forms where they exist, and,
for elementwise rows, empty, 0-d and broadcast inputs.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import tidu


@dataclass(frozen=True)
class Index:
    """An int64 argument with values from 0 up to `below`."""

    shape: tuple
    below: int


@dataclass(frozen=True)
class Mask:
    """A bool argument."""

    shape: tuple


@dataclass(frozen=True)
class Fixed:
    """A tensor argument with these values, through which no gradient goes."""

    values: Any


@dataclass
class OpSpec:
    """An operation, inputs to try it on, and what is known about it.

    `shapes`: of the differentiable tensor inputs, which come first; an entry that is a list of
    shapes is passed as a list of tensors. `domain`: the range to draw from, one for all inputs or one each
    (keep off singularities and kinks; kinks at isolated points are unlikely to be hit). `ref`: the
    same function on ndarrays. `order`: how often it can be differentiated (0: not at all).
    `distinct`: values are well apart (for max, sort, median). `method`: test the method of this
    name too. `name` resolves from `tidu`; `function` overrides it.
    """

    name: str
    shapes: tuple = ((2, 3),)
    args: tuple = ()
    kwargs: dict = field(default_factory=dict)
    domain: tuple = (-2.0, 2.0)
    ref: Callable | None = None
    order: int = 2
    dtype: str = "float64"
    complex: bool = False
    distinct: bool = False
    elementwise: bool = False
    inplace: str | None = None
    method: str | None = None
    out: bool = False
    tol: float = 1e-9
    function: Callable | None = None
    id: str = ""

    def __init__(self, name, *shapes, **options):
        defaults = {f: OpSpec.__dataclass_fields__[f].default for f in OpSpec.__dataclass_fields__}
        defaults["kwargs"] = {}
        for option, value in {**defaults, **options}.items():
            if option not in defaults:
                raise TypeError(f"OpSpec has no {option!r}")
            setattr(self, option, value)
        self.name = name
        self.shapes = shapes or ((2, 3),)

    def __str__(self):
        shapes = "-".join("x".join(map(str, s)) if isinstance(s, tuple) else "list" for s in self.shapes)
        extra = [str(a) for a in self.args if isinstance(a, (int, float, str, bool, tuple))]
        extra += [f"{k}={v}" for k, v in self.kwargs.items() if isinstance(v, (int, float, str, bool, tuple))]
        numbers = "complex" if self.complex else "" if self.dtype == "float64" else self.dtype
        return "-".join(filter(None, [self.name, shapes, *extra, numbers, self.id]))

    @property
    def call(self):
        """The function under test."""
        if self.function is not None:
            return self.function
        found = tidu
        for part in self.name.split("."):
            found = getattr(found, part)
        return found

    def random(self):
        """The same numbers on every run, others for every row."""
        return np.random.default_rng(zlib.crc32(str(self).encode()))

    def draw(self, rng, shape, domain):
        """An array of `shape` from `domain`."""
        low, high = domain
        size = int(np.prod(shape))
        if self.distinct:
            values = np.linspace(low, high, size, endpoint=False)
            return rng.permutation(values).reshape(shape)
        values = rng.uniform(low, high, shape)
        if self.complex:
            values = values + 1j * rng.uniform(low, high, shape)
        return np.asarray(values)

    def arrays(self, shapes=None):
        """The differentiable inputs, as arrays (a list of arrays where the row has a list)."""
        rng = self.random()
        shapes = self.shapes if shapes is None else shapes
        domains = self.domain if isinstance(self.domain[0], tuple) else (self.domain,) * len(shapes)
        dtype = {"float64": "complex128", "float32": "complex64"}[self.dtype] if self.complex else self.dtype
        found = []
        for shape, domain in zip(shapes, domains):
            if isinstance(shape, list):
                found.append([self.draw(rng, s, domain).astype(dtype) for s in shape])
            else:
                found.append(self.draw(rng, shape, domain).astype(dtype))
        return found

    def extra(self):
        """The other arguments: (positional, keywords), as Tensors where they are tensors."""
        rng = self.random()
        return (
            [_argument(a, rng) for a in self.args],
            {k: _argument(a, rng) for k, a in self.kwargs.items()},
        )


def _argument(value, rng):
    if isinstance(value, Index):
        return tidu.from_numpy(rng.integers(0, value.below, value.shape))
    if isinstance(value, Mask):
        return tidu.from_numpy(rng.integers(0, 2, value.shape).astype(bool))
    if isinstance(value, Fixed):
        return tidu.tensor(value.values)
    return value


def strided(array):
    """The same values in memory that is not contiguous."""
    if array.ndim == 0:
        return array
    wide = np.empty((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
    view = wide[..., ::2]
    view[...] = array
    return view


def unary(name, ref, domain=(-2.0, 2.0), **options):
    """The row of a function of one tensor that works element by element."""
    options = {"inplace": name + "_", "method": name, "out": True, **options}
    return OpSpec(name, (2, 3), domain=domain, ref=ref, elementwise=True, **options)


def binary(name, ref, domain=(-2.0, 2.0), **options):
    """The row of a function of two tensors that works element by element and broadcasts."""
    options = {"inplace": name + "_", "method": name, "out": True, **options}
    return OpSpec(name, (2, 3), (2, 3), domain=domain, ref=ref, elementwise=True, **options)
