"""GELU and its gradient: native kernels against the references."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidu.backend import native

from .kernels import (
    FLOATS,
    LAYOUTS,
    assert_agree,
    kernel,
    laid_out,
    reference_of,
    seeds,
    shapes,
    values,
)

pytestmark = pytest.mark.skipif(not native.available, reason="without native kernels")
TOLERANCE = 8  # epsilons of the largest value


@settings(max_examples=80, deadline=None)
@given(
    shape=st.one_of(shapes(), st.sampled_from([(), (0,), (3, 0), (129, 257)])),
    dtype=st.sampled_from(FLOATS), layout=st.sampled_from(LAYOUTS), special=st.booleans(), seed=seeds,
)  # fmt: skip
def test_gelu(shape, dtype, layout, special, seed):
    x, g = values(shape, dtype, seed, special), values(shape, dtype, seed + 1)
    x = np.where(x == -np.inf, -x, x)  # the reference's erf in float32 is not quite -1 there
    with np.errstate(all="ignore"):
        expected = np.asarray(reference_of("gelu")(x, "none"))
        slopes = np.asarray(reference_of("gelu.x")(g, x, "none"))
        # The references' 1 + erf rounds to half an epsilon of 1, however small the sum.
        found = np.asarray(kernel("gelu", falls_back=False)(x, "none"))
        assert_agree(found, expected, TOLERANCE, np.abs(x[np.isfinite(x)]).max(initial=0))
        found = np.asarray(kernel("gelu.x", falls_back=False)(g, x, "none"))
        assert_agree(found, slopes, TOLERANCE, np.abs(g).max(initial=0))
        # what is not contiguous, and the approximation, is computed as well
        other = laid_out(x, layout)
        np.testing.assert_allclose(kernel("gelu")(other, "none"), expected, atol=1e-5)
        np.testing.assert_allclose(kernel("gelu")(x, "tanh"), expected, atol=2e-3)


@pytest.mark.parametrize("dtype", FLOATS)
def test_large_arguments(dtype):
    """Where the exponential is no normal number any more, results are x and zero."""
    x = np.array([-1e30, -60, -20, 20, 60, 1e30], dtype)
    found = kernel("gelu")(x, "none")
    np.testing.assert_allclose(found, [0, 0, 0, 20, 60, 1e30], atol=1e-80)
    assert np.signbit(found[0])
    assert np.isnan(kernel("gelu")(np.array([-np.inf], dtype), "none"))  # -inf * 0, as in PyTorch
    slopes = kernel("gelu.x")(np.ones_like(x), x, "none")
    np.testing.assert_allclose(slopes, [0, 0, 0, 1, 1, 1], atol=1e-80)
