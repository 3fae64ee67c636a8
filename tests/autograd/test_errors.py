"""Errors: PyTorch 2.13's type and text, and notes with the user's line and the cure."""

from __future__ import annotations

import re
import warnings

import pytest

import tidu
from tidu.autograd import grad


def leaf(*values):
    return tidu.tensor(values, dtype=tidu.float64, requires_grad=True)


def twice(x):
    y = (x * x).sum()
    y.backward()
    y.backward()


def overwritten(x):
    y = x.exp()
    y += 1
    y.sum().backward()


def stepped(x):
    y = x * x
    x.grad = tidu.ones_like(x)
    tidu.optim.SGD([x], lr=0.1).step()  # the step
    y.sum().backward()


def stale(x):
    x.grad = tidu.ones_like(x)
    x.data = tidu.ones(5, dtype=x.dtype)
    x.sum().backward()


ERRORS = {  # name -> (program, type, text, words of the notes)
    "not a scalar": (
        lambda x: (x * 2).backward(),
        RuntimeError,
        "grad can be implicitly created only for scalar outputs",
        [r"shape \[2\]", r"\.sum\(\)", "gradient="],
    ),
    "no graph": (
        lambda x: x.detach().sum().backward(),
        RuntimeError,
        "element 0 of tensors does not require grad and does not have a grad_fn",
        ["no_grad", "requires_grad=True"],
    ),
    "second time": (
        twice,
        RuntimeError,
        "Trying to backward through the graph a second time (or directly access saved tensors "
        "after "
        "they have already been freed). Saved intermediate values of the graph are freed when you "
        "call .backward() or autograd.grad(). Specify retain_graph=True if you need to backward "
        "through the graph a second time or if you need to access saved tensors after calling "
        "backward.",
        ["MulBackward0", r"y = \(x \* x\)\.sum\(\)", "detach"],
    ),
    "overwritten": (
        overwritten,
        RuntimeError,
        "one of the variables needed for gradient computation has been modified by an inplace "
        "operation: [torch.DoubleTensor [2]], which is output 0 of Exp, is at version 1; expected "
        "version 0 instead. Hint: enable anomaly detection to find the operation that failed to "
        "compute its gradient, with torch.autograd.set_detect_anomaly(True, check_nan=False).",
        [r"y = x\.exp\(\)", r"y \+= 1", "make a new tensor"],
    ),
    "gradient of another shape": (
        lambda x: (x * 2).backward(tidu.ones(3)),
        RuntimeError,
        "Mismatch in shape: grad_output[0] has a shape of tidu.Size([3]) and output[0] has a "
        "shape of "
        "tidu.Size([2]).",
        ["each element"],
    ),
    "gradient that is no tensor": (
        lambda x: tidu.autograd.backward(x, [3]),
        TypeError,
        "gradients can be either Tensors or None, but got int",
        [r"shape \[2\]"],
    ),
    "backward of what is no tensor": (
        lambda x: tidu.autograd.backward([3]),
        AssertionError,
        "Expected output to be a tidu.Tensor",
        [],
    ),
    "grad with respect to what is no tensor": (
        lambda x: grad(x.sum(), [3]),
        RuntimeError,
        "all inputs have to be Tensors or GradientEdges, but got int",
        [],
    ),
    "step between forward and backward": (
        stepped,
        RuntimeError,
        "one of the variables needed for gradient computation has been modified by an inplace "
        "operation: [torch.DoubleTensor [2]] is at version 1; expected version 0 instead. Hint: "
        "enable anomaly detection to find the operation that failed to compute its gradient, with "
        "torch.autograd.set_detect_anomaly(True, check_nan=False).",
        [r"y = x \* x", r"SGD\.step overwrote it here", r"\.step\(\)  # the step", "anew after it"],
    ),
    "new data of another shape": (
        stale,
        RuntimeError,
        "The size of tensor a (2) must match the size of tensor b (5) at non-singleton dimension 0",
        ["zero_grad"],
    ),
    "leaf written to": (
        lambda x: x.add_(1),
        RuntimeError,
        "a leaf Variable that requires grad is being used in an in-place operation.",
        ["no_grad"],
    ),
    "flag that is no bool": (
        lambda x: setattr(x, "requires_grad", 1),
        RuntimeError,
        "requires_grad must be a bool",
        [],
    ),
    "complex gradient": (
        lambda x: (x * 2).backward(tidu.ones(2, dtype=tidu.complex128)),
        RuntimeError,
        "For complex Tensors, both grad_output and output are required to have the same dtype. "
        "Mismatch in dtype: grad_output[0] has a dtype of tidu.complex128 and output[0] has a "
        "dtype "
        "of tidu.float64.",
        [],
    ),
    "complex scalar": (
        lambda x: (x.sum() * 1j).backward(),
        RuntimeError,
        "grad can be implicitly created only for real scalar outputs but got tidu.complex128",
        [],
    ),
    "fewer gradients": (
        lambda x: tidu.autograd.backward([x, x], [None]),
        RuntimeError,
        "got 2 tensors and 1 gradients",
        [],
    ),
    "unused": (
        lambda x: grad(x.sum(), leaf(1.0)),
        RuntimeError,
        "The differentiated Tensor at index 0 appears to not have been used in the graph. Set "
        "allow_unused=True if this is the desired behavior.",
        ["another one"],
    ),
    "constant input": (
        lambda x: grad(x.sum(), tidu.ones(1)),
        RuntimeError,
        "One of the differentiated Tensors does not require grad",
        [],
    ),
    "no inputs to grad": (
        lambda x: grad(x.sum(), []),
        RuntimeError,
        "`inputs` argument to `grad()` cannot be empty.",
        [],
    ),
    "no inputs to backward": (
        lambda x: x.sum().backward(inputs=[]),
        RuntimeError,
        "`inputs` argument to `backward()` cannot be empty.",
        [],
    ),
    "zeros or errors": (
        lambda x: grad(x.sum(), x, allow_unused=False, materialize_grads=True),
        ValueError,
        "Expected allow_unused to be True or not passed when materialize_grads=True, but got: "
        "allow_unused=False.",
        [],
    ),
    "flag of a result": (
        lambda x: (x * 2).requires_grad_(False),
        RuntimeError,
        "you can only change requires_grad flags of leaf variables. If you want to use a computed "
        "variable in a subgraph that doesn't require differentiation use var_no_grad = "
        "var.detach().",
        [],
    ),
    "integer leaf": (
        lambda x: tidu.tensor([1, 2], requires_grad=True),
        RuntimeError,
        "Only Tensors of floating point and complex dtype can require gradients",
        ["int64", r"\.float\(\)"],
    ),
    "integer flag": (
        lambda x: tidu.tensor([1, 2]).requires_grad_(),
        RuntimeError,
        "only Tensors of floating point dtype can require gradients",
        [],
    ),
    "grad of another shape": (
        lambda x: setattr(x, "grad", tidu.ones(3, dtype=tidu.float64)),
        RuntimeError,
        "attempting to assign a gradient of size '[3]' to a tensor of size '[2]'. Please ensure "
        "that "
        "the gradient and the tensor are the same size",
        [],
    ),
    "grad that is no tensor": (
        lambda x: setattr(x, "grad", 1.0),
        TypeError,
        "assigned grad expected to be a Tensor or None but got grad of type float",
        [],
    ),
    "grad that is the tensor": (
        lambda x: setattr(x, "grad", x),
        RuntimeError,
        "can't assign Variable as its own grad",
        [],
    ),
    "data that is no tensor": (
        lambda x: setattr(x, "data", 1.0),
        TypeError,
        "Variable data has to be a tensor, but got float",
        [],
    ),
    "integer data": (
        lambda x: setattr(x, "data", tidu.tensor([1, 2])),
        RuntimeError,
        "data set to a tensor that requires gradients must be floating point or complex dtype",
        [],
    ),
}


@pytest.mark.parametrize(("program", "kind", "text", "notes"), ERRORS.values(), ids=ERRORS)
def test_errors(program, kind, text, notes):
    with pytest.raises(kind) as caught:
        program(leaf(1.0, 2.0))
    assert str(caught.value) == text
    written = "\n".join(getattr(caught.value, "__notes__", []))
    assert "In the backward of" not in written  # these have better notes
    for words in notes:
        assert re.search(words, written), f"{words} not in\n{written}"


def test_a_failing_rule_names_the_line_that_recorded_it():
    class Fails(tidu.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            raise KeyError("missing")

    y = Fails.apply(leaf(1.0)) * 2  # the line
    with pytest.raises(KeyError, match="missing") as caught:
        y.sum().backward()
    assert any("FailsBackward" in n and "# the line" in n for n in caught.value.__notes__)


def test_the_grad_of_a_result_warns():
    y = leaf(1.0) * 2
    with pytest.warns(UserWarning, match="a Tensor that is not a leaf Tensor is being accessed"):
        assert y.grad is None
    y.retain_grad()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert y.grad is None


class TestAnomaly:
    def test_nan_is_an_error_with_the_forward_stack(self):
        with tidu.autograd.set_detect_anomaly(True):
            y = (leaf(-1.0).sqrt() * 0).sum()  # the culprit
            with (
                pytest.warns(UserWarning, match="Error detected in SqrtBackward0") as warned,
                pytest.raises(RuntimeError) as caught,
            ):
                y.backward()
        assert (
            str(caught.value) == "Function 'SqrtBackward0' returned nan values in its 0th output."
        )
        text = str(warned[0].message)
        assert "Traceback of forward call that caused the error:" in text
        assert "# the culprit" in text

    def test_nan_can_be_let_through(self):
        x = leaf(-1.0)
        with tidu.autograd.set_detect_anomaly(True, check_nan=False):
            (x.sqrt() * 0).sum().backward()
        assert x.grad.isnan().all()

    def test_graphs_made_before(self):
        y = leaf(-1.0).sqrt() * 0
        with (
            tidu.autograd.set_detect_anomaly(True),
            pytest.warns(UserWarning, match="No forward pass information available"),
            pytest.raises(RuntimeError, match="returned nan values"),
        ):
            y.sum().backward()

    def test_the_gradient_of_a_gradient_names_both_calls(self):
        class Fails(tidu.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2

            @staticmethod
            def backward(ctx, g):
                return Breaks.apply(g)

        class Breaks(tidu.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2

            @staticmethod
            def backward(ctx, g):
                raise RuntimeError("broken")

        x = leaf(1.0)
        with tidu.autograd.set_detect_anomaly(True):
            y = Fails.apply(x * x)
            (g,) = grad((y * y).sum(), x, create_graph=True)
            with (
                pytest.warns(UserWarning, match="BreaksBackward|FailsBackward") as warned,
                pytest.raises(RuntimeError, match="broken"),
            ):
                g.sum().backward()
        text = "\n".join(str(w.message) for w in warned)
        assert "Error detected in BreaksBackward" in text
        assert "Previous calculation was induced by FailsBackward" in text

    def test_detect_anomaly_warns_that_it_is_slow(self):
        with pytest.warns(UserWarning, match="Anomaly Detection has been enabled"):
            switch = tidu.autograd.detect_anomaly()
        with switch:
            assert tidu.autograd.anomaly_mode.is_anomaly_enabled()
        assert not tidu.autograd.anomaly_mode.is_anomaly_enabled()

    def test_overwritten_values_say_that_there_is_a_backtrace(self):
        with (
            tidu.autograd.set_detect_anomaly(True),
            pytest.warns(UserWarning, match="Error detected in ExpBackward0"),
            pytest.raises(RuntimeError, match="the backtrace further above shows the operation"),
        ):
            overwritten(leaf(1.0, 2.0))


def test_what_tidu_does_not_have_says_so():
    with pytest.raises(AttributeError, match=r"no autograd\.forward_ad"):
        _ = tidu.autograd.forward_ad
