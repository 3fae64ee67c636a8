"""Comparisons, bounds, choice and rounding."""

import numpy as np

from ..spec import Mask, OpSpec, binary, unary


def comparison(name, ref):
    return binary(name, ref, order=0, inplace=name + "_")


SPECS = [
    *[
        comparison(name, getattr(np, full))
        for name, full in (
            ("eq", "equal"),
            ("ne", "not_equal"),
            ("lt", "less"),
            ("le", "less_equal"),
            ("gt", "greater"),
            ("ge", "greater_equal"),
            ("logical_and", "logical_and"),
            ("logical_or", "logical_or"),
            ("logical_xor", "logical_xor"),
        )
    ],
    unary("logical_not", np.logical_not, order=0),
    OpSpec(
        "isclose",
        (2, 3),
        (2, 3),
        kwargs={"rtol": 0.5},
        order=0,
        ref=lambda x, y: np.isclose(x, y, rtol=0.5),
    ),
    *[
        unary(n, getattr(np, n), order=0, inplace=None, out=False)
        for n in ("isnan", "isinf", "isfinite", "isreal")
    ],
    *[unary(n, getattr(np, n), order=0, inplace=None) for n in ("isposinf", "isneginf")],
    binary("maximum", np.maximum, inplace=None),
    binary("minimum", np.minimum, inplace=None),
    binary("fmax", np.fmax, inplace=None),
    binary("fmin", np.fmin, inplace=None),
    OpSpec(
        "clamp",
        (2, 3),
        args=(-0.5, 0.75),
        ref=np.clip,
        elementwise=True,
        inplace="clamp_",
        method="clamp",
        out=True,
    ),
    OpSpec(
        "clamp",
        (2, 3),
        (2, 3),
        (2, 3),
        domain=((-2, 2), (-1, 0), (0, 1)),
        ref=np.clip,
        elementwise=True,
        inplace="clamp_",
        method="clamp",
        out=True,
    ),
    OpSpec("clamp", (2, 3), kwargs={"min": 0.25}, ref=lambda x: np.maximum(x, 0.25)),
    OpSpec("clip", (2, 3), kwargs={"max": 0.25}, ref=lambda x: np.minimum(x, 0.25)),
    binary("clamp_min", np.maximum),
    binary("clamp_max", np.minimum),
    OpSpec(
        "where",
        (2, 3),
        (2, 3),
        args=(Mask((2, 3)),),
        function=lambda x, y, m: x.where(m, y),
        ref=lambda x, y, m: np.where(m, x, y),
    ),
    OpSpec(
        "where",
        (2, 3),
        args=(Mask((3,)),),
        function=lambda x, m: x.where(m, 0.5),
        ref=lambda x, m: np.where(m, x, 0.5),
        id="number",
    ),
    unary("floor", np.floor, order=1),
    unary("ceil", np.ceil, order=1),
    unary("trunc", np.trunc, order=1),
    unary("fix", np.fix, order=1),
    unary("round", np.round, order=1),
    OpSpec(
        "round",
        (2, 3),
        kwargs={"decimals": 1},
        ref=lambda x: np.round(x, 1),
        order=1,
        inplace="round_",
        method="round",
        out=True,
    ),
    unary("frac", lambda x: x - np.trunc(x), order=1),
]
