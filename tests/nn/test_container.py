"""Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict."""

from collections import OrderedDict

import pytest

import tidu
from tidu import nn


def kinds(modules):
    return [type(m).__name__ for m in modules]


def three():
    return nn.Sequential(nn.ReLU(), nn.Tanh(), nn.ELU())


# Sequential

EDITS = [
    (lambda s: s[1:], ["Tanh", "ELU"]),
    (lambda s: [s[-1]], ["ELU"]),
    (lambda s: s + nn.Sequential(nn.GELU()), ["ReLU", "Tanh", "ELU", "GELU"]),
    (lambda s: s * 2, ["ReLU", "Tanh", "ELU"] * 2),
    (lambda s: 2 * s, ["ReLU", "Tanh", "ELU"] * 2),
    (lambda s: s.append(nn.GELU()), ["ReLU", "Tanh", "ELU", "GELU"]),
    (lambda s: s.insert(1, nn.GELU()), ["ReLU", "GELU", "Tanh", "ELU"]),
    (lambda s: s.insert(-1, nn.GELU()), ["ReLU", "Tanh", "GELU", "ELU"]),
    (lambda s: s.extend([nn.GELU()]), ["ReLU", "Tanh", "ELU", "GELU"]),
    (lambda s: [s.pop(0), *s], ["ReLU", "Tanh", "ELU"]),
]


@pytest.mark.parametrize(("edit", "expected"), EDITS)
def test_sequential_is_a_list(edit, expected):
    result = edit(three())
    assert kinds(result) == expected


def test_sequential_renumbers():
    s = three()
    del s[0]
    assert [name for name, _ in s.named_children()] == ["0", "1"]
    del s[0:1]
    assert kinds(s) == ["ELU"]
    s *= 2
    assert [name for name, _ in s.named_modules(remove_duplicate=False)] == ["", "0", "1"]


def test_sequential_with_names():
    s = nn.Sequential(OrderedDict(a=nn.ReLU(), b=nn.Tanh()))
    assert s.a is s[0]
    assert s(tidu.tensor([-1.0, 1.0])).tolist() == pytest.approx([0.0, 0.7615942])
    assert repr(s) == "Sequential(\n  (a): ReLU()\n  (b): Tanh()\n)"


# ModuleList and ModuleDict


def test_module_list():
    m = nn.ModuleList([nn.ReLU()])
    m.insert(0, nn.Tanh())
    m += [nn.ELU()]
    assert kinds(m) == ["Tanh", "ReLU", "ELU"]
    assert kinds(m[1:]) == kinds([m.pop(1), m[1]])
    assert kinds(m + [nn.GELU()]) == ["Tanh", "ELU", "GELU"]  # noqa: RUF005 (the operator is what is tested)
    del m[0]
    assert [name for name, _ in m.named_children()] == ["0"]


def test_module_list_shows_equal_modules_once():
    m = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)] + [nn.ReLU()])
    assert repr(m) == (
        "ModuleList(\n  (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)\n  (3): ReLU()\n)"
    )


def test_module_dict():
    m = nn.ModuleDict({"a": nn.ReLU(), "b": nn.Tanh()})
    m.update([("c", nn.ELU())])
    assert list(m) == list(m.keys()) == ["a", "b", "c"]
    assert kinds(m.values()) == ["ReLU", "Tanh", "ELU"]
    assert type(m.pop("a")) is nn.ReLU
    assert "a" not in m
    assert len(m) == 2
    m.clear()
    assert repr(m) == "ModuleDict()"


# ParameterList and ParameterDict


def test_parameter_list():
    m = nn.ParameterList([tidu.zeros(2), nn.Parameter(tidu.ones(2, 3)), 3])
    assert type(m[0]) is nn.Parameter
    assert len(list(m.parameters())) == 2
    m += [tidu.ones(1)]
    assert len(m) == 4
    assert len(m[1:3]) == 2
    assert list(m.state_dict()) == ["0", "1", "3"]
    assert repr(m[1:3]) == (
        "ParameterList(\n    (0): Parameter containing: [tidu.float32 of size 2x3]\n"
        "    (1): Object of type: int\n)"
    )


def test_parameter_dict():
    m = nn.ParameterDict({"a": tidu.zeros(2), "b": 3})
    assert type(m["a"]) is nn.Parameter
    assert repr(m) == (
        "ParameterDict(\n    (a): Parameter containing: [tidu.FloatTensor of size 2]\n"
        "    (b): Object of type: int\n)"
    )
    more = m | {"c": tidu.ones(1)}
    assert list(more) == ["a", "b", "c"]
    assert list(m) == ["a", "b"]
    assert list(reversed(m)) == ["b", "a"]
    assert m.popitem() == ("b", 3)
    assert m.setdefault("d", tidu.ones(1)) is m["d"]
    assert m.get("nope", 5) == 5
    assert list(m.state_dict()) == ["a", "d"]
    assert m.pop("a").tolist() == [0, 0]
    assert "a" not in m
    assert not hasattr(m, "a")


SEQUENTIAL, LIST = three(), nn.ModuleList([nn.ReLU()])
PARAMETERS = nn.ParameterDict({"a": tidu.zeros(2)})

REFUSALS = [
    (lambda: SEQUENTIAL[9], IndexError, "index 9 is out of range"),
    (lambda: SEQUENTIAL * 0, ValueError, "Non-positive multiplication factor 0 for "),
    (lambda: SEQUENTIAL + 3, ValueError, "add operator supports only objects of Sequential class"),
    (lambda: SEQUENTIAL.insert(7, nn.ReLU()), IndexError, "Index out of range: 7"),
    (lambda: nn.Sequential(3), TypeError, "int is not a Module subclass"),
    (lambda: LIST(3), NotImplementedError,
     'Module [ModuleList] is missing the required "forward" function'),
    (lambda: LIST.extend(3), TypeError,
     "ModuleList.extend should be called with an iterable, but got int"),
    (lambda: nn.ModuleDict({"a.b": nn.ReLU()}), KeyError, "'module name can\\'t contain \".\""),
    (lambda: nn.ModuleDict({"keys": nn.ReLU()}), KeyError, "\"attribute 'keys' already exists\""),
    (lambda: nn.ModuleDict([(1, 2, 3)]), ValueError,
     "ModuleDict update sequence element #0 has length 3; 2 is required"),
    (lambda: nn.ParameterList()(), RuntimeError, "ParameterList should not be called."),
    (lambda: nn.ParameterList().extend(tidu.ones(2)), TypeError,
     "ParameterList.extend should be called with an iterable, but got Tensor"),
    (lambda: PARAMETERS["q"], AttributeError, "'ParameterDict' object has no attribute 'q'"),
    (lambda: PARAMETERS.update([3]), TypeError,
     "ParameterDict update sequence element #0 should be Iterable; isint"),
    (lambda: PARAMETERS.update(3), TypeError,
     "ParametersDict.update should be called with an iterable of key/value pairs, but got int"),
    (lambda: nn.ParameterDict().popitem(), KeyError, "'popitem(): dictionary is empty'"),
    (lambda: nn.ParameterDict({"keys": tidu.ones(1)}), KeyError,
     "\"attribute 'keys' already exists\""),
    (lambda: nn.ParameterDict({3: 1}), TypeError,
     "Index given to ParameterDict cannot be used as a key as it is not a string (type is 'int')."),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "text"), REFUSALS)
def test_refusals(call, kind, text):
    with pytest.raises(kind) as raised:
        call()
    assert str(raised.value).startswith(text)


def test_parameter_list_takes_any_iterable():
    m = nn.ParameterList(tidu.ones(n) for n in (1, 2))
    m.extend(m)
    assert [len(p) for p in m] == [1, 2, 1, 2]


def test_insert_into_named_modules_is_refused():
    s = nn.Sequential(OrderedDict(a=nn.ReLU(), b=nn.Tanh()))
    with pytest.raises(KeyError, match="1"):
        s.insert(1, nn.ELU())
    assert [name for name, _ in s.named_children()] == ["a", "b"]
