"""Complex numbers, and the usual functions of them."""

import numpy as np

import tidu

from ..spec import OpSpec

AWAY = (0.3, 1.5)


def row(name, ref, *shapes, **options):
    return OpSpec(name, *(shapes or ((2, 3),)), complex=True, ref=ref, **options)


SPECS = [
    row("real", np.real),
    row("imag", np.imag),
    row("conj", np.conj),
    row("conj_physical", np.conj, inplace="conj_physical_"),
    row("abs", np.abs),
    row("angle", np.angle, domain=AWAY),
    row("sgn", lambda x: x / np.abs(x), domain=AWAY),
    row("view_as_real", lambda x: np.stack([x.real, x.imag], -1)),
    OpSpec(
        "view_as_complex",
        (3, 2),
        ref=lambda x: x[:, 0] + 1j * x[:, 1],
        function=lambda x: tidu.view_as_complex(x.contiguous()),
    ),
    OpSpec("complex", (2, 3), (2, 3), ref=lambda x, y: x + 1j * y),
    OpSpec("polar", (2, 3), (2, 3), domain=AWAY, ref=lambda r, t: r * np.exp(1j * t)),
    row("mul", np.multiply, (2, 3), (2, 3)),
    row("div", np.divide, (2, 3), (2, 3), domain=((-2, 2), AWAY)),
    row("pow", np.power, (2, 3), (2, 3), domain=(AWAY, (-1, 1))),
    row("pow", np.power, args=(3,)),
    *[
        row(name, getattr(np, ref), domain=AWAY)
        for name, ref in (
            ("exp", "exp"),
            ("log", "log"),
            ("sqrt", "sqrt"),
            ("reciprocal", "reciprocal"),
            ("sin", "sin"),
            ("tan", "tan"),
            ("tanh", "tanh"),
            ("acosh", "arccosh"),
            ("atan", "arctan"),
            ("square", "square"),
            ("log1p", "log1p"),
            ("expm1", "expm1"),
        )
    ],
    row("sigmoid", lambda x: 1 / (1 + np.exp(-x)), domain=AWAY),
    row("rsqrt", lambda x: 1 / np.sqrt(x), domain=AWAY),
]
