"""Distances of vectors, and losses that ask for a margin between scores or distances.

`loss.py` says what `reduction` and its older forms mean.
"""

from __future__ import annotations

from ...autograd.public import operations as ops
from ...ops.checks import need_tensors
from .loss import _reduce, _reduction

__all__ = [
    "cosine_embedding_loss", "cosine_similarity", "hinge_embedding_loss", "margin_ranking_loss",
    "multi_margin_loss", "multilabel_margin_loss", "multilabel_soft_margin_loss",
    "pairwise_distance", "triplet_margin_loss", "triplet_margin_with_distance_loss",
]  # fmt: skip


def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """The cosine of the angle between vectors along `dim`; lengths below `eps` count as `eps`.

    Shapes that broadcast; the result lacks `dim`. Raises RuntimeError for integers.

    >>> import tidu
    >>> tidu.nn.functional.cosine_similarity(tidu.eye(2), tidu.ones(2, 2))
    tensor([0.7071, 0.7071])
    """
    from ... import dtypes
    from ...autograd.grad_mode import no_grad
    from ...ops.norms import vector_norm
    from ...ops.shape import broadcast_tensors

    need_tensors("cosine_similarity", x1=x1, x2=x2)
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

    Shapes (N, D) or (D) that broadcast; the result is (N), or (N, 1) with `keepdim`.

    >>> import tidu
    >>> tidu.nn.functional.pairwise_distance(tidu.zeros(1, 2), tidu.tensor([[3.0, 4.0]]))
    tensor([5.0000])
    """
    from ...ops.norms import norm

    return norm(x1 - x2 + eps, p, max(x1.dim(), x2.dim()) - 1, keepdim)


def hinge_embedding_loss(
    input, target, margin=1.0, size_average=None, reduce=None, reduction="mean"
):
    """The input, a distance, where the target is 1, max(0, margin - input) where it is -1.

    (Hadsell et al., 2006, without the squares.)

    >>> import tidu
    >>> distances, alike = tidu.tensor([0.25, 0.25]), tidu.tensor([1, -1])
    >>> tidu.nn.functional.hinge_embedding_loss(distances, alike, reduction="none")
    tensor([0.2500, 0.7500])
    """
    reduction = _reduction(size_average, reduce, reduction)
    need_tensors("hinge_embedding_loss", input=input, target=target)
    zeros = input.new_zeros(())
    far = ops.where(target != 1, (margin - input).clamp_min(0), zeros)
    near = ops.where(target != -1, input, zeros)
    return _reduce(far + near, reduction)


def margin_ranking_loss(
    input1, input2, target, margin=0, size_average=None, reduce=None, reduction="mean"
):
    """max(0, -target * (input1 - input2) + margin): target 1 if input1 should be the larger.

    It is -1 if input2 should. Raises RuntimeError where the three have different numbers of dimensions.

    >>> import tidu
    >>> first, second = tidu.tensor([3.0, 1.0]), tidu.tensor([1.0, 3.0])
    >>> tidu.nn.functional.margin_ranking_loss(first, second, tidu.ones(2), reduction="none")
    tensor([0., 2.])
    """
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
    """1 - cosine where the target is 1, max(0, cosine - margin) where it is -1.

    Shapes: inputs (N, D) and target (N), or (D) and (); others raise RuntimeError.

    >>> import tidu
    >>> first, second = tidu.tensor([[1.0, 0.0]] * 2), tidu.tensor([[2.0, 0.0]] * 2)
    >>> alike = tidu.tensor([1, -1])
    >>> tidu.nn.functional.cosine_embedding_loss(first, second, alike, reduction="none")
    tensor([0., 1.])
    """
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

    Shapes: (N, D) or (D). The distance is the p-norm, to which `eps` is added as in
    `pairwise_distance`. `swap`: the positive's distance to the negative counts if it is smaller
    (Balntas et al., 2016). Raises ValueError for a `margin` that is not positive.

    >>> import tidu
    >>> anchor, near, far = tidu.tensor([[0.0]]), tidu.tensor([[1.0]]), tidu.tensor([[1.5]])
    >>> tidu.nn.functional.triplet_margin_loss(anchor, near, far)
    tensor(0.5000)
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
    """`triplet_margin_loss` with a distance of one's own (default: `pairwise_distance`).

    `distance_function` takes two tensors (N, D) and returns N distances.

    >>> import tidu
    >>> anchor, near, far = tidu.tensor([[0.0]]), tidu.tensor([[1.0]]), tidu.tensor([[1.5]])
    >>> def squared(x, y):
    ...     return (x - y).square().sum(-1)
    >>> tidu.nn.functional.triplet_margin_with_distance_loss(
    ...     anchor, near, far, distance_function=squared, margin=2.0
    ... )
    tensor(0.7500)
    """
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

    Shapes: input (N, C) or (C), target (N) or (), int64; weight (C). p is 1 or 2.
    (Crammer and Singer, 2001.)

    >>> import tidu
    >>> scores = tidu.tensor([[2.0, 1.5, 0.0]])
    >>> tidu.nn.functional.multi_margin_loss(scores, tidu.tensor([0]))
    tensor(0.1667)
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

    A row of `target` (int64) lists labels up to the first -1; the classes are those that it does
    not list. Shapes: both (N, C) or (C).

    >>> import tidu
    >>> scores = tidu.tensor([[2.0, 0.5, 0.0]])
    >>> tidu.nn.functional.multilabel_margin_loss(scores, tidu.tensor([[0, 1, -1]]))
    tensor(0.1667)
    """
    reduction = _reduction(size_average, reduce, reduction)
    need_tensors("multilabel_margin_loss", input=input, target=target)
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
    """`binary_cross_entropy_with_logits`, averaged over the classes, the last dimension.

    >>> import tidu
    >>> scores, labels = tidu.tensor([[0.0, 2.0]]), tidu.tensor([[1.0, 0.0]])
    >>> tidu.nn.functional.multilabel_soft_margin_loss(scores, labels)
    tensor(1.4100)
    """
    reduction = _reduction(size_average, reduce, reduction)
    loss = -(target * ops.log_sigmoid(input) + (1 - target) * ops.log_sigmoid(-input))
    if weight is not None:
        loss = loss * weight
    last = input.dim() - 1
    return _reduce(loss.sum(last) / input.size(last), reduction)
