"""Native kernels beside the references that they have to agree with."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tidu.autograd.op import OPS
from tidu.backend import native
from tidu.backend.table import reference
from tidu.nn import functional as _declared  # noqa: F401  (declares its operations)

FLOATS = ["float32", "float64"]


def _refuse(*args):
    raise AssertionError("the kernel left the call to the reference")


def kernel(name, falls_back=True) -> Any:
    """The kernel of that name; without `falls_back` it must take every call itself."""
    found = native._kernels.kernel(name, reference_of(name) if falls_back else _refuse)
    assert found is not None, name
    return found


def reference_of(name):
    """What the operation's forward, or its gradient rule ("mul.x"), computes by itself."""
    name, _, inputs = name.partition(".")
    if not inputs:
        return getattr(reference, name)
    rule = OPS[name].rules[tuple(inputs.split(","))]
    if rule.__code__.co_varnames[:1] == ("k",):
        return lambda *args: rule(reference, *args)
    return rule


def laid_out(array, layout):
    """The same values in another order in memory."""
    if layout == "transposed":
        return np.ascontiguousarray(array.T).T
    if layout == "reversed":
        return np.flip(array).copy()[(slice(None, None, -1),) * array.ndim]
    if layout == "steps":
        return np.repeat(array, 2, -1)[..., ::2] if array.ndim else array
    return array


LAYOUTS = ["rows", "rows", "transposed", "reversed", "steps"]


def values(shape, dtype, seed, special=False):
    """Random numbers; `special`: some of them nan or infinite."""
    rng = np.random.default_rng(seed)
    array = rng.normal(size=shape) * 3
    if special:
        array = np.where(rng.random(shape) < 0.1, rng.choice([np.nan, np.inf, -np.inf], shape), array)
    return np.asarray(array, dtype)


seeds = st.integers(0, 1 << 16)


def shapes(min_dims=1, max_dims=4, max_side=7):
    """Small shapes, and now and then one side that fills several vectors."""
    small = st.lists(st.integers(1, max_side), min_size=min_dims, max_size=max_dims)
    long = st.tuples(small, st.integers(0, max_dims - 1), st.integers(8, 300)).map(
        lambda t: [t[2] if i == t[1] % len(t[0]) else min(n, 3) for i, n in enumerate(t[0])]
    )
    return st.one_of(small, long).map(tuple)


def assert_agree(found, expected, tolerance, scale=1e-30):
    """Equal shapes, dtypes and layout, and values within `tolerance` epsilons of the largest.

    `scale`: what counts as the largest at least, where terms may cancel."""
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    assert found.strides == expected.strides
    finite = np.abs(expected[np.isfinite(expected)])
    scale = max(finite.max(initial=0), scale)
    atol = tolerance * np.finfo(found.dtype).eps * scale
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol)
