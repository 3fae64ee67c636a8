"""The examples in tidu's docstrings say what torch answers: each runs in torch, and must agree."""

from __future__ import annotations

import doctest
import inspect

import pytest

from .libraries import lookup, subject, torch

PLACES = [
    "", "Tensor", "linalg", "special", "nn", "nn.functional", "nn.init", "nn.utils", "optim",
    "optim.lr_scheduler", "autograd", "autograd.functional", "autograd.graph", "utils.data",
]  # fmt: skip
# What tidu has in another way, or torch does not print in the same way.
OWN = {
    "get_printoptions": "torch keeps its options in a class of its own",
    "backends": "the switch of Winograd's algorithm is tidu's",
    "show_config": "torch has it elsewhere, and it tells of other things",
}


def examples():
    """{docstring with examples: the public name it belongs to}."""
    found: dict = {}
    for place in PLACES:
        holder = lookup(place, subject) if place else subject
        for name in dir(holder):
            public = f"{place}.{name}".strip(".")
            text = inspect.getdoc(getattr(holder, name, None)) or ""
            if not name.startswith("_") and ">>> import tidu" in text and public not in OWN:
                found.setdefault(text, public)
    return found


@pytest.mark.parametrize(("text", "name"), [pytest.param(*e, id=e[1]) for e in examples().items()])
def test_torch_agrees(text, name):
    in_torch = doctest.DocTestParser().get_doctest(
        text.replace("tidu", "torch"), {}, name, None, None
    )
    said: list[str] = []
    dtype, state = torch.get_default_dtype(), torch.get_rng_state()
    try:
        failed = doctest.DocTestRunner().run(in_torch, out=said.append).failed
    finally:
        torch.set_default_dtype(dtype)
        torch.set_rng_state(state)
    assert not failed, "".join(said)
