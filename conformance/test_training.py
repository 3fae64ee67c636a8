"""A network trained from one seed follows torch's curve; see training.py for the two precisions."""

from __future__ import annotations

import pytest

from .libraries import subject, torch
from .training import CALM_LR, LR, STEPS, images, losses, relative_differences


@pytest.mark.parametrize(
    ("dtype", "lr", "bound"), [("float64", LR, 1e-9), ("float32", CALM_LR, 1e-3)]
)
def test_loss_curve(dtype, lr, bound):
    *data, _ = images()
    expected, _ = losses(torch, data, STEPS, dtype, lr)
    got, _ = losses(subject, data, STEPS, dtype, lr)
    apart = relative_differences(expected, got)
    assert expected[-1] < 0.97 * expected[0], "nothing was learned, so nothing was compared"
    assert apart.max() < bound, f"step {apart.argmax()}: {apart.max():.2e} apart"
