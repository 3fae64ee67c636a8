"""Losses: how far a prediction is from its target.

`reduction` is "mean", "sum" or "none" (a value for each element or sample). `size_average` and
`reduce` are its older forms, which PyTorch still takes.
"""

from __future__ import annotations

import math
import warnings

from ...autograd.public import operations as ops
from ...ops import loss as _declared  # noqa: F401  (declares its operations)
from ...tensor import Tensor

__all__ = ["cross_entropy", "l1_loss", "mse_loss", "nll_loss"]


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
    if input._array.shape != target._array.shape:
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
    _tensors("l1_loss", input=input, target=target)
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
    _tensors("mse_loss", input=input, target=target)
    _warn_broadcast(input, target)
    if size_average is not None or reduce is not None or reduction != "mean":
        reduction = _reduction(size_average, reduce, reduction)
    if weight is not None:
        return _weighted(ops.mse_loss(input, target, "none"), weight, reduction, input)
    return ops.mse_loss(input, target, reduction)


# Classes


def _check_nll(x, target, weight):
    if x.ndim == 0:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    if x.ndim != 1 and (target.ndim == 0 or x.shape[0] != target.shape[0]):
        if target.ndim:
            raise ValueError(
                f"Expected input batch_size ({x.shape[0]}) to match target batch_size "
                f"({target.shape[0]})."
            )
        raise IndexError(
            "Dimension specified as 0 but tensor has no dimensions"
        )
    if x.ndim <= 2:
        if target.ndim > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if x.ndim == 1 and target.ndim == 1 and target.shape[0] != 1:
            raise RuntimeError(
                "For 1D input, 1D target must have size 1, but got target size: "
                f"{target.shape[0]}"
            )
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
    if target._array.dtype.kind not in "iu" or target._array.dtype.itemsize not in (1, 8):
        raise RuntimeError(f"expected scalar type Long but found {target.dtype.title}")
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
    if not 0.0 <= label_smoothing <= 1.0:
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
    if label_smoothing == 0:
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
    _check_weight(weight, classes)
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
