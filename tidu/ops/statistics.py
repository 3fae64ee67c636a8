"""How variables vary together."""

from __future__ import annotations

import warnings

from .. import dtypes
from ..autograd.public import PUBLIC, composite, operations


def _check_matrix(name, input):
    if input.ndim > 2:
        raise RuntimeError(
            f"{name}(): expected input to have two or fewer dimensions but got an input with "
            f"{input.ndim} dimensions"
        )


def _check_weights(name, weights, n, kinds, wanted):
    problem = None
    if weights.ndim > 1:
        problem = f"to have one or fewer dimensions but got {name} with {weights.ndim} dimensions"
    elif weights._array.dtype.kind not in kinds:
        problem = f"to have {wanted} dtype but got {name} with {weights.dtype.title} dtype"
    elif weights.numel() != n:
        problem = (
            "to have the same numel as there are observations in the input but got "
            f"{weights.numel()} != {n}"
        )
    if problem:
        raise RuntimeError(f"cov(): expected {name} {problem}")
    if (weights._array < 0).any():
        raise RuntimeError(f"cov(): {name} cannot be negative")


def _weights(fweights, aweights, n):
    """How much each observation counts: None if all count once."""
    if fweights is not None:
        _check_weights("fweights", fweights, n, "iu", "integral")
    if aweights is not None:
        _check_weights("aweights", aweights, n, "f", "floating point")
    if fweights is None or aweights is None:
        return aweights if fweights is None else fweights
    return fweights * aweights


@composite(method=True, out=False)
def cov(input, *, correction=1, fweights=None, aweights=None):
    """The covariances of variables, one a row, of which each column is an observation.

    The sums of products are divided by the number of observations minus `correction`. `fweights`
    says how often each observation was made, `aweights` how much it is worth.

    >>> import tidu
    >>> tidu.cov(tidu.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    _check_matrix("cov", input)
    if input.dtype is dtypes.bool:
        raise RuntimeError("cov(): bool dtype is not supported for input")
    rows = input if input.ndim == 2 else input.reshape(1, -1)
    n = rows.shape[1]
    weights = _weights(fweights, aweights, n)
    weighed = rows if weights is None else rows * weights
    total = PUBLIC["tensor"](n) if weights is None else weights.sum()
    if weights is not None and not total:
        raise RuntimeError("cov(): weights sum to zero, can't be normalized")
    mean = weighed.sum(1) / total
    if aweights is not None and correction:
        freedom = total - correction * (weights * aweights).sum() / total
    else:
        freedom = total - correction
    if freedom.item() <= 0:
        warnings.warn(
            "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number "
            "of observations.",
            stacklevel=3,
        )
        freedom = freedom * 0
    apart = rows - mean.unsqueeze(1)
    product = apart @ (apart if weights is None else apart * weights).t().conj()
    return (product / freedom).squeeze()


@composite(method=True, out=False)
def corrcoef(input):
    """Pearson's correlation coefficients of variables, one a row: covariances of their z-scores.

    >>> import tidu
    >>> tidu.corrcoef(tidu.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    _check_matrix("corrcoef", input)
    c = cov(input)
    if not c.ndim:
        return c / c
    variances = c.diag()
    spread = (variances.real if variances.is_complex() else variances).sqrt()
    c = c / spread.view(-1, 1) / spread.view(1, -1)
    if c.is_complex():
        return operations.complex(c.real.clip(-1, 1), c.imag.clip(-1, 1))
    return c.clip(-1, 1)
