"""Training with batches of ever-changing size needs no more memory as it goes on."""

from __future__ import annotations

import random

import pytest

import tidu
from tidu import nn
from tidu.backend import native
from tidu.backends import cpu

pytestmark = pytest.mark.skipif(not native.available, reason="the extension was not built")


def test_training_does_not_grow():
    sizes = random.Random(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(256, 10)
    )
    optimizer = tidu.optim.Adam(model.parameters())

    def train(steps):
        for _ in range(steps):
            n = sizes.randint(1, 64)
            loss = nn.functional.cross_entropy(model(tidu.rand(n, 1, 16, 16)), tidu.randint(10, (n,)))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    cpu.empty_cache()  # forgets what other tests had in use
    train(100)
    cpu.reset_peak_memory_stats()
    before = cpu.memory_stats()
    train(300)
    after = cpu.memory_stats()
    hits = after["hits"] - before["hits"]
    assert after["in_use"] <= before["in_use"] + (1 << 20)  # the last batch may be a larger one
    assert after["in_use"] + after["cached"] <= 1.25 * max(before["in_use"], after["peak"]) + (64 << 20)
    assert hits >= 0.98 * (after["allocations"] - before["allocations"])
