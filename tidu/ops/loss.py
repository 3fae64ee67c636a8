"""Losses: how far a prediction is from its target.

`reduction` is a string as in PyTorch: "none" keeps a value for each element, "mean" and "sum" give
one number.
"""

from __future__ import annotations

import numpy as np

from .. import dtypes
from ..autograd.op import Array, elementwise, op
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


def _mse_rule(g, x, y, reduction):
    difference = x - y
    return per_element(g, reduction, difference.shape) * (2 * difference)


mse_loss.vjp(x=_mse_rule, y=lambda g, x, y, reduction: -_mse_rule(g, x, y, reduction))


@elementwise(
    public=False, method=False, node="SmoothL1LossBackward0", check=only("f", "smooth_l1_cpu")
)
def smooth_l1_loss(k, x, y, reduction="mean", beta=1.0):
    """The absolute difference less beta / 2; within `beta` the square over 2 * beta instead."""
    d = np.abs(x - y)
    return reduced(k, np.where(d < beta, 0.5 * d * d / beta, d - 0.5 * beta), reduction)


def _smooth_l1_rule(k, g, x, y, reduction, beta):
    d = x - y
    g = per_element(g, reduction, d.shape)
    return g * k.where(k.abs(d) < beta, d / beta, k.sign(d))


smooth_l1_loss.vjp(
    x=_smooth_l1_rule, y=lambda k, g, x, y, reduction, beta: -_smooth_l1_rule(k, g, x, y, reduction, beta)
)


@elementwise(public=False, method=False, check=only("f", "huber_cpu"))
def huber_loss(k, x, y, reduction="mean", delta=1.0):
    """Half the squared difference; from `delta` on it grows linearly. (Huber, 1964.)"""
    d = np.abs(x - y)
    return reduced(k, np.where(d < delta, 0.5 * d * d, delta * (d - 0.5 * delta)), reduction)


def _huber_rule(k, g, x, y, reduction, delta):
    d = x - y
    g = per_element(g, reduction, d.shape)
    return g * k.where(k.abs(d) < delta, d, k.sign(d) * delta)


huber_loss.vjp(
    x=_huber_rule, y=lambda k, g, x, y, reduction, delta: -_huber_rule(k, g, x, y, reduction, delta)
)


@elementwise(public=False, method=False)
def soft_margin_loss(k, x, y, reduction="mean"):
    """log(1 + exp(-y * x)) for y of 1 or -1."""
    return reduced(k, np.log1p(np.exp(-y * x)), reduction)


def _soft_margin_rule(k, g, x, y, reduction):
    g = per_element(g, reduction, (x * y).shape)
    return -y * k.sigmoid(-y * x) * g


soft_margin_loss.vjp(x=_soft_margin_rule)


# Probabilities of yes and no

_LOG_FLOOR = -100  # PyTorch's bound for log(0), which keeps losses finite


def _weighted(values, weight):
    return values if weight is None else values * weight


@op(public=False, method=False)
def binary_cross_entropy(k, x: Array, y: Array, weight: Array | None, reduction="mean"):
    """-(y * log(x) + (1 - y) * log(1 - x)): x are probabilities, y too."""
    if not ((x >= 0) & (x <= 1)).all():  # so nan is refused too
        raise RuntimeError("all elements of input should be between 0 and 1")
    if ((y < 0) | (y > 1)).any():
        raise RuntimeError("all elements of target should be between 0 and 1")
    yes = np.maximum(np.log(x), x.dtype.type(_LOG_FLOOR))
    no = np.maximum(np.log1p(-x), x.dtype.type(_LOG_FLOOR))
    return reduced(k, _weighted((y - 1) * no - y * yes, weight), reduction)


binary_cross_entropy.vjp(
    x=lambda k, g, x, y, weight, reduction: _weighted(
        per_element(g, reduction, x.shape) * (x - y) / k.clamp_min((1 - x) * x, 1e-12), weight
    ),
    y=lambda k, g, x, y, weight, reduction: _weighted(
        per_element(g, reduction, x.shape) * (k.log(1 - x) - k.log(x)), weight
    ),
)


@op(public=False, method=False)
def binary_cross_entropy_with_logits(
    k, x: Array, y: Array, weight: Array | None, pos_weight: Array | None, reduction="mean"
):
    """`binary_cross_entropy` of sigmoid(x), without overflow; `pos_weight` multiplies the yes part."""
    softplus = np.log1p(np.exp(-np.abs(x))) + np.maximum(-x, 0)  # -log(sigmoid(x))
    factor = 1 if pos_weight is None else (pos_weight - 1) * y + 1
    # PyTorch writes into 1 - y, and so the result has the dtype of the targets.
    values = ((1 - y) * x + factor * softplus).astype(y.dtype, copy=False)
    return reduced(k, _weighted(values, weight), reduction)


def _logits_rule(k, g, x, y, weight, pos_weight, reduction):
    if pos_weight is None:
        slope = k.sigmoid(x) - y
    else:
        yes = y * pos_weight
        slope = (yes + 1 - y) * k.sigmoid(x) - yes
    return _weighted(per_element(g, reduction, x.shape) * slope, weight)


def _logits_target_rule(k, g, x, weight, pos_weight, reduction):
    if pos_weight is None:
        slope = -x
    else:
        slope = k.log_sigmoid(-x) - pos_weight * k.log_sigmoid(x)
    return _weighted(per_element(g, reduction, x.shape) * slope, weight)


binary_cross_entropy_with_logits.vjp(x=_logits_rule, y=_logits_target_rule)


# Classes


def _nll_node(x, target, weight, reduction, ignore_index, smoothing):
    if smoothing:  # PyTorch adds two losses
        return "AddBackward0"
    return "NllLossBackward0" if x.ndim <= 2 else "NllLoss2DBackward0"


@op(public=False, method=False, outputs=("out", "total"), differentiable=1, node=_nll_node)
def nll_loss(
    k, x: Array, target: Array, weight: Array | None, reduction="mean", ignore_index=-100,
    smoothing=0.0,
):  # fmt: skip
    """-x[n, target[n]] for log-probabilities x (N, C, ...) and classes target (N, ...).

    With `smoothing` that share of the target is every class's alike. Also gives the total weight of
    the targets, by which the mean divides.
    """
    shape = target.shape
    x, target = _with_batch(x, target)
    picks, weights, ignored = _picks(x, target, weight, ignore_index)
    losses = [np.take_along_axis(x, picks, 1)[:, 0] * -weights]
    if smoothing:
        even = x if weight is None else x * _beside(k, weight, x.ndim)
        losses.append(-k.sum(even, (1,), False, None))
    total = np.add.reduce(weights, axis=None)
    for i, loss in enumerate(losses):
        if ignored is not None:
            loss[ignored] = 0  # whatever is there, inf and nan too
        if reduction == "none":
            losses[i] = loss.reshape(shape)
        else:
            loss = k.sum(loss, None, False, None)
            losses[i] = loss / total if reduction == "mean" else loss
    if not smoothing:
        return losses[0], total
    return losses[0] * (1 - smoothing) + losses[1] * (smoothing / x.shape[1]), total


def _nll_rule(k, g, x_shape, target, weight, total, reduction, ignore_index, smoothing):
    g = g / total if reduction == "mean" else g
    return k.nll_loss_grad(g, target, weight, x_shape, ignore_index, smoothing)


nll_loss.vjp(x=_nll_rule)


@op(public=False, method=False)
def nll_loss_grad(k, g: Array, target: Array, weight: Array | None, shape, ignore_index, smoothing):
    """Minus the weight times g, at each target's class; zero elsewhere. With `smoothing` that share
    of it, with each class's own weight, is divided among the classes."""
    out = np.zeros(shape, g.dtype)
    full, target = _with_batch(out, target)
    picks, weights, ignored = _picks(full, target, weight, ignore_index)
    values = g * -weights
    if ignored is not None:
        values[ignored] = 0
    if not smoothing:
        np.put_along_axis(full, picks, values[:, None], 1)
        return out
    np.put_along_axis(full, picks, values[:, None] * (1 - smoothing), 1)
    even = np.broadcast_to(g * (-smoothing / full.shape[1]), target.shape)
    if ignored is not None:
        even = np.where(ignored, 0, even)
    full += even[:, None] if weight is None else even[:, None] * _beside(k, weight, full.ndim)
    return out


def _nll_grad_rule(k, g, target, weight, ignore_index, smoothing):
    return k.nll_loss(g, target, weight, "none", ignore_index, smoothing)[0]


nll_loss_grad.vjp(g=_nll_grad_rule)


def _beside(k, weight, ndim):
    """Weights of the classes, shaped to multiply scores of that many dimensions."""
    return weight if ndim < 2 else k.reshape(weight, (-1, *[1] * (ndim - 2)))


def _soft_node(x, target, weight, reduction, smoothing):
    return "DivBackward1" if reduction == "mean" else "NegBackward0"


@op(public=False, method=False, node=_soft_node)
def soft_target_loss(k, x: Array, target: Array, weight: Array | None, reduction, smoothing):
    """Minus the sum over classes of x * target * weight: log-probabilities x (N, C, ...) or (C) and
    probabilities of the same shape, of which the share `smoothing` is every class's alike."""
    values = x * _smoothed(target, smoothing, x.shape)
    if weight is not None:
        values = values * _beside(k, weight, x.ndim)
    if reduction == "none":
        return -k.sum(values, x.shape[:2] and (min(x.ndim - 1, 1),), False, None)
    loss = -k.sum(values, None, False, None)
    return loss / _samples(x.shape) if reduction == "mean" else loss


def _smoothed(target, smoothing, shape):
    if not smoothing:
        return target
    return target * (1 - smoothing) + smoothing / (shape[:2] or (1,))[-1]


def _samples(shape):
    """How many samples (and places) scores of that shape have."""
    count = 1
    for i, n in enumerate(shape):
        count *= 1 if i == min(len(shape) - 1, 1) else n
    return count


def _soft_rule(k, g, other, weight, reduction, shape):
    """-g, for every class, times its `other` factor and its weight."""
    if reduction == "mean":
        g = g / _samples(shape)
    elif reduction == "none" and shape:
        g = k.unsqueeze(g, min(len(shape) - 1, 1))
    slope = -g * other
    return slope if weight is None else slope * _beside(k, weight, len(shape))


soft_target_loss.vjp(
    x=lambda k, g, target, weight, reduction, smoothing, x_shape: _soft_rule(
        k, g, _smoothed(target, smoothing, x_shape), weight, reduction, x_shape
    ),
    target=lambda k, g, x, weight, reduction, smoothing, x_shape: _soft_rule(
        k, g, x * (1 - smoothing), weight, reduction, x_shape
    ),
    weight=lambda k, g, x, target, reduction, smoothing, x_shape: _over_samples(
        k, _soft_rule(k, g, x * _smoothed(target, smoothing, x_shape), None, reduction, x_shape)
    ),
)


def _over_samples(k, g):
    """The sum over all dimensions but that of the classes."""
    axes = tuple(i for i in range(len(g.shape)) if i != min(len(g.shape) - 1, 1))
    return k.sum(g, axes, False) if axes else g


def _with_batch(x, target):
    """One sample as a batch of one."""
    return (x[None], target.reshape(1)) if x.ndim == 1 else (x, target)


def _picks(x, target, weight, ignore_index):
    """Each target's index along dimension 1, its weight, and which are ignored (None: none)."""
    classes = x.shape[1]
    ignored = target == ignore_index
    if not ignored.any():
        ignored = None
    wrong = (target < 0) | (target >= classes)
    if ignored is not None:
        wrong &= ~ignored
    if wrong.any():
        raise IndexError(f"Target {target[wrong][0]} is out of bounds.")
    picks = target.astype(np.int64, copy=False)
    if ignored is not None:
        picks = np.where(ignored, 0, picks)
    weights = np.ones(target.shape, x.dtype) if weight is None else weight[picks]
    if ignored is not None:
        weights[ignored] = 0
    return picks[:, None], weights, ignored


@op(public=False, method=False, outputs=("out", "others", "hot"), differentiable=1)
def multi_margin_loss(k, x: Array, target: Array, p, margin, weight: Array | None, reduction="mean"):
    """The mean over classes of max(0, margin - x[target] + x[class]) ** p, for scores x (N, C).

    Also gives the factors of the wrong classes, and a 1 for the right one: what the gradient needs.
    """
    full = x.reshape(-1, x.shape[-1])
    target = target.reshape(-1)
    rows, classes = np.arange(len(full)), full.shape[1]
    if ((target < 0) | (target >= classes)).any():
        raise RuntimeError("target out of range")
    hot = np.zeros_like(full)
    hot[rows, target] = 1
    others = (1 - hot) / x.dtype.type(classes)
    if weight is not None:
        others *= weight[target][:, None]
    short = np.maximum(margin - full[rows, target][:, None] + full, 0)
    values = np.sum((short if p == 1 else short * short) * others, 1)
    if x.ndim < 2:
        values = values.reshape(())
    return reduced(k, values, reduction), others.reshape(x.shape), hot.reshape(x.shape)


def _multi_margin_rule(k, g, x, others, hot, p, margin, reduction):
    short = margin - k.sum(x * hot, (-1,), True) + x
    slope = k.keep(others if p == 1 else others * short * 2, short > 0)
    g = per_element(g, reduction, x.shape[:-1])
    if reduction == "none" and len(x.shape) > 1:
        g = k.unsqueeze(g, -1)
    return g * (slope - hot * k.sum(slope, (-1,), True))


multi_margin_loss.vjp(x=_multi_margin_rule)


@op(public=False, method=False, outputs=("out", "slope"), differentiable=1,
    node="MultilabelMarginLossBackward0")  # fmt: skip
def multilabel_margin_loss(k, x: Array, target: Array, reduction="mean"):
    """The mean over classes of max(0, 1 - x[label] + x[class]), summed over labels.

    A row of `target` lists labels up to the first -1; the classes are those that are no labels.
    Also gives the slope, which is constant between kinks.
    """
    if x.dtype.kind != "f":
        raise NotImplementedError(
            f"\"multilabel_margin_loss_forward_out_frame\" not implemented for '{dtypes.of(x).title}'"
        )
    full, labels = x.reshape(-1, x.shape[-1]), target.reshape(-1, x.shape[-1])
    classes = full.shape[1]
    if ((labels < -1) | (labels >= classes)).any():
        raise RuntimeError("argument #2 'target' is out of range")
    listed = np.logical_and.accumulate(labels >= 0, 1)
    safe = np.where(listed, labels, 0)
    is_label = np.zeros(full.shape, bool)
    rows = np.broadcast_to(np.arange(len(full))[:, None], labels.shape)
    is_label[rows[listed], labels[listed]] = True
    # short[n, i, j]: how much label i of sample n lacks against class j
    short = 1 - np.take_along_axis(full, safe, 1)[:, :, None] + full[:, None, :]
    active = (short > 0) & listed[:, :, None] & ~is_label[:, None, :]
    values = np.sum(np.where(active, short, 0), (1, 2)) / classes
    slope = active.sum(1).astype(x.dtype)
    np.subtract.at(slope, (rows, safe), active.sum(2))
    slope /= classes
    values = values.astype(x.dtype, copy=False)
    if x.ndim < 2:
        values = values.reshape(())
    return reduced(k, values, reduction), slope.reshape(x.shape)


def _multilabel_margin_rule(k, g, slope, reduction):
    shape = slope.shape
    g = per_element(g, reduction, shape[:-1])
    return (k.unsqueeze(g, -1) if reduction == "none" and len(shape) > 1 else g) * slope


multilabel_margin_loss.vjp(x=_multilabel_margin_rule)
