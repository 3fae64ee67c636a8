"""The CTC loss: PyTorch's conditions on the arguments, around `ops/ctc`."""

from __future__ import annotations

from ...autograd.public import operations as ops
from ...ops import ctc as _declared  # noqa: F401  (declares its operations)
from ...tensor import Tensor
from .loss import _reduce, _reduction

__all__ = ["ctc_loss"]

_WHERE = " (while checking arguments for ctc_loss_allocate_outputs)"


def _lengths(name, value):
    if isinstance(value, Tensor):
        if value._array.dtype.kind not in "iu":
            raise RuntimeError(f"{name} must be integral")
        value = value.reshape(-1).tolist()
    return tuple(value)


def _check(shape, targets, steps, counts, blank):
    n_steps, samples, classes = shape
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    for name, lengths in (("input_lengths", steps), ("target_lengths", counts)):
        if len(lengths) != samples:
            raise RuntimeError(f"{name} must be of size batch_size")
    for count in counts:
        if count < 0:
            raise RuntimeError(
                f"Expected target_lengths to have value at least 0, but got value {count}{_WHERE}"
            )
    if targets.ndim == 1:
        axis, need, words, short = 0, sum(counts), "", targets.shape[0] != sum(counts)
    else:
        axis, need, words = 1, max(counts, default=0), "at least "
        short = targets.shape[1] < need
    if short:
        raise RuntimeError(
            f"Expected tensor to have size {words}{need} at dimension {axis}, but got size "
            f"{targets.shape[axis]} for argument #2 'targets'{_WHERE}"
        )
    for step in steps:
        if step < 0 or step > n_steps:
            bound = "at least 0" if step < 0 else f"at most {n_steps}"
            raise RuntimeError(
                f"Expected input_lengths to have value {bound}, but got value {step}{_WHERE}"
            )


def ctc_loss(
    log_probs, targets, input_lengths, target_lengths, blank=0, reduction="mean", zero_infinity=False
):
    """-log of the probability that the steps of `log_probs` spell the targets. (Graves et al., 2006.)

    Shapes: log_probs (T, N, C) or (T, C), a log_softmax; targets (N, S) or all one after the other;
    the lengths (N). The mean divides each loss by its target's length first. `zero_infinity`:
    targets that do not fit into their steps count 0. Raises RuntimeError for lengths beyond T or S.

    >>> import tidu
    >>> guesses = tidu.full((2, 1, 3), 1 / 3).log()
    >>> tidu.nn.functional.ctc_loss(guesses, tidu.tensor([[1]]), [2], [1]).exp()
    tensor(3.)
    """
    reduction = _reduction(None, None, reduction)
    x = log_probs._array
    if x.dtype.kind != "f":
        raise NotImplementedError(f"\"ctc_loss_cpu\" not implemented for '{log_probs.dtype.title}'")
    batched = x.ndim == 3
    if not batched:
        log_probs = log_probs.unsqueeze(1)
        targets = targets.unsqueeze(0) if targets.dim() == 1 else targets
    steps, counts = _lengths("input_lengths", input_lengths), _lengths("target_lengths", target_lengths)
    _check(log_probs._array.shape, targets._array, steps, counts, blank)
    loss = ops.ctc_loss(log_probs, targets.long(), steps, counts, blank, bool(zero_infinity))
    if zero_infinity:
        loss = ops.where(loss == float("inf"), loss.new_zeros(()), loss)
    if reduction == "mean":
        return (loss / loss.new_tensor([max(n, 1) for n in counts])).mean()
    loss = _reduce(loss, reduction)
    return loss if batched or reduction != "none" else loss.squeeze(0)
