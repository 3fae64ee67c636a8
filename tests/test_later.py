"""Families of operations that come in when one of their names is first used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import tidu
from tidu.ops import LATER
from tidu.ops.index import FUNCTIONS, KERNELS, METHODS

FIRST_USES = [
    ("tidu.tril(tidu.ones(2, 2)).tolist()", "[[1.0, 0.0], [1.0, 1.0]]"),
    ("tidu.ones(1).relu().tolist()", "[1.0]"),
    ("tidu.Tensor.relu(tidu.ones(1)).tolist()", "[1.0]"),
    ("tidu.zeros(1).cos_().tolist()", "[1.0]"),
    ("hasattr(tidu.Tensor, 'svd')", "True"),
    ("hasattr(tidu.Tensor, 'nothing')", "False"),
    ("hasattr(tidu.ones(1), 'nothing')", "False"),
    ("tidu.special.digamma(tidu.ones(1)).shape", "tidu.Size([1])"),
    ("'sin' in dir(tidu) and 'sin' in dir(tidu.Tensor) and 'sin' in tidu.__all__", "True"),
    ("tidu.ones(1).clamp(max=0).tolist()", "[0.0]"),
    ("tidu.autograd.functional.jacobian(tidu.sin, tidu.zeros(1)).tolist()", "[[1.0]]"),
    ("tidu.sort.__name__, tidu.Tensor.sort.__name__", "sort sort"),
]


def run(program):
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(("expression", "printed"), FIRST_USES)
def test_first_use(expression, printed):
    assert run(f"import tidu\nprint({expression})") == printed


def test_little_is_declared_at_first():
    loaded = run("import sys, tidu\nprint(*[m for m in sys.modules if m.startswith('tidu.ops.')])")
    assert not {f"tidu.ops.{family}" for family in LATER} & set(loaded.split())


@pytest.mark.parametrize("family", LATER)
def test_each_name_is_declared(family):
    for name in FUNCTIONS.get(family, "").split():
        assert callable(getattr(tidu, name))
    for name in METHODS.get(family, "").split():
        assert getattr(tidu.Tensor, name) is not None
    for name in KERNELS.get(family, "").split():
        from tidu.autograd.public import operations
        from tidu.backend.table import cpu

        assert hasattr(cpu, name) or hasattr(operations, name)


def test_threads_ask_at_once():
    program = """
import threading, tidu
found = []
x = tidu.zeros(3)
start = threading.Barrier(8)
def use():
    start.wait()
    found.append(x.cos().sum().item() + tidu.atan(x).sum().item())
threads = [threading.Thread(target=use) for _ in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
print(found == [3.0] * 8)
"""
    assert run(program) == "True"


def test_star_import():
    assert run("from tidu import *\nprint(cos(zeros(1)).item(), float64, save.__name__)") == (
        "1.0 tidu.float64 save"
    )
