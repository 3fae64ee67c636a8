"""Module: registration, walking, hooks, state, copies, text."""

import copy
import pickle
from collections import OrderedDict

import pytest

import tidu
from tidu import nn


class Scale(nn.Module):
    """x * factor, with one parameter, one buffer and one child."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(tidu.tensor(3.0))
        self.register_buffer("count", tidu.tensor(0))
        self.act = nn.ReLU()

    def forward(self, x, y=1.0):
        return self.act(x * self.factor) * y


def net():
    return nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Sequential(nn.Linear(3, 1)))


# Registration


def test_assigned_members_are_registered():
    m = Scale()
    assert [name for name, _ in m.named_parameters()] == ["factor"]
    assert [name for name, _ in m.named_buffers()] == ["count"]
    assert [name for name, _ in m.named_children()] == ["act"]
    m.factor = None
    m.act = None
    assert list(m.parameters()) == list(m.children()) == []
    m.count = tidu.tensor(5)
    assert m.state_dict()["count"] == 5
    m.late = nn.Buffer(tidu.ones(1), persistent=False)
    assert list(m.state_dict()) == ["count"]
    del m.count
    assert not hasattr(m, "count")


def test_what_is_assigned_later_replaces_other_kinds():
    m = Scale()
    m.plain = 3
    m.plain = nn.Parameter(tidu.ones(1))
    assert "plain" in dict(m.named_parameters())
    assert "plain" not in m.__dict__


LINEAR = nn.Linear(2, 2)


class Hasty(nn.Module):
    """It forgot super().__init__()."""

    def __init__(self):
        pass

    def forward(self, x):
        return x


REFUSALS = [
    (lambda: nn.Module(3), TypeError, "Module.__init__() takes 1 positional argument but 2 were given"),
    (lambda: nn.Module()(1), NotImplementedError,
     'Module [Module] is missing the required "forward" function'),
    (lambda: LINEAR.nope, AttributeError, "'Linear' object has no attribute 'nope'"),
    (lambda: setattr(LINEAR, "weight", tidu.zeros(2, 2)), TypeError,
     "cannot assign 'torch.FloatTensor' as parameter 'weight' (torch.nn.Parameter or None expected)"),
    (lambda: setattr(nn.Sequential(nn.ReLU()), "0", 3), TypeError,
     "cannot assign 'int' as child module '0' (torch.nn.Module or None expected)"),
    (lambda: setattr(Scale(), "count", 3), TypeError,
     "cannot assign 'int' as buffer 'count' (torch.nn.Buffer, torch.Tensor or None expected)"),
    (lambda: LINEAR.register_parameter("a.b", None), KeyError,
     repr("parameter name can't contain \".\"")),
    (lambda: LINEAR.register_parameter("", None), KeyError,
     repr("parameter name can't be empty string \"\"")),
    (lambda: LINEAR.register_parameter("forward", None), KeyError,
     repr("attribute 'forward' already exists")),
    (lambda: LINEAR.register_parameter("w", tidu.ones(1)), TypeError,
     "cannot assign 'torch.FloatTensor' object to parameter 'w' (torch.nn.Parameter or None required)"),
    (lambda: LINEAR.register_buffer("b", 3), TypeError,
     "cannot assign 'int' object to buffer 'b' (torch Tensor or None required)"),
    (lambda: LINEAR.add_module("x", 3), TypeError, "int is not a Module subclass"),
    (lambda: LINEAR.add_module("x", len), TypeError, "len is not a Module subclass"),
    (lambda: LINEAR.get_submodule("a.b"), AttributeError, "Linear has no attribute `a`"),
    (lambda: LINEAR.get_submodule("weight"), AttributeError, "`weight` is not an nn.Module"),
    (lambda: LINEAR.get_parameter("in_features"), AttributeError,
     "`in_features` is not an nn.Parameter"),
    (lambda: LINEAR.get_buffer("weight"), AttributeError, "`weight` is not a buffer"),
    (lambda: net().set_submodule("0", 3), ValueError,
     "`module` is not an nn.Module, found <class 'int'>"),
    (lambda: net().set_submodule("9", nn.ReLU(), strict=True), AttributeError,
     "Sequential has no attribute `9`"),
    (lambda: Hasty()(1), AttributeError, "'Hasty' object has no attribute '_backward_hooks'"),
    (lambda: Hasty().register_buffer("b", tidu.ones(1)), AttributeError,
     "cannot assign buffer before Module.__init__() call"),
    (lambda: nn.Parameter([1.0]), AttributeError, "'list' object has no attribute 'detach'"),
    (lambda: LINEAR.train(3), ValueError, "training mode is expected to be boolean"),
    (lambda: LINEAR.to(tidu.int32), TypeError,
     "nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=tidu.int32"),
    (lambda: nn.Parameter(tidu.tensor([1])), RuntimeError,
     "Only Tensors of floating point and complex dtype can require gradients"),
    (lambda: nn.NoSuchLayer, AttributeError, "module 'tidu.nn' has no attribute 'NoSuchLayer'"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "text"), REFUSALS, ids=[text[:40] for *_, text in REFUSALS])
def test_refusals(call, kind, text):
    with pytest.raises(kind) as raised:
        call()
    assert str(raised.value) == text


@pytest.mark.parametrize(
    ("value", "what"), [(nn.ReLU(), "module"), (nn.Parameter(tidu.ones(1)), "parameters")]
)
def test_assigning_before_init_is_refused(value, what):
    class Hasty(nn.Module):
        def __init__(self):
            self.x = value

    with pytest.raises(AttributeError, match=f"cannot assign {what} before Module.__init__"):
        Hasty()


# Walking and changing


def test_shared_modules_and_parameters_are_walked_once():
    m = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    m.append(m[0])
    assert len(list(m.parameters())) == 2
    assert [name for name, _ in m.named_modules()] == ["", "0", "1"]
    assert [name for name, _ in m.named_modules(remove_duplicate=False)] == ["", "0", "1", "2"]
    assert len(list(m.named_parameters(remove_duplicate=False))) == 4
    assert [name for name, _ in m[0].named_parameters(prefix="a")] == ["a.weight", "a.bias"]


def test_train_apply_and_requires_grad():
    m = net()
    assert m.eval() is m
    assert not any(each.training for each in m.modules())
    names = []
    m.apply(lambda each: names.append(type(each).__name__))
    assert names == ["Linear", "ReLU", "Linear", "Sequential", "Sequential"]
    m.requires_grad_(False)
    assert not any(p.requires_grad for p in m.parameters())


def test_zero_grad():
    m = nn.Linear(2, 1)
    m(tidu.ones(1, 2)).sum().backward()
    m.zero_grad(set_to_none=False)
    assert m.weight.grad.tolist() == [[0.0, 0.0]]
    m.zero_grad()
    assert m.weight.grad is None


def test_to_converts_floats_in_place_of_the_same_parameters():
    m = Scale()
    weight = m.factor
    m(tidu.ones(1)).sum().backward()
    assert m.double() is m
    assert m.factor is weight
    assert (weight.dtype, weight.grad.dtype, m.count.dtype) == (tidu.float64, tidu.float64, tidu.int64)
    assert weight.is_leaf
    for args in [(tidu.float32,), ("cpu", tidu.float32), (tidu.ones(1),)]:
        assert m.double().to(*args).factor.dtype is tidu.float32
    assert m.half().factor.dtype is tidu.float16


def test_to_reads_its_arguments_as_tensors_do():
    m = nn.Sequential(nn.Conv2d(3, 4, 2), nn.BatchNorm2d(4))
    assert m.to(memory_format=tidu.channels_last) is m
    assert m[0].weight.stride() == (12, 1, 6, 3)
    m.to("cpu", tidu.float64, memory_format=tidu.contiguous_format)
    assert (m[0].weight.stride(), m[0].weight.dtype) == ((12, 4, 2, 1), tidu.float64)
    assert m[1].num_batches_tracked.dtype is tidu.int64
    with pytest.raises(TypeError, match="invalid combination of arguments"):
        m.to(colour="red")
    with pytest.warns(UserWarning, match="Complex modules are a new feature"):
        assert nn.Linear(1, 1).to(tidu.complex64).weight.dtype is tidu.complex64


def test_submodules_by_path():
    m = net()
    assert m.get_submodule("2.0") is m[2][0]
    assert m.get_parameter("2.0.weight") is m[2][0].weight
    assert Scale().get_buffer("count") == 0
    m.set_submodule("2.0", nn.Tanh())
    assert type(m[2][0]) is nn.Tanh


# Hooks


def test_forward_hooks_in_order():
    seen = []
    m = Scale()
    m.register_forward_pre_hook(lambda m, args: seen.append("pre"))
    m.register_forward_pre_hook(
        lambda m, args, kwargs: (seen.append(kwargs["y"]), ((args[0] * 2,), {"y": 1}))[1],
        with_kwargs=True, prepend=True,
    )  # fmt: skip
    m.register_forward_hook(lambda m, args, out: out + 1)
    handle = m.register_forward_hook(
        lambda m, args, kwargs, out: (seen.append(kwargs["y"]), out * 10)[1],
        with_kwargs=True, prepend=True,
    )  # fmt: skip
    assert m(tidu.ones(1), y=5).item() == 61
    assert seen == [5, "pre", 1]
    handle.remove()
    assert m(tidu.ones(1), y=5).item() == 7


def test_always_called_hooks_see_failures():
    seen = []
    m = nn.Linear(2, 2)
    m.register_forward_hook(lambda m, args, out: seen.append(out), always_call=True)
    m.register_forward_hook(lambda m, args, out: seen.append("never"))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        m(tidu.ones(1, 3))
    assert seen == [None]


def test_pre_hook_with_kwargs_must_return_both():
    m = nn.ReLU()
    m.register_forward_pre_hook(lambda m, args, kwargs: 3, with_kwargs=True)
    with pytest.raises(RuntimeError, match=r"must return None or a tuple of \(new_args, new_kwargs\)"):
        m(tidu.ones(1))


def test_backward_hooks_see_and_change_gradients():
    m = Scale()
    seen = []
    m.register_full_backward_pre_hook(lambda m, out: (out[0] * 2,))
    m.register_full_backward_hook(lambda m, into, out: seen.append((into[0].item(), out[0].item())))
    m.register_full_backward_hook(lambda m, into, out: (into[0] * 5,))
    x = tidu.ones(1, requires_grad=True)
    m(x).sum().backward()
    assert seen == [(6.0, 2.0)]
    assert x.grad.tolist() == [30.0]
    assert m.factor.grad == 2


BAD_BACKWARD_HOOKS = [
    ("register_full_backward_hook", lambda m, into, out: (None, None),
     "Backward hook returned an invalid number of grad_input, got 2, but expected 1"),
    ("register_full_backward_pre_hook", lambda m, out: (None, None),
     "Backward pre hook returned an invalid number of grad_output, got 2, but expected 1"),
]  # fmt: skip


@pytest.mark.parametrize(("register", "hook", "text"), BAD_BACKWARD_HOOKS)
def test_backward_hooks_return_as_many(register, hook, text):
    m = Scale()
    getattr(m, register)(hook)
    with pytest.raises(RuntimeError) as raised:
        m(tidu.ones(1, requires_grad=True)).sum().backward()
    assert str(raised.value) == text


def test_backward_hook_without_gradients_of_inputs_warns():
    m = nn.Linear(1, 1)
    seen = []
    m.register_full_backward_hook(lambda m, into, out: seen.append(into))
    with pytest.warns(UserWarning, match="since no inputs require gradients"):
        m(tidu.ones(1, 1)).sum().backward()
    assert seen == [(None,)]


def test_one_kind_of_backward_hooks():
    m = nn.Linear(1, 1)
    m.register_full_backward_hook(lambda *_: None)
    with pytest.raises(RuntimeError, match="Cannot use both regular backward hooks and full"):
        m.register_backward_hook(lambda *_: None)


def test_hooks_of_all_modules():
    from tidu.nn.modules import module as place

    seen = []
    handles = [
        place.register_module_forward_pre_hook(lambda m, args: seen.append("before")),
        place.register_module_forward_hook(lambda m, args, out: seen.append("after")),
        place.register_module_parameter_registration_hook(lambda m, name, p: seen.append(name)),
    ]
    nn.Linear(1, 1)(tidu.ones(1, 1))
    for handle in handles:
        handle.remove()
    nn.Linear(1, 1)(tidu.ones(1, 1))
    assert seen == ["weight", "bias", "before", "after"]


# State


def test_state_dict_shares_memory_and_has_metadata():
    m = net()
    state = m.state_dict()
    assert list(state) == ["0.weight", "0.bias", "2.0.weight", "2.0.bias"]
    assert list(state._metadata) == ["", "0", "1", "2", "2.0"]
    assert not state["0.weight"].requires_grad
    assert state["0.weight"].data_ptr() == m[0].weight.data_ptr()
    assert m.state_dict(keep_vars=True)["0.weight"] is m[0].weight
    assert list(m[0].state_dict(prefix="a.")) == ["a.weight", "a.bias"]


def test_load_state_dict():
    a, b = net(), net()
    assert str(b.load_state_dict(a.state_dict())) == "<All keys matched successfully>"
    assert b[0].weight.equal(a[0].weight)
    assert b[0].weight is not a[0].weight
    result = b.load_state_dict({"0.bias": tidu.ones(3), "junk": 1}, strict=False)
    assert result.missing_keys == ["0.weight", "2.0.weight", "2.0.bias"]
    assert result.unexpected_keys == ["junk"]
    assert b[0].bias.tolist() == [1, 1, 1]


def test_load_state_dict_assigns():
    m = nn.Linear(2, 1)
    weight = tidu.ones(1, 2, dtype=tidu.float64)
    m.load_state_dict({"weight": weight, "bias": tidu.ones(1)}, assign=True)
    assert m.weight.data_ptr() == weight.data_ptr()
    assert (type(m.weight), m.weight.dtype) == (nn.Parameter, tidu.float64)


def test_load_state_dict_assigns_no_integers_to_what_requires_a_gradient():
    with pytest.raises(RuntimeError) as raised:
        nn.Linear(1, 1, bias=False).load_state_dict({"weight": tidu.tensor([[1]])}, assign=True)
    assert 'While copying the parameter named "weight"' in str(raised.value)


def test_load_state_dict_lists_what_does_not_fit():
    with pytest.raises(RuntimeError) as raised:
        nn.Linear(2, 2).load_state_dict({"weight": tidu.ones(3, 2), "extra": tidu.ones(1)})
    assert str(raised.value) == (
        "Error(s) in loading state_dict for Linear:\n"
        '\tMissing key(s) in state_dict: "bias". \n'
        '\tUnexpected key(s) in state_dict: "extra". \n'
        "\tsize mismatch for weight: copying a param with shape torch.Size([3, 2]) from checkpoint, "
        "the shape in current model is torch.Size([2, 2])."
    ).replace("torch.Size", "tidu.Size")
    with pytest.raises(TypeError, match="Expected state_dict to be dict-like, got <class 'int'>"):
        LINEAR.load_state_dict(3)


def test_extra_state():
    class Remembering(nn.Module):
        notes = None

        def get_extra_state(self):
            return {"notes": 7}

        def set_extra_state(self, state):
            self.notes = state["notes"]

    m = Remembering()
    state = m.state_dict()
    assert state == {"_extra_state": {"notes": 7}}
    m.load_state_dict(state)
    assert m.notes == 7
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "_extra_state"'):
        m.load_state_dict({})


def test_state_dict_hooks():
    m = nn.Linear(1, 1)
    m.register_state_dict_post_hook(lambda m, state, prefix, local: state.update(more=1))
    m.register_load_state_dict_pre_hook(lambda m, state, *_: state.pop("more"))
    m.register_load_state_dict_post_hook(lambda m, keys: keys.missing_keys.clear())
    assert list(m.state_dict()) == ["weight", "bias", "more"]
    assert m.load_state_dict(OrderedDict(more=1)).missing_keys == []
    m.register_state_dict_post_hook(lambda *_: {})
    with pytest.raises(RuntimeError, match="state_dict post-hook must return None"):
        m.state_dict()


# Copies


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_are_independent(copied):
    m = net()
    m[0].tied = m[0].weight
    other = copied(m)
    assert repr(other) == repr(m)
    assert other[0].weight.equal(m[0].weight)
    assert other[0].tied is other[0].weight
    other[0].weight.data.zero_()
    assert m[0].weight.abs().sum() > 0
    other(tidu.ones(1, 2)).sum().backward()
    assert m[0].weight.grad is None


def note(*args):
    noted.append(args[0])


noted: list = []


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_have_hooks_of_their_own(copied):
    m = nn.Linear(1, 1)
    m.register_load_state_dict_pre_hook(note)
    m.register_state_dict_post_hook(note)
    noted.clear()
    other = copied(m)
    other.load_state_dict(other.state_dict())
    assert noted == [other, other]


def test_deprecated_backward_hooks_of_all_modules():
    seen = []
    handle = nn.modules.module.register_module_backward_hook(lambda m, gi, go: seen.append(type(m).__name__))
    try:
        with pytest.warns(FutureWarning, match="multiple autograd Nodes"):
            nn.Sequential(nn.Tanh(), nn.Sigmoid())(tidu.ones(1, requires_grad=True)).backward()
        with pytest.raises(RuntimeError, match="as a global Module hook"):
            nn.modules.module.register_module_full_backward_hook(note)
    finally:
        handle.remove()
    assert seen == ["Sigmoid", "Sequential", "Tanh"]


def test_parameter_is_a_leaf_and_what_comes_from_it_a_tensor():
    p = nn.Parameter(tidu.ones(2))
    assert isinstance(p, tidu.Tensor)
    assert (p.is_leaf, p.requires_grad) == (True, True)
    for other in (p * 2, p.data, p.detach(), p.clone()):
        assert type(other) is tidu.Tensor
    assert not isinstance(tidu.ones(2), nn.Parameter)
    assert repr(p) == "Parameter containing:\ntensor([1., 1.], requires_grad=True)"


# Text


def test_repr_with_several_lines_of_settings():
    class Described(nn.Module):
        def extra_repr(self):
            return "a=1\nb=2"

    m = Described()
    m.child = nn.Sequential(nn.ReLU())
    assert repr(m) == (
        "Described(\n  a=1\n  b=2\n  (child): Sequential(\n    (0): ReLU()\n  )\n)"
    )
