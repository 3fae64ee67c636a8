"""Linear algebra under PyTorch's names (`torch.linalg`); declared in `tidu/ops/linalg.py`."""

from __future__ import annotations

from .ops import decompositions as _d
from .ops import linalg as _l
from .ops import matrix_norms as _n
from .ops.matmul import matmul as matmul
from .ops.matrices import LinAlgError as LinAlgError
from .ops.norms import vector_norm as vector_norm
from .ops.slicing import diagonal as _diagonal

inv, inv_ex, det, slogdet = _l.inv, _l.inv_ex, _l.linalg_det, _l.linalg_slogdet
solve, solve_ex, solve_triangular = _l.linalg_solve, _l.solve_ex, _l.solve_triangular
tensorsolve, tensorinv = _l.tensorsolve, _l.tensorinv
matrix_power, matrix_exp, multi_dot = _l.linalg_matrix_power, _l.linalg_matrix_exp, _l.multi_dot
vecdot, vander, cross = _l.vecdot, _l.vander, _l.linalg_cross
matrix_norm, norm, cond = _n.matrix_norm, _n.linalg_norm, _n.cond
cholesky, cholesky_ex, qr = _d.linalg_cholesky, _d.cholesky_ex, _d.linalg_qr
lu, lu_factor, lu_factor_ex, lu_solve = (
    _d.linalg_lu,
    _d.lu_factor,
    _d.lu_factor_ex,
    _d.linalg_lu_solve,
)
eigh, eigvalsh, eig, eigvals = _d.eigh, _d.eigvalsh, _d.eig, _d.eigvals
svd, svdvals, pinv = _d.linalg_svd, _d.svdvals, _d.linalg_pinv
matrix_rank, lstsq = _d.matrix_rank, _d.lstsq


def diagonal(A, *, offset=0, dim1=-2, dim2=-1):
    """The diagonals of matrices: a view.

    >>> import tidu
    >>> tidu.linalg.diagonal(tidu.eye(2))
    tensor([1., 1.])
    """
    return _diagonal(A, offset, dim1, dim2)
