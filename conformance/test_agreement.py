"""What must agree with torch: raise a floor, lengthen a list, when more does; never the reverse.

All of it looks at one collection of results, which takes minutes; in one file, so that with
`--dist loadfile` one process makes it.
"""

from __future__ import annotations

import pytest

from .collect import by_name, tally

OPERATIONS = {
    "value": 530, "layouts": 525, "grad": 410, "gradgrad": 400,
    "inplace": 135, "method": 280, "out": 280, "errors": 145,
}  # fmt: skip
LAYERS_MISSING = ["nn.LinearCrossEntropyLoss"]
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


def _shortage(results, aspect) -> str:
    found = tally(results, aspect)
    shown = [r for r in results if r.aspect == aspect and r.status == "differs"]
    first = "\n".join(f"{r.title}: {r.reason}" for r in shown[:60])
    return f"{len(found['agrees'])} agree, {len(found['missing'])} are missing; differing:\n{first}"


@pytest.mark.parametrize("aspect", OPERATIONS)
def test_operations(collected, aspect):
    agreed = tally(collected.ops, aspect)["agrees"]
    assert len(agreed) >= OPERATIONS[aspect], _shortage(collected.ops, aspect)


@pytest.mark.parametrize("aspect", ["initial", "training", "evaluation"])
def test_layers(collected, aspect):
    found = tally(collected.modules, aspect)
    assert not found["differs"], _shortage(collected.modules, aspect)
    assert set(found["missing"]) <= set(LAYERS_MISSING)
    assert len(found["agrees"]) > 90


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
