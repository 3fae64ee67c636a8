"""How much must agree with torch. Raise a floor when more agrees; never lower one."""

from __future__ import annotations

import pytest

from .collect import tally

OPERATIONS = {"value": 510, "grad": 400}


def _shortage(results, aspect) -> str:
    found = tally(results, aspect)
    shown = [r for r in results if r.aspect == aspect and r.status == "differs"]
    first = "\n".join(f"{r.title}: {r.reason}" for r in shown[:60])
    return f"{len(found['agrees'])} agree, {len(found['missing'])} are missing; differing:\n{first}"


@pytest.mark.parametrize("aspect", OPERATIONS)
def test_operations(collected, aspect):
    in_float64 = [result for result in collected.ops if result.dtype == "float64"]
    agreed = tally(in_float64, aspect)["agrees"]
    assert len(agreed) >= OPERATIONS[aspect], _shortage(in_float64, aspect)
