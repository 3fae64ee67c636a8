"""A network trained from one seed follows torch's curve."""

from __future__ import annotations

from .libraries import subject, torch
from .training import images, losses, relative_differences

STEPS = 100


def test_loss_curve():
    pixels, labels, _ = images()
    expected, _ = losses(torch, pixels, labels, STEPS)
    got, _ = losses(subject, pixels, labels, STEPS)
    apart = relative_differences(expected, got)
    assert expected[-1] < 0.95 * expected[0], "nothing was learned, so nothing was compared"
    assert apart.max() < 1e-3, f"step {apart.argmax()}: {apart.max():.2e} apart"
