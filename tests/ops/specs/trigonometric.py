"""Trigonometric and hyperbolic functions."""

import numpy as np

from ..spec import binary, unary

INSIDE = (-0.9, 0.9)

SPECS = [
    unary("sin", np.sin),
    unary("cos", np.cos),
    unary("tan", np.tan, domain=(-1.2, 1.2)),
    unary("asin", np.arcsin, domain=INSIDE),
    unary("acos", np.arccos, domain=INSIDE),
    unary("atan", np.arctan),
    binary("atan2", np.arctan2, domain=((-2, 2), (0.3, 2))),
    unary("sinh", np.sinh),
    unary("cosh", np.cosh),
    unary("tanh", np.tanh),
    unary("asinh", np.arcsinh),
    unary("acosh", np.arccosh, domain=(1.2, 3)),
    unary("atanh", np.arctanh, domain=INSIDE),
    unary("deg2rad", np.deg2rad),
    unary("rad2deg", np.rad2deg),
    *[unary(n, getattr(np, n), domain=INSIDE) for n in ("arcsin", "arccos", "arctan", "arctanh")],
]
