"""Losses: how far a prediction is from its target.

`reduction` is a string as in PyTorch: "none" keeps a value for each element, "mean" and "sum" give
one number.
"""

from __future__ import annotations

import numpy as np

from ..autograd.op import elementwise, op
from .checks import only


def reduced(k, values, reduction):
    """A loss's values, brought to what `reduction` asks for."""
    if reduction == "none":
        return values
    total = k.sum(values, None, False, None)
    return total / values.size if reduction == "mean" else total


def per_element(g, reduction, shape):
    """The factor with which a reduced loss's gradient reaches each element."""
    if reduction != "mean":
        return g
    count = 1
    for n in shape:
        count *= n
    return g / count if count else g


@elementwise(public=False, method=False, check=only("f", "mse_cpu"))
def mse_loss(k, x, y, reduction="mean"):
    """The squared difference, element by element."""
    difference = x - y
    return reduced(k, difference * difference, reduction)


mse_loss.vjp(
    x=lambda g, x, y, reduction: per_element(g, reduction, x.shape) * (2 * (x - y)),
    y=lambda g, x, y, reduction: per_element(g, reduction, x.shape) * (2 * (y - x)),
)


def _nll_node(x, target, weight, reduction, ignore_index):
    return "NllLossBackward0" if x.ndim <= 2 else "NllLoss2DBackward0"


@op(public=False, method=False, outputs=("out", "total"), differentiable=1, node=_nll_node)
def nll_loss(
    k, x: Array, target: Array, weight: Array | None, reduction="mean", ignore_index=-100  # noqa: F821
):
    """-x[n, target[n]] for log-probabilities x (N, C, ...) and classes target (N, ...).

    Also gives the total weight of the targets, by which the mean divides.
    """
    x, target = _with_batch(x, target)
    picks, weights = _picks(x, target, weight, ignore_index)
    values = np.take_along_axis(x, picks, 1)[:, 0] * -weights
    total = np.add.reduce(weights, axis=None)
    if reduction == "none":
        return values, total
    loss = k.sum(values, None, False, None)
    return (loss / total if reduction == "mean" else loss), total


nll_loss.vjp(
    x=lambda k, g, x_shape, target, weight, total, reduction, ignore_index: k.nll_loss_grad(
        g / total if reduction == "mean" else g, target, weight, x_shape, ignore_index
    )
)


@op(public=False, method=False)
def nll_loss_grad(k, g: Array, target: Array, weight: Array | None, shape, ignore_index):  # noqa: F821
    """Minus the weight times g, at each target's class; zero elsewhere."""
    out = np.zeros(shape, g.dtype)
    full, target = _with_batch(out, target)
    picks, weights = _picks(full, target, weight, ignore_index)
    np.put_along_axis(full, picks, (g * -weights)[:, None], 1)
    return out


nll_loss_grad.vjp(
    g=lambda k, g, target, weight, ignore_index: k.nll_loss(g, target, weight, "none", ignore_index)[0]
)


def _with_batch(x, target):
    """One sample as a batch of one."""
    return (x[None], target.reshape(1)) if x.ndim == 1 else (x, target)


def _picks(x, target, weight, ignore_index):
    """Each target's index along dimension 1, and its weight (0 where it is ignored)."""
    classes = x.shape[1]
    ignored = target == ignore_index
    wrong = ~ignored & ((target < 0) | (target >= classes))
    if wrong.any():
        raise IndexError(f"Target {target[wrong][0]} is out of bounds.")
    picks = np.where(ignored, 0, target).astype(np.int64)
    if weight is None:
        weights = np.ones(target.shape, x.dtype) if not ignored.any() else (~ignored).astype(x.dtype)
    else:
        weights = np.where(ignored, x.dtype.type(0), weight[picks])
    return picks[:, None], weights
