"""Sums add in PyTorch's order: against the same order written element by element."""

from __future__ import annotations

import numpy as np
import pytest

import tidu


def cascade(values, zero):
    """Runs of 16, runs of 16 of their sums, and once more; what is left over comes in first."""
    levels = [zero] * 4
    for i, value in enumerate(values, 1):
        levels[0] = levels[0] + value
        whole = len(values) // 16 * 16
        for j in (1, 2, 3):
            if i > whole or i % 16**j:
                break
            levels[j] = levels[j] + levels[j - 1]
            levels[j - 1] = zero
    total = levels[0]
    for level in levels[1:]:
        total = total + level
    return total


def four_sums(values, zero):
    """Four sums side by side; what fills no group of four goes to the first."""
    whole = len(values) // 4 * 4
    sums = [cascade(values[i:whole:4], zero) for i in range(4)]
    for value in values[whole:]:
        sums[0] = sums[0] + value
    return sums[0] + sums[1] + sums[2] + sums[3]


def expected(x):
    width = 32 // x.itemsize
    if len(x) < width:
        return four_sums(list(x), x.dtype.type(0))
    whole = len(x) // width * width
    lanes = four_sums(list(x[:whole].reshape(-1, width)), np.zeros(width, x.dtype))
    total = x.dtype.type(0)
    for value in [*x[whole:], *lanes]:
        total = total + value
    return total


LENGTHS = [*range(1, 70), 100, 511, 512, 513, 529, 2000, 8191, 8192, 8705, 30000]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_order(dtype):
    values = np.random.default_rng(0).standard_normal(max(LENGTHS)).astype(dtype)
    for n in LENGTHS:
        x = tidu.from_numpy(values[:n])
        assert x.sum().item() == expected(values[:n]), n
        rows = tidu.stack([x, x.flip(0)])
        if rows.numel() <= 1 << 15:
            assert rows.sum(1).tolist() == [
                expected(values[:n]),
                expected(values[:n][::-1].copy()),
            ], n
            assert rows.mean(1, keepdim=True)[0].item() == expected(values[:n]) / dtype(n)
