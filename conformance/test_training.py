"""A network trained from one seed follows torch's curve; see training.py for the two precisions."""

from __future__ import annotations

import pytest

from .libraries import subject, torch
from .training import STEPS_IN_FLOAT64, images, losses, relative_differences


@pytest.mark.parametrize(
    ("dtype", "steps", "bound"), [("float64", STEPS_IN_FLOAT64, 1e-9), ("float32", 20, 1e-3)]
)
def test_loss_curve(dtype, steps, bound):
    *data, _ = images()
    expected, _ = losses(torch, data, steps, dtype)
    got, _ = losses(subject, data, steps, dtype)
    apart = relative_differences(expected, got)
    assert expected[-1] < 0.97 * expected[0], "nothing was learned, so nothing was compared"
    assert apart.max() < bound, f"step {apart.argmax()}: {apart.max():.2e} apart"
