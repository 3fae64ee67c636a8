"""Arithmetic, powers, sign, and what `numeric.py` has."""

import math

import numpy as np

from ..spec import OpSpec, binary, unary

AWAY = (0.3, 2.0)  # divisors, bases and roots: away from 0

SPECS = [
    binary("add", np.add),
    binary("sub", np.subtract),
    binary("mul", np.multiply),
    binary("div", np.divide, domain=((-2, 2), AWAY)),
    OpSpec("add", (2, 3), (2, 3), kwargs={"alpha": 2.5}, ref=lambda x, y: x + 2.5 * y,
           inplace="add_", method="add", out=True),
    OpSpec("sub", (2, 3), (2, 3), kwargs={"alpha": -2}, ref=lambda x, y: x + 2 * y,
           inplace="sub_", method="sub", out=True),
    OpSpec("add", (2, 3), args=(1.5,), ref=np.add, elementwise=True, inplace="add_", id="number"),
    OpSpec("mul", (2, 3), args=(-1.5,), ref=np.multiply, elementwise=True, id="number"),
    OpSpec("rsub", (2, 3), (2, 3), ref=lambda x, y: y - x, elementwise=True),
    OpSpec("rsub", (2, 3), args=(4,), ref=lambda x, y: y - x, elementwise=True),
    OpSpec("rdiv", (2, 3), domain=AWAY, function=lambda x: 3 / x, ref=lambda x: 3 / x),
    OpSpec("div", (2, 3), (2, 3), domain=((-2, 2), AWAY), kwargs={"rounding_mode": "floor"},
           ref=np.floor_divide, order=1, out=True),
    OpSpec("div", (2, 3), (2, 3), domain=((-2, 2), AWAY), kwargs={"rounding_mode": "trunc"},
           ref=lambda x, y: np.trunc(x / y), order=1, out=True),
    binary("floor_divide", np.floor_divide, domain=((-2, 2), AWAY), order=0),
    binary("remainder", np.remainder, domain=((-2, 2), AWAY), order=1),
    binary("fmod", np.fmod, domain=((-2, 2), AWAY), order=1),
    unary("neg", np.negative),
    unary("positive", np.positive, inplace=None, out=False),
    unary("reciprocal", np.reciprocal, domain=AWAY),
    unary("square", np.square),
    unary("sqrt", np.sqrt, domain=AWAY),
    unary("rsqrt", lambda x: 1 / np.sqrt(x), domain=AWAY),
    unary("abs", np.abs, domain=AWAY),
    unary("sign", np.sign, order=1),
    unary("sgn", np.sign, order=1),
    unary("signbit", np.signbit, order=0, inplace=None),
    binary("pow", np.power, domain=(AWAY, (-2, 2))),
    *[
        OpSpec("pow", (2, 3), args=(e,), domain=AWAY, ref=np.power, elementwise=True, inplace="pow_")
        for e in (0, 1, 2, 3, -1, -2, 0.5, -0.5, 1.7, -3)
    ],
    OpSpec("pow", (2, 3), domain=(-2, 2), function=lambda x: 1.5**x, ref=lambda x: 1.5**x,
           elementwise=True, id="base"),
    OpSpec("float_power", (2, 3), (2, 3), domain=(AWAY, (-2, 2)), ref=np.float_power,
           inplace="float_power_", method="float_power", out=True),
    binary("copysign", np.copysign, domain=AWAY, order=1),
    OpSpec("addcmul", (2, 3), (2, 3), (2, 3), kwargs={"value": 0.5}, inplace="addcmul_",
           method="addcmul", out=True, ref=lambda x, y, z: x + 0.5 * y * z),
    OpSpec("addcdiv", (2, 3), (2, 3), (2, 3), domain=((-2, 2), (-2, 2), AWAY), inplace="addcdiv_",
           method="addcdiv", out=True, ref=lambda x, y, z: x + y / z),
    OpSpec("lerp", (2, 3), (2, 3), (2, 3), inplace="lerp_", method="lerp", out=True,
           elementwise=True, ref=lambda x, y, w: x + w * (y - x)),
    OpSpec("lerp", (2, 3), (2, 3), args=(0.75,), ref=lambda x, y, w: x + w * (y - x)),
    binary("hypot", np.hypot, domain=AWAY),
    binary("nextafter", np.nextafter, order=0),
    binary("ldexp", lambda x, y: x * 2.0**y),
    unary("nan_to_num", np.nan_to_num, order=1),
    OpSpec("heaviside", (2, 3), (2, 3), ref=np.heaviside, order=0, inplace="heaviside_", out=True),
    OpSpec("dist", (2, 3), (2, 3), ref=lambda x, y: math.dist(x.ravel(), y.ravel())),
]
