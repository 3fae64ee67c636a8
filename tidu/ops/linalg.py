"""Inverses, determinants, linear systems, matrix powers and norms.

Rules are the derivatives as in "An extended collection of matrix derivative results" (Giles, 2008).
Those of holomorphic operations are written with plain transposes; the engine conjugates.
"""

from __future__ import annotations

import math

import numpy as np

from .. import dtypes, return_types
from ..autograd.op import Array, op
from ..autograd.public import composite, operations
from ..tensor import Tensor
from . import matrices
from .matrices import (
    LinAlgError,
    array_of,
    batch_words,
    check_floating,
    check_kernel,
    check_older_system,
    check_right_side,
    check_sides,
    check_square,
    conj,
    first_singular,
    in_ex_form,
    is_complex,
    mH,
    mT,
)
from .reduction import dims_of

HIDDEN = {"public": False, "method": False}


def singular(name, batch, place):
    return LinAlgError(
        f"{name}: {batch_words(batch)}The diagonal element {place} is zero, the inversion could not "
        "be completed because the input matrix is singular."
    )


# Inverse


@op(name="linalg_inv", node="LinalgInvExBackward0", **HIDDEN)
def inv(k, x: Array):
    """The inverse of a square matrix, or of each in a batch.

    >>> import tidu
    >>> tidu.linalg.inv(tidu.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    check_square("linalg.inv", x)
    try:
        return k.xp.linalg.inv(x)
    except np.linalg.LinAlgError:
        raise singular("linalg.inv", *first_singular(x)) from None


inv.vjp(x=lambda k, g, out: -(mT(k, out) @ g @ mT(k, out)))


@composite(method=True)
def inverse(input):
    """The inverse of a square matrix: `linalg.inv`.

    >>> import tidu
    >>> tidu.inverse(tidu.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    return inv.op.apply(input)


def _info(x):
    return Tensor._wrap(np.zeros(x.shape[:-2], np.int32))


@composite(name="linalg_inv_ex", **HIDDEN)
def inv_ex(A, *, check_errors=False):
    """The inverse, and instead of an error a number that is not 0 for each singular matrix.

    >>> import tidu
    >>> tidu.linalg.inv_ex(tidu.eye(2)).info
    tensor(0, dtype=tidu.int32)
    """
    try:
        return return_types.linalg_inv_ex((inv.op.apply(A), _info(A)))
    except LinAlgError as error:
        if check_errors:
            raise in_ex_form(error) from None
    infos = np.zeros(A.shape[:-2], np.int32)
    result = np.full(A.shape, np.nan, A._array.dtype)
    for i in np.ndindex(infos.shape):
        infos[i] = first_singular(A._array[i])[1]
        if not infos[i]:
            result[i] = np.linalg.inv(A._array[i])
    return return_types.linalg_inv_ex((Tensor._wrap(result), Tensor._wrap(infos)))


# Determinants


@op(name="linalg_det", **HIDDEN)
def linalg_det(k, x: Array):
    """The determinant of a square matrix, or of each in a batch.

    >>> import tidu
    >>> tidu.linalg.det(tidu.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(-2.)
    """
    check_square("linalg.det", x)
    return k.xp.linalg.det(x)


@linalg_det.vjp_joint("x")
def _(k, g, x, out):
    if _some_zero(out):  # no inverse: the cofactors, which need none
        return k.unsqueeze(k.unsqueeze(g, -1), -1) * k.cofactors(x)
    return k.unsqueeze(k.unsqueeze(g * out, -1), -1) * mT(k, k.linalg_inv(x))


def _some_zero(out):
    return bool((array_of(out) == 0).any())


def _others(s, leave):
    """The products of all but one (or two) of the last dimension's elements, in a matrix."""
    n = s.shape[-1]
    keep = np.ones((n, n, n), bool)
    for i in range(n):
        keep[i, :, i] = keep[:, i, i] = False
    factors = np.where(keep, s[..., None, None, :], 1)
    pairs = factors.prod(-1)
    return pairs if leave == 2 else np.diagonal(pairs, 0, -2, -1)


@op(**HIDDEN)
def cofactors(k, x: Array):
    """det(x) times the transposed inverse, for singular matrices too.

    With x = U S V: the cofactors of a product are the product of the cofactors.
    """
    u, s, v = np.linalg.svd(x)
    unit = (np.linalg.det(u) * np.linalg.det(v))[..., None, None]
    return unit * ((u.conj() * _others(s, 1)[..., None, :]) @ v.conj())


@op(**HIDDEN)
def cofactors_slope(k, g: Array, x: Array):
    """The adjoint of the cofactors' derivative, which is known for the diagonal S of x = U S V."""
    u, s, v = np.linalg.svd(x)
    unit = (np.linalg.det(u) * np.linalg.det(v))[..., None, None]
    inner = unit * (u.conj().swapaxes(-2, -1) @ g @ v.conj().swapaxes(-2, -1))
    pairs = _others(s, 2)
    eye = np.eye(s.shape[-1], dtype=s.dtype)
    across = np.diagonal(inner, 0, -2, -1)[..., None, :] * (pairs * (1 - eye))
    result = across.sum(-1)[..., None] * eye - inner.swapaxes(-2, -1) * pairs * (1 - eye)
    return u.conj() @ result @ v.conj()


cofactors.vjp(x=lambda k, g, x: k.cofactors_slope(g, x))
cofactors_slope.vjp(
    g=lambda k, g, x: _no_third_derivative(), x=lambda k, g, x: _no_third_derivative()
)


def _no_third_derivative():
    raise NotImplementedError("tidu has no third derivative of det at a singular matrix yet")


@composite(method=True)
def det(input):
    """The determinant of a square matrix: `linalg.det`.

    >>> import tidu
    >>> tidu.det(tidu.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(-2.)
    """
    return linalg_det.op.apply(input)


@op(name="slogdet_parts", outputs=("sign", "logabsdet"), node="LinalgSlogdetBackward0",
    holomorphic=False, **HIDDEN)  # fmt: skip
def slogdet_parts(k, x: Array):
    """The sign (or phase) of the determinant and the logarithm of its absolute value."""
    check_square("linalg.slogdet", x)
    return k.xp.linalg.slogdet(x)


@slogdet_parts.vjp_joint("x")
def _(k, g, x, sign):
    g_sign, g_log = g
    if is_complex(x):
        # d log det = tr(x^-1 dx) = d log|det| + i d(phase), and d sign = i sign d(phase).
        turn = conj(k, g_sign) * sign
        g_log = g_log - (turn - conj(k, turn)) / 2
    return k.unsqueeze(k.unsqueeze(g_log, -1), -1) * mH(k, k.linalg_inv(x))


@composite(name="linalg_slogdet", **HIDDEN)
def linalg_slogdet(A):
    """The sign of the determinant and the logarithm of its absolute value.

    >>> import tidu
    >>> tidu.linalg.slogdet(tidu.eye(2)).logabsdet
    tensor(0.)
    """
    return return_types.linalg_slogdet(slogdet_parts.op.apply(A))


@composite(method=True)
def slogdet(input):
    """The sign of the determinant and the logarithm of its absolute value.

    >>> import tidu
    >>> tidu.slogdet(tidu.tensor([[0.0, 1.0], [1.0, 0.0]])).sign
    tensor(-1.)
    """
    return return_types.slogdet(slogdet_parts.op.apply(input))


@composite(method=True, out=False)
def logdet(input):
    """The logarithm of the determinant; nan if that is negative.

    >>> import tidu
    >>> tidu.logdet(tidu.eye(2))
    tensor(0.)
    """
    array = input._array
    check_square("logdet", array)
    sign, size = slogdet_parts.op.apply(input)
    if is_complex(input):
        return operations.log(sign) + size
    return operations.where(sign == -1, float("nan"), size)


# Linear systems


def _vector_case(a, b):
    """Whether `b` is one right-hand side for each matrix, as PyTorch decides it."""
    return b.ndim == 1 or (a.ndim - 1 == b.ndim and b.shape == a.shape[:-1])


def _check_system(name, a, b, left=True):
    check_floating(name, a)
    if a.dtype != b.dtype:
        raise RuntimeError(
            f"{name}: Expected A and B to have the same dtype, but found A of type "
            f"{dtypes.of(a).title} and B of type {dtypes.of(b).title} instead"
        )
    check_square(name, a)
    check_right_side(name, a, b, left)


@op(name="solve_system", node="LinalgSolveExBackward0", **HIDDEN)
def solve_system(k, x: Array, y: Array, vector=False):
    """The solution of x @ X = y, for y of shape (..., n, k), or (..., n) if `vector`."""
    try:
        if vector:
            return k.xp.linalg.solve(x, y[..., None])[..., 0]
        return k.xp.linalg.solve(x, y)
    except np.linalg.LinAlgError:
        batch, _ = first_singular(x)
        raise LinAlgError(
            f"torch.linalg.solve: {batch_words(batch)}The solver failed because the input matrix "
            "is singular."
        ) from None


@solve_system.vjp_joint("x", "y")
def _(k, g, x, out, vector):
    g_y = k.solve_system(mT(k, x), g, vector)
    if vector:
        return -(k.unsqueeze(g_y, -1) * k.unsqueeze(out, -2)), g_y
    return -(g_y @ mT(k, out)), g_y


@composite(name="linalg_solve", **HIDDEN)
def linalg_solve(A, B, *, left=True):
    """The solution X of A X = B (or X A = B if not `left`), for square A.

    B has shape (..., n, k), or (n), or that of A without its last dimension: then one vector each.

    >>> import tidu
    >>> tidu.linalg.solve(tidu.tensor([[2.0, 0.0], [0.0, 4.0]]), tidu.tensor([2.0, 2.0]))
    tensor([1.0000, 0.5000])
    """
    vector = _vector_case(A, B)
    if vector:
        if not left:
            raise RuntimeError(
                "linalg.solve: Vector broadcasting of the left hand side is not supported for "
                "left=False. In this case linalg.solve is equivalent to B / A.squeeze(-1)"
            )
        _check_system("linalg.solve", A._array, B._array[..., None])
    else:
        _check_system("linalg.solve", A._array, B._array, left)
    if not left:
        return solve_system.op.apply(A.mT, B.mT).mT
    return solve_system.op.apply(A, B, vector)


@composite(name="linalg_solve_ex", **HIDDEN)
def solve_ex(A, B, *, left=True, check_errors=False):
    """The solution of A X = B, and `info` with numbers that are not 0 where A is singular.

    >>> import tidu
    >>> tidu.linalg.solve_ex(tidu.eye(2), tidu.ones(2)).info
    tensor(0, dtype=tidu.int32)
    """
    try:
        return return_types.linalg_solve_ex((linalg_solve(A, B, left=left), _info(A)))
    except LinAlgError as error:
        if check_errors:
            raise in_ex_form(error) from None
    infos = np.zeros(A.shape[:-2], np.int32)
    for i in np.ndindex(infos.shape):
        infos[i] = first_singular(A._array[i])[1]
    result = Tensor._wrap(np.full(B.shape, np.nan, B._array.dtype))
    return return_types.linalg_solve_ex((result, Tensor._wrap(infos)))


def _triangle(x, upper, unitriangular):
    """The triangle of `x` that counts, as a full matrix, with ones on the diagonal if so."""
    mask = matrices.upper if upper else matrices.lower
    return x * mask(x, 0.0 if unitriangular else 1.0)


@op(name="solve_triangle", node="LinalgSolveTriangularBackward0", **HIDDEN)
def solve_triangle(k, x: Array, y: Array, upper, unitriangular):
    """The solution of x @ X = y for a triangular x, by substitution."""
    n = x.shape[-1]
    shape = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    out = np.empty((*shape, n, y.shape[-1]), y.dtype)
    if n > 32:  # in two halves, so that most of it is matrix products
        return _solve_halves(x, y, out, upper, unitriangular)
    for i in range(n - 1, -1, -1) if upper else range(n):
        known = slice(i + 1, n) if upper else slice(0, i)
        row = y[..., i, :] - (x[..., i : i + 1, known] @ out[..., known, :])[..., 0, :]
        out[..., i, :] = row if unitriangular else row / x[..., i, i, None]
    return out


def _solve_halves(x, y, out, upper, unit):
    from ..backend.table import cpu

    h = x.shape[-1] // 2
    first, last = (slice(h, None), slice(0, h)) if upper else (slice(0, h), slice(h, None))
    out[..., first, :] = cpu.solve_triangle(x[..., first, first], y[..., first, :], upper, unit)
    rest = y[..., last, :] - x[..., last, first] @ out[..., first, :]
    out[..., last, :] = cpu.solve_triangle(x[..., last, last], rest, upper, unit)
    return out


@solve_triangle.vjp_joint("x", "y")
def _(k, g, x, out, upper, unitriangular):
    g_y = k.solve_triangle(mT(k, x), g, not upper, unitriangular)
    return _triangle(-(g_y @ mT(k, out)), upper, unitriangular), g_y


@composite(name="linalg_solve_triangular", **HIDDEN)
def solve_triangular(input, B, *, upper, left=True, unitriangular=False):
    """The solution X of A X = B (or X A = B) for a triangular A; its other half is not read.

    >>> import tidu
    >>> A = tidu.tensor([[2.0, 0.0], [1.0, 1.0]])
    >>> tidu.linalg.solve_triangular(A, tidu.ones(2, 1), upper=False)
    tensor([[0.5000],
            [0.5000]])
    """
    _check_system("linalg.solve_triangular", input._array, B._array, left)
    if left:
        return solve_triangle.op.apply(input, B, upper, unitriangular)
    return solve_triangle.op.apply(input.mT, B.mT, not upper, unitriangular).mT


@composite(method=True)
def triangular_solve(input, A, upper=True, transpose=False, unitriangular=False):
    """The solution of A X = input for a triangular A, and A (an older form).

    >>> import tidu
    >>> A = tidu.tensor([[2.0, 2.0], [0.0, 1.0]])
    >>> tidu.triangular_solve(tidu.tensor([[4.0], [1.0]]), A).solution
    tensor([[1.],
            [1.]])
    """
    for name, each in (("b", input), ("A", A)):
        if each.ndim < 2:
            raise RuntimeError(
                f"torch.triangular_solve: Expected {name} to have at least 2 dimensions, but it has "
                f"{each.ndim} dimensions instead"
            )
    check_older_system("triangular_solve", input._array, A._array)
    matrix = A.mT if transpose else A
    solution = solve_triangle.op.apply(matrix, input, upper != transpose, unitriangular)
    return return_types.triangular_solve((solution, A.clone()))


@op(holomorphic=False)
def cholesky_solve(k, x: Array, L: Array, upper=False):
    """The solution X of A X = input, given the Cholesky factor of A.

    >>> import tidu
    >>> tidu.cholesky_solve(tidu.ones(2, 1), tidu.eye(2) * 2)
    tensor([[0.2500],
            [0.2500]])
    """
    for name, each in (("b", x), ("u", L)):
        if each.ndim < 2:
            raise RuntimeError(
                f"{name} should have at least 2 dimensions, but has {each.ndim} dimensions instead"
            )
    check_older_system("cholesky_solve", x, L)
    adjoint = L.conj().swapaxes(-2, -1)
    first, second = (adjoint, L) if upper else (L, adjoint)
    half = k.solve_triangle(first, x, False, False)
    return k.solve_triangle(second, half, True, False)


@cholesky_solve.vjp_joint("x", "L")
def _(k, g, L, out, upper):
    g_x = k.cholesky_solve(g, L, upper)
    both = g_x @ mH(k, out)
    both = both + mH(k, both)
    return g_x, -(L @ both) if upper else -(both @ L)


@op(holomorphic=False)
def cholesky_inverse(k, x: Array, upper=False):
    """The inverse of A, given its Cholesky factor.

    >>> import tidu
    >>> tidu.cholesky_inverse(tidu.eye(1) * 2)
    tensor([[0.2500]])
    """
    check_sides("cholesky_inverse", x)
    check_kernel("cholesky_inverse_out_cpu", x)
    zero = np.diagonal(x, 0, -2, -1) == 0
    if zero.any():
        place = int(np.flatnonzero(zero)[0])
        batch = None if x.ndim == 2 else place // x.shape[-1]
        raise singular("cholesky_inverse", batch, place % x.shape[-1] + 1)
    return k.cholesky_solve(np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape), x, upper)


@cholesky_inverse.vjp_joint("x")
def _(k, g, x, out, upper):
    both = out @ (g + mH(k, g)) @ out
    return -(x @ both) if upper else -(both @ x)


@composite(name="linalg_tensorsolve", **HIDDEN)
def tensorsolve(A, B, dims=None):
    """The solution X of tensordot(A, X, X.ndim) = B.

    >>> import tidu
    >>> tidu.linalg.tensorsolve(tidu.eye(4).reshape(2, 2, 4), tidu.ones(2, 2)).shape
    tidu.Size([4])
    """
    if dims is not None:
        A = A.movedim(tuple(dims), tuple(range(A.ndim - len(dims), A.ndim)))
    shape = tuple(A.shape[B.ndim :])
    if math.prod(shape) != math.prod(A.shape[: B.ndim]):
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == "
            f"prod(self.shape[:other.ndim]), but got {math.prod(shape)} != "
            f"{math.prod(A.shape[: B.ndim])}"
        )
    n = math.prod(shape)
    return linalg_solve(A.reshape(n, n), B.reshape(-1)).reshape(shape)


@composite(name="linalg_tensorinv", **HIDDEN)
def tensorinv(A, ind=2):
    """The inverse for tensordot: of the first `ind` dimensions against the others.

    >>> import tidu
    >>> tidu.linalg.tensorinv(tidu.eye(4).reshape(2, 2, 4), ind=2).shape
    tidu.Size([4, 2, 2])
    """
    if ind <= 0:
        raise RuntimeError("Expected a strictly positive integer for 'ind'")
    n, m = math.prod(A.shape[:ind]), math.prod(A.shape[ind:])
    if n != m:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == "
            f"prod(self.shape[:ind]), but got {m} != {n}"
        )
    return inv.op.apply(A.reshape(n, m)).reshape(*A.shape[ind:], *A.shape[:ind])


# Powers and products


@composite(name="linalg_matrix_power", **HIDDEN)
def linalg_matrix_power(A, n):
    """The product of n copies of a square matrix; of its inverse for negative n.

    Shape (*, m, m); any dtype, but floating point or complex for negative n.

    >>> import tidu
    >>> tidu.linalg.matrix_power(tidu.tensor([[1.0, 1.0], [0.0, 1.0]]), 3)
    tensor([[1., 3.],
            [0., 1.]])
    """
    check_sides("linalg.matrix_power", A._array)
    if n == 0:
        one = np.broadcast_to(np.eye(A.shape[-1], dtype=A._array.dtype), A.shape)
        nothing = operations.keep(A, Tensor._wrap(np.zeros(A.shape, bool)))
        return nothing + Tensor._wrap(one)
    if n < 0:
        A, n = inv.op.apply(A), -n
    if n == 1:
        return A.clone()
    result = None
    while n:
        if n & 1:
            result = A if result is None else result @ A
        n >>= 1
        if n:
            A = A @ A
    return result


@composite(method=True)
def matrix_power(input, n):
    """The n-th power of a square matrix: `linalg.matrix_power`.

    >>> import tidu
    >>> tidu.matrix_power(tidu.tensor([[1, 1], [0, 1]]), 3)
    tensor([[1, 3],
            [0, 1]])
    """
    return linalg_matrix_power(input, n)


# Coefficients of the diagonal Padé approximant of exp of degree 13, and the norm up to which it is
# exact in double precision (Higham, "The scaling and squaring method", 2005).
_RAW = [math.factorial(26 - i) * math.factorial(13) // (math.factorial(13 - i) * math.factorial(i))
         for i in range(14)]  # fmt: skip
_PADE = [c / _RAW[0] for c in _RAW]
_THETA = 5.371920351148152


@op(name="linalg_matrix_exp", **HIDDEN)
def linalg_matrix_exp(k, x: Array):
    """The matrix exponential of square matrices.

    >>> import tidu
    >>> tidu.linalg.matrix_exp(tidu.zeros(2, 2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    # float16, which the other functions here refuse, is computed in float64 like all.
    check_square("linalg.matrix_exp", x.astype(np.float64) if x.dtype == np.float16 else x)
    if not x.size:
        return x.copy()
    wide = x.astype(np.complex128 if x.dtype.kind == "c" else np.float64)
    size = np.abs(wide).sum(-2).max(initial=0.0)
    if not np.isfinite(size):
        return np.full_like(x, np.nan)
    steps = max(0, math.ceil(math.log2(size / _THETA))) if size > 0 else 0
    a = wide / 2**steps
    eye = np.eye(x.shape[-1])
    square, power = a @ a, eye
    even = odd = np.zeros_like(a)
    for i in range(0, 14, 2):
        even = even + _PADE[i] * power
        odd = odd + _PADE[i + 1] * power
        power = power @ square
    odd = a @ odd
    result = np.linalg.solve(even - odd, even + odd)
    for _ in range(steps):
        result = result @ result
    return result.astype(x.dtype)


@linalg_matrix_exp.vjp_joint("x")
def _(k, g, x):
    # exp([[A, G], [0, A]]) has the derivative of exp at A in direction G in its corner.
    n = x.shape[-1]
    a = mT(k, x)
    top = k.cat([a, g], -1)
    bottom = k.cat([a * 0.0, a], -1)
    return k.linalg_matrix_exp(k.cat([top, bottom], -2))[..., :n, n:]


@composite(method=True)
def matrix_exp(input):
    """The matrix exponential: `linalg.matrix_exp`.

    >>> import tidu
    >>> tidu.matrix_exp(tidu.tensor([[0.0, 1.0], [0.0, 0.0]]))
    tensor([[1., 1.],
            [0., 1.]])
    """
    return linalg_matrix_exp.op.apply(input)


@composite(name="linalg_multi_dot", **HIDDEN)
def multi_dot(tensors):
    """The product of several matrices, in the order that takes the fewest multiplications.

    The first and the last may be vectors.

    >>> import tidu
    >>> tidu.linalg.multi_dot([tidu.ones(2, 3), tidu.ones(3, 2), tidu.ones(2)])
    tensor([6., 6.])
    """
    n = len(tensors)
    if n < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {n}")
    parts, shape = list(tensors), []
    for i, (end, name) in enumerate(((0, "first"), (n - 1, "last"))):
        x = parts[end]
        if x.ndim == 1:
            parts[end] = x.unsqueeze(-1 if i else 0)
        elif x.ndim == 2:
            shape.append(x.shape[-1 if i else 0])
        else:
            raise RuntimeError(f"multi_dot(): the {name} tensor must be 1D or 2D but got {x.ndim}D")
    for i in range(1, n - 1):
        if parts[i].ndim != 2:
            raise RuntimeError(f"multi_dot(): tensor {i} must be 2D but got {parts[i].ndim}D")
    for i in range(1, n):
        if parts[i].dtype is not parts[0].dtype:
            raise RuntimeError(
                "multi_dot(): all tensors must have be the same dtype but tensor 0 is "
                f"{parts[0].dtype.title} and tensor {i} {parts[i].dtype.title}"
            )
        if parts[i - 1].shape[1] != parts[i].shape[0]:
            a, b = tensors[i - 1], tensors[i]
            raise RuntimeError(
                f"multi_dot(): tensors {i - 1} and {i} with shapes {list(a.shape)} and "
                f"{list(b.shape)} cannot be multiplied"
            )
    return _multiply_chain(parts, _best_splits([*(x.shape[0] for x in parts), parts[-1].shape[1]]),
                           0, n - 1).reshape(shape)  # fmt: skip


def _best_splits(sizes):
    """Where to split each stretch of a chain of matrices, by dynamic programming."""
    n = len(sizes) - 1
    cost, split = {(i, i): 0 for i in range(n)}, {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            best = min(
                (cost[i, s] + cost[s + 1, j] + sizes[i] * sizes[s + 1] * sizes[j + 1], s)
                for s in range(i, j)
            )
            cost[i, j], split[i, j] = best
    return split


def _multiply_chain(parts, split, i, j):
    if i == j:
        return parts[i]
    s = split[i, j]
    return _multiply_chain(parts, split, i, s) @ _multiply_chain(parts, split, s + 1, j)


@composite(name="linalg_vecdot", **HIDDEN)
def vecdot(x, y, *, dim=-1):
    """The sums of conj(x) * y over `dim`.

    >>> import tidu
    >>> tidu.linalg.vecdot(tidu.ones(2, 3), tidu.ones(2, 3))
    tensor([3., 3.])
    """
    check_floating("linalg.vecdot", x._array, half=True)
    return (x.conj() * y).sum(dim)


@composite(name="linalg_vander", out=False, **HIDDEN)
def vander(x, *, N=None):
    """The powers 0 to N - 1 of each element, in rows.

    >>> import tidu
    >>> tidu.linalg.vander(tidu.tensor([1, 2, 3]))
    tensor([[1, 1, 1],
            [1, 2, 4],
            [1, 3, 9]])
    """
    n = N if N is not None else x.shape[-1] if x.ndim else 1
    if N is not None and n <= 1:
        raise RuntimeError("N must be greater than 1.")
    if not x.ndim:
        x = x.unsqueeze(0)
    powers = x.unsqueeze(-1).expand(*x.shape, n - 1).cumprod(-1)
    return operations.cat([powers[..., :1] * 0 + 1, powers], -1)


@composite(name="vander", out=False)
def _vander(x, N=None, increasing=False):
    """The powers of each element of a vector, in rows: N - 1 to 0, or 0 to N - 1 if `increasing`.

    >>> import tidu
    >>> tidu.vander(tidu.tensor([1, 2, 3]))
    tensor([[1, 1, 1],
            [4, 2, 1],
            [9, 3, 1]])
    """
    if x.ndim != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    n = len(x) if N is None else N
    if n < 0:
        raise RuntimeError("N must be non-negative.")
    rows = vander(x, N=max(n, 2))[:, :n]
    return rows if increasing else rows.flip(1)


# Cross products


@op(name="cross_product", node="LinalgCrossBackward0", **HIDDEN)
def cross_product(k, x: Array, y: Array, dim):
    """The cross products of vectors of three along `dim`."""
    dtype = dtypes.result(x, y)
    return k.xp.cross(x.astype(dtype, copy=False), y.astype(dtype, copy=False), axis=dim)


cross_product.vjp(
    x=lambda k, g, y, dim: k.cross_product(y, g, dim),
    y=lambda k, g, x, dim: k.cross_product(g, x, dim),
)


@composite(name="linalg_cross", **HIDDEN)
def linalg_cross(input, other, *, dim=-1):
    """The cross products of vectors of three along `dim`.

    >>> import tidu
    >>> x, y = tidu.tensor([1, 0, 0]), tidu.tensor([0, 1, 0])
    >>> tidu.linalg.cross(x, y)
    tensor([0, 0, 1])
    """
    if input.ndim != other.ndim:
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    dims_of((dim,), input.ndim)
    if input.shape[dim] != 3 or other.shape[dim] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {input.shape[dim]} and "
            f"{other.shape[dim]}"
        )
    if input.shape != other.shape:
        shape = operations.broadcast_shapes(input.shape, other.shape)
        input, other = input.expand(shape), other.expand(shape)
    return cross_product.op.apply(input, other, dim % input.ndim)


@composite(method=True)
def cross(input, other, dim=None):
    """The cross products along `dim` (by default the first dimension of size 3).

    >>> import tidu
    >>> tidu.cross(tidu.tensor([1, 0, 0]), tidu.tensor([0, 1, 0]), dim=0)
    tensor([0, 0, 1])
    """
    if dim is None:
        import warnings

        warnings.warn(
            "Using torch.cross without specifying the dim arg is deprecated.\nPlease either pass "
            "the dim explicitly or simply use torch.linalg.cross.\nThe default value of dim will "
            "change to agree with that of linalg.cross in a future release.",
            stacklevel=3,
        )
        dim = next((i for i, n in enumerate(input.shape) if n == 3), None)
        if dim is None:
            raise RuntimeError("no dimension of size 3 in input")
    return linalg_cross(input, other, dim=dim)
