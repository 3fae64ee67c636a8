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
    """The Cholesky factor of a positive-definite matrix: `linalg.cholesky`."""
    return linalg_cholesky(input, upper=upper)


@composite(method=True)
def qr(input, some=True):
    """Q and R of the QR decomposition (an older form of `linalg.qr`)."""
    return return_types.qr(linalg_qr(input, "reduced" if some else "complete"))


@composite(method=True)
def lu(A, pivot=True, get_infos=False):
    """L and U in one matrix and the row exchanges (an older form of `linalg.lu_factor`)."""
    LU, pivots, info = lu_factor_ex(A, pivot=pivot)
    return (LU, pivots, info) if get_infos else (LU, pivots)


@composite(method=True)
def lu_solve(input, LU_data, LU_pivots):
    """The solution of A X = input (an older form of `linalg.lu_solve`)."""
    return linalg_lu_solve(LU_data, LU_pivots, input)


@composite(method=True)
def svd(input, some=True, compute_uv=True):
    """U, S and V with U @ diag(S) @ V.mH = input (an older form of `linalg.svd`)."""
    if compute_uv:
        U, S, Vh = svd_parts.op.apply(input, not some)
        return return_types.svd((U, S, Vh.mH))
    n, m = input.shape[-2:]
    empty = [np.zeros((*input.shape[:-2], i, i), input._array.dtype) for i in (n, m)]
    U, V = (Tensor._wrap(each) for each in empty)
    return return_types.svd((U, svdvals.op.apply(input), V))


@composite(method=True, out=False)
def pinverse(input, rcond=1e-15):
    """The pseudo-inverse: `linalg.pinv`."""
    return linalg_pinv(input, rcond)
