"""Matrix products: shapes, dtypes, errors, nodes."""

from __future__ import annotations

import numpy as np
import pytest

import tidu

ones = tidu.ones


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: ones(2, 3) @ ones(2, 3),
         "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)"),
        (lambda: ones(3) @ ones(2),
         "inconsistent tensor size, expected tensor [3] and src [2] to have the same number of "
         "elements, but got 3 and 2 elements respectively"),
        (lambda: ones(2, 3) @ ones(2), "size mismatch, got input (2), mat (2x3), vec (2)"),
        (lambda: tidu.tensor(1.0) @ ones(2),
         "both arguments to matmul need to be at least 1D, but they are 0D and 1D"),
        (lambda: ones(2, 2, 3) @ ones(2, 2, 3),
         "Expected size for first two dimensions of batch2 tensor to be: [2, 3] but got: [2, 2]."),
        (lambda: ones(2, 2, 3) @ ones(3, 3, 4),
         "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension "
         "0"),
        (lambda: ones(2, 2, 3) @ ones(2, 4),
         "mat1 and mat2 shapes cannot be multiplied (4x3 and 2x4)"),
        (lambda: ones(2, 2).double() @ ones(2, 2),
         "expected m1 and m2 to have the same dtype, but got: double != float"),
        (lambda: tidu.mm(ones(2), ones(2, 2)), "self must be a matrix"),
        (lambda: tidu.bmm(ones(2, 3), ones(2, 3)), "batch1 must be a 3D tensor"),
        (lambda: tidu.mv(ones(2), ones(2)), "vector + matrix @ vector expected, got 1, 1, 1"),
        (lambda: tidu.dot(ones(2, 2), ones(2)), "1D tensors expected, but got 2D and 1D tensors"),
        (lambda: tidu.outer(ones(2), ones(2, 2)), "outer: Expected 1-D argument vec2, but got 2-D"),
        (lambda: tidu.addmm(ones(5), ones(2, 3), ones(3, 2)),
         "The expanded size of the tensor (2) must match the existing size (5) at non-singleton "
         "dimension 1.  Target sizes: [2, 2].  Tensor sizes: [5]"),
        (lambda: tidu.nn.functional.linear(ones(2, 3), ones(4, 2)),
         "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x4)"),
        (lambda: tidu.einsum("ij,jk->ik", ones(2, 3), ones(2, 3)),
         "einsum(): subscript j has size 2 for operand 1 which does not broadcast with previously "
         "seen size 3"),
        (lambda: tidu.einsum("ij", ones(2, 3, 4)),
         "einsum(): the number of subscripts in the equation (2) does not match the number of "
         "dimensions (3) for operand 0 and no ellipsis was given"),
        (lambda: tidu.tensordot(ones(2, 3), ones(2, 3), 1),
         "contracted dimensions need to match, but first has size 3 in dim -1 and second has size "
         "2 in dim 0"),
    ],
)  # fmt: skip
def test_errors(call, text):
    with pytest.raises(RuntimeError) as caught:
        call()
    assert str(caught.value) == text


def test_matmul_takes_tensors_only():
    with pytest.raises(TypeError, match=r"unsupported operand type\(s\) for @: 'Tensor' and 'int'"):
        ones(2) @ 2


def test_bool_is_refused():
    with pytest.raises(NotImplementedError, match="\"addmm_impl_cpu_\" not implemented for 'Bool'"):
        (ones(2, 2) > 0) @ (ones(2, 2) > 0)


@pytest.mark.parametrize("dtype", [tidu.int8, tidu.int64, tidu.float16, tidu.complex64])
def test_dtypes(dtype):
    x = tidu.arange(6).reshape(2, 3).to(dtype)
    y = x @ x.T
    assert y.dtype is dtype
    np.testing.assert_array_equal(y.to(tidu.complex64).numpy(), [[5, 14], [14, 50]])


@pytest.mark.parametrize(
    ("shapes", "node"),
    [
        (((2, 3), (3, 2)), "MmBackward0"), (((3,), (3,)), "DotBackward0"),
        (((2, 3), (3,)), "MvBackward0"), (((3,), (3, 2)), "SqueezeBackward4"),
        (((2, 2, 3), (3, 2)), "UnsafeViewBackward0"),
    ],
)  # fmt: skip
def test_nodes(shapes, node):
    x, y = (ones(*shape, requires_grad=True) for shape in shapes)
    assert (x @ y).grad_fn.name() == node


@pytest.mark.parametrize(
    ("shapes", "node"),
    [
        (((2, 3), (4, 3), (4,)), "AddmmBackward0"), (((3,), (4, 3), (4,)), "ViewBackward0"),
        (((2, 3), (4, 3)), "MmBackward0"), (((2, 5, 3), (4, 3)), "UnsafeViewBackward0"),
    ],
)  # fmt: skip
def test_linear_nodes(shapes, node):
    inputs = [ones(*shape, requires_grad=True) for shape in shapes]
    assert tidu.nn.functional.linear(*inputs).grad_fn.name() == node


def test_empty_products():
    assert (ones(2, 0) @ ones(0, 3)).tolist() == [[0, 0, 0], [0, 0, 0]]
    assert (ones(0, 2, 3) @ ones(3, 4)).shape == (0, 2, 4)
    assert (ones(0) @ ones(0)).item() == 0


def test_beta_zero_ignores_the_input():
    nothing = tidu.full((2, 2), float("nan"))
    assert tidu.addmm(nothing, ones(2, 3), ones(3, 2), beta=0).tolist() == [[3, 3], [3, 3]]


def test_only_what_needs_a_gradient_gets_one():
    x, y = ones(2, 3), ones(3, 2, requires_grad=True)
    (x @ y).sum().backward()
    assert x.grad is None
    assert y.grad.tolist() == [[2, 2]] * 3


def test_einsum_with_lists_and_broadcast():
    x, y = tidu.arange(6.0).reshape(2, 3), tidu.arange(3.0)
    have = tidu.einsum(x, [0, 1], y, [1], [0])
    np.testing.assert_array_equal(have.numpy(), x.numpy() @ y.numpy())
    wide = tidu.einsum("ij,ij->ij", x, ones(1, 3))
    np.testing.assert_array_equal(wide.numpy(), x.numpy())
