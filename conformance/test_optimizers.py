"""Optimizers and schedules that agree with torch; the lists only grow."""

from __future__ import annotations

import pytest

from .collect import by_name

OPTIMIZERS = ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad"]
SCHEDULES = [
    "StepLR",
    "MultiStepLR",
    "ExponentialLR",
    "CosineAnnealingLR",
    "LambdaLR",
    "LinearLR",
    "ReduceLROnPlateau",
    "OneCycleLR",
]


def _wrong(results, aspect, names) -> dict[str, str]:
    found = by_name(results, aspect)
    bad = {name: [r for r in found.get(name, []) if r.status != "agrees"] for name in names}
    compared = {name: each[0].reason for name, each in bad.items() if each}
    return compared | {name: "not compared" for name in names if name not in found}


@pytest.mark.parametrize("aspect", ["steps", "groups", "schedules"])
def test_optimizers(collected, aspect):
    assert not _wrong(collected.optimizers, aspect, OPTIMIZERS)


def test_schedules(collected):
    assert not _wrong(collected.schedules, "rates", SCHEDULES)
