"""Losses: how far a prediction is from its target.

`reduction` is "mean", "sum" or "none" (a value for each element or sample). `size_average` and
`reduce` are its older forms, which PyTorch still takes.
"""

from __future__ import annotations

import math
import warnings

from ... import dtypes
from ...autograd.public import operations as ops
from ...errors import class_name, noted
from ...ops import loss as _declared  # noqa: F401  (declares its operations)
from ...ops.checks import need_tensors
from ...size import Size
from ...tensor import Tensor

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy",
    "gaussian_nll_loss", "huber_loss", "kl_div", "l1_loss", "mse_loss", "nll_loss",
    "poisson_nll_loss", "smooth_l1_loss", "soft_margin_loss",
]  # fmt: skip


_I64 = dtypes.int64.numpy


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


def _warn_broadcast(input, target):
    if type(target) is type(input) is Tensor and target._array.shape == input._array.shape:
        return  # the usual case, found out quickly
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

    Both of one shape, else it warns and broadcasts; `weight`, of the input's shape too (else
    ValueError), multiplies the differences, and by it the mean is weighted.

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

    Shapes and `weight` as in `l1_loss`. Raises NotImplementedError for integers.

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

    (Girshick, Fast R-CNN, 2015.) Raises RuntimeError for a negative `beta`.

    >>> import tidu
    >>> prediction = tidu.tensor([0.5, 3.0])
    >>> tidu.nn.functional.smooth_l1_loss(prediction, tidu.zeros(2), reduction="none")
    tensor([0.1250, 2.5000])
    """
    _warn_broadcast(input, target)
    reduction = _reduction(size_average, reduce, reduction)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return _reduce((input - target).abs(), reduction)
    return ops.smooth_l1_loss(input, target, reduction, beta)


def huber_loss(input, target, reduction="mean", delta=1.0, weight=None):
    """Half the squared difference; from `delta` on it grows linearly. (Huber, 1964.)

    Raises RuntimeError for a `delta` that is not positive.

    >>> import tidu
    >>> prediction = tidu.tensor([1.0, 3.0])
    >>> tidu.nn.functional.huber_loss(prediction, tidu.zeros(2), "none", delta=2.0)
    tensor([0.5000, 4.0000])
    """
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
    """log(1 + exp(-target * input)) for targets of 1 or -1: small where the signs agree.

    >>> import tidu
    >>> scores, targets = tidu.tensor([3.0, 3.0]), tidu.tensor([1.0, -1.0])
    >>> tidu.nn.functional.soft_margin_loss(scores, targets, reduction="none")
    tensor([0.0486, 3.0486])
    """
    reduction = _reduction(size_average, reduce, reduction)
    need_tensors("soft_margin_loss", input=input, target=target)
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

    Both have one shape (else ValueError) and dtype; `weight` has a shape that broadcasts to it.
    Logarithms are bounded by -100 from below, as in PyTorch.

    >>> import tidu
    >>> guesses, truth = tidu.tensor([0.9, 0.5, 0.0]), tidu.tensor([1.0, 1.0, 1.0])
    >>> tidu.nn.functional.binary_cross_entropy(guesses, truth, reduction="none")
    tensor([  0.1054,   0.6931, 100.0000])
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

    `reduction="batchmean"` divides the sum by the number of samples, as the definition has it
    (Kullback and Leibler, 1951); "mean" divides it by the number of elements, and warns.
    `log_target`: the target is given as logarithms too.

    >>> import tidu
    >>> guess = tidu.tensor([[0.5, 0.5]])
    >>> truth = tidu.tensor([[1.0, 0.0]])
    >>> tidu.nn.functional.kl_div(guess.log(), truth, reduction="batchmean")
    tensor(0.6931)
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
    need_tensors("kl_div", input=input, target=target)
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

    >>> import tidu
    >>> guess, truth = tidu.tensor([0.0, 0.0]), tidu.tensor([2.0, 2.0])
    >>> sure_or_not = tidu.tensor([1.0, 4.0])
    >>> tidu.nn.functional.gaussian_nll_loss(guess, truth, sure_or_not, reduction="none")
    tensor([2.0000, 1.1931])
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

    >>> import tidu
    >>> log_rate, count = tidu.tensor([0.0, 1.0]), tidu.tensor([1.0, 3.0])
    >>> tidu.nn.functional.poisson_nll_loss(log_rate, count, reduction="none")
    tensor([ 1.0000, -0.2817])
    """
    reduction = _reduction(size_average, reduce, reduction)
    need_tensors("poisson_nll_loss", input=input, target=target)
    if log_input:
        loss = input.exp() - target * input
    else:
        loss = input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        loss = loss + stirling.masked_fill(target <= 1, 0)
    return _reduce(loss, reduction)


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
    need_tensors("nll_loss_nd", input=input, target=target)
    return _nll(input, target, weight, reduction, ignore_index)


def _check_classes(input, target, weight):
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


def _nll(input, target, weight, reduction, ignore_index, smoothing=0.0):
    shape, classes = input._array.shape, target._array
    usual = len(shape) == 2 and classes.shape == shape[:1] and classes.dtype is _I64
    if not usual or weight is not None:
        _check_classes(input, target, weight)
    if smoothing or (len(shape) != 3 and len(shape) < 5):
        return ops.nll_loss(input, target, weight, reduction, ignore_index, smoothing)[0]
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
    if not (isinstance(input, Tensor) and isinstance(target, Tensor)):
        need_tensors("cross_entropy_loss", input=input, target=target)
    if weight is not None:
        need_tensors("cross_entropy_loss", 3, weight=weight)
    if not isinstance(label_smoothing, (int, float)):
        raise TypeError(
            "cross_entropy_loss(): argument 'label_smoothing' (position 6) must be float, not "
            f"{class_name(label_smoothing)}"
        )
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
    return _nll(logs, target, weight, reduction, ignore_index, max(label_smoothing, 0.0))


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
    return ops.soft_target_loss(logs, target, weight, reduction, max(smoothing, 0.0))
