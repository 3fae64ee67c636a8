"""Losses: how far a prediction is from its target.

`reduction` is "mean", "sum" or "none" (a value for each element or sample). `size_average` and
`reduce` are its older forms, which PyTorch still takes.
"""

from __future__ import annotations

import math
import warnings

from ... import dtypes
from ...autograd.public import operations as ops
from ...errors import noted
from ...ops import loss as _declared  # noqa: F401  (declares its operations)
from ...size import Size
from ...tensor import Tensor

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cosine_embedding_loss",
    "cosine_similarity", "cross_entropy", "gaussian_nll_loss", "hinge_embedding_loss", "huber_loss",
    "kl_div", "l1_loss", "margin_ranking_loss", "mse_loss", "multi_margin_loss",
    "multilabel_margin_loss", "multilabel_soft_margin_loss", "nll_loss", "pairwise_distance",
    "poisson_nll_loss", "smooth_l1_loss", "soft_margin_loss", "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]  # fmt: skip


def legacy_reduction(size_average, reduce, warn=True):
    """The reduction that the older parameters mean."""
    size_average = True if size_average is None else size_average
    reduce = True if reduce is None else reduce
    found = "none" if not reduce else "mean" if size_average else "sum"
    if warn:
        warnings.warn(
            "size_average and reduce args will be deprecated, please use "
            f"reduction='{found}' instead.",
            stacklevel=4,
        )
    return found


def _reduction(size_average, reduce, reduction):
    if size_average is not None or reduce is not None:
        return legacy_reduction(size_average, reduce)
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def _reduce(values, reduction):
    if reduction == "none":
        return values
    return values.mean() if reduction == "mean" else values.sum()


def _tensors(name, **arguments):
    for position, (key, value) in enumerate(arguments.items(), 1):
        if not isinstance(value, Tensor):
            from ...errors import class_name

            raise TypeError(
                f"{name}(): argument '{key}' (position {position}) must be Tensor, not "
                f"{class_name(value)}"
            )


def _warn_broadcast(input, target):
    if target.size() != input.size():  # what is no tensor fails here, as in PyTorch
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}). This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
            stacklevel=3,
        )


def _weighted(errors, weight, reduction, input):
    if weight._array.shape != input._array.shape:
        raise ValueError("Weights and input must have the same size.")
    weighted = errors * weight
    if reduction == "mean":
        return weighted.sum() / weight.sum()
    return _reduce(weighted, reduction)


def l1_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """The absolute difference, element by element; of complex numbers too.

    >>> import tidu
    >>> tidu.nn.functional.l1_loss(tidu.tensor([1.0, 2.0]), tidu.tensor([1.0, 5.0]))
    tensor(1.5000)
    """
    _warn_broadcast(input, target)
    if size_average is not None or reduce is not None or reduction != "mean":
        reduction = _reduction(size_average, reduce, reduction)
    errors = (input - target).abs()
    if weight is not None:
        return _weighted(errors, weight, reduction, input)
    return _reduce(errors, reduction)


def mse_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """The squared difference, element by element.

    >>> import tidu
    >>> tidu.nn.functional.mse_loss(tidu.tensor([1.0, 2.0]), tidu.tensor([1.0, 5.0]))
    tensor(4.5000)
    """
    _warn_broadcast(input, target)
    if size_average is not None or reduce is not None or reduction != "mean":
        reduction = _reduction(size_average, reduce, reduction)
    if weight is not None:
        return _weighted(ops.mse_loss(input, target, "none"), weight, reduction, input)
    return ops.mse_loss(input, target, reduction)


def smooth_l1_loss(
    input, target, size_average=None, reduce=None, reduction="mean", beta=1.0
):
    """The absolute difference less beta / 2; within `beta` the square over 2 * beta instead.

    (Girshick, Fast R-CNN, 2015.)
    """
    _warn_broadcast(input, target)
    reduction = _reduction(size_average, reduce, reduction)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return _reduce((input - target).abs(), reduction)
    return ops.smooth_l1_loss(input, target, reduction, beta)


def huber_loss(input, target, reduction="mean", delta=1.0, weight=None):
    """Half the squared difference; from `delta` on it grows linearly. (Huber, 1964.)"""
    _warn_broadcast(input, target)
    reduction = _reduction(None, None, reduction)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    target = _like_input(input, target)
    if weight is None:
        return ops.huber_loss(input, target, reduction, delta)
    if weight._array.shape != input._array.shape:
        raise ValueError("Weights and input must have the same size.")
    return _reduce(ops.huber_loss(input, target, "none", delta) * weight, reduction)


def _like_input(input, target, to_float=False):
    """The target in the input's dtype, which is that of losses that PyTorch writes in place.

    `to_float`: the loss of integers is floating point, for which there is no place then.
    """
    common = dtypes.of(dtypes.result(input._array, target._array))
    if to_float and common.kind < dtypes.FLOAT:
        common = dtypes.get_default_dtype()
    if common.kind > input.dtype.kind:
        raise RuntimeError(
            f"result type {common.title} can't be cast to the desired output type {input.dtype.title}"
        )
    return target.to(input.dtype)


def soft_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """log(1 + exp(-target * input)) for targets of 1 or -1."""
    reduction = _reduction(size_average, reduce, reduction)
    _tensors("soft_margin_loss", input=input, target=target)
    _refuse_grad("soft_margin_loss", "target", target)
    return ops.soft_margin_loss(input, _like_input(input, target, to_float=True), reduction)


def _refuse_grad(name, argument, value):
    if value is not None and value.requires_grad:
        raise RuntimeError(
            f"The function '{name}' is not differentiable with respect to argument '{argument}'. "
            "This input cannot have requires_grad True."
        )


# Probabilities of yes and no


def binary_cross_entropy(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """-(target * log(input) + (1 - target) * log(1 - input)): both are probabilities.

    Logarithms are bounded by -100 from below, as in PyTorch.
    """
    reduction = _reduction(size_average, reduce, reduction)
    if target.size() != input.size():
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}) is deprecated. Please ensure they have the same size."
        )
    for other in (target, weight):
        if other is not None and other.dtype is not input.dtype:
            raise RuntimeError(
                f"Found dtype {other.dtype.title} but expected {input.dtype.title}"
            )
    if input._array.dtype.kind != "f":
        raise NotImplementedError(f"\"binary_cross_entropy\" not implemented for '{input.dtype.title}'")
    if weight is not None:
        weight = weight.expand(_expanded(weight._array.shape, input._array.shape))
    return ops.binary_cross_entropy(input, target, weight, reduction)


def _expanded(shape, want):
    for axis in range(-1, -len(shape) - 1, -1):
        if len(shape) > len(want) or shape[axis] not in (1, want[axis]):
            raise RuntimeError(
                f"Attempting to broadcast a dimension of length {shape[axis]} at {axis}! Mismatching "
                f"argument at index 1 had {Size(shape)}; but expected shape should be "
                f"broadcastable to {list(want)}"
            )
    return want


def binary_cross_entropy_with_logits(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean", pos_weight=None
):
    """`binary_cross_entropy` of sigmoid(input), computed without overflow.

    `pos_weight` multiplies what the targets of 1 contribute.

    >>> import tidu
    >>> tidu.nn.functional.binary_cross_entropy_with_logits(tidu.zeros(2), tidu.ones(2))
    tensor(0.6931)
    """
    reduction = _reduction(size_average, reduce, reduction)
    if target.size() != input.size():
        raise ValueError(
            f"Target size ({target.shape}) must be the same as input size ({input.shape})"
        )
    if input._array.dtype.kind != "f":
        raise NotImplementedError(f"\"log_sigmoid_cpu\" not implemented for '{input.dtype.title}'")
    if target.dtype is dtypes.bool:
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
            "`logical_xor()` operator instead."
        )
    if not target.dtype.is_floating_point:
        raise RuntimeError(
            f"result type {input.dtype.title} can't be cast to the desired output type "
            f"{target.dtype.title}"
        )
    name = "binary_cross_entropy_with_logits"
    _refuse_grad(name, "weight", weight)
    _refuse_grad(name, "pos_weight", pos_weight)
    return ops.binary_cross_entropy_with_logits(input, target, weight, pos_weight, reduction)


def kl_div(
    input, target, size_average=None, reduce=None, reduction="mean", log_target=False
):
    """target * (log(target) - input): how far the log-probabilities `input` are from `target`.

    `reduction="batchmean"` divides the sum by the number of samples. `log_target`: the target is
    given as logarithms too.
    """
    if size_average is not None or reduce is not None:
        reduction = legacy_reduction(size_average, reduce)
    else:
        if reduction == "mean":
            warnings.warn(
                "reduction: 'mean' divides the total loss by both the batch size and the support "
                "size.'batchmean' divides only by the batch size, and aligns with the KL div math "
                "definition.'mean' will be changed to behave the same as 'batchmean' in the next "
                "major release.",
                stacklevel=2,
            )
        if reduction != "batchmean":
            reduction = _reduction(None, None, reduction)
    _tensors("kl_div", input=input, target=target)
    if input._array.dtype.kind in "biu" or target._array.dtype.kind in "biu":
        raise RuntimeError("kl_div: Integral inputs not supported.")
    if log_target:
        values = target.exp() * (target - input)
    else:
        values = target.xlogy(target) - target * input
    if reduction == "batchmean":
        values = values.sum()
        return values / input.size(0) if input.dim() else values
    return _reduce(values, reduction)


def gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction="mean"):
    """(log(var) + (input - target) ** 2 / var) / 2: a normal distribution's -log density.

    `var`: a number, or a tensor of the input's shape or without its last dimension; at least `eps`
    is taken. `full` adds the constant log(2 * pi) / 2.
    """
    if not isinstance(var, Tensor):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = input.new_ones(input.shape) * var
    elif (var._array < 0).any():
        raise ValueError("var has negative entry/entries")
    shape = input._array.shape
    if var._array.shape != shape:
        if shape[:-1] == var._array.shape:
            var = var.unsqueeze(-1)
        elif not _matches(shape, var._array.shape):
            raise ValueError("var is of incorrect size")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not valid")
    from ...autograd.grad_mode import no_grad

    var = var.clone()
    with no_grad():
        var.clamp_(min=eps)
    loss = 0.5 * (var.log() + (input - target) ** 2 / var)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return _reduce(loss, reduction)


def _matches(shape, var):
    """Whether a variance may have this shape: sizes of 1, and that of the input elsewhere."""
    return len(shape) == len(var) and sum(a != b for a, b in zip(shape, var)) <= 1 and all(
        b in (1, a) for a, b in zip(shape, var)
    )


def poisson_nll_loss(
    input, target, log_input=True, full=False, size_average=None, eps=1e-8, reduce=None,
    reduction="mean",
):  # fmt: skip
    """exp(input) - target * input, a Poisson distribution's -log probability.

    `log_input=False`: the input is the rate itself. `full` adds Stirling's approximation of
    log(target!).
    """
    reduction = _reduction(size_average, reduce, reduction)
    _tensors("poisson_nll_loss", input=input, target=target)
    if log_input:
        loss = input.exp() - target * input
    else:
        loss = input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        loss = loss + stirling.masked_fill(target <= 1, 0)
    return _reduce(loss, reduction)


# Distances and margins


def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """The cosine of the angle between vectors along `dim`; lengths below `eps` count as `eps`.

    >>> import tidu
    >>> tidu.nn.functional.cosine_similarity(tidu.eye(2), tidu.ones(2, 2))
    tensor([0.7071, 0.7071])
    """
    from ... import dtypes
    from ...autograd.grad_mode import no_grad
    from ...ops.norms import vector_norm
    from ...ops.shape import broadcast_tensors

    _tensors("cosine_similarity", x1=x1, x2=x2)
    common = dtypes.of(dtypes.result(x1._array, x2._array))
    if not common.is_floating_point:
        raise RuntimeError(
            f"expected common dtype to be floating point, yet common dtype is {common.title}"
        )
    x1, x2 = broadcast_tensors(x1.to(common), x2.to(common))
    units = []
    for x in (x1, x2):
        length = vector_norm(x, 2, dim, True).clone()
        with no_grad():
            length.clamp_(min=eps)
        units.append(x / length)
    return (units[0] * units[1]).sum(dim)


def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    """The p-norm of x1 - x2 + eps along the last dimension.

    >>> import tidu
    >>> tidu.nn.functional.pairwise_distance(tidu.zeros(1, 2), tidu.tensor([[3.0, 4.0]]))
    tensor([5.0000])
    """
    from ...ops.norms import norm

    return norm(x1 - x2 + eps, p, max(x1.dim(), x2.dim()) - 1, keepdim)


def hinge_embedding_loss(
    input, target, margin=1.0, size_average=None, reduce=None, reduction="mean"
):
    """The input where the target is 1, max(0, margin - input) where it is -1."""
    reduction = _reduction(size_average, reduce, reduction)
    _tensors("hinge_embedding_loss", input=input, target=target)
    zeros = input.new_zeros(())
    far = ops.where(target != 1, (margin - input).clamp_min(0), zeros)
    near = ops.where(target != -1, input, zeros)
    return _reduce(far + near, reduction)


def margin_ranking_loss(
    input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"
):
    """max(0, -target * (input1 - input2) + margin): target 1 if input1 should be the larger."""
    reduction = _reduction(size_average, reduce, reduction)
    if not input1.dim() == input2.dim() == target.dim():
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.shape}, input2: {input2.shape}, target: {target.shape} "
        )
    return _reduce((-target * (input1 - input2) + margin).clamp_min(0), reduction)


def cosine_embedding_loss(
    input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"
):
    """1 - cosine where the target is 1, max(0, cosine - margin) where it is -1."""
    reduction = _reduction(size_average, reduce, reduction)
    dim = target.dim()
    sizes = f"sizes {list(input1.shape)} and {list(input2.shape)}."
    if dim == 0 and not input1.dim() == input2.dim() == 1:
        raise RuntimeError(f"0D target tensor expects 1D input tensors, but found inputs with {sizes}")
    if dim == 1 and not input1.dim() == input2.dim() == 2:
        raise RuntimeError(f"1D target tensor expects 2D input tensors, but found inputs with {sizes}")
    if dim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    eps = 1e-12
    product = (input1 * input2).sum(dim)
    length1, length2 = (input1 * input1).sum(dim) + eps, (input2 * input2).sum(dim) + eps
    cosine = product / (length1 * length2).sqrt()
    zeros = cosine.new_zeros(())
    near = ops.where(target == 1, 1 - cosine, zeros)
    far = ops.where(target == -1, (cosine - margin).clamp_min(0), zeros)
    return _reduce(near + far, reduction)


def _check_triplet(anchor, positive, negative):
    dims = [t.dim() for t in (anchor, positive, negative)]
    if len(set(dims)) > 1:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of "
            f"dimensions, but got: anchor {dims[0]}D, positive {dims[1]}D, and negative {dims[2]}D "
            "inputs"
        )


def triplet_margin_loss(
    anchor, positive, negative, margin=1.0, p=2, eps=1e-6, swap=False, size_average=None,
    reduce=None, reduction="mean",
):  # fmt: skip
    """max(0, distance to the positive - distance to the negative + margin).

    `swap`: the positive's distance to the negative counts if it is smaller (Balntas et al., 2016).
    """
    reduction = _reduction(size_average, reduce, reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    _check_triplet(anchor, positive, negative)

    def distance(x, y):
        return pairwise_distance(x, y, p, eps)

    return _triplet(anchor, positive, negative, distance, margin, swap, reduction)


def triplet_margin_with_distance_loss(
    anchor, positive, negative, *, distance_function=None, margin=1.0, swap=False, reduction="mean"
):
    """`triplet_margin_loss` with a distance of one's own (default: `pairwise_distance`)."""
    reduction = _reduction(None, None, reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    _check_triplet(anchor, positive, negative)
    distance = distance_function or pairwise_distance
    return _triplet(anchor, positive, negative, distance, margin, swap, reduction)


def _triplet(anchor, positive, negative, distance, margin, swap, reduction):
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = ops.minimum(far, distance(positive, negative))
    return _reduce((margin + near - far).clamp_min(0), reduction)


def multi_margin_loss(
    input, target, p=1, margin=1.0, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """The mean over classes of max(0, margin - input[target] + input[class]) ** p.

    Shapes: input (N, C) or (C), target (N) or (); weight (C). p is 1 or 2.
    """
    reduction = _reduction(size_average, reduce, reduction)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.dim() != 1:
        raise ValueError("weight must be one-dimensional")
    x, t = input._array, target._array
    if x.ndim > 2 or (x.size == 0 and x.shape[-1:] == (0,)):
        raise RuntimeError(
            "Expected non-empty vector or matrix with optional 0-dim batch size, but got: "
            f"{list(x.shape)}"
        )
    count = x.shape[0] if x.ndim == 2 else 1
    if t.ndim > 1 or t.size != count:
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input "
            f"samples (batch size). Expected target size [{count}], but got {list(t.shape)}. Input "
            f"has shape {list(x.shape)}."
        )
    if weight is not None and weight._array.shape != x.shape[-1:]:
        raise RuntimeError(
            f"inconsistent weight size, expected {x.shape[-1] if x.ndim else 1} but got "
            f"{list(weight._array.shape)}"
        )
    if t.dtype != "int64":
        raise RuntimeError(f"expected scalar type Long but found {target.dtype.title}")
    if weight is not None and weight.dtype is not input.dtype:
        raise RuntimeError(
            f"expected scalar type {input.dtype.title} but found {weight.dtype.title}"
        )
    if x.ndim == 0:
        input = input.unsqueeze(0)
    return ops.multi_margin_loss(input, target, p, margin, weight, reduction)[0]


def multilabel_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """The mean over classes of max(0, 1 - input[label] + input[class]), summed over labels.

    A row of `target` lists labels up to the first -1. Shapes: both (N, C) or (C).
    """
    reduction = _reduction(size_average, reduce, reduction)
    _tensors("multilabel_margin_loss", input=input, target=target)
    x, t = input._array, target._array
    if x.ndim > 2 or x.shape[-1:] == (0,):
        raise RuntimeError(
            "Expected non-empty vector or matrix with optional 0-dim batch size, but got: "
            f"{list(x.shape)}"
        )
    if x.shape != t.shape and not (x.ndim < 2 and x.size == t.size):
        raise RuntimeError(
            f"inconsistent target size: {list(t.shape)} for input of size: {list(x.shape)}"
        )
    if t.dtype != "int64":
        raise RuntimeError(f"expected scalar type Long but found {target.dtype.title}")
    if x.ndim == 0:
        input, target = input.unsqueeze(0), target.reshape(1)
    return ops.multilabel_margin_loss(input, target, reduction)[0]


def multilabel_soft_margin_loss(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """`binary_cross_entropy_with_logits`, averaged over the classes, the last dimension."""
    reduction = _reduction(size_average, reduce, reduction)
    loss = -(target * ops.log_sigmoid(input) + (1 - target) * ops.log_sigmoid(-input))
    if weight is not None:
        loss = loss * weight
    last = input.dim() - 1
    return _reduce(loss.sum(last) / input.size(last), reduction)


# Classes


def _check_nll(x, target, weight):
    if x.ndim == 0:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    if x.ndim != 1 and (target.ndim == 0 or x.shape[0] != target.shape[0]):
        count = target.shape[0] if target.ndim else 0
        raise ValueError(
            f"Expected input batch_size ({x.shape[0]}) to match target batch_size ({count})."
        )
    if x.ndim == 1 and target.ndim == 1 and target.shape[0] != 1:
        raise ValueError(
            f"For 1D input, 1D target must have size 1, but got target size: {target.shape[0]}"
        )
    if x.ndim <= 2:
        if target.ndim > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    elif target.ndim != x.ndim - 1 or target.shape[1:] != x.shape[2:]:
        if x.ndim == 4 and target.ndim != 3:
            raise RuntimeError(
                "only batches of spatial targets supported (3D tensors) but got targets of "
                f"dimension: {target.ndim}"
            )
        if x.ndim == 4:
            raise RuntimeError(
                f"size mismatch (got input: {list(x.shape)} , target: {list(target.shape)}"
            )
        want = (x.shape[0], *x.shape[2:])
        raise RuntimeError(
            f"Expected target size {list(want)}, got {list(target.shape)}"
        )
    classes = x.shape[0] if x.ndim == 1 else x.shape[1]
    if weight is not None and weight.shape != (classes,):
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but got "
            f"weight tensor of shape: {list(weight.shape)}"
        )


def nll_loss(
    input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"
):
    """-input[n, target[n]]: the loss of log-probabilities (N, C, ...) for classes (N, ...).

    `weight` (C): each class's weight, by which the mean is weighted too. Targets equal to
    `ignore_index` count nothing.

    >>> import tidu
    >>> tidu.nn.functional.nll_loss(tidu.tensor([[-1.0, -2.0]]), tidu.tensor([1]))
    tensor(2.)
    """
    if size_average is not None or reduce is not None or reduction != "mean":
        reduction = _reduction(size_average, reduce, reduction)
    _tensors("nll_loss_nd", input=input, target=target)
    return _nll(input, target, weight, reduction, ignore_index)


def _nll(input, target, weight, reduction, ignore_index):
    x = input._array
    _check_nll(x, target._array, None if weight is None else weight._array)
    if target._array.dtype not in ("int64", "uint8"):
        raise noted(
            RuntimeError(
                f"expected target dtype to be Long or Byte, but got {target.dtype.title}"
            ),
            "Targets are class numbers: target.long(). Probabilities have the shape of the input.",
        )
    if weight is not None and weight._array.dtype != x.dtype:
        raise RuntimeError(
            f"expected scalar type {input.dtype.title} but found {weight.dtype.title}"
        )
    shape = x.shape
    if len(shape) != 3 and len(shape) < 5:
        out, _ = ops.nll_loss(input, target, weight, reduction, ignore_index)
        return out
    flat = input.reshape(shape[0], shape[1], 1, math.prod(shape[2:]))
    classes = target.reshape(shape[0], 1, math.prod(shape[2:]))
    out, _ = ops.nll_loss(flat, classes, weight, reduction, ignore_index)
    return out.reshape(target._array.shape) if reduction == "none" else out


def cross_entropy(
    input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean",
    label_smoothing=0.0,
):  # fmt: skip
    """-log softmax(input) at the target: the loss of scores (N, C, ...) or (C).

    `target`: classes (N, ...), or probabilities of the input's shape. `weight` (C): each class's
    weight. `ignore_index`: a class that counts nothing. `label_smoothing`: how far the target is
    moved towards equal probabilities (Szegedy et al., 2016).

    >>> import tidu
    >>> tidu.nn.functional.cross_entropy(tidu.tensor([[0.1, 0.2, 0.3]]), tidu.tensor([1]))
    tensor(1.1019)
    """
    if size_average is not None or reduce is not None or reduction != "mean":
        reduction = _reduction(size_average, reduce, reduction)
    _tensors("cross_entropy_loss", input=input, target=target)
    if label_smoothing > 1.0:
        raise RuntimeError(
            f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}"
        )
    x = input._array
    if x.ndim == 0 and target._array.shape != x.shape:
        raise IndexError("Dimension out of range (expected to be in range of [-1, 0], but got 1)")
    class_dim = 0 if x.ndim <= 1 else 1
    if target._array.shape == x.shape:
        return _probability_loss(
            input, target, weight, reduction, ignore_index, label_smoothing, class_dim
        )
    logs = ops.log_softmax(input, class_dim, None)
    if label_smoothing <= 0:
        return _nll(logs, target, weight, reduction, ignore_index)
    return _smoothed_loss(
        logs, target, weight, reduction, ignore_index, label_smoothing, class_dim
    )


def _beside(weight, ndim, class_dim):
    """Class weights, shaped to multiply scores."""
    shape = [1] * ndim
    shape[class_dim] = weight._array.shape[0]
    return weight.reshape(shape)


def _check_weight(weight, classes):
    if weight is not None and weight._array.shape != (classes,):
        raise RuntimeError(
            f"cross_entropy: weight tensor should be defined either for all {classes} classes or no "
            f"classes but got weight tensor of shape: {list(weight._array.shape)}"
        )


def _probability_loss(input, target, weight, reduction, ignore_index, smoothing, class_dim):
    if not target.dtype.is_floating_point:
        raise RuntimeError(
            "Expected floating point type for target with class probabilities, got "
            f"{target.dtype.title}"
        )
    if ignore_index >= 0:
        raise RuntimeError("ignore_index is not supported for floating point target")
    shape = input._array.shape
    classes = shape[class_dim] if shape else 1
    _check_weight(weight, classes)
    logs = ops.log_softmax(input, class_dim, None)
    if smoothing > 0:
        target = target * (1 - smoothing) + smoothing / classes
    values = logs * target
    if weight is not None:
        values = values * _beside(weight, len(shape), class_dim)
    if reduction == "none":
        return -values.sum(class_dim)
    if reduction == "sum":
        return -values.sum()
    return -values.sum() / (input._array.size / classes if classes else 0)


def _smoothed_loss(logs, target, weight, reduction, ignore_index, smoothing, class_dim):
    classes = logs._array.shape[class_dim]
    exact = _nll(logs, target, weight, reduction, ignore_index)
    even = logs
    if weight is not None:
        even = even * _beside(weight, logs.dim(), class_dim)
    even = -even.sum(class_dim)
    ignored = target == ignore_index
    even = even.masked_fill(ignored, 0.0)
    if reduction == "sum":
        even = even.sum()
    elif reduction == "mean":
        if weight is None:
            even = even.sum() / (~ignored).sum()
        else:
            each = weight.gather(0, target.masked_fill(ignored, 0).flatten())
            even = even.sum() / each.masked_fill(ignored.flatten(), 0.0).sum()
    return exact * (1 - smoothing) + even * (smoothing / classes)
