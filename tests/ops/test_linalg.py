"""Linear algebra: errors, batches, shapes, tolerances, named results."""

from __future__ import annotations

import numpy as np
import pytest

import tidu

zeros, eye, ones = tidu.zeros, tidu.eye, tidu.ones
SINGULAR = "the inversion could not be completed because the input matrix is singular."


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: tidu.linalg.inv(zeros(2, 2)),
         f"linalg.inv: The diagonal element 1 is zero, {SINGULAR}"),
        (lambda: tidu.linalg.inv(tidu.stack([eye(2), ones(2, 2)])),
         f"linalg.inv: (Batch element 1): The diagonal element 2 is zero, {SINGULAR}"),
        (lambda: tidu.linalg.solve(zeros(2, 2), ones(2)),
         "torch.linalg.solve: The solver failed because the input matrix is singular."),
        (lambda: tidu.linalg.cholesky(-eye(2)),
         "linalg.cholesky: The factorization could not be completed because the input is not "
         "positive-definite (the leading minor of order 1 is not positive-definite)."),
        (lambda: tidu.linalg.svd(tidu.full((2, 2), float("nan"))),
         "linalg.svd: The algorithm failed to converge because the input matrix contained "
         "non-finite values."),
    ],
)  # fmt: skip
def test_linalg_errors(call, text):
    with pytest.raises(tidu.linalg.LinAlgError) as caught:
        call()
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: tidu.linalg.inv(ones(2, 3)),
         "linalg.inv: A must be batches of square matrices, but they are 2 by 3 matrices"),
        (lambda: tidu.linalg.inv(ones(2)),
         "linalg.inv: The input tensor A must have at least 2 dimensions."),
        (lambda: tidu.det(ones(2, 2).long()),
         "linalg.det: Expected a floating point or complex tensor as input. Got Long"),
        (lambda: tidu.linalg.solve(ones(2, 2), ones(3)),
         "linalg.solve: Incompatible shapes of A and B for the equation AX = B (2x2 and 3x1)"),
        (lambda: tidu.linalg.qr(ones(2, 2), mode="x"),
         "qr received unrecognized mode 'x' but expected one of 'reduced' (default), 'r', or "
         "'complete'"),
        (lambda: tidu.linalg.matrix_norm(ones(2, 2), 3),
         "linalg.matrix_norm: Order 3 not supported."),
        (lambda: tidu.linalg.norm(ones(2, 2, 2), 2),
         "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got 3D."),
        (lambda: tidu.linalg.multi_dot([ones(2, 2)]),
         "multi_dot(): expected at least 2 tensors but got 1"),
        (lambda: tidu.linalg.lstsq(ones(2, 2), ones(3, 2)),
         "torch.linalg.lstsq: input.size(-2) should match other.size(-2)"),
        (lambda: tidu.lu_solve(ones(3, 1), *tidu.linalg.lu_factor(eye(2))),
         "linalg.lu_solve: Incompatible shapes of A and B for the equation AX = B (2x2 and 3x1)"),
        (lambda: tidu.lu_solve(ones(2), *tidu.linalg.lu_factor(eye(2))),
         "linalg.lu_solve: The input tensor B must have at least 2 dimensions."),
        (lambda: tidu.lu_solve(ones(2, 1), eye(2), tidu.tensor([1, 2])),
         "linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32"),
        (lambda: tidu.lu_solve(ones(2, 1), eye(2), tidu.tensor([1, 2, 3]).int()),
         "linalg.lu_solve: Number of pivots per batch should be same as the dimension of the matrix"),
        (lambda: tidu.lu_solve(ones(2, 1), eye(2), tidu.tensor([1, 7]).int()),
         "Pivots given to lu_solve must all be smaller or equal to LU.size(-2). Did you properly "
         "pass the result of lu_factor?"),
        (lambda: tidu.lu_solve(ones(2, 1), eye(2), tidu.tensor([0, 1]).int()),
         "Pivots given to lu_solve must all be greater or equal to 1. Did you properly pass the "
         "result of lu_factor?"),
        (lambda: tidu.lu_solve(ones(2, 1), ones(4, 2, 2), tidu.tensor([1, 2]).int()),
         "linalg.lu_solve: Expected LU.shape[:-1] and pivots.shape to be the same, but got pivots "
         "with shape [2] instead"),
        (lambda: tidu.linalg.lu_solve(*tidu.linalg.lu_factor(eye(2)), ones(2, 3), left=False),
         "linalg.lu_solve: Incompatible shapes of A and B for the equation XA = B (2x2 and 2x3)"),
        (lambda: tidu.cholesky_inverse(ones(2, 3)),
         "cholesky_inverse: A must be batches of square matrices, but they are 2 by 3 matrices"),
        (lambda: tidu.cholesky_inverse(ones(2)),
         "cholesky_inverse: The input tensor A must have at least 2 dimensions."),
        (lambda: tidu.cholesky_inverse(eye(2).long()),
         "\"cholesky_inverse_out_cpu\" not implemented for 'Long'"),
        (lambda: tidu.cholesky_inverse(zeros(2, 2)),
         f"cholesky_inverse: The diagonal element 1 is zero, {SINGULAR}"),
        (lambda: tidu.cholesky_solve(ones(2, 1), ones(2, 3)),
         "A must be batches of square matrices, but they are 2 by 3 matrices"),
        (lambda: tidu.cholesky_solve(ones(3, 1), eye(2)),
         "Incompatible matrix sizes for cholesky_solve: each A matrix is 2 by 2 but each b matrix is "
         "3 by 1"),
        (lambda: tidu.cholesky_solve(ones(2, 1).double(), eye(2)),
         "Expected b and A to have the same dtype, but found b of type Double and A of type Float "
         "instead."),
        (lambda: tidu.triangular_solve(ones(2), eye(2)),
         "torch.triangular_solve: Expected b to have at least 2 dimensions, but it has 1 dimensions "
         "instead"),
        (lambda: tidu.triangular_solve(ones(2, 1), ones(2, 3)),
         "A must be batches of square matrices, but they are 2 by 3 matrices"),
        (lambda: tidu.matrix_power(ones(2, 2).long(), -1),
         "linalg.inv: Expected a floating point or complex tensor as input. Got Long"),
    ],
)  # fmt: skip
def test_argument_errors(call, text):
    with pytest.raises(RuntimeError) as caught:
        call()
    assert str(caught.value) == text


def test_info_instead_of_errors():
    singular = tidu.stack([eye(2), zeros(2, 2)])
    assert tidu.linalg.inv_ex(singular).info.tolist() == [0, 1]
    assert tidu.linalg.cholesky_ex(-eye(3)).info.item() == 1


@pytest.mark.parametrize(
    ("function", "error", "text"),
    [
        (lambda x: tidu.linalg.inv_ex(x, check_errors=True), tidu.linalg.LinAlgError,
         "linalg.inv_ex: (Batch element 1): The diagonal element 1 is zero, the inversion could not "
         "be completed because the input matrix is singular."),
        (lambda x: tidu.linalg.solve_ex(x, x, check_errors=True), tidu.linalg.LinAlgError,
         "torch.linalg.solve_ex: (Batch element 1): The solver failed because the input matrix is "
         "singular."),
        (lambda x: tidu.linalg.cholesky_ex(x, check_errors=True), tidu.linalg.LinAlgError,
         "linalg.cholesky_ex: (Batch element 1): The factorization could not be completed because "
         "the input is not positive-definite (the leading minor of order 1 is not "
         "positive-definite)."),
        (tidu.linalg.lu_factor, RuntimeError,
         "torch.linalg.lu_factor: (Batch element 1): U[1,1] is zero and using it on lu_solve would "
         "result in a division by zero. If you still want to perform the factorization, consider "
         "calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)"),
    ],
)  # fmt: skip
def test_singular_matrices_are_refused_on_request(function, error, text):
    with pytest.raises(error) as caught:
        function(tidu.stack([eye(2), zeros(2, 2)]))
    assert type(caught.value) is error
    assert str(caught.value) == text


@pytest.mark.parametrize("dtype", [tidu.int64, tidu.int8])
def test_powers_of_integer_matrices(dtype):
    x = tidu.tensor([[1, 1], [0, 1]], dtype=dtype)
    for n in range(4):
        power = tidu.linalg.matrix_power(x, n)
        assert power.dtype is dtype
        assert power.tolist() == [[1, n], [0, 1]]
    with pytest.raises(RuntimeError, match=r"^linalg\.inv: Expected a floating point or complex"):
        x.matrix_power(-1)


def test_decompositions_multiply_back():
    x = tidu.from_numpy(np.random.default_rng(0).standard_normal((2, 4, 3)))
    Q, R = tidu.linalg.qr(x)
    np.testing.assert_allclose((Q @ R).numpy(), x.numpy(), atol=1e-12)
    U, S, Vh = tidu.linalg.svd(x, full_matrices=False)
    np.testing.assert_allclose(((U * S.unsqueeze(-2)) @ Vh).numpy(), x.numpy(), atol=1e-12)
    P, L, U = tidu.linalg.lu(x)
    np.testing.assert_allclose((P @ L @ U).numpy(), x.numpy(), atol=1e-12)
    A = x.mT @ x
    L = tidu.linalg.cholesky(A)
    np.testing.assert_allclose((L @ L.mT).numpy(), A.numpy(), atol=1e-12)
    values, vectors = tidu.linalg.eigh(A)
    back = (vectors * values.unsqueeze(-2)) @ vectors.mT
    np.testing.assert_allclose(back.numpy(), A.numpy(), atol=1e-12)
    upper = tidu.linalg.cholesky(A, upper=True)
    np.testing.assert_allclose((upper.mT @ upper).numpy(), A.numpy(), atol=1e-12)


@pytest.mark.parametrize("n", [1, 5, 40, 100])
@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("left", [True, False])
def test_solve_triangular_of_any_size(n, upper, left):
    rng = np.random.default_rng(n)
    full = rng.standard_normal((n, n)) + n * np.eye(n)
    b = rng.standard_normal((n, 3) if left else (3, n))
    have = tidu.linalg.solve_triangular(
        tidu.from_numpy(full), tidu.from_numpy(b), upper=upper, left=left
    ).numpy()
    triangle = np.triu(full) if upper else np.tril(full)
    np.testing.assert_allclose(triangle @ have if left else have @ triangle, b, atol=1e-9)


def test_gradient_of_det_at_singular_matrices():
    values = [[1.0, 2.0], [2.0, 4.0]]
    x = tidu.tensor(values, dtype=tidu.float64, requires_grad=True)
    tidu.linalg.det(x).backward()
    np.testing.assert_allclose(x.grad.numpy(), [[4, -2], [-2, 1]], atol=1e-12)
    rank_one = np.outer([1.0, 2.0, 3.0], [1.0, -1.0, 2.0])
    x = tidu.from_numpy(rank_one).requires_grad_()
    assert tidu.autograd.gradcheck(tidu.linalg.det, (x,))
    assert tidu.autograd.gradgradcheck(tidu.linalg.det, (x,))


def test_equal_singular_values_have_a_gradient():
    x = eye(3, dtype=tidu.float64).requires_grad_()
    tidu.linalg.svd(x).S.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.eye(3), atol=1e-12)
    x.grad = None
    tidu.linalg.matrix_norm(x, "nuc").backward()
    np.testing.assert_allclose(x.grad.numpy(), np.eye(3), atol=1e-12)


def test_refuses_gradients_that_do_not_exist():
    x = ones(3, 2, requires_grad=True)
    with pytest.raises(RuntimeError, match="not differentiable when mode='complete'"):
        tidu.linalg.qr(x, mode="complete").Q.sum().backward()


def test_ranks_and_tolerances():
    x = tidu.diag(tidu.tensor([1.0, 1e-3, 0.0]))
    assert tidu.linalg.matrix_rank(x).item() == 2
    assert tidu.linalg.matrix_rank(x, atol=0.01).item() == 1
    assert tidu.linalg.pinv(x, rtol=0.01)[1, 1].item() == 0


def test_named_results():
    assert repr(tidu.linalg.slogdet(eye(2))) == (
        "tidu.return_types.linalg_slogdet(\nsign=tensor(1.),\nlogabsdet=tensor(0.))"
    )
    assert tidu.linalg.lstsq(eye(2), ones(2, 1)).rank.item() == 2


def test_norms_of_nothing():
    assert tidu.linalg.norm(zeros(0, 3), 1).item() == 0
    assert tidu.linalg.matrix_norm(zeros(0, 3), "nuc").item() == 0


def test_matrix_exp_of_large_matrices():
    x = tidu.tensor([[0.0, 30.0], [-30.0, 0.0]], dtype=tidu.float64)
    want = [[np.cos(30), np.sin(30)], [-np.sin(30), np.cos(30)]]
    np.testing.assert_allclose(tidu.linalg.matrix_exp(x).numpy(), want, atol=1e-12)
