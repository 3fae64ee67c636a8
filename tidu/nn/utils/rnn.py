"""Sequences of different lengths in one tensor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from ... import dtypes
from ...autograd.public import operations as ops
from ...ops.creation import empty_like, full
from ...ops.from_data import as_tensor, tensor
from ...ops.ranges import arange
from ...tensor import Tensor

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


class PackedSequence_(NamedTuple):
    """The parts of a `PackedSequence`."""

    data: Any
    batch_sizes: Any
    sorted_indices: Any
    unsorted_indices: Any


class PackedSequence(PackedSequence_):
    """Sequences of different lengths without padding, as recurrent layers take them.

    `data` has the first element of each sequence, then their second ones, and so on, the longest
    sequence first. `batch_sizes`: how many sequences reach each step. `sorted_indices` says where the
    sequences have come from, `unsorted_indices` where they go back to; both are None if they were
    sorted already. Made by `pack_padded_sequence` and `pack_sequence`.

    >>> import tidu
    >>> from tidu.nn.utils.rnn import pack_sequence
    >>> packed = pack_sequence([tidu.tensor([1, 2]), tidu.tensor([3])])
    >>> packed.data, packed.batch_sizes
    (tensor([1, 3, 2]), tensor([2, 1]))
    """

    def __new__(cls, data, batch_sizes=None, sorted_indices=None, unsorted_indices=None):
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        if batch_sizes is None:  # both in one argument
            if not (isinstance(data, (list, tuple)) and len(data) == 2):
                raise AssertionError("Expected data to be a list or tuple of length 2")
            data, batch_sizes = data
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args, **kwargs):
        """The same sequences with `data` of another dtype, itself if that changes nothing."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else type(self)(data, *self[1:])

    def cpu(self, *args, **kwargs):
        """Itself: everything is on the CPU."""
        return self.to(*args, device="cpu", **kwargs)

    def cuda(self, *args, **kwargs):
        """What `Tensor.cuda` does, for `data`."""
        return type(self)(self.data.cuda(*args, **kwargs), *self[1:])

    def pin_memory(self):
        """What `Tensor.pin_memory` does, for `data`."""
        return type(self)(self.data.pin_memory(), *self[1:])

    def double(self):
        """The same with float64 data."""
        return self.to(dtype=dtypes.float64)

    def float(self):
        """The same with float32 data."""
        return self.to(dtype=dtypes.float32)

    def half(self):
        """The same with float16 data."""
        return self.to(dtype=dtypes.float16)

    def long(self):
        """The same with int64 data."""
        return self.to(dtype=dtypes.int64)

    def int(self):
        """The same with int32 data."""
        return self.to(dtype=dtypes.int32)

    def short(self):
        """The same with int16 data."""
        return self.to(dtype=dtypes.int16)

    def char(self):
        """The same with int8 data."""
        return self.to(dtype=dtypes.int8)

    def byte(self):
        """The same with uint8 data."""
        return self.to(dtype=dtypes.uint8)

    @property
    def is_cuda(self):
        """Whether `data` is on a GPU."""
        return self.data.is_cuda

    def is_pinned(self):
        """Whether `data` is in pinned memory."""
        return self.data.is_pinned()


def invert_permutation(permutation):
    """The permutation that undoes this one; None for None.

    >>> import tidu
    >>> tidu.nn.utils.rnn.invert_permutation(tidu.tensor([2, 0, 1]))
    tensor([1, 2, 0])
    """
    if permutation is None:
        return None
    return empty_like(permutation).scatter_(0, permutation, arange(permutation.numel()))


def pack_padded_sequence(input, lengths, batch_first=False, enforce_sorted=True):
    """Sequences that are padded to the same length, as a `PackedSequence` without the padding.

    `input` has shape (longest, number, ...), or (number, longest, ...) with `batch_first`; `lengths`,
    a list or a tensor, says how long each sequence is. They have to be sorted, the longest first,
    unless `enforce_sorted` is False. Raises RuntimeError for lengths that do not fit.

    >>> import tidu
    >>> from tidu.nn.utils.rnn import pack_padded_sequence
    >>> padded = tidu.tensor([[1, 2, 0], [3, 0, 0], [4, 5, 6]])
    >>> packed = pack_padded_sequence(padded, [2, 1, 3], batch_first=True, enforce_sorted=False)
    >>> packed.data, packed.sorted_indices
    (tensor([4, 1, 3, 5, 2, 6]), tensor([2, 0, 1]))
    """
    if isinstance(lengths, Tensor):
        lengths = lengths.to(dtype=dtypes.int64)
    else:
        lengths = as_tensor(lengths, dtype=dtypes.int64)
    order = None
    if not enforce_sorted:
        lengths, order = lengths.sort(descending=True)
        input = input.index_select(0 if batch_first else 1, order)
    if batch_first:
        input = input.transpose(0, 1)
    counts = _check_lengths(input, lengths)
    batch_sizes = []
    n = len(counts)
    for step in range(counts[0]):
        while counts[n - 1] <= step:
            n -= 1
        batch_sizes.append(n)
    return PackedSequence(ops.pack_rows(input, tuple(batch_sizes)), tensor(batch_sizes), order)


def _check_lengths(input, lengths):
    """The lengths as a list."""
    if lengths.dim() != 1:
        raise RuntimeError(
            "'lengths' argument should be a 1D CPU int64 tensor, but got "
            f"{lengths.dim()}D cpu Long tensor"
        )
    if input.numel() == 0:
        raise RuntimeError("Cannot pack empty tensors.")
    counts = lengths.tolist()
    if len(counts) != input.size(1):
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(counts)} "
            f"(batch_size={input.size(1)})"
        )
    if counts[-1] <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that "
            "is <= 0"
        )
    if sorted(counts, reverse=True) != counts:
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can "
            "pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this "
            "requirement if you do not need ONNX exportability."
        )
    return counts


def pad_packed_sequence(sequence, batch_first=False, padding_value=0.0, total_length=None):
    """The sequences of a `PackedSequence` beside each other, in their first order, and their lengths.

    The result has shape (longest, number, ...), or (number, longest, ...) with `batch_first`, and
    `padding_value` where a sequence has ended; `total_length` makes it longer. Raises ValueError if
    that is less than the longest.

    >>> import tidu
    >>> from tidu.nn.utils.rnn import pack_sequence, pad_packed_sequence
    >>> packed = pack_sequence([tidu.tensor([1, 2]), tidu.tensor([3])])
    >>> pad_packed_sequence(packed, batch_first=True)
    (tensor([[1, 2],
            [3, 0]]), tensor([2, 1]))
    """
    data, batch_sizes, _, back = sequence
    sizes = tuple(batch_sizes.tolist())
    longest = len(sizes)
    if total_length is not None:
        if total_length < longest:
            raise ValueError(
                "Expected total_length to be at least the length of the longest sequence in input, "
                f"but got total_length={total_length} and max sequence length being {longest}"
            )
        longest = total_length
    shape = (longest, sizes[0], *data.shape[1:])
    padded = ops.pad_rows(data, sizes, shape, padding_value)
    lengths = tensor([sum(n > i for n in sizes) for i in range(sizes[0])])
    if batch_first:
        padded = padded.transpose(0, 1)
    if back is None:
        return padded, lengths
    return padded.index_select(0 if batch_first else 1, back), lengths[back]


def pack_sequence(sequences, enforce_sorted=True):
    """Sequences of different lengths, each (length, ...), as a `PackedSequence`.

    They have to be sorted, the longest first, unless `enforce_sorted` is False.

    >>> import tidu
    >>> from tidu.nn.utils.rnn import pack_sequence
    >>> pack_sequence([tidu.tensor([1]), tidu.tensor([2, 3])], enforce_sorted=False).data
    tensor([2, 1, 3])
    """
    lengths = tensor([sequence.size(0) for sequence in sequences])
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences):
    """The sequences of a `PackedSequence`, as a list in their first order.

    >>> import tidu
    >>> from tidu.nn.utils.rnn import pack_sequence, unpack_sequence
    >>> unpack_sequence(pack_sequence([tidu.tensor([1, 2]), tidu.tensor([3])]))
    [tensor([1, 2]), tensor([3])]
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)


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
