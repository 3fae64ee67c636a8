"""Lengths and distances."""

from __future__ import annotations

import numpy as np

from .. import dtypes
from ..autograd.op import Array, op
from ..autograd.public import PUBLIC, composite, operations
from ..tensor import Tensor
from .reduction import dims_of, restore

F16, F32 = np.dtype("float16"), np.dtype("float32")
INF = float("inf")


@op(name="linalg_vector_norm", public=False, method=False, holomorphic=False, row_order=True)
def vector_norm(k, x: Array, ord=2, dim=None, keepdim=False, *, dtype=None):
    """(sum of |x|^ord)^(1 / ord) over `dim`; the largest or smallest |x| for ord inf or -inf.

    >>> import tidu
    >>> tidu.linalg.vector_norm(tidu.tensor([3.0, 4.0]))
    tensor(5.)
    """
    xp = k.xp
    if x.dtype.kind not in "fc":
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            f"{dtypes.of(x).title}"
        )
    if dtype is not None:
        _check_norm_dtype(x, dtype)
        x = x.astype(dtype.numpy, copy=False)
    axes = dims_of(dim, x.ndim)
    if x.size == 0 and (ord == INF or ord < 0):
        _check_identity(x, ord, dim, axes)
    half = x.dtype == F16
    if half:
        x = x.astype(F32)
    every = None if len(axes) == x.ndim else axes
    if ord == 2:
        squares = x.real**2 + x.imag**2 if x.dtype.kind == "c" else x * x
        result = xp.sqrt(k.sum(squares, every, keepdim, None))
    else:
        a = k.abs(x)
        if ord == INF:
            result = xp.maximum.reduce(a, axes, None, None, keepdim)
        elif ord == -INF:
            result = xp.minimum.reduce(a, axes, None, None, keepdim)
        elif ord == 0:
            result = k.sum((a != 0).astype(a.dtype), every, keepdim, None)
        elif ord == 1:
            result = k.sum(a, every, keepdim, None)
        else:
            result = xp.asarray(k.sum(a**ord, every, keepdim, None)) ** (1 / ord)
    return xp.asarray(result).astype(F16) if half else result


def _check_norm_dtype(x, dtype):
    given = dtypes.of(x)
    if dtype.kind < dtypes.FLOAT:
        raise RuntimeError(
            f"linalg.vector_norm: dtype should be floating point or complex. Got {dtype.title}"
        )
    if given.is_complex != dtype.is_complex:
        kind = "complex" if given.is_complex else "real"
        raise RuntimeError(
            f"linalg.vector_norm: dtype should be {kind} for {kind} inputs, but got {dtype.title}"
        )
    if dtypes.promote_types(given, dtype) is not dtype:
        raise RuntimeError(
            f"linalg.vector_norm: the dtype of the input ({given.title}) should be convertible "
            f"without narrowing to the specified dtype ({dtype.title})"
        )


def _check_identity(x, ord, dim, axes):
    if dim is None or not axes:
        name = "inf" if ord == INF else "-inf" if ord == -INF else f"{ord:g}"
        raise RuntimeError(
            f"linalg.vector_norm cannot compute the {name} norm on an empty tensor because the "
            "operation does not have an identity"
        )
    for axis in axes:
        if x.shape[axis] == 0:
            name = "inf" if ord == INF else "-inf" if ord == -INF else f"{ord:g}"
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {name} norm on the dimension {axis} "
                "because this dimension is empty and the operation does not have an identity"
            )


@vector_norm.vjp_joint("x")
def _norm_rule(k, g, x, out, ord, dim, keepdim):
    if ord == 0:
        return None
    shape = x.shape
    g = restore(k, g, shape, dim, keepdim)
    out = restore(k, out, shape, dim, keepdim)
    if ord == 1:
        return g * k.sgn(x)
    if ord == 2:
        return g * k.keep(x / out, out != 0)
    a = k.abs(x)
    if ord in (INF, -INF):
        hit = (a == out) | (a != a)
        number = k.sum(hit, None if dim is None else dims_of(dim, len(shape)), True)
        return k.sgn(x) * k.keep(g / number, hit)
    if ord < 2:
        inner = k.keep(k.sgn(x) * a ** (ord - 1), a != 0)
    else:
        inner = x * a ** (ord - 2) if ord != 3 else x * a
    return k.keep(inner * (g * out ** (1 - ord)), out != 0)


def norm_of(x, ord=2, dim=None, keepdim=False, dtype=None):
    """`vector_norm` of a Tensor."""
    return vector_norm.op.apply(x, ord, dim, keepdim, dtype)


@composite(method=True)
def norm(input, p="fro", dim=None, keepdim=False, dtype=None):
    """The p-norm of the elements as one vector, or of those along `dim`; also "fro" and "nuc".

    >>> import tidu
    >>> tidu.tensor([3.0, 4.0]).norm()
    tensor(5.)
    """
    if p == "nuc":
        dim = tuple(range(input.ndim)) if dim is None else dim
        return operations.linalg_matrix_norm(input, "nuc", dim, keepdim)
    if isinstance(p, str) and p != "fro":
        raise RuntimeError(f"Unsupported norm order: {p}")
    return norm_of(input, 2 if p == "fro" or p is None else p, dim, keepdim, dtype)


@op(holomorphic=False)
def dist(k, x: Array, y: Array, p=2):
    """The p-norm of input - other.

    >>> import tidu
    >>> tidu.dist(tidu.tensor([1.0, 2.0]), tidu.tensor([4.0, 6.0]))
    tensor(5.)
    """
    apart = k.sub(*(each.astype(dtypes.result(x, y), copy=False) for each in (x, y)))
    return k.linalg_vector_norm(apart, p, None, False, None)


@dist.vjp_joint("x", "y")
def _(k, g, x, y, out, p):
    gradient = _norm_rule(k, g, x - y, out, p, None, False)
    return gradient, None if gradient is None else -gradient


@composite(out=False)
def cdist(x1, x2, p=2.0, compute_mode="use_mm_for_euclid_dist_if_necessary"):
    """The p-norm distances of all pairs of rows: (..., n, d) and (..., m, d) give (..., n, m).

    >>> import tidu
    >>> tidu.cdist(tidu.zeros(1, 2), tidu.tensor([[3.0, 4.0], [0.0, 1.0]]))
    tensor([[5., 1.]])
    """
    for name, x in (("X1", x1), ("X2", x2)):
        if x.dtype.kind != dtypes.FLOAT:
            raise RuntimeError(
                f"cdist only supports floating-point dtypes, {name} got: {x.dtype.title}"
            )
        if x.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {x.ndim}D")
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}"
        )
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    many = x1.shape[-2] > 25 or x2.shape[-2] > 25
    modes = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist",
             "donot_use_mm_for_euclid_dist")  # fmt: skip
    if compute_mode not in modes:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    by_product = compute_mode == modes[1] or (many and compute_mode == modes[0])
    if p == 2 and x1.shape[-1] and by_product:
        return _euclidean(x1, x2)
    return _lengths(x1.unsqueeze(-2) - x2.unsqueeze(-3), p)


def _lengths(apart, p):
    """The p-norms of vectors (the last dimension)."""
    if not apart.shape[-1]:
        return apart.sum(-1)
    sizes = norm_of(apart, p, -1)
    if p == 0:  # flat; here, unlike in `norm`, PyTorch has zeros for a gradient
        nowhere = Tensor._wrap(np.zeros(apart.shape, bool))
        sizes = sizes + operations.keep(apart, nowhere).sum(-1)
    return sizes


@composite(out=False)
def pdist(input, p=2.0):
    """The p-norm distances of all pairs of different rows: (n, d) gives n * (n - 1) / 2 of them.

    >>> import tidu
    >>> tidu.pdist(tidu.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
    tensor([5.0000, 1.0000, 4.2426])
    """
    if input.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.ndim}D")
    if input.dtype.kind != dtypes.FLOAT:
        raise RuntimeError("pdist only supports floating-point dtypes")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    first, second = PUBLIC["triu_indices"](len(input), len(input), 1)
    return _lengths(input[first] - input[second], p)


def _euclidean(x1, x2):
    """|a - b| as the root of |a|^2 - 2ab + |b|^2: one matrix product."""
    squares = (x1 * x1).sum(-1, True) - (x1 @ x2.transpose(-2, -1)) * 2
    squares = squares + (x2 * x2).sum(-1).unsqueeze(-2)
    return rounded_root(squares)


@op(public=False, method=False, node="EuclideanDistBackward0")
def rounded_root(k, x: Array):
    """The root of what cannot be negative but for rounding; its slope at 0 counts as 0."""
    return k.xp.sqrt(k.xp.maximum(x, x.dtype.type(0)))


rounded_root.vjp(x=lambda k, g, out: k.keep(g / (out * 2), out != 0))


@composite(method=True, inplace=True)
def renorm(input, p, dim, maxnorm):
    """Scales the slices along `dim` whose p-norm exceeds `maxnorm` down to it.

    >>> import tidu
    >>> tidu.tensor([[3.0, 4.0], [0.3, 0.4]]).renorm(2, 0, 1.0)
    tensor([[0.6000, 0.8000],
            [0.3000, 0.4000]])
    """
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm:g}")
    if input.ndim < 2:
        raise RuntimeError(
            f"renorm: input needs at least 2 dimensions, got {input.ndim} dimensions"
        )
    axis = dims_of((dim,), input.ndim)[0]
    others = tuple(i for i in range(input.ndim) if i != axis)
    sizes = norm_of(input, p, others, True)
    one = Tensor._wrap(np.ones((), sizes._array.dtype))
    return input * operations.where(sizes > maxnorm, maxnorm / (sizes + 1e-7), one)
