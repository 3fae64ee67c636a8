"""Sequences of different lengths in one tensor."""

from __future__ import annotations

from collections.abc import Iterable

from ...ops.creation import full
from ...ops.ranges import arange

__all__ = ["pad_sequence", "unpad_sequence"]


def pad_sequence(sequences, batch_first=False, padding_value=0.0, padding_side="right"):
    """The sequences beside each other, filled up to the longest with `padding_value`.

    The result has shape (longest, number, ...), or (number, longest, ...) with `batch_first`; it has
    the first one's dtype. `padding_side`: where they are filled up, "left" or "right". Raises
    RuntimeError for an empty list.

    >>> import tidu
    >>> from tidu.nn.utils.rnn import pad_sequence
    >>> pad_sequence([tidu.tensor([1, 2]), tidu.tensor([3])], batch_first=True)
    tensor([[1, 2],
            [3, 0]])
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            "pad_sequence: Expected iterable for input sequences, but got arg of type: "
            f"{type(sequences)}"
        )
    sequences = tuple(sequences)
    if not sequences:
        raise RuntimeError("received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(
            f"Expected padding_side to be one of left or right, but got {padding_side}."
        )
    number, longest = len(sequences), max(len(s) for s in sequences)
    lead = (number, longest) if batch_first else (longest, number)
    first = sequences[0]
    result = full((*lead, *first.shape[1:]), padding_value, dtype=first.dtype)
    for i, sequence in enumerate(sequences):
        length = len(sequence)
        start = longest - length if padding_side == "left" else 0
        place = result[i] if batch_first else result[:, i]
        place.narrow(0, start, length).copy_(sequence)
    return result


def unpad_sequence(padded_sequences, lengths, batch_first=False):
    """The sequences that `pad_sequence` put together; `lengths`: how long each was.

    Shapes: (longest, number, ...), or (number, longest, ...) with `batch_first`, and lengths (number),
    to a list of tensors (length, ...).

    >>> import tidu
    >>> from tidu.nn.utils.rnn import unpad_sequence
    >>> unpad_sequence(tidu.tensor([[1, 2], [3, 0]]), tidu.tensor([2, 1]), batch_first=True)
    [tensor([1, 2]), tensor([3])]
    """
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    places = arange(padded_sequences.shape[1])
    return [sequence[places < n] for sequence, n in zip(padded_sequences, lengths)]
