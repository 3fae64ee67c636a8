"""What the operations on matrices share: checks, errors, transposes, diagonals."""

from __future__ import annotations

import numpy as np

from .. import dtypes
from ..tensor import Tensor

F16 = np.dtype("float16")


class LinAlgError(RuntimeError):
    """A matrix that an algorithm cannot work with: singular, not positive-definite, ...

    >>> import tidu
    >>> try:
    ...     tidu.linalg.inv(tidu.zeros(1, 1))
    ... except tidu.linalg.LinAlgError:
    ...     print("singular")
    singular
    """


LinAlgError.__name__ = LinAlgError.__qualname__ = "_LinAlgError"  # as PyTorch calls it


def check_matrix(name, x, letter="A", half=False):
    """PyTorch's errors for what is no (batch of) floating-point matrices."""
    if x.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor {letter} must have at least 2 dimensions.")
    check_floating(name, x, half)


def check_floating(name, x, half=False):
    if x.dtype.kind not in "fc":
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. Got "
            f"{dtypes.of(x).title}"
        )
    if x.dtype == F16 and not half:
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got Half")


def check_square(name, x, letter="A"):
    """The same for matrices that must be square."""
    check_sides(name, x, letter)
    check_floating(name, x)


def check_sides(name, x, letter="A"):
    """PyTorch's errors for what is no (batch of) square matrices, of whatever dtype."""
    if x.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor {letter} must have at least 2 dimensions.")
    if x.shape[-1] != x.shape[-2]:
        raise RuntimeError(
            f"{name}: {letter} must be batches of square matrices, but they are {x.shape[-2]} by "
            f"{x.shape[-1]} matrices"
        )


def check_kernel(kernel, x):
    """PyTorch's error for a dtype that its kernel of an older function was not built for."""
    if x.dtype.kind not in "fc" or x.dtype == F16:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtypes.of(x).title}'")


def check_older_system(name, b, a):
    """PyTorch's errors for the operands of `cholesky_solve` and `triangular_solve`."""
    if a.dtype != b.dtype:
        raise RuntimeError(
            f"Expected b and A to have the same dtype, but found b of type {dtypes.of(b).title} and "
            f"A of type {dtypes.of(a).title} instead."
        )
    n, m = a.shape[-2:]
    if n != m:
        raise RuntimeError(
            f"A must be batches of square matrices, but they are {n} by {m} matrices"
        )
    if n != b.shape[-2]:
        raise RuntimeError(
            f"Incompatible matrix sizes for {name}: each A matrix is {n} by {n} but each b matrix "
            f"is {b.shape[-2]} by {b.shape[-1]}"
        )
    check_kernel(name + "_cpu", a)


def check_right_side(name, a, b, left=True):
    """PyTorch's errors for a right-hand side that does not go with the square matrices `a`."""
    if b.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor B must have at least 2 dimensions.")
    if a.shape[-1] != b.shape[-2 if left else -1]:
        kind = "AX = B" if left else "XA = B"
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {kind} "
            f"({a.shape[-2]}x{a.shape[-1]} and {b.shape[-2]}x{b.shape[-1]})"
        )


def check_lu_solve(lu, pivots, b, left):
    """PyTorch's errors for the operands of `linalg.lu_solve`."""
    check_floating("torch.linalg.lu_solve", lu)
    if lu.dtype != b.dtype:
        raise RuntimeError(
            "linalg.lu_solve: Expected LU and B to have the same dtype, but found LU of type "
            f"{dtypes.of(lu).title} and B of type {dtypes.of(b).title} instead"
        )
    if pivots.dtype != np.int32:
        raise RuntimeError("linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32")
    check_sides("torch.linalg.lu_solve", lu)
    check_right_side("linalg.lu_solve", lu, b, left)
    if pivots.shape[-1:] != lu.shape[-1:]:
        raise RuntimeError(
            "linalg.lu_solve: Number of pivots per batch should be same as the dimension of the "
            "matrix"
        )
    if pivots.shape != lu.shape[:-1]:
        raise RuntimeError(
            "linalg.lu_solve: Expected LU.shape[:-1] and pivots.shape to be the same, but got "
            f"pivots with shape {list(pivots.shape)} instead"
        )
    for wrong, bound in (
        ((pivots < 1).any(), "greater or equal to 1"),
        ((pivots > lu.shape[-2]).any(), "smaller or equal to LU.size(-2)"),
    ):
        if wrong:
            raise RuntimeError(
                f"Pivots given to lu_solve must all be {bound}. Did you properly pass the result of "
                "lu_factor?"
            )


def is_complex(x):
    """Whether an array or a Tensor is complex."""
    return (x._array if isinstance(x, Tensor) else x).dtype.kind == "c"


def array_of(x):
    """The array of a Tensor, or the array itself."""
    return x._array if isinstance(x, Tensor) else x


def mT(k, x):
    """The matrices transposed."""
    return k.transpose(x, -2, -1)


def mH(k, x):
    """The matrices transposed and conjugated."""
    x = k.transpose(x, -2, -1)
    return k.conj(x) if is_complex(x) else x


def conj(k, x):
    return k.conj(x) if is_complex(x) else x


def constant(x, array):
    """An array as what `x` is: an array, or a Tensor."""
    return Tensor._wrap(array) if isinstance(x, Tensor) else array


def eye_like(x, n=None):
    """The identity in the real dtype that goes with `x`."""
    array = array_of(x)
    return constant(x, np.eye(array.shape[-1] if n is None else n, dtype=array.real.dtype))


def diagonal(k, x):
    """The diagonals of square matrices."""
    return k.sum(x * eye_like(x), -1, False)


def embed(k, values):
    """Diagonal matrices."""
    return k.unsqueeze(values, -1) * eye_like(values)


def lower(x, diagonal=1.0):
    """A mask, to multiply with: 1 below the diagonal, `diagonal` on it, 0 above."""
    return constant(x, _mask(array_of(x), diagonal))


def upper(x, diagonal=1.0):
    """A mask, to multiply with: 1 above the diagonal, `diagonal` on it, 0 below."""
    return constant(x, _mask(array_of(x).swapaxes(-2, -1), diagonal).T)


def _mask(array, diagonal):
    n, m = array.shape[-2:]
    mask = np.tril(np.ones((n, m), array.real.dtype), -1)
    mask[np.arange(min(n, m)), np.arange(min(n, m))] = diagonal
    return mask


def first_singular(x):
    """(batch index or None, 1-based index of the zero pivot) of the first singular matrix."""
    for i in np.ndindex(x.shape[:-2]):
        info = eliminate(x[i])[2]
        if info:
            flat = None if x.ndim == 2 else int(np.ravel_multi_index(i, x.shape[:-2]))
            return flat, info
    return None, 0


def eliminate(matrix):
    """Gaussian elimination with row exchanges: (L and U in one array, pivots from 1, info).

    `info` is the 1-based index of the first pivot that is exactly 0, or 0. This is LAPACK's getrf,
    which NumPy does not offer.
    """
    a = np.array(matrix)
    n, m = a.shape
    pivots = np.arange(1, min(n, m) + 1, dtype=np.int32)
    info = 0
    for j in range(min(n, m)):
        p = j + int(np.argmax(_size(a[j:, j])))
        pivots[j] = p + 1
        if a[p, j] == 0:
            info = info or j + 1
            continue
        if p != j:
            a[[j, p]] = a[[p, j]]
        a[j + 1 :, j] /= a[j, j]
        a[j + 1 :, j + 1 :] -= np.outer(a[j + 1 :, j], a[j, j + 1 :])
    return a, pivots, info


def _size(column):
    """What LAPACK compares when it looks for a pivot."""
    if column.dtype.kind == "c":
        return np.abs(column.real) + np.abs(column.imag)
    return np.abs(column)


def in_ex_form(error):
    """The error as the `_ex` form of the function has it: `linalg.inv_ex: ...`."""
    error.args = (str(error).replace(":", "_ex:", 1),)
    return error


def batch_words(index):
    return "" if index is None else f"(Batch element {index}): "
