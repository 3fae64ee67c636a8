"""Collating and converting: from items to tensors."""

from collections import OrderedDict, defaultdict, namedtuple

import numpy as np
import pytest

import tidu
from tidu.utils.data import default_collate, default_convert
from tidu.utils.data.collate import collate, default_collate_fn_map

Point = namedtuple("Point", "x y")


def plain(data):
    """Turn tensors into (dtype, values), so that results can be compared with ==."""
    if isinstance(data, tidu.Tensor):
        return data.dtype, data.tolist()
    if isinstance(data, dict):
        return {key: plain(value) for key, value in data.items()}
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(plain, data))
    if isinstance(data, list | tuple):
        return type(data)(map(plain, data))
    return data


BATCHES = [
    pytest.param([1, 2], (tidu.int64, [1, 2]), id="int"),
    pytest.param([1.0, 2.0], (tidu.float64, [1.0, 2.0]), id="float"),
    pytest.param([True, False], (tidu.bool, [True, False]), id="bool"),
    pytest.param(["a", "b"], ["a", "b"], id="str"),
    pytest.param([b"a", b"b"], [b"a", b"b"], id="bytes"),
    pytest.param([np.float32(1), np.float32(2)], (tidu.float32, [1.0, 2.0]), id="numpy scalar"),
    pytest.param([np.str_("a")], ["a"], id="numpy string"),
    pytest.param(
        [np.array([1, 2], np.int16)] * 2, (tidu.int16, [[1, 2], [1, 2]]), id="array"
    ),
    pytest.param([(1, "a"), (2, "b")], [(tidu.int64, [1, 2]), ("a", "b")], id="tuple"),
    pytest.param([[1, 2.0], [3, 4]], [(tidu.int64, [1, 3]), (tidu.float64, [2.0, 4.0])], id="list"),
    pytest.param([range(2), range(2)], [(tidu.int64, [0, 0]), (tidu.int64, [1, 1])], id="range"),
    pytest.param([{"a": 1}, {"a": 2, "b": 3}], {"a": (tidu.int64, [1, 2])}, id="dict"),
    pytest.param(
        [Point(1, [2]), Point(3, [4])],
        Point((tidu.int64, [1, 3]), [(tidu.int64, [2, 4])]),
        id="namedtuple",
    ),
]


@pytest.mark.parametrize(("batch", "expected"), BATCHES)
def test_collate(batch, expected):
    assert plain(default_collate(batch)) == expected


@pytest.mark.parametrize(
    "mapping", [OrderedDict(b=1, a=2), defaultdict(list, b=1, a=2)], ids=["ordered", "default"]
)
def test_a_mapping_keeps_its_type_and_order(mapping):
    result = default_collate([mapping, mapping])
    assert type(result) is type(mapping)
    assert list(result) == ["b", "a"]
    assert mapping["b"] == 1  # the item itself is left alone


def test_tensors_are_stacked_within_the_graph():
    row = tidu.ones(2, requires_grad=True)
    default_collate([row, row]).sum().backward()
    assert row.grad.tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    ("batch", "error", "message"),
    [
        (
            [object()],
            TypeError,
            "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; "
            "found <class 'object'>",
        ),
        (
            [{"a": None}],
            TypeError,
            "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; "
            "found <class 'NoneType'>",
        ),
        (
            [np.array(["a"])],
            TypeError,
            "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; "
            "found <U1",
        ),
        (
            [[1], [1, 2]],
            RuntimeError,
            "each element in list of batch should be of equal size",
        ),
        (
            [tidu.ones(2), tidu.ones(3)],
            RuntimeError,
            "stack expects each tensor to be equal size, but got [2] at entry 0 and [3] at entry 1",
        ),
        ([], IndexError, "list index out of range"),
    ],
)
def test_errors(batch, error, message):
    with pytest.raises(error) as caught:
        default_collate(batch)
    assert str(caught.value) == message


def test_a_type_of_ones_own():
    class Word(str):
        pass

    result = collate(
        [(Word("a"), 1), (Word("b"), 2)],
        collate_fn_map={Word: lambda batch, **_: "".join(batch), **default_collate_fn_map},
    )
    assert plain(result) == ["ab", (tidu.int64, [1, 2])]


CONVERSIONS = [
    pytest.param(np.arange(2), (tidu.int64, [0, 1]), id="array"),
    pytest.param(np.float32(2), (tidu.float32, 2.0), id="numpy scalar"),
    pytest.param(3, 3, id="int"),
    pytest.param("ab", "ab", id="str"),
    pytest.param((1, np.ones(1)), [1, (tidu.float64, [1.0])], id="tuple"),
    pytest.param([1, np.ones(1)], [1, (tidu.float64, [1.0])], id="list"),
    pytest.param(Point(1, np.ones(1)), Point(1, (tidu.float64, [1.0])), id="namedtuple"),
    pytest.param({"a": (np.ones(1),)}, {"a": [(tidu.float64, [1.0])]}, id="dict"),
    pytest.param(range(2), [0, 1], id="range"),
]


@pytest.mark.parametrize(("data", "expected"), CONVERSIONS)
def test_convert(data, expected):
    assert plain(default_convert(data)) == expected


@pytest.mark.parametrize("data", [tidu.ones(1), np.array(["a"]), np.array([None]), object()])
def test_convert_leaves_alone_what_is_no_array_of_numbers(data):
    assert default_convert(data) is data
