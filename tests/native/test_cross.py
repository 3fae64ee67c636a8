"""Cross products: the native kernel against the reference, every bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidu.backend import native

from .kernels import FLOATS, LAYOUTS, kernel, laid_out, reference_of, seeds, shapes, values

pytestmark = pytest.mark.skipif(not native.available, reason="without native kernels")


@settings(max_examples=80, deadline=None)
@given(
    shape=shapes(min_dims=0, max_dims=3), dim=st.integers(0, 3), dtype=st.sampled_from(FLOATS),
    layout=st.sampled_from(LAYOUTS), special=st.booleans(), seed=seeds,
)  # fmt: skip
def test_cross(shape, dim, dtype, layout, special, seed):
    dim = min(dim, len(shape))
    shape = (*shape[:dim], 3, *shape[dim:])
    x = laid_out(values(shape, dtype, seed, special), layout)
    y = values(x.shape, dtype, seed + 1)
    if x.shape[dim] != 3:  # a layout of its own exchanges the dimensions
        x = values(shape, dtype, seed, special)
        y = values(shape, dtype, seed + 1)
    with np.errstate(all="ignore"):
        expected = reference_of("cross_product")(x, y, dim)
    found = kernel("cross_product", falls_back=False)(x, y, dim)
    assert found.flags.c_contiguous
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    np.testing.assert_array_equal(found, expected)
