"""The decompositions under PyTorch's older names: `tidu.svd` for `tidu.linalg.svd`, and so on."""

from __future__ import annotations

import numpy as np

from .. import return_types
from ..autograd.public import composite
from ..tensor import Tensor
from .decompositions import (
    linalg_cholesky,
    linalg_lu_solve,
    linalg_pinv,
    linalg_qr,
    lu_factor_ex,
    svd_parts,
    svdvals,
)


@composite(method=True)
def cholesky(input, upper=False):
    """The Cholesky factor of a positive-definite matrix: `linalg.cholesky`.

    >>> import tidu
    >>> tidu.cholesky(tidu.tensor([[4.0, 2.0], [2.0, 5.0]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    return linalg_cholesky(input, upper=upper)


@composite(method=True)
def qr(input, some=True):
    """Q and R of the QR decomposition (an older form of `linalg.qr`).

    >>> import tidu
    >>> Q, R = tidu.qr(tidu.tensor([[3.0], [4.0]]))
    >>> (Q @ R).round()
    tensor([[3.],
            [4.]])
    """
    return return_types.qr(linalg_qr(input, "reduced" if some else "complete"))


@composite(method=True)
def lu(A, pivot=True, get_infos=False):
    """L and U in one matrix and the row exchanges (an older form of `linalg.lu_factor`).

    >>> import tidu
    >>> LU, pivots = tidu.lu(tidu.tensor([[1.0, 2.0], [4.0, 8.5]]))
    >>> LU
    tensor([[ 4.0000,  8.5000],
            [ 0.2500, -0.1250]])
    >>> pivots
    tensor([2, 2], dtype=tidu.int32)
    """
    LU, pivots, info = lu_factor_ex(A, pivot=pivot)
    return (LU, pivots, info) if get_infos else (LU, pivots)


@composite(method=True)
def lu_solve(input, LU_data, LU_pivots):
    """The solution of A X = input (an older form of `linalg.lu_solve`).

    >>> import tidu
    >>> LU, pivots = tidu.lu(tidu.tensor([[2.0, 0.0], [0.0, 4.0]]))
    >>> tidu.lu_solve(tidu.ones(2, 1), LU, pivots)
    tensor([[0.5000],
            [0.2500]])
    """
    return linalg_lu_solve(LU_data, LU_pivots, input)


@composite(method=True)
def svd(input, some=True, compute_uv=True):
    """U, S and V with U @ diag(S) @ V.mH = input (an older form of `linalg.svd`).

    >>> import tidu
    >>> U, S, V = tidu.svd(tidu.tensor([[0.0, 3.0], [2.0, 0.0]]))
    >>> S
    tensor([3., 2.])
    >>> (U @ S.diag() @ V.mH).round().abs()
    tensor([[0., 3.],
            [2., 0.]])
    """
    if compute_uv:
        U, S, Vh = svd_parts.op.apply(input, not some)
        return return_types.svd((U, S, Vh.mH))
    n, m = input.shape[-2:]
    empty = [np.zeros((*input.shape[:-2], i, i), input._array.dtype) for i in (n, m)]
    U, V = (Tensor._wrap(each) for each in empty)
    return return_types.svd((U, svdvals.op.apply(input), V))


@composite(method=True, out=False)
def pinverse(input, rcond=1e-15):
    """The pseudo-inverse: `linalg.pinv`.

    >>> import tidu
    >>> tidu.pinverse(tidu.tensor([[2.0], [0.0]]))
    tensor([[0.5000, 0.0000]])
    """
    return linalg_pinv(input, rcond)
