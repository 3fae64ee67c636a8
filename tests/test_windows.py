"""Window functions: values from their formulas, symmetric and periodic."""

import numpy as np
import pytest

import tidu

# name -> NumPy's symmetric window of the same formula.
SYMMETRIC = {
    "hann_window": np.hanning,
    "hamming_window": np.hamming,
    "bartlett_window": np.bartlett,
    "blackman_window": np.blackman,
    "kaiser_window": lambda n: np.kaiser(n, 12.0),
}


@pytest.mark.parametrize("length", [0, 1, 2, 7, 50])
@pytest.mark.parametrize("name", SYMMETRIC)
def test_windows(name, length):
    window = getattr(tidu, name)
    symmetric = window(length, periodic=False, dtype=tidu.float64)
    np.testing.assert_allclose(symmetric.numpy(), SYMMETRIC[name](length), atol=1e-12)
    periodic = window(length, dtype=tidu.float64)
    expected = SYMMETRIC[name](length + 1)[:-1] if length > 1 else np.ones(length)
    np.testing.assert_allclose(periodic.numpy(), expected, atol=1e-12)
    assert window(length).dtype is tidu.float32


def test_refusals():
    with pytest.raises(RuntimeError, match="hann_window requires non-negative window_length"):
        tidu.hann_window(-1)
    with pytest.raises(TypeError, match=r"argument 'window_length' .* must be int, not float"):
        tidu.hamming_window(2.5)
    with pytest.raises(RuntimeError, match="bartlett_window expects floating point dtypes"):
        tidu.bartlett_window(3, dtype=tidu.int64)
