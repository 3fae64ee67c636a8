"""Matrix decompositions: Cholesky, QR, LU, eigenvalues, singular values, and what is made of them.

The rules follow from differentiating the defining equations; see Giles, "An extended collection of
matrix derivative results" (2008), and for complex matrices Wan and Zhang, "Automatic
differentiation for complex valued SVD" (2019). None of these functions is holomorphic, so the rules
conjugate by themselves.
"""

from __future__ import annotations

import numpy as np

from .. import return_types
from ..autograd.op import Array, op
from ..autograd.public import composite, operations
from ..tensor import Tensor
from .linalg import HIDDEN
from .matrices import (
    LinAlgError,
    array_of,
    batch_words,
    check_floating,
    check_lu_solve,
    check_matrix,
    check_square,
    constant,
    diagonal,
    eliminate,
    embed,
    eye_like,
    in_ex_form,
    is_complex,
    lower,
    mH,
    upper,
)

# Cholesky


@op(name="cholesky_factor", node="LinalgCholeskyExBackward0", holomorphic=False, **HIDDEN)
def cholesky_factor(k, x: Array, upper):
    """L with L @ L.mH = x, read from the lower half of x; or L.mH, read from the upper half."""
    check_square("linalg.cholesky", x)
    if upper:
        x = x.conj().swapaxes(-2, -1)
    try:
        L = k.xp.linalg.cholesky(x)
    except np.linalg.LinAlgError:
        batch, order = _first_not_positive(x)
        raise LinAlgError(
            f"linalg.cholesky: {batch_words(batch)}The factorization could not be completed "
            f"because the input is not positive-definite (the leading minor of order {order} is "
            "not positive-definite)."
        ) from None
    return L.conj().swapaxes(-2, -1) if upper else L


def _first_not_positive(x):
    for i in np.ndindex(x.shape[:-2]):
        order = _bad_minor(x[i])
        if order:
            flat = None if x.ndim == 2 else int(np.ravel_multi_index(i, x.shape[:-2]))
            return flat, order
    return None, 0


def _bad_minor(matrix):
    """The order of the first leading minor that is not positive-definite, or 0."""
    for n in range(1, len(matrix) + 1):
        try:
            np.linalg.cholesky(matrix[:n, :n])
        except np.linalg.LinAlgError:
            return n
    return 0


@cholesky_factor.vjp_joint("x")
def _(k, g, out, upper):
    adjoint = out if upper else mH(k, out)
    phi = adjoint @ (mH(k, g) if upper else g)
    phi = phi * lower(out) + mH(k, phi * lower(out, 0.0))
    half = k.solve_triangle(adjoint, phi, True, False)
    return mH(k, k.solve_triangle(adjoint, mH(k, half), True, False)) / 2


@composite(name="linalg_cholesky", **HIDDEN)
def linalg_cholesky(A, *, upper=False):
    """The lower triangular L with L @ L.mH = A, for a positive-definite A; `upper`: L.mH.

    >>> import tidu
    >>> tidu.linalg.cholesky(tidu.tensor([[4.0, 0.0], [0.0, 9.0]]))
    tensor([[2., 0.],
            [0., 3.]])
    """
    return cholesky_factor.op.apply(A, bool(upper))


@composite(name="linalg_cholesky_ex", **HIDDEN)
def cholesky_ex(A, *, upper=False, check_errors=False):
    """The Cholesky factor, and `info`: the order of the first minor that is not positive, or 0.

    >>> import tidu
    >>> tidu.linalg.cholesky_ex(-tidu.eye(2)).info
    tensor(1, dtype=tidu.int32)
    """
    infos = np.zeros(A.shape[:-2], np.int32)
    try:
        L = linalg_cholesky(A, upper=upper)
    except LinAlgError as error:
        if check_errors:
            raise in_ex_form(error) from None
        factors = np.zeros(A.shape, A._array.dtype)
        for i in np.ndindex(infos.shape):
            infos[i] = _bad_minor(A._array[i])
            if not infos[i]:
                factors[i] = np.linalg.cholesky(A._array[i])
        L = Tensor._wrap(factors.conj().swapaxes(-2, -1) if upper else factors)
    return return_types.linalg_cholesky_ex((L, Tensor._wrap(infos)))


# QR


@op(name="qr_factors", outputs=("Q", "R"), node="LinalgQrBackward0", holomorphic=False, **HIDDEN)
def qr_factors(k, x: Array, mode):
    """Orthonormal Q and upper triangular R with Q @ R = x."""
    if mode == "r":
        return np.empty((0,), x.dtype), k.xp.linalg.qr(x, "r")
    return tuple(k.xp.linalg.qr(x, mode))


@qr_factors.vjp_joint("x")
def _(k, g, x_shape, Q, R, mode):
    g_Q, g_R = g
    n, m = x_shape[-2:]
    if mode == "r":
        raise RuntimeError(
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please "
            "use linalg.qr(A, mode='reduced') if you are going to require gradients."
        )
    if mode == "complete" and n > m:
        raise RuntimeError(
            "The QR decomposition is not differentiable when mode='complete' and nrows > ncols"
        )
    inner = g_R @ mH(k, R) - mH(k, Q) @ g_Q
    triangle = inner * upper(inner)
    full = triangle + mH(k, triangle)
    # The diagonal was added twice; what remains of it is real.
    full = full - (embed(k, diagonal(k, full)) / 2)
    return mH(k, k.solve_triangle(R, mH(k, g_Q + Q @ full), True, False))


@composite(name="linalg_qr", **HIDDEN)
def linalg_qr(A, mode="reduced"):
    """Q with orthonormal columns and upper triangular R with Q @ R = A.

    `mode`: "reduced" (Q has as many columns as R rows), "complete" (Q is square) or "r" (R only).

    >>> import tidu
    >>> Q, R = tidu.linalg.qr(tidu.tensor([[3.0], [4.0]]))
    >>> R.abs()
    tensor([[5.]])
    """
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', "
            "or 'complete'"
        )
    check_matrix("linalg.qr", A._array)
    n, m = A.shape[-2:]
    if n < m and A.requires_grad and mode != "r":
        # A = [X, Y] with X square: X = Q U, and R = [U, Q.mH Y].
        Q, U = qr_factors.op.apply(A[..., :n], "reduced")
        return return_types.linalg_qr((Q, operations.cat([U, Q.mH @ A[..., n:]], -1)))
    return return_types.linalg_qr(qr_factors.op.apply(A, mode))


# LU


@op(name="lu_parts", outputs=("LU", "pivots"), differentiable=1, node="LinalgLuFactorExBackward0",
    holomorphic=True, **HIDDEN)  # fmt: skip
def lu_parts(k, x: Array):
    """L and U in one array, and the row exchanges (counted from 1)."""
    out = np.empty_like(x, order="C")
    batch = x.shape[:-2]
    pivots = np.empty((*batch, min(x.shape[-2:])), np.int32)
    for i in np.ndindex(batch):
        out[i], pivots[i], _ = eliminate(x[i])
    return out, pivots


def _permutation(pivots, n):
    """The order of rows that the exchanges in `pivots` lead to."""
    order = np.broadcast_to(np.arange(n), (*pivots.shape[:-1], n)).copy()
    for i in np.ndindex(pivots.shape[:-1]):
        for j, p in enumerate(pivots[i] - 1):
            order[i][[j, p]] = order[i][[p, j]]
    return order


def _row_exchanges(pivots, n, dtype):
    """P with P @ L @ U = A."""
    order = _permutation(array_of(pivots), n)
    return np.swapaxes(np.eye(n, dtype=dtype)[order], -2, -1)


@lu_parts.vjp_joint("x")
def _(k, g, LU, pivots):
    n, m = LU.shape[-2:]
    s = min(n, m)
    square, P = LU[..., :s, :s], _row_exchanges(pivots, n, array_of(LU).dtype)
    L = square * lower(square, 0.0) + eye_like(square)
    U = square * upper(square)
    Lt, Ut = k.transpose(L, -2, -1), k.transpose(U, -2, -1)
    # The square part: with dP = L^-1 dA U^-1, dL = L tril(dP, -1) and dU = triu(dP) U.
    g_square = g[..., :s, :s]
    below, above = lower(square, 0.0), upper(square)
    g_L, g_U = g_square * below, g_square * above
    if n > m:  # rows below: L2 = A2 U^-1
        L2, g_L2 = LU[..., s:, :], g[..., s:, :]
        rest = k.transpose(k.solve_triangle(U, k.transpose(g_L2, -2, -1), True, False), -2, -1)
        g_U = g_U - (k.transpose(L2, -2, -1) @ rest) * above
    if m > n:  # columns to the right: U2 = L^-1 A2
        U2, g_U2 = LU[..., :, s:], g[..., :, s:]
        rest = k.solve_triangle(Lt, g_U2, True, True)
        g_L = g_L - (rest @ k.transpose(U2, -2, -1)) * below
    inner = (Lt @ g_L) * below + (g_U @ Ut) * above
    inner = k.solve_triangle(Lt, inner, True, True)
    g_A = k.transpose(k.solve_triangle(U, k.transpose(inner, -2, -1), True, False), -2, -1)
    if n > m:
        g_A = k.cat([g_A, rest], -2)
    if m > n:
        g_A = k.cat([g_A, rest], -1)
    return constant(g_A, P) @ g_A


def _check_lu(name, A, pivot):
    if A.ndim < 2:
        raise RuntimeError(
            f"{name}: Expected tensor with 2 or more dimensions. Got size: {list(A.shape)} instead"
        )
    if A._array.dtype.char not in "fdFD":
        raise NotImplementedError(f"\"lu_cpu\" not implemented for '{A.dtype.title}'")
    if not pivot:
        raise RuntimeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU")


def _factored(name, A, pivot, check_errors):
    """(LU, pivots, info); `info` has for each matrix the first pivot that is 0, from 1, or 0."""
    _check_lu("torch.lu_factor", A, pivot)
    LU, pivots = lu_parts.op.apply(A)
    zero = np.diagonal(LU._array, 0, -2, -1) == 0
    info = np.zeros(A.shape[:-2], np.int32)
    if zero.shape[-1]:
        info[...] = np.where(zero.any(-1), zero.argmax(-1) + 1, 0)
    if check_errors and info.any():
        first = int(np.flatnonzero(info)[0])
        place = info.flat[first]
        batch = batch_words(first if info.ndim else None)
        raise RuntimeError(
            f"{name}: {batch}U[{place},{place}] is zero and using it on lu_solve would result "
            "in a division by zero. If you still want to perform the factorization, consider "
            "calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)"
        )
    return LU, pivots, Tensor._wrap(info)


@composite(name="linalg_lu_factor", **HIDDEN)
def lu_factor(A, *, pivot=True):
    """L and U of the LU decomposition in one matrix, and the row exchanges (counted from 1).

    >>> import tidu
    >>> tidu.linalg.lu_factor(tidu.tensor([[2.0, 4.0], [1.0, 3.0]])).LU
    tensor([[2.0000, 4.0000],
            [0.5000, 1.0000]])
    """
    LU, pivots, _ = _factored("torch.linalg.lu_factor", A, pivot, True)
    return return_types.linalg_lu_factor((LU, pivots))


@composite(name="linalg_lu_factor_ex", **HIDDEN)
def lu_factor_ex(A, *, pivot=True, check_errors=False):
    """The same, and `info`: the place of the first pivot that is 0 (counted from 1), or 0.

    >>> import tidu
    >>> tidu.linalg.lu_factor_ex(tidu.zeros(2, 2)).info
    tensor(1, dtype=tidu.int32)
    """
    return return_types.linalg_lu_factor_ex(
        _factored("torch.linalg.lu_factor_ex", A, pivot, check_errors)
    )


@composite(name="linalg_lu", **HIDDEN)
def linalg_lu(A, *, pivot=True):
    """The permutation P, the unit lower triangular L and the upper triangular U with P L U = A.

    >>> import tidu
    >>> tidu.linalg.lu(tidu.tensor([[1.0, 3.0], [2.0, 4.0]])).U
    tensor([[2., 4.],
            [0., 1.]])
    """
    _check_lu("linalg.lu", A, pivot)
    LU, pivots = lu_parts.op.apply(A)
    n, m = A.shape[-2:]
    s = min(n, m)
    P = Tensor._wrap(_row_exchanges(pivots._array, n, A._array.dtype))
    L, U = LU[..., :, :s], LU[..., :s, :]
    one = np.zeros((n, s), A._array.real.dtype)
    one[np.arange(s), np.arange(s)] = 1
    return return_types.linalg_lu(
        (P, L * lower(L, 0.0) + Tensor._wrap(one), U * upper(U))
    )  # fmt: skip


@composite(name="linalg_lu_solve", **HIDDEN)
def linalg_lu_solve(LU, pivots, B, *, left=True, adjoint=False):
    """The solution of A X = B (or X A = B, or with A.mH), given the result of `lu_factor`.

    >>> import tidu
    >>> A = tidu.tensor([[2.0, 0.0], [0.0, 4.0]])
    >>> tidu.linalg.lu_solve(*tidu.linalg.lu_factor(A), tidu.ones(2, 1))
    tensor([[0.5000],
            [0.2500]])
    """
    check_lu_solve(LU._array, pivots._array, B._array, left)
    if not left:
        return linalg_lu_solve(LU, pivots, B.mH, adjoint=not adjoint).mH
    solve = operations.solve_triangle
    P = Tensor._wrap(_row_exchanges(pivots._array, LU.shape[-1], LU._array.dtype))
    if adjoint:
        return P @ solve(LU.mH, solve(LU.mH, B, False, False), True, True)
    return solve(LU, solve(LU, P.mT @ B, False, True), True, False)


# Eigenvalues


def _differences(k, values):
    """values[j] - values[i], with 1 on the diagonal."""
    return k.unsqueeze(values, -2) - k.unsqueeze(values, -1) + eye_like(values)


def _divided(k, top, bottom):
    """top / bottom, but 0 where top is 0: no gradient has no use for equal values' reciprocals."""
    return k.keep(top / bottom, top != 0)


def _off_diagonal(x):
    return x * (1 - eye_like(x))


@op(name="eigh_parts", outputs=("values", "vectors"), node="LinalgEighBackward0", holomorphic=False,
    **HIDDEN)  # fmt: skip
def eigh_parts(k, x: Array, UPLO):
    """Eigenvalues in ascending order and eigenvectors of a Hermitian matrix."""
    try:
        return tuple(k.xp.linalg.eigh(x, UPLO))
    except np.linalg.LinAlgError:
        raise LinAlgError(
            "linalg.eigh: The algorithm failed to converge because the input matrix is "
            "ill-conditioned or has too many repeated eigenvalues."
        ) from None


@eigh_parts.vjp_joint("x")
def _(k, g, values, vectors):
    g_values, g_vectors = g
    adjoint = mH(k, vectors)
    turn = _off_diagonal(adjoint @ g_vectors)
    inner = _divided(k, turn, _differences(k, values))
    # PyTorch takes the input for Hermitian though only one triangle is read.
    inner = (inner + mH(k, inner)) / 2 + embed(k, g_values)
    return vectors @ inner @ adjoint


@op(name="eigh_values", node="LinalgEighBackward0", holomorphic=False, **HIDDEN)
def eigh_values(k, x: Array, UPLO):
    """Eigenvalues alone: their gradient needs no distances between them."""
    return k.xp.linalg.eigvalsh(x, UPLO)


@eigh_values.vjp_joint("x")
def _(k, g, x, UPLO):
    _, vectors = k.eigh_parts(x, UPLO)
    return (vectors * k.unsqueeze(g, -2)) @ mH(k, vectors)


def _check_uplo(UPLO):
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    return UPLO.upper()


@composite(name="linalg_eigh", **HIDDEN)
def eigh(A, UPLO="L"):
    """Eigenvalues in ascending order and eigenvectors (columns) of Hermitian matrices.

    Only the lower triangle of A is read (the upper one for `UPLO="U"`). Vectors have any phase.

    >>> import tidu
    >>> tidu.linalg.eigh(tidu.tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
    tensor([1., 2.])
    """
    check_square("linalg.eigh", A._array)
    return return_types.linalg_eigh(eigh_parts.op.apply(A, _check_uplo(UPLO)))


@composite(name="linalg_eigvalsh", **HIDDEN)
def eigvalsh(A, UPLO="L"):
    """The eigenvalues of Hermitian matrices, in ascending order.

    >>> import tidu
    >>> tidu.linalg.eigvalsh(tidu.tensor([[2.0, 0.0], [0.0, 1.0]]))
    tensor([1., 2.])
    """
    check_square("linalg.eigh", A._array)
    return eigh_values.op.apply(A, _check_uplo(UPLO))


def _check_eig(name, x):
    check_square(name, x)
    if not np.isfinite(x).all():
        raise RuntimeError(f"torch.{name}: input tensor should not contain infs or NaNs.")


@op(name="eig_parts", outputs=("values", "vectors"), node="LinalgEigBackward0", holomorphic=False,
    **HIDDEN)  # fmt: skip
def eig_parts(k, x: Array):
    """Eigenvalues and eigenvectors of length 1, always complex."""
    _check_eig("linalg.eig", x)
    values, vectors = k.xp.linalg.eig(x)
    dtype = np.result_type(x.dtype, np.complex64)
    return values.astype(dtype, copy=False), vectors.astype(dtype, copy=False)


@eig_parts.vjp_joint("x")
def _(k, g, values, vectors):
    g_values, g_vectors = g
    adjoint = mH(k, vectors)
    turn = adjoint @ g_vectors
    along = diagonal(k, turn)
    along = (along + k.conj(along)) / 2
    turn = turn - (adjoint @ vectors) * k.unsqueeze(along, -2)
    inner = _divided(k, _off_diagonal(turn), k.conj(_differences(k, values)))
    return k.solve_system(adjoint, (inner + embed(k, g_values)) @ adjoint)


@op(name="eig_values", node="LinalgEigBackward0", holomorphic=False, **HIDDEN)
def eig_values(k, x: Array):
    """Eigenvalues alone: their gradient needs no distances between them."""
    _check_eig("linalg.eigvals", x)
    values = k.xp.linalg.eigvals(x)
    return values.astype(np.result_type(x.dtype, np.complex64), copy=False)


@eig_values.vjp_joint("x")
def _(k, g, x):
    _, vectors = k.eig_parts(x)
    adjoint = mH(k, vectors)
    return k.solve_system(adjoint, k.unsqueeze(g, -1) * adjoint)


@composite(name="linalg_eig", **HIDDEN)
def eig(A):
    """Eigenvalues and eigenvectors (columns of length 1) of square matrices, always complex.

    >>> import tidu
    >>> tidu.linalg.eig(tidu.tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
    tensor([2.+0.j, 1.+0.j])
    """
    return return_types.linalg_eig(eig_parts.op.apply(A))


@composite(name="linalg_eigvals", **HIDDEN)
def eigvals(A):
    """The eigenvalues of square matrices, always complex.

    >>> import tidu
    >>> tidu.linalg.eigvals(tidu.tensor([[2.0, 0.0], [0.0, 1.0]]))
    tensor([2.+0.j, 1.+0.j])
    """
    return eig_values.op.apply(A)


# Singular values


def _singular(k, x, **options):
    check_matrix("linalg.svd", x)
    try:
        return k.xp.linalg.svd(x, **options)
    except np.linalg.LinAlgError:
        if not np.isfinite(x).all():
            raise LinAlgError(
                "linalg.svd: The algorithm failed to converge because the input matrix contained "
                "non-finite values."
            ) from None
        raise LinAlgError(
            "linalg.svd: The algorithm failed to converge because the input matrix is "
            "ill-conditioned or has too many repeated singular values."
        ) from None


@op(name="svd_parts", outputs=("U", "S", "Vh"), node="LinalgSvdBackward0", holomorphic=False,
    **HIDDEN)  # fmt: skip
def svd_parts(k, x: Array, full_matrices):
    """U, S and Vh with U @ diag(S) @ Vh = x."""
    return tuple(_singular(k, x, full_matrices=full_matrices))


@svd_parts.vjp_joint("x")
def _(k, g, x_shape, U, S, Vh):
    g_U, g_S, g_Vh = g
    n, m = x_shape[-2:]
    s = min(n, m)
    U, g_U, Vh, g_Vh = U[..., :s], g_U[..., :s], Vh[..., :s, :], g_Vh[..., :s, :]
    Uh, V = mH(k, U), mH(k, Vh)
    turn_U = Uh @ g_U
    turn_U = turn_U - mH(k, turn_U)
    turn_V = Vh @ mH(k, g_Vh)
    turn_V = turn_V - mH(k, turn_V)
    apart = _differences(k, S * S)
    row = k.unsqueeze(S, -2)
    inner = _divided(k, _off_diagonal(turn_U), apart) * row
    inner = inner + k.unsqueeze(S, -1) * _divided(k, _off_diagonal(turn_V), apart)
    inner = inner + embed(k, g_S)
    if is_complex(U):
        inner = inner + embed(k, diagonal(k, turn_U) / (S * 2))
    result = U @ inner @ Vh
    if n > m:
        outside = g_U / row
        result = result + (outside - U @ (Uh @ outside)) @ Vh
    if m > n:
        outside = g_Vh / k.unsqueeze(S, -1)
        result = result + U @ (outside - (outside @ V) @ Vh)
    return result


@op(name="linalg_svdvals", node="LinalgSvdBackward0", holomorphic=False, **HIDDEN)
def svdvals(k, x: Array):
    """The singular values of matrices, in descending order.

    >>> import tidu
    >>> tidu.linalg.svdvals(tidu.tensor([[0.0, 2.0], [1.0, 0.0]]))
    tensor([2., 1.])
    """
    return _singular(k, x, compute_uv=False)


@svdvals.vjp_joint("x")
def _(k, g, x):
    U, _, Vh = k.svd_parts(x, False)
    return (U * k.unsqueeze(g, -2)) @ Vh


@composite(name="linalg_svd", **HIDDEN)
def linalg_svd(A, full_matrices=True, *, driver=None):
    """U, S and Vh with U @ diag(S) @ Vh = A, S descending; U and V have orthonormal columns.

    `full_matrices`: U and Vh are square. The singular vectors have any common phase.

    >>> import tidu
    >>> tidu.linalg.svd(tidu.tensor([[0.0, 2.0], [1.0, 0.0]])).S
    tensor([2., 1.])
    """
    if driver is not None:
        raise RuntimeError(
            "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with "
            "cuSOLVER backend."
        )
    return return_types.linalg_svd(svd_parts.op.apply(A, bool(full_matrices)))


def _threshold(values, atol, rtol, shape, tol=None):
    """The size below which singular values count as 0, as an array."""
    largest = values.max(-1, keepdims=True, initial=0.0) if values.shape[-1] else np.zeros((1,))
    if tol is not None:
        return np.asarray(array_of(tol))[..., None] if isinstance(tol, Tensor) else tol
    if rtol is None:
        rtol = 0.0 if atol is not None and np.all(np.asarray(array_of(atol)) > 0) else (
            max(shape[-2:]) * np.finfo(values.dtype).eps
        )  # fmt: skip
    atol = 0.0 if atol is None else array_of(atol)
    atol, rtol = (
        np.asarray(t)[..., None] if isinstance(t, np.ndarray) else t for t in (atol, array_of(rtol))
    )
    return np.maximum(atol, rtol * largest)


@op(name="pseudo_inverse", node="LinalgPinvBackward0", holomorphic=False, **HIDDEN)
def pseudo_inverse(k, x: Array, atol, rtol, hermitian):
    """The pseudo-inverse; singular values below the tolerance count as 0."""
    if not x.size:
        return np.zeros((*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype)
    if hermitian:
        values, vectors = k.xp.linalg.eigh(x)
        size = np.abs(values)
        kept = size > _threshold(size, atol, rtol, x.shape)
        values = np.where(kept, 1 / np.where(kept, values, 1), 0)
        return (vectors * values[..., None, :]) @ vectors.conj().swapaxes(-2, -1)
    U, S, Vh = k.xp.linalg.svd(x, full_matrices=False)
    kept = _threshold(S, atol, rtol, x.shape) < S
    S = np.where(kept, 1 / np.where(kept, S, 1), 0).astype(S.dtype)
    return (Vh.conj().swapaxes(-2, -1) * S[..., None, :]) @ U.conj().swapaxes(-2, -1)


def _pinv_rule(k, g, x, out):
    """For matrices of locally constant rank (Golub and Pereyra, 1973)."""
    gh, ph = mH(k, g), mH(k, out)
    if x.shape[-2] <= x.shape[-1]:
        inner = gh @ out
        right = inner @ ph
        return (
            right - mH(k, out @ inner) - (x @ out) @ right
            + (ph @ out) @ (gh - inner @ x)
        )  # fmt: skip
    inner = out @ gh
    left = ph @ inner
    return left - mH(k, inner @ out) + (gh - x @ inner) @ out @ ph - left @ out @ x


pseudo_inverse.vjp(x=lambda k, g, x, out: _pinv_rule(k, g, x, out))


@composite(name="linalg_pinv", **HIDDEN)
def linalg_pinv(A, rcond=None, hermitian=False, *, atol=None, rtol=None):
    """The pseudo-inverse; singular values of at most max(atol, rtol * the largest) count as 0.

    >>> import tidu
    >>> tidu.linalg.pinv(tidu.tensor([[2.0, 0.0]]))
    tensor([[0.5000],
            [0.0000]])
    """
    x = A._array
    if x.ndim < 2 or x.dtype.kind not in "fc":
        sizes = ", ".join(map(str, x.shape))
        raise RuntimeError(
            f"linalg.pinv({A.dtype.title}{{[{sizes}]}}): expected a tensor with 2 or more "
            "dimensions of float, double, cfloat or cdouble types"
        )
    if hermitian:
        check_square("linalg.pinv", x)
    rtol = rcond if rtol is None else rtol
    return pseudo_inverse.op.apply(A, _plain(atol), _plain(rtol), bool(hermitian))


def _plain(tolerance):
    return tolerance._array if isinstance(tolerance, Tensor) else tolerance


@composite(name="linalg_matrix_rank", **HIDDEN)
def matrix_rank(A, tol=None, hermitian=False, *, atol=None, rtol=None):
    """How many singular values exceed max(atol, rtol * the largest).

    >>> import tidu
    >>> tidu.linalg.matrix_rank(tidu.ones(3, 3))
    tensor(1)
    """
    x = A._array
    check_matrix("torch.linalg.matrix_rank", x, "input")
    if not x.size:
        return Tensor._wrap(np.zeros(x.shape[:-2], np.int64))
    if hermitian:
        check_square("linalg.matrix_rank", x)
        values = np.abs(np.linalg.eigvalsh(x))
    else:
        values = np.linalg.svd(x, compute_uv=False)
    limit = _threshold(values, _plain(atol), _plain(rtol), x.shape, tol)
    return Tensor._wrap(np.asarray((values > limit).sum(-1)))


# Least squares


@op(name="least_squares", node="LinalgLstsqBackward0", holomorphic=False, **HIDDEN)
def least_squares(k, x: Array, y: Array, rcond):
    """The X of least length that makes x @ X closest to y."""
    return k.pseudo_inverse(x, 0.0, rcond, False) @ y


@least_squares.vjp_joint("x", "y")
def _(k, g, x, y, rcond):
    inverse = k.pseudo_inverse(x, 0.0, rcond, False)
    return _pinv_rule(k, g @ mH(k, y), x, inverse), mH(k, inverse) @ g


@composite(name="linalg_lstsq", **HIDDEN)
def lstsq(A, B, rcond=None, *, driver=None):
    """The X that makes A @ X closest to B, with residuals, rank and singular values.

    `driver`: "gelsy" (the default), "gelsd", "gelss" or "gels" (full rank). The residuals are there
    for more rows than columns at full rank; the rank unless "gels"; the singular values for "gelsd"
    and "gelss".

    >>> import tidu
    >>> tidu.linalg.lstsq(tidu.eye(2) * 2, tidu.ones(2, 1)).solution
    tensor([[0.5000],
            [0.5000]])
    """
    driver = driver or "gelsy"
    if driver not in ("gels", "gelsy", "gelsd", "gelss"):
        raise RuntimeError(
            "torch.linalg.lstsq: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)"
        )
    a, b = A._array, B._array
    if a.ndim < 2:
        raise RuntimeError("torch.linalg.lstsq: input must have at least 2 dimensions.")
    if b.ndim < 1:
        raise RuntimeError("torch.linalg.lstsq: other must have at least 1 dimension.")
    if a.dtype != b.dtype:
        raise RuntimeError("torch.linalg.lstsq: input and other must have the same dtype")
    vector = b.ndim == a.ndim - 1 and b.shape == a.shape[:-1]
    if vector:
        B = B.unsqueeze(-1)
    elif a.shape[-2] != b.shape[-2]:
        raise RuntimeError("torch.linalg.lstsq: input.size(-2) should match other.size(-2)")
    check_floating("torch.linalg.lstsq", a)
    n, m = a.shape[-2:]
    if rcond is None:
        rcond = float(np.finfo(a.dtype).eps) * max(n, m)
    solution = least_squares.op.apply(A, B, rcond)
    values = (
        np.linalg.svd(a, compute_uv=False) if a.size else np.zeros((*a.shape[:-2], 0), a.real.dtype)
    )
    rank = (values > rcond * values.max(-1, keepdims=True, initial=0)).sum(-1)
    nothing = Tensor._wrap(np.zeros(0, a.real.dtype))
    residuals = nothing
    if n > m and (driver == "gels" or (rank == m).all()):
        apart = A @ solution - B
        residuals = (apart.abs() ** 2).sum(-2)
        if vector:
            residuals = residuals.squeeze(-1)
    return return_types.linalg_lstsq((
        solution.squeeze(-1) if vector else solution,
        residuals,
        Tensor._wrap(np.zeros(0, np.int64) if driver == "gels" else np.asarray(rank)),
        Tensor._wrap(values) if driver in ("gelsd", "gelss") else nothing,
    ))  # fmt: skip
