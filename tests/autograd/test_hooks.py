"""Hooks on tensors, leaves, nodes and saved values."""

from __future__ import annotations

import gc
import pickle
import weakref

import pytest

import tidu
import tidu.nn.functional as F
from tidu.autograd import graph


def leaf(*values):
    return tidu.tensor(values, dtype=tidu.float64, requires_grad=True)


# Tensors


def test_a_tensor_hook_sees_and_replaces_the_gradient():
    x = leaf(1.0, 2.0)
    y = x * 2
    seen = []
    y.register_hook(seen.append)
    y.register_hook(lambda g: g * 10)
    y.register_hook(lambda g: seen.append(g))
    y.sum().backward()
    assert [g.tolist() for g in seen] == [[1.0, 1.0], [10.0, 10.0]]
    assert x.grad.tolist() == [20.0, 20.0]


def test_a_leaf_hook_sees_the_whole_gradient_once():
    x = leaf(1.0)
    seen = []
    x.register_hook(lambda g: seen.append(g.item()))
    (x * 2 + x * x).sum().backward()
    assert seen == [4.0]


def test_hooks_run_in_grad_too():
    x = leaf(3.0)
    x.register_hook(lambda g: g * 2)
    assert tidu.autograd.grad((x * x).sum(), x)[0].tolist() == [12.0]


def test_handles_remove_hooks():
    x = leaf(1.0)
    handle = x.register_hook(lambda g: g * 100)
    handle.remove()
    handle.remove()
    with x.register_hook(lambda g: g * 3):
        (x * 1).sum().backward()
    (x * 1).sum().backward()
    assert x.grad.tolist() == [4.0]


def test_handles_survive_pickling():
    table = tidu.utils.hooks.RemovableHandle({})
    assert pickle.loads(pickle.dumps(table)).id == table.id


def test_hooks_mean_the_value_that_they_were_put_on():
    x = leaf(1.0)
    y = x * 1
    seen = []
    y.register_hook(lambda g: seen.append(("before", g.item())))
    y.mul_(3)
    y.register_hook(lambda g: seen.append(("after", g.item())))
    y.sum().backward()
    assert seen == [("after", 1.0), ("before", 3.0)]


@pytest.mark.filterwarnings("ignore:Using backward")
def test_a_hook_with_create_graph_gets_a_gradient_with_a_history():
    x = leaf(2.0)
    y = x * x
    seen = []
    y.register_hook(seen.append)
    (y * y).sum().backward(create_graph=True)
    assert seen[0].requires_grad


BAD = [
    (lambda g: 1, TypeError, "expected Variable, but hook returned 'int'"),
    (lambda g: tidu.ones(3, dtype=tidu.float64), RuntimeError, "has changed the size of value"),
    (lambda g: g.float(), RuntimeError, "was torch.DoubleTensor got torch.FloatTensor"),
]


@pytest.mark.parametrize(("hook", "kind", "text"), BAD)
def test_what_a_hook_may_not_return(hook, kind, text):
    y = leaf(1.0, 2.0) * 2
    y.register_hook(hook)
    with pytest.raises(kind, match=text):
        y.sum().backward()


def test_hooks_of_one_result_of_several():
    x = leaf(1.0, 2.0)
    a, b = x.unbind(0)
    a.register_hook(lambda g: g * 7)
    (a + b).backward()
    assert x.grad.tolist() == [7.0, 1.0]


@pytest.mark.parametrize("method", ["register_hook", "register_post_accumulate_grad_hook"])
def test_tensors_without_gradient_take_no_hooks(method):
    with pytest.raises(RuntimeError, match="that doesn't require gradient"):
        getattr(tidu.ones(1), method)(print)


# retain_grad


def test_retain_grad():
    x = leaf(1.0, 2.0)
    y = x * 2
    y.retain_grad()
    y.retain_grad()
    assert y.retains_grad
    assert not x.retains_grad
    y.register_hook(lambda g: g * 10)
    loss = y.sum()
    loss.backward(retain_graph=True)
    first = y.grad
    loss.backward()
    assert first.tolist() == [10.0, 10.0]
    assert y.grad.tolist() == [20.0, 20.0]
    assert y.grad is not first


def test_retain_grad_follows_writes():
    y = leaf(1.0) * 2
    y.retain_grad()
    y.mul_(3)
    y.sum().backward()
    assert y.grad.tolist() == [1.0]


def test_retain_grad_follows_writes_to_the_base():
    y = leaf(1.0, 2.0) * 2
    v = y[0]
    v.retain_grad()
    y.mul_(3)
    (v * 5).sum().backward()
    assert v.grad.item() == 5.0


def test_retain_grad_of_leaves_and_constants():
    x = leaf(1.0)
    x.retain_grad()
    assert not x.retains_grad
    with pytest.raises(
        RuntimeError, match="can't retain_grad on Tensor that has requires_grad=False"
    ):
        tidu.ones(1).retain_grad()


# Leaves


def test_post_accumulate_hooks_see_grad_in_place():
    x = leaf(1.0)
    seen = []
    handle = x.register_post_accumulate_grad_hook(lambda p: seen.append((p is x, p.grad.item())))
    (x * 2).sum().backward()
    handle.remove()
    (x * 2).sum().backward()
    assert seen == [(True, 2.0)]
    with pytest.raises(RuntimeError, match="cannot be registered on non-leaf tensors"):
        (x * 2).register_post_accumulate_grad_hook(print)


def test_an_optimizer_step_inside_backward():
    x = leaf(1.0)

    def step(p):
        with tidu.no_grad():
            p -= 0.5 * p.grad
        p.grad = None

    x.register_post_accumulate_grad_hook(step)
    (x * 2).sum().backward()
    assert x.tolist() == [0.0]
    assert x.grad is None


def test_accumulate_grad_is_one_object():
    x = leaf(1.0)
    node = (x * 2).grad_fn.next_functions[0][0]
    assert node is (x * 3).grad_fn.next_functions[0][0]
    assert type(node).__name__ == "AccumulateGrad"
    assert node.variable is x
    assert node.name() == "tidu::autograd::AccumulateGrad"
    assert node.next_functions == ()


def test_hooks_of_accumulate_grad():
    x = leaf(1.0)
    node = x.view_as(x).grad_fn.next_functions[0][0]
    seen = []
    node.register_prehook(lambda gs: (gs[0] * 2,))
    node.register_hook(lambda gin, gout: seen.append((gin, gout[0].item(), x.grad.item())))
    (x * 3).sum().backward()
    assert seen == [((), 6.0, 6.0)]
    assert x.grad.tolist() == [6.0]


# Nodes


def test_node_hooks():
    x, y = leaf(2.0), tidu.tensor([5.0], dtype=tidu.float64)
    z = x * y
    seen = []
    z.grad_fn.register_prehook(lambda gs: (gs[0] * 7,))
    z.grad_fn.register_hook(lambda gin, gout: seen.append((gin, gout)))
    z.grad_fn.register_hook(lambda gin, gout: (gin[0] * 2, None))
    z.sum().backward()
    ((gin, gout),) = seen
    assert gin[0].tolist() == [35.0]
    assert gin[1] is None
    assert gout[0].tolist() == [7.0]
    assert x.grad.tolist() == [70.0]


def test_node_hooks_see_reduced_gradients():
    x = leaf(2.0)
    y = x * tidu.ones(3, dtype=tidu.float64)
    shapes = []
    y.grad_fn.register_hook(lambda gin, gout: shapes.append((gin[0].shape, gout[0].shape)))
    y.sum().backward()
    assert shapes == [((1,), (3,))]


BAD_TUPLES = [
    (lambda a, b: (None,), RuntimeError, r"incorrect number of values \(got 1, but expected 2\)"),
    (lambda a, b: [None, None], TypeError, "expected tuple, but hook returned 'list'"),
    (lambda a, b: (3, None), TypeError, "expected Variable, but hook returned 'int'"),
]


@pytest.mark.parametrize(("hook", "kind", "text"), BAD_TUPLES)
def test_what_a_node_hook_may_not_return(hook, kind, text):
    y = leaf(1.0) * tidu.ones(1, dtype=tidu.float64)
    y.grad_fn.register_hook(hook)
    with pytest.raises(kind, match=text):
        y.sum().backward()


def test_nodes_show_what_they_saved():
    x, w = leaf(1.0), leaf(2.0)
    y = x * w
    assert y.grad_fn._saved_self is x
    assert y.grad_fn._saved_other is w
    e = x.exp()
    assert e.grad_fn._saved_result.tolist() == e.tolist()
    assert e.grad_fn._saved_result.grad_fn is e.grad_fn
    e.sum().backward()
    with pytest.raises(RuntimeError, match="after they have already been freed"):
        _ = e.grad_fn._saved_result
    with pytest.raises(AttributeError, match="has no attribute '_saved_result'"):
        _ = y.grad_fn._saved_result


def test_nodes_can_be_called():
    x, w = leaf(2.0), leaf(5.0)
    gx, gw = (x * w).grad_fn(tidu.ones(1, dtype=tidu.float64))
    assert gx.tolist() == [5.0]
    assert gw.tolist() == [2.0]


def test_metadata_belongs_to_the_node():
    y = leaf(1.0) * 2
    y.grad_fn.metadata["note"] = 1
    assert y.grad_fn.metadata == {"note": 1}
    assert (y * 1).grad_fn.metadata == {}
    assert isinstance(y.grad_fn, graph.Node)


# Several tensors


def test_multi_grad_hook_waits_for_all():
    a, b, unused = leaf(1.0), leaf(2.0), leaf(3.0)
    seen = []
    handle = graph.register_multi_grad_hook((a, b, unused), seen.append)
    for _ in range(2):
        (a * 2 + b * 3).sum().backward()
    handle.remove()
    (a + b).sum().backward()
    assert [[g and g.item() for g in gs] for gs in seen] == [[2.0, 3.0, None]] * 2


def test_multi_grad_hook_for_any():
    a, b = leaf(1.0), leaf(2.0)
    seen = []
    graph.register_multi_grad_hook((a, b), lambda g: seen.append(g.item()), mode="any")
    for _ in range(2):
        (a * 2 + b * 2).sum().backward()
    assert seen == [2.0, 2.0]
    with pytest.raises(ValueError, match="Expects mode to be one of"):
        graph.register_multi_grad_hook((a,), print, mode="some")


# Saved values


def test_saved_tensors_hooks_pack_and_unpack():
    x = leaf(1.0, 2.0)
    log = []

    def pack(t):
        log.append(("pack", t.tolist(), tidu.is_grad_enabled()))
        return t.tolist()

    def unpack(values):
        log.append(("unpack", values))
        return tidu.tensor(values, dtype=tidu.float64)

    with graph.saved_tensors_hooks(pack, unpack):
        y = x.exp() * x.detach()
    assert [entry[0] for entry in log] == ["pack"] * 2
    assert not log[0][2]
    y.sum().backward()
    assert len(log) == 4
    assert x.grad.tolist() == pytest.approx([v * e for v, e in zip(x.tolist(), x.exp().tolist())])


def test_unpacked_values_keep_their_place_in_the_graph():
    x = leaf(2.0)
    with graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
        y = (x * x * x).exp()
    (g,) = tidu.autograd.grad(y.sum(), x, create_graph=True)
    (second,) = tidu.autograd.grad(g.sum(), x)
    e = tidu.tensor(8.0, dtype=tidu.float64).exp().item()
    assert g.item() == pytest.approx(12 * e)
    assert second.item() == pytest.approx((12 + 144) * e)


def test_packed_values_are_safe_from_writes():
    x = leaf(1.0, 2.0)
    y = x * 1
    with graph.save_on_cpu():
        z = y * y
        y.mul_(y.detach().clone())
    y.zero_()
    z.sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_the_innermost_hooks_count():
    seen = []
    outer = graph.saved_tensors_hooks(lambda t: seen.append("outer") or t, lambda t: t)
    inner = graph.saved_tensors_hooks(lambda t: seen.append("inner") or t, lambda t: t)
    x = leaf(1.0)
    with outer:
        with inner:
            x.exp()
        x.exp()
    x.exp()
    assert seen == ["inner", "outer"]


def test_bad_pack_and_unpack():
    x = leaf(1.0)
    with graph.saved_tensors_hooks(lambda t: 1, lambda v: v):
        y = x.exp()
    with pytest.raises(
        TypeError, match="unpack_hook expected to be a Tensor but got result of type int"
    ):
        y.sum().backward()
    with (
        graph.saved_tensors_hooks(lambda t: t.mul_(2), lambda v: v),
        pytest.raises(RuntimeError, match="pack hook is modifying its input in place"),
    ):
        x.exp()


def test_disabled_saved_tensors_hooks():
    with graph.disable_saved_tensors_hooks("not here"):
        with pytest.raises(RuntimeError, match="not here"):
            graph.saved_tensors_hooks(lambda t: t, lambda t: t).__enter__()
        leaf(1.0).exp().backward()


def test_hooks_on_one_saved_value():
    x = leaf(3.0)
    y = x * x.detach()
    y.grad_fn._raw_saved_other.register_hooks(
        lambda t: t.item(), lambda v: tidu.tensor([v * 10]).double()
    )
    y.sum().backward()
    assert x.grad.tolist() == [30.0]


def test_hooks_go_with_their_graph():
    gc.disable()
    try:
        x = leaf(1.0)
        y = x * 2

        class Mark:
            def __call__(self, g):
                return None

        mark = Mark()
        gone = weakref.ref(mark)
        handle = y.register_hook(mark)
        y.retain_grad()
        del mark, y
        assert gone() is None
        handle.remove()
    finally:
        gc.enable()


def _inputs_of(result):
    return [
        node and node.name().removeprefix("tidu::autograd::")
        for node, _ in result.grad_fn.next_functions
    ]


W = tidu.ones(1, requires_grad=True)
INPUTS = [
    # As in PyTorch: only what has a derivative, and no plain numbers where they have an overload.
    (lambda x: F.linear(x * 2, x.exp(), W), ["AccumulateGrad", "MulBackward0", "ExpBackward0"]),
    (lambda x: F.linear(x * 2, x.exp()), ["MulBackward0", "ExpBackward0"]),
    (lambda x: x**2, ["AccumulateGrad"]),
    (lambda x: 2**x, ["AccumulateGrad"]),
    (lambda x: x**W, ["AccumulateGrad"] * 2),
    (lambda x: 1 - x, ["AccumulateGrad"]),
    (lambda x: x * 2, ["AccumulateGrad", None]),
    (lambda x: x.clamp(0, 1), ["AccumulateGrad"]),
    (lambda x: tidu.where(x > 0, x, x.exp()), ["AccumulateGrad", "ExpBackward0"]),
    (lambda x: F.nll_loss(x, tidu.tensor([0])), ["AccumulateGrad"]),
    (lambda x: F.layer_norm(x, (1,)), ["AccumulateGrad", None, None]),
    (lambda x: tidu.cat([x, x.exp()]), ["AccumulateGrad", "ExpBackward0"]),
]


@pytest.mark.parametrize(("function", "inputs"), INPUTS)
def test_next_functions(function, inputs):
    x = tidu.ones(1, 1, requires_grad=True)
    assert _inputs_of(function(x)) == inputs
    seen = []
    result = function(x)
    result.grad_fn.register_hook(lambda gin, gout: seen.append([g is not None for g in gin]))
    result.sum().backward()
    assert seen == [[name is not None for name in inputs]]


def test_node_hooks_see_none_for_results_without_a_gradient():
    a, b = leaf(1.0, 2.0).unbind()
    seen = []
    a.grad_fn.register_prehook(lambda grads: seen.append([g is None for g in grads]))
    a.grad_fn.register_hook(lambda inputs, grads: seen.append(inputs[0].tolist()))
    b.backward()
    assert seen == [[True, False], [0.0, 1.0]]


def test_a_post_accumulate_hook_returns_nothing():
    x = leaf(1.0)
    x.register_post_accumulate_grad_hook(lambda t: 3)
    with pytest.raises(TypeError, match="expected Variable, but hook returned 'int'"):
        x.sum().backward()


def test_what_grad_returns_for_a_result_with_hooks():
    x = leaf(1.0)
    y = x * 2
    y.register_hook(lambda g: g * 10)
    assert [g.item() for g in tidu.autograd.grad(y, [y], retain_graph=True)] == [10.0]
    # As in PyTorch: not the hooks' gradient where the walk goes on from there.
    assert [g.item() for g in tidu.autograd.grad(y, [x, y])] == [20.0, 1.0]
