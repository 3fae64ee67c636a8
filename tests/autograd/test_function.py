"""autograd.Function: its context, its results, its errors."""

from __future__ import annotations

import pytest

import tidu
from tidu.autograd import Function, grad, gradcheck, gradgradcheck
from tidu.autograd.function import once_differentiable


def leaf(*values):
    return tidu.tensor(values, dtype=tidu.float64, requires_grad=True)


def function(forward, backward, **more):
    """A Function of the given static methods."""
    methods = {"forward": forward, "backward": backward, **more}
    return type("My", (Function,), {name: staticmethod(f) for name, f in methods.items()})


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * g * x


class Exp(Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0]


class SumAndProduct(Function):
    @staticmethod
    def forward(ctx, x, y, scale):
        ctx.scale = scale
        ctx.shape = "any attribute is free"
        ctx.save_for_backward(x, None, y)
        return (x + y) * scale, x * y

    @staticmethod
    def backward(ctx, g_sum, g_product):
        x, nothing, y = ctx.saved_tensors
        assert nothing is None
        assert ctx.shape == "any attribute is free"
        return g_sum * ctx.scale + g_product * y, g_sum * ctx.scale + g_product * x, None


@pytest.mark.parametrize("op", [Square, Exp])
def test_gradients_to_second_order(op):
    assert gradcheck(op.apply, leaf(0.3, -1.0))
    assert gradgradcheck(op.apply, leaf(0.3, -1.0))


def test_several_inputs_and_results():
    assert gradcheck(lambda x, y: SumAndProduct.apply(x, y, 3.0), (leaf(1.0, 2.0), leaf(0.5, 4.0)))
    assert gradgradcheck(lambda x, y: SumAndProduct.apply(x, y, 3.0), (leaf(1.0), leaf(0.5)))


def test_its_node():
    x = leaf(1.0)
    y = Square.apply(x)
    node = y.grad_fn
    assert node.name() == type(node).__name__ == "SquareBackward"
    assert isinstance(node, tidu.autograd.graph.Node)
    assert "grad_fn=<SquareBackward>" in repr(y)
    assert node.next_functions[0][0].variable is x
    assert node.saved_tensors[0] is x
    assert node.needs_input_grad == (True,)


def test_forward_is_not_recorded_and_gets_the_tensors_themselves():
    x, seen = leaf(1.0), []

    def forward(ctx, a):
        seen.append((tidu.is_grad_enabled(), a is x, ctx.needs_input_grad))
        return a * 2

    function(forward, lambda ctx, g: g).apply(x)
    assert seen == [(False, True, (True,))]


def test_backward_is_recorded_only_with_create_graph():
    seen = []

    def backward(ctx, g):
        seen.append(tidu.is_grad_enabled())
        return g

    x = leaf(1.0)
    op = function(lambda ctx, a: a * 1, backward)
    grad(op.apply(x).sum(), x)
    grad(op.apply(x).sum(), x, create_graph=True)
    assert seen == [False, True]


def test_nothing_is_recorded_where_nothing_needs_it():
    assert not Square.apply(tidu.ones(1)).requires_grad
    with tidu.no_grad():
        assert not Square.apply(leaf(1.0)).requires_grad


def test_setup_context():
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs[:1], output)
        ctx.power = inputs[1]

    op = function(
        lambda x, power=3: x**power,
        lambda ctx, g: (g * ctx.power * ctx.saved_tensors[1] / ctx.saved_tensors[0], None),
        setup_context=setup_context,
    )
    x = leaf(2.0)
    assert grad(op.apply(x).sum(), x)[0].tolist() == [12.0]
    assert grad(op.apply(x, power=2).sum(), x)[0].tolist() == [4.0]


@pytest.mark.parametrize(("materialize", "expected"), [(True, [0.0]), (False, None)])
def test_missing_gradients(materialize, expected):
    seen = []

    def forward(ctx, x):
        ctx.set_materialize_grads(materialize)
        return x * 2, x * 3

    def backward(ctx, g, h):
        seen.append(h if h is None else h.tolist())
        return g * 2

    x = leaf(1.0)
    function(forward, backward).apply(x)[0].sum().backward()
    assert seen == [expected]
    assert x.grad.tolist() == [2.0]


def test_results_without_gradient():
    def forward(ctx, x):
        index, constant = x.argmax(), x * 3
        ctx.mark_non_differentiable(constant)
        return x * 2, index, constant, "text", None

    seen = []

    def backward(ctx, *gs):
        seen.extend(g if g is None else g.tolist() for g in gs[1:])
        return gs[0] * 2

    x = leaf(1.0, 5.0)
    y, index, constant, text, nothing = function(forward, backward).apply(x)
    assert y.requires_grad
    assert not index.requires_grad
    assert not constant.requires_grad
    assert text == "text"
    assert nothing is None
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]
    assert seen == [0, [0.0, 0.0], None, None]


class TestDirty:
    @staticmethod
    def double(ctx, x):
        ctx.mark_dirty(x)
        return x.mul_(2)

    def test_an_input_changed_in_place(self):
        x = leaf(1.0)
        y = x * 1
        op = function(self.double, lambda ctx, g: g * 2)
        assert op.apply(y) is y
        assert y.grad_fn.name() == "MyBackward"
        y.sum().backward()
        assert x.grad.tolist() == [2.0]

    def test_a_view_changed_in_place(self):
        x = leaf(1.0, 1.0)
        y = x * 1
        op = function(self.double, lambda ctx, g: g * 2)
        op.apply(y[:1])
        y.sum().backward()
        assert y.tolist() == [2.0, 1.0]
        assert x.grad.tolist() == [2.0, 1.0]

    def test_leaves_refuse(self):
        with pytest.raises(
            RuntimeError, match="a leaf Variable that requires grad has been used in"
        ):
            function(self.double, lambda ctx, g: g).apply(leaf(1.0))

    def test_they_must_be_returned(self):
        def forward(ctx, x):
            self.double(ctx, x)
            return x * 1

        with pytest.raises(
            RuntimeError, match="marked as dirty during the forward method were not"
        ):
            function(forward, lambda ctx, g: g).apply(leaf(1.0) * 1)


@pytest.mark.parametrize("forward", [lambda ctx, x: x, lambda ctx, x: x.view_as(x)])
def test_an_input_returned_as_it_is(forward):
    x = leaf(1.0, 2.0)
    op = function(forward, lambda ctx, g: g * 10)
    y = op.apply(x)
    assert y is not x
    assert y._is_view()
    assert y.data_ptr() == x.data_ptr()
    y.sum().backward()
    assert x.grad.tolist() == [10.0, 10.0]
    with pytest.raises(
        RuntimeError, match="Output 0 of My is a view and is being modified inplace"
    ):
        op.apply(x * 1).mul_(2)


WRONG = [  # what backward returns for the inputs (x, 3), and the error
    (
        lambda g: g,
        r"function MyBackward returned an incorrect number of gradients \(expected 2, got 1\)",
    ),
    (lambda g: (g, None, g), r"incorrect number of gradients \(expected 2, got 3\)"),
    (
        lambda g: (g, g),
        "returned a gradient different than None at position 2, but the corresponding",
    ),
    (lambda g: (3, None), r"expected Variable or None \(got int\)"),
    (
        lambda g: (tidu.ones(3), None),
        r"invalid gradient at index 0 - got \[3\] but expected shape compatible with \[2\]",
    ),
]


@pytest.mark.parametrize(("result", "text"), WRONG)
def test_what_backward_may_not_return(result, text):
    y = function(lambda ctx, x, k: x * k, lambda ctx, g: result(g)).apply(leaf(1.0, 2.0), 3)
    with pytest.raises(RuntimeError, match=text):
        y.sum().backward()


RIGHT = [
    lambda g: (g, None, None),
    lambda g: (g.float(), None),
    lambda g: (g.expand(4, 2) / 4, None),
]


@pytest.mark.parametrize("result", RIGHT)
def test_what_backward_may_return(result):
    x = leaf(1.0, 2.0)
    function(lambda ctx, a, k: a * k, lambda ctx, g: result(g)).apply(x, 3).sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]
    assert x.grad.dtype is tidu.float64


def test_arrays_that_backward_keeps_are_not_taken():
    kept = tidu.ones(2, dtype=tidu.float64)
    x = leaf(1.0, 2.0)
    op = function(lambda ctx, a: a * 1, lambda ctx, g: kept)
    op.apply(x).sum().backward()
    x.grad.mul_(7)
    assert kept.tolist() == [1.0, 1.0]


def test_saved_tensors_are_guarded():
    x = leaf(1.0)
    y = x * 1
    z = Square.apply(y)
    y.add_(1)
    with pytest.raises(RuntimeError, match="output 0 of Add, is at version 1; expected version 0"):
        z.sum().backward()
    z = Exp.apply(x)
    z.add_(1)
    with pytest.raises(RuntimeError, match="output 0 of Exp, is at version 1; expected version 0"):
        z.sum().backward()


def test_saved_tensors_are_freed():
    y = Square.apply(leaf(1.0))
    y.sum().backward()
    with pytest.raises(RuntimeError, match="a second time"):
        y.sum().backward()
    with pytest.raises(RuntimeError, match="a second time"):
        _ = y.grad_fn.saved_tensors


def test_only_tensors_can_be_saved():
    def forward(ctx, x):
        ctx.save_for_backward(x, 3)
        return x * 2

    with pytest.raises(TypeError, match="can only save variables, but argument 1 is of type int"):
        function(forward, lambda ctx, g: g).apply(leaf(1.0))


def test_once_differentiable():
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    op = function(forward, once_differentiable(Square.backward))
    x = leaf(3.0)
    y = op.apply(x)
    (g,) = grad((y * y).sum(), x, create_graph=True)
    assert g.tolist() == [108.0]
    with pytest.raises(RuntimeError, match="marked with @once_differentiable"):
        g.sum().backward()


def test_what_is_missing_or_old():
    x = leaf(1.0)
    with pytest.raises(NotImplementedError, match="You must implement the forward function"):
        type("Empty", (Function,), {}).apply(x)
    y = type("Half", (Function,), {"forward": staticmethod(lambda ctx, a: a * 2)}).apply(x)
    with pytest.raises(NotImplementedError, match="either the backward or vjp method"):
        y.sum().backward()
    with pytest.warns(DeprecationWarning, match="should not be instantiated"):
        old = Square()
    with pytest.raises(RuntimeError, match="Legacy autograd function"):
        old(x)


def test_vjp_is_another_name_of_backward():
    x = leaf(3.0)
    op = type(
        "My",
        (Function,),
        {"forward": staticmethod(Square.forward), "vjp": staticmethod(Square.backward)},
    )
    assert grad(op.apply(x).sum(), x)[0].tolist() == [6.0]


def test_functions_in_functions():
    class Outer(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.x = x.detach().requires_grad_()
            with tidu.enable_grad():
                ctx.y = Square.apply(ctx.x) * 3
            return ctx.y.detach()

        @staticmethod
        def backward(ctx, g):
            return grad(ctx.y, ctx.x, g, retain_graph=True)[0]

    assert gradcheck(Outer.apply, leaf(1.0, 2.0))


def test_forward_may_return_nothing_at_all():
    class Nothing(tidu.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return ()

    assert Nothing.apply(tidu.ones(1, requires_grad=True)) == ()


def test_only_tensors_are_dirty():
    class Dirty(tidu.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(3)
            return x * 1

    with pytest.raises(RuntimeError, match="mark_dirty can only accept variables"):
        Dirty.apply(tidu.ones(1, requires_grad=True))
