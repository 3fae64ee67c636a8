"""Norms of matrices and condition numbers."""

from __future__ import annotations

import math

from ..autograd.public import composite, operations
from ..tensor import Tensor
from .linalg import HIDDEN, inv_ex
from .matrices import check_matrix, check_square
from .norms import norm_of
from .reduction import dims_of


@composite(name="linalg_matrix_norm", **HIDDEN)
def matrix_norm(A, ord="fro", dim=(-2, -1), keepdim=False, *, dtype=None):
    """The norm of matrices: "fro", "nuc", or ord 2, -2 (singular values), 1, -1, inf, -inf (sums).

    >>> import tidu
    >>> tidu.linalg.matrix_norm(tidu.tensor([[3.0, 0.0], [0.0, 4.0]]), "nuc")
    tensor(7.)
    """
    if A.ndim < 2:
        raise RuntimeError(
            "linalg.matrix_norm: The input tensor A must have at least 2 dimensions."
        )
    if not isinstance(dim, (tuple, list)) or len(dim) != 2:
        got = " ".join(str(d) for d in dim) if isinstance(dim, (tuple, list)) else dim
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {got}")
    if ord not in ("fro", "nuc", 2, -2, 1, -1, math.inf, -math.inf):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    check_matrix("linalg.matrix_norm", A._array, half=True)
    if dim[0] % A.ndim == dim[1] % A.ndim:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got ({dim[0]}, {dim[1]})")
    rows, columns = dims_of(dim, A.ndim)
    if dtype is not None:
        A = operations.to_dtype(A, dtype)
    if ord == "fro":
        return norm_of(A, 2, (rows, columns), keepdim)
    if ord in ("nuc", 2, -2):
        return _norm_of_values(A, ord, (rows, columns), keepdim)
    if abs(ord) == math.inf:
        rows, columns = columns, rows
    sums = norm_of(A, 1, rows, keepdim)
    return _extreme(sums, columns - (not keepdim and columns > rows), ord, keepdim)


def _extreme(values, dim, ord, keepdim):
    """The largest for positive `ord`, else the smallest; the largest of nothing is 0."""
    if ord < 0:
        return operations.amin(values, dim, keepdim)
    if values.shape[dim] == 0:
        return values.sum(dim, keepdim)
    return operations.amax(values, dim, keepdim)


def _norm_of_values(A, ord, dim, keepdim):
    values = operations.linalg_svdvals(A.movedim(dim, (-2, -1)))
    if ord == "nuc":
        result = values.sum(-1)
    else:
        result = _extreme(values, -1, ord, False)
    if not keepdim:
        return result
    for axis in sorted(dim):
        result = result.unsqueeze(axis)
    return result


@composite(name="linalg_norm", **HIDDEN)
def linalg_norm(A, ord=None, dim=None, keepdim=False, *, dtype=None):
    """`vector_norm` over one dimension (or all, without `ord`), `matrix_norm` over two.

    >>> import tidu
    >>> tidu.linalg.norm(tidu.tensor([3.0, 4.0]))
    tensor(5.)
    """
    one = dim is None or isinstance(dim, int) or len(dim) == 1
    if ord is None:
        return norm_of(A, 2, dim, keepdim, dtype)
    if dim is None and A.ndim not in (1, 2):
        raise RuntimeError(
            "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got "
            f"{A.ndim}D."
        )
    if isinstance(ord, str) or not one or (dim is None and A.ndim == 2):
        if dim is None:
            dim = (0, 1)
        elif isinstance(dim, int):
            dim = [dim]
        return matrix_norm(A, ord, dim, keepdim, dtype=dtype)
    return norm_of(A, ord, dim, keepdim, dtype)


@composite(name="linalg_cond", **HIDDEN)
def cond(A, p=None):
    """The condition number: the norm of A times that of its inverse.

    >>> import tidu
    >>> tidu.linalg.cond(tidu.tensor([[1.0, 0.0], [0.0, 2.0]]))
    tensor(2.)
    """
    if A.ndim < 2:
        raise RuntimeError("linalg.cond: The input tensor A must have at least 2 dimensions.")
    if p is None or p in (2, -2):
        values = operations.linalg_svdvals(A)
        largest, smallest = values[..., 0], values[..., -1]
        return smallest / largest if p == -2 else largest / smallest
    check_square(f"linalg.cond(ord={p})", A._array)
    result = inv_ex(A)
    infinite = Tensor._wrap(result.info._array != 0)
    value = matrix_norm(A, p) * matrix_norm(result.inverse, p)
    return operations.where(infinite, math.inf, value)
