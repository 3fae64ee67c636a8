"""Copies and conversions."""

import numpy as np

import tidu
from tests.ops.spec import OpSpec

SPECS = [
    OpSpec("clone", ref=lambda x: x, method="clone"),
    OpSpec(
        "clone", (2, 3, 2, 2), kwargs={"memory_format": tidu.channels_last}, ref=lambda x, **k: x
    ),
    OpSpec("Tensor.contiguous", ref=lambda x: x),
    OpSpec("Tensor.to", args=(tidu.complex128,), ref=lambda x, d: x.astype(complex), order=0),
    OpSpec("Tensor.double", ref=lambda x: x),
    OpSpec("fill", args=(2.0,), ref=lambda x, v: np.full_like(x, v)),
    OpSpec("fill", (2, 3), (), ref=lambda x, v: np.full_like(x, v), id="tensor"),
    OpSpec(
        "copy_",
        (3,),
        ref=lambda x: np.broadcast_to(x, (2, 3)).copy(),
        function=lambda x: tidu.zeros(2, 3, dtype=tidu.float64).copy_(x),
    ),
    OpSpec(
        "fill_",
        (),
        ref=lambda x: np.full((2, 3), x),
        function=lambda x: tidu.zeros(2, 3, dtype=tidu.float64).fill_(x),
    ),
]
