"""Reductions: many elements to one."""

from __future__ import annotations

from ..autograd.op import op


def dims_of(dim, ndim):
    """`dim` (None, an int or several) as a tuple of axes, with PyTorch's errors."""
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return tuple(range(ndim))
    axes = []
    for d in dim if isinstance(dim, (tuple, list)) else (dim,):
        low = max(ndim, 1)
        if not -low <= d < low:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-low}, {low - 1}], but got {d})"
            )
        if ndim == 0:
            continue
        d %= ndim
        if d in axes:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
        axes.append(d)
    return tuple(axes)


def spread(k, g, shape, dim, keepdim):
    """The gradient of a reduction's result, repeated over the elements that went into it."""
    if not keepdim:
        for axis in sorted(dims_of(dim, len(shape))):
            g = k.unsqueeze(g, axis)
    return k.expand(g, shape)


@op(node=lambda x, dim, keepdim, dtype: "SumBackward0" if dim is None else "SumBackward1")
def sum(k, x: Array, dim=None, keepdim=False, *, dtype=None):  # noqa: F821
    """The sum of the elements, over all dimensions or over `dim`.

    Integers are summed as int64.

    >>> import tidu
    >>> tidu.ones(2, 3).sum(0)
    tensor([2., 2., 2.])
    """
    return k.xp.sum(x, axis=dims_of(dim, x.ndim), keepdims=keepdim, dtype=dtype and dtype.numpy)


sum.vjp(x=lambda k, g, x_shape, dim, keepdim: spread(k, g, x_shape, dim, keepdim))
