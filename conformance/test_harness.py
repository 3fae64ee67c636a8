"""The harness sees what it is there to see: each test hands it a wrong answer."""

from __future__ import annotations

import numpy as np
import pytest

from . import ops
from .compare import difference
from .convert import Plain, Translator, array_of, counterpart, plain
from .freedom import settled
from .libraries import Missing, lookup, subject, torch
from .outcome import attempt, error_reason, reason


def made(array, dtype="float64"):
    array = np.asarray(array, dtype)
    return Plain(array, str(array.dtype), array.strides, False, None, array)


@pytest.mark.parametrize(
    ("expected", "got", "words"),
    [
        (made([1.0, 2.0]), made([1.0, 2.0 + 1e-6]), "1 of 2 values differ, first at (1,)"),
        (made([1.0]), made([float("nan")]), "values differ"),
        (made([1]), made([1], "float32"), "expected dtype float64, got float32"),
        (made([1.0]), made([[1.0]]), "expected shape (1,), got (1, 1)"),
        (made([1.0]), 1.0, "expected tensor, got float"),
        ([1, 2], [1], "expected 2 items, got 1"),
        ({"a": 1}, {"b": 1}, "expected keys ['a'], got ['b']"),
        (1, 1.0, "expected 1, got a float"),
        (True, 1, "expected True, got a int"),
        ([None], [made([0.0])], "expected None, got tensor"),
    ],
)
def test_difference_is_found(expected, got, words):
    assert words in difference(expected, got)


def test_equal_is_equal():
    tree = {"a": [made([1.0, float("nan"), float("inf")]), None, "text", 2.5]}
    assert difference(tree, tree) is None
    assert difference([None], [made([0.0])], lenient_none=True) is None


def test_layout_survives_translation():
    original = torch.arange(24.0).reshape(2, 3, 4)[:, ::2].transpose(0, 2)
    assert array_of(original).strides == tuple(8 // 2 * step for step in original.stride())
    for library in (torch, subject):
        copy = Translator(library)(original)
        assert tuple(copy.stride()) == original.stride()
        assert difference(plain(original), plain(copy)) is None


def test_one_tensor_twice_stays_one_tensor():
    both = torch.ones(2)
    first, second = Translator(subject)([both, both])
    assert first is second


def test_missing_names_are_told_apart():
    with pytest.raises(Missing):
        lookup("nn.functional.no_such_function")
    with pytest.raises(Missing):
        counterpart(_calls_a_missing_name)()


def _calls_a_missing_name():
    return torch.no_such_function()


_calls_a_missing_name.__module__ = "torch.testing._internal.made_up"


def _entry(name):
    return next(op for op in ops.op_db if op.name == name)


@pytest.mark.parametrize(
    ("aspect", "wrong"),
    [
        ("value", lambda x, *a, **k: subject.sin(x, *a, **k) + 1e-5),
        ("value", lambda x, *a, **k: subject.sin(x.add_(1) - 1, *a, **k)),
        ("grad", lambda x, *a, **k: subject.sin(x.detach(), *a, **k) + 0 * x),
        ("gradgrad", lambda x, *a, **k: subject.sin(x.detach(), *a, **k) + 0 * x),
    ],
)
def test_wrong_operation_is_caught(monkeypatch, aspect, wrong):
    monkeypatch.setattr(ops, "_function_of", lambda op: wrong)
    (result,) = ops.check(_entry("sin"), [aspect])
    assert result.status == "differs"


def test_wording_of_errors_counts():
    def refuses(text, kind=ValueError):
        def program():
            raise kind(text)

        return attempt(program)

    assert error_reason(refuses("a b"), refuses("a b")) is None
    assert "got: ValueError: a c" in error_reason(refuses("a b"), refuses("a c"))
    assert "got: TypeError" in error_reason(refuses("a b"), refuses("a b", TypeError))
    assert "no error" in error_reason(refuses("a b"), attempt(int))
    assert "torch refuses" in reason(refuses("a b"), attempt(int))


def test_open_choices_are_settled_and_errors_are_not():
    _, vectors = np.linalg.eigh([[2.0, 1.0], [1.0, 3.0]])
    expected = {"result": [made([1.0, 2.0]), made(vectors)]}
    turned = {"result": [made([1.0, 2.0]), made(-vectors)]}
    wrong = {"result": [made([1.0, 2.0]), made(vectors[::-1])]}
    assert difference(expected, settled("linalg.eigh", expected, turned)) is None
    assert difference(expected, settled("linalg.eigh", expected, wrong))
    assert difference(expected, settled("linalg.qr", expected, turned))
    source = made([1.0, 0.0, 1.0])
    first, second, bad = (
        {"result": made(order, "int64"), "inputs": [source]}
        for order in ([1, 0, 2], [1, 2, 0], [0, 1, 2])
    )
    assert difference(first, settled("argsort", first, second)) is None
    assert difference(first, settled("argsort", first, bad))


def test_helpers_of_torchs_tests_are_rebuilt():
    """A seeded operation has to run in the subject, not in torch's own helper."""
    call = counterpart(_entry("nn.functional.dropout").op)
    assert call.__globals__["wrapper_set_seed"].__module__.startswith("conformance")
