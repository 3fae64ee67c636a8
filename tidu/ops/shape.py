"""Views: other shapes of the same memory."""

from __future__ import annotations

from ..autograd.op import op


@op(view=True)
def unsqueeze(k, x: Array, dim):  # noqa: F821
    """A view with a dimension of size 1 inserted at `dim`."""
    return k.xp.expand_dims(x, dim)


unsqueeze.vjp(x=lambda k, g, x_shape: k.reshape(g, x_shape))


@op(view=True, varargs=True)
def expand(k, x: Array, size):  # noqa: F821
    """A view in which dimensions of size 1 are repeated without copying."""
    lead = len(size) - x.ndim
    size = tuple(x.shape[i - lead] if n == -1 else n for i, n in enumerate(size))
    return k.xp.broadcast_to(x, size)


expand.vjp(x=lambda g: g)


@op(varargs=True)
def reshape(k, x: Array, shape):  # noqa: F821
    """The elements in another shape."""
    return x.reshape(shape)


reshape.vjp(x=lambda k, g, x_shape: k.reshape(g, x_shape))
