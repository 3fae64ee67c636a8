"""Reductions: dtypes, errors, rounding, ties, names of nodes."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tidu

X = [[1.0, 2.0], [3.0, 4.0]]


def make(values, dtype):
    return tidu.tensor(values, dtype=dtype)


@pytest.mark.parametrize(
    ("name", "given", "wanted"),
    [
        ("sum", tidu.bool, tidu.int64), ("sum", tidu.uint8, tidu.int64),
        ("sum", tidu.int32, tidu.int64), ("sum", tidu.float16, tidu.float16),
        ("sum", tidu.complex64, tidu.complex64), ("prod", tidu.bool, tidu.int64),
        ("prod", tidu.int8, tidu.int64), ("cumsum", tidu.int32, tidu.int64),
        ("cumsum", tidu.float16, tidu.float16), ("cumprod", tidu.bool, tidu.int64),
        ("mean", tidu.float16, tidu.float16), ("any", tidu.float32, tidu.bool),
        ("any", tidu.uint8, tidu.uint8), ("all", tidu.uint8, tidu.uint8),
        ("argmax", tidu.float32, tidu.int64), ("amax", tidu.int8, tidu.int8),
        ("var", tidu.complex64, tidu.float32), ("logsumexp", tidu.int64, tidu.float32),
        ("count_nonzero", tidu.float32, tidu.int64),
    ],
)  # fmt: skip
def test_dtypes(name, given, wanted):
    x = tidu.tensor([0, 1, 1]).to(given)
    args = (0,) if name.startswith("cum") or name == "logsumexp" else ()
    assert getattr(tidu, name)(x, *args).dtype is wanted


def test_dtype_argument():
    x = tidu.tensor([1.5, 2.5])
    assert x.sum(dtype=tidu.float64).dtype is tidu.float64
    assert x.sum(dtype=tidu.int64).item() == 3
    assert tidu.tensor([1, 2]).mean(dtype=tidu.float32).item() == 1.5
    assert x.softmax(0, dtype=tidu.float64).dtype is tidu.float64
    x.requires_grad_()
    x.sum(dtype=tidu.float64).backward()
    assert x.grad.dtype is tidu.float32


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (lambda x: x.sum(), 0.0), (lambda x: x.prod(), 1.0), (lambda x: x.any(), False),
        (lambda x: x.all(), True), (lambda x: x.norm(), 0.0), (lambda x: x.mean(), np.nan),
        (lambda x: x.median(), np.nan), (lambda x: x.logsumexp(0), -np.inf),
        (lambda x: x.sum(0, keepdim=True), [0.0]), (lambda x: x.cumsum(0), []),
        (lambda x: x.softmax(0), []),
    ],
)  # fmt: skip
def test_empty(call, wanted):
    np.testing.assert_array_equal(call(tidu.zeros(0)).numpy(), np.array(wanted))


EMPTY = (
    "{}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction "
    "dim with the 'dim' argument."
)


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: tidu.ones(2, 3).sum(2), IndexError,
         "Dimension out of range (expected to be in range of [-2, 1], but got 2)"),
        (lambda: tidu.ones(2, 3).sum(0, 1), TypeError,
         "sum(): argument 'keepdim' (position 2) must be bool, not int"),
        (lambda: tidu.logsumexp(tidu.ones(2, 3), 0, 1), TypeError,
         "logsumexp(): argument 'keepdim' (position 3) must be bool, not int"),
        (lambda: tidu.ones(2, 3).argmax(0, 0), TypeError,
         "argmax(): argument 'keepdim' (position 2) must be bool, not int"),
        (lambda: tidu.tensor([1j]).softmax(0), NotImplementedError,
         "\"softmax_lastdim_kernel_impl\" not implemented for 'ComplexFloat'"),
        (lambda: tidu.ones(2, 2).long().log_softmax(0), NotImplementedError,
         "\"log_softmax_kernel_impl\" not implemented for 'Long'"),
        (lambda: tidu.tensor([1j]).nansum(), RuntimeError,
         "nansum on CPU does not support complex inputs"),
        (lambda: tidu.tensor([True]).median(), NotImplementedError,
         "\"median_cpu\" not implemented for 'Bool'"),
        (lambda: tidu.tensor([True]).median(0), NotImplementedError,
         "\"median_out\" not implemented for 'Bool'"),
        (lambda: tidu.tensor([True]).kthvalue(1), NotImplementedError,
         "\"kthvalue_cpu\" not implemented for 'Bool'"),
        (lambda: tidu.tensor([True]).topk(1), RuntimeError,
         "topk does not support bool dtypes on CPU"),
        (lambda: tidu.tensor([1j]).max(0), RuntimeError, "max(): does not support complex input"),
        (lambda: tidu.tensor([True]).argmax(), RuntimeError,
         "argmax(): does not support bool input"),
        (lambda: tidu.ones(1, dtype=tidu.uint8).clamp(max=300), RuntimeError,
         "value cannot be converted to type uint8_t without overflow"),
        (lambda: tidu.ones(2, 2).tril(0.5), TypeError,
         "tril(): argument 'diagonal' (position 1) must be int, not float"),
        (lambda: tidu.trapezoid(tidu.tensor(2.0)), IndexError,
         "Dimension specified as -1 but tensor has no dimensions"),
        (lambda: tidu.trapezoid(tidu.ones(3), tidu.tensor(2.0)), RuntimeError,
         "The size of tensor a (2) must match the size of tensor b (0) at non-singleton dimension 0"),
        (lambda: tidu.trapezoid(tidu.tensor([True])), RuntimeError,
         "trapezoid: received a bool input for `y`, but bool is not supported"),
        (lambda: tidu.ones(2, 3).sum((0, -2)), RuntimeError,
         "dim 0 appears multiple times in the list of dims"),
        (lambda: tidu.ones(()).sum(1), IndexError,
         "Dimension out of range (expected to be in range of [-1, 0], but got 1)"),
        (lambda: tidu.tensor([1, 2]).mean(), RuntimeError,
         "mean(): could not infer output dtype. Input dtype must be either a floating point or "
         "complex dtype. Got: Long"),
        (lambda: tidu.ones(2).mean(dtype=tidu.int64), RuntimeError,
         "mean(): could not infer output dtype. Optional dtype must be either a floating point or "
         "complex dtype. Got: Long"),
        (lambda: tidu.tensor([1, 2]).var(), RuntimeError,
         "std and var only support floating point and complex dtypes"),
        (lambda: tidu.var_mean(tidu.tensor([1, 2])), RuntimeError,
         "var_mean only support floating point and complex dtypes"),
        (lambda: tidu.tensor([1, 2]).softmax(0), NotImplementedError,
         "\"softmax_lastdim_kernel_impl\" not implemented for 'Long'"),
        (lambda: tidu.tensor([]).max(), RuntimeError, EMPTY.format("max")),
        (lambda: tidu.tensor([]).amin(), RuntimeError, EMPTY.format("amin")),
        (lambda: tidu.zeros(0, 3).max(0), IndexError,
         "max(): Expected reduction dim 0 to have non-zero size."),
        (lambda: tidu.zeros(0, 3).amax(0), IndexError,
         "amax(): Expected reduction dim 0 to have non-zero size."),
        (lambda: tidu.zeros(0).argmax(), IndexError,
         "argmax(): Expected reduction dim to be specified for input.numel() == 0."),
        (lambda: tidu.zeros(3).kthvalue(4), RuntimeError,
         "kthvalue(): selected number k out of range for dimension 0"),
        (lambda: tidu.zeros(3).quantile(2.0), RuntimeError,
         "quantile() q must be in the range [0, 1] but got 2"),
        (lambda: tidu.tensor([1]).quantile(0.5), RuntimeError,
         "quantile() input tensor must be either float or double dtype"),
        (lambda: tidu.tensor([1, 2]).norm(), RuntimeError,
         "linalg.vector_norm: Expected a floating point or complex tensor as input. Got Long"),
        (lambda: tidu.zeros(0).norm(float("inf")), RuntimeError,
         "linalg.vector_norm cannot compute the inf norm on an empty tensor because the operation "
         "does not have an identity"),
        (lambda: tidu.ones(2).trace(), RuntimeError,
         "trace: expected a matrix, but got tensor with dim 1"),
        (lambda: tidu.ones(2, dtype=tidu.complex64).max(), NotImplementedError,
         "\"max_all\" not implemented for 'ComplexFloat'"),
    ],
)  # fmt: skip
def test_errors(call, kind, text):
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == text


def test_warns_of_too_few_elements():
    with pytest.warns(UserWarning, match="degrees of freedom is <= 0"):
        assert np.isnan(tidu.ones(1).var().item())


@pytest.mark.parametrize("dim", [0, 1, (0, 1), (0, 2), None])
@pytest.mark.parametrize("order", ["C", "F"])
def test_float32_sums_round_well(dim, order):
    rng = np.random.default_rng(0)
    x = np.asarray(rng.random((3000, 40, 7), dtype=np.float32), order=order)
    have = tidu.from_numpy(x).sum(dim).numpy()
    want = x.astype(np.float64).sum(dim)
    np.testing.assert_allclose(have, want, rtol=5e-7)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 7, 8, 9, 17, 33, 300])
@pytest.mark.parametrize("dtype", [tidu.float32, tidu.float64])
def test_sums_of_negative_zeros_are_zero(n, dtype):
    zeros = -tidu.zeros(n, dtype=dtype)
    assert math.copysign(1, zeros.sum().item()) == 1  # a perfect loss is 0.0, not -0.0
    assert math.copysign(1, zeros.mean().item()) == 1


def test_sums_of_any_layout_are_exact_for_whole_numbers():
    rng = np.random.default_rng(1)
    for _ in range(60):
        shape = tuple(rng.choice([1, 2, 3, 17, 140, 300], rng.integers(1, 4)))
        order = rng.permutation(len(shape))
        x = rng.integers(-3, 4, shape).astype(np.float32).transpose(order)[::-1]
        dims = tuple(int(d) for d in rng.choice(x.ndim, rng.integers(1, x.ndim + 1), replace=False))
        keepdim = bool(rng.integers(2))
        have = tidu.from_numpy(x.copy(order="K")).sum(dims, keepdim).numpy()
        np.testing.assert_array_equal(have, x.sum(dims, keepdims=keepdim))


def test_float16_is_added_up_in_float32():
    assert tidu.ones(10000, dtype=tidu.float16).sum().item() == 10000
    assert tidu.ones(5000, dtype=tidu.float16).cumsum(0)[-1].item() == 5000


def test_float32_running_sums_round_well():
    x = np.random.default_rng(0).random(100_000, dtype=np.float32)
    have = tidu.from_numpy(x).cumsum(0)[-1].item()
    assert abs(have / x.astype(np.float64).sum() - 1) < 1e-7


def test_nan():
    x = tidu.tensor([1.0, float("nan"), 3.0])
    for name in ("max", "min", "amax", "median", "sum", "norm"):
        assert getattr(x, name)().isnan().item(), name
    assert x.argmax().item() == 1
    assert x.max(0).indices.item() == 1
    assert x.nansum().item() == 4
    assert x.nanmedian().item() == 1
    assert x.cummax(0).indices.tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (lambda x: x.max(), [0.5, 0, 0.5]), (lambda x: x.amax(), [0.5, 0, 0.5]),
        (lambda x: x.max(0).values, [1, 0, 0]), (lambda x: x.norm(float("inf")), [0.5, 0, 0.5]),
        (lambda x: x.aminmax().max, [0.5, 0, 0.5]), (lambda x: x.min(), [0, 1, 0]),
        (lambda x: x.median(), [0.5, 0, 0.5]),
    ],
)  # fmt: skip
def test_ties_share_the_gradient(call, wanted):
    x = tidu.tensor([2.0, 1.0, 2.0], requires_grad=True)
    call(x).backward()
    assert x.grad.tolist() == wanted


def test_gradient_of_norms_at_zero():
    x = tidu.zeros(3, requires_grad=True)
    x.norm().backward()
    assert x.grad.tolist() == [0, 0, 0]


def test_max_with_two_tensors():
    x, y = tidu.tensor([1, 5]), tidu.tensor([3, 2])
    assert tidu.max(x, y).tolist() == [3, 5]
    assert x.min(y).tolist() == [1, 2]


def test_named_results():
    result = tidu.tensor(X).max(1)
    assert repr(result) == (
        "tidu.return_types.max(\nvalues=tensor([2., 4.]),\nindices=tensor([1, 1]))"
    )
    values, indices = result
    assert values is result.values
    assert indices is result[1]
    assert isinstance(result, tidu.return_types.max)


def test_out():
    values, indices = tidu.empty(2), tidu.empty(2, dtype=tidu.int64)
    tidu.max(tidu.tensor(X), 0, out=(values, indices))
    assert values.tolist() == [3, 4]
    assert indices.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("call", "node"),
    [
        (lambda x: x.sum(), "SumBackward0"), (lambda x: x.sum(0), "SumBackward1"),
        (lambda x: x.mean(), "MeanBackward0"), (lambda x: x.mean(0), "MeanBackward1"),
        (lambda x: x.prod(), "ProdBackward0"), (lambda x: x.prod(0), "ProdBackward1"),
        (lambda x: x.var(), "VarBackward0"), (lambda x: x.std(0), "StdBackward0"),
        (lambda x: x.max(), "MaxBackward1"), (lambda x: x.max(0).values, "MaxBackward0"),
        (lambda x: x.amax(0), "AmaxBackward0"), (lambda x: x.median(), "MedianBackward0"),
        (lambda x: x.softmax(0), "SoftmaxBackward0"),
        (lambda x: x.log_softmax(0), "LogSoftmaxBackward0"),
        (lambda x: x.norm(), "LinalgVectorNormBackward0"),
        (lambda x: x.cumsum(0), "CumsumBackward0"), (lambda x: x.trace(), "TraceBackward0"),
    ],
)  # fmt: skip
def test_nodes(call, node):
    assert call(tidu.tensor(X, requires_grad=True)).grad_fn.name() == node


def test_argmax_is_not_differentiable():
    assert not tidu.tensor(X, requires_grad=True).argmax().requires_grad


def test_modes():
    values, indices = tidu.tensor([[2, 2, 1, 1], [3, 3, 3, 0]]).mode()
    assert values.tolist() == [1, 3]
    assert indices.tolist() == [3, 2]


@pytest.mark.parametrize("name", ["sum", "mean", "max", "var", "amax", "norm", "argmax", "median"])
def test_names_of_numpy(name):
    function = getattr(tidu, name)
    x = tidu.tensor(X)
    have, want = function(x, axis=1, keepdims=True), function(x, dim=1, keepdim=True)
    if isinstance(have, tuple):
        have, want = have[0], want[0]
    assert have.tolist() == want.tolist()
