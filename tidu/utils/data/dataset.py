"""Datasets: objects that answer `dataset[i]`, and ways to join, split and stack them.

Reading whole batches
---------------------
A loader normally asks for the items of a batch one by one and stacks them. A dataset that lies in
memory can do better: one NumPy index makes the whole batch. So a dataset may have a method
`_batch(indices)` that returns what `default_collate([dataset[i] for i in indices])` would, value
for value, or None where it cannot promise that (a subclass that redefines `__getitem__`, an
index it does not understand). `DataLoader` uses it when it would collate with `default_collate`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from math import floor, isclose
from types import GenericAlias

import numpy as np

import tidu


class Dataset:
    """Base of all datasets: a subclass defines `__getitem__` and, where it is known, `__len__`.

    A subclass may also define `__getitems__(indices)`, which returns a list of items.

    >>> class Squares(Dataset):
    ...     def __len__(self):
    ...         return 4
    ...     def __getitem__(self, i):
    ...         return i * i
    >>> both = Squares() + Squares()
    >>> len(both), both[5]
    (8, 1)
    """

    __class_getitem__: classmethod = classmethod(GenericAlias)

    def __getitem__(self, index):
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other):
        return ConcatDataset([self, other])


class IterableDataset(Dataset, Iterable):
    """Base of datasets that are streams: a subclass defines `__iter__`.

    >>> class Countdown(IterableDataset):
    ...     def __iter__(self):
    ...         return iter([3, 2, 1])
    >>> list(Countdown() + Countdown())
    [3, 2, 1, 3, 2, 1]
    """

    def __add__(self, other):
        return ChainDataset([self, other])


class TensorDataset(Dataset):
    """Tensors of one length; item `i` is the tuple of their rows `i`.

    Raises AssertionError where the tensors' first dimensions differ.

    >>> import tidu
    >>> from tidu.utils.data import TensorDataset
    >>> data = TensorDataset(tidu.arange(6).view(3, 2), tidu.tensor([7, 8, 9]))
    >>> data[1]
    (tensor([2, 3]), tensor(8))
    """

    def __init__(self, *tensors) -> None:
        if any(tensor.size(0) != tensors[0].size(0) for tensor in tensors):
            raise AssertionError("Size mismatch between tensors")
        self.tensors = tensors

    def __getitem__(self, index):
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return self.tensors[0].size(0)

    def _batch(self, indices):
        if type(self).__getitem__ is not TensorDataset.__getitem__:
            return None
        # Rows of a tensor that requires a gradient must be taken one by one, to stay in its graph.
        if any(type(t) is not tidu.Tensor or t.requires_grad for t in self.tensors):
            return None
        rows = row_numbers(indices, len(self))
        if rows is None:
            return None
        return [tidu.Tensor._wrap(take_rows(t._array, rows)) for t in self.tensors]


class StackDataset(Dataset):
    """Datasets of one length side by side: an item is the tuple, or dict, of their items.

    Raises ValueError for no datasets, datasets of unequal length, or both ways of passing them.

    >>> StackDataset("abc", [1, 2, 3])[1]
    ('b', 2)
    >>> StackDataset(letter="abc", number=[1, 2, 3])[1]
    {'letter': 'b', 'number': 2}
    """

    def __init__(self, *args, **kwargs) -> None:
        if args and kwargs:
            raise ValueError(
                "Supported either ``tuple``- (via ``args``) or"
                "``dict``- (via ``kwargs``) like input/output, but both types are given."
            )
        if not args and not kwargs:
            raise ValueError("At least one dataset should be passed")
        self.datasets = args or kwargs
        lengths = {len(dataset) for dataset in self._columns()}
        if len(lengths) > 1:
            raise ValueError("Size mismatch between datasets")
        self._length = lengths.pop()

    def _columns(self) -> list:
        return list(self.datasets.values() if isinstance(self.datasets, dict) else self.datasets)

    def _item(self, values):
        if isinstance(self.datasets, dict):
            return dict(zip(self.datasets, values, strict=True))
        return tuple(values)

    def __getitem__(self, index):
        return self._item([dataset[index] for dataset in self._columns()])

    def __getitems__(self, indices: list) -> list:
        columns = []
        for dataset in self._columns():
            items = get_items(dataset, indices)
            if len(items) != len(indices):
                raise ValueError(
                    "Nested dataset's output size mismatch."
                    f" Expected {len(indices)}, got {len(items)}"
                )
            columns.append(items)
        return [self._item(row) for row in zip(*columns, strict=True)]

    def __len__(self) -> int:
        return self._length


class ConcatDataset(Dataset):
    """Datasets one after another.

    Raises AssertionError for none at all and for an `IterableDataset`, which has no items.

    >>> joined = ConcatDataset(["abc", "de"])
    >>> len(joined), joined[3], joined[-1], joined.cumulative_sizes
    (5, 'd', 'e', [3, 5])
    """

    def __init__(self, datasets) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = self.cumsum(self.datasets)

    @staticmethod
    def cumsum(sequence) -> list[int]:
        """Return where each dataset ends.

        >>> ConcatDataset.cumsum(["abc", "de"])
        [3, 5]
        """
        return list(accumulate(len(dataset) for dataset in sequence))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, idx):
        if idx < 0:
            if -idx > len(self):
                raise ValueError("absolute value of index should not exceed dataset length")
            idx += len(self)
        which = bisect_right(self.cumulative_sizes, idx)
        if which:
            idx -= self.cumulative_sizes[which - 1]
        return self.datasets[which][idx]


class ChainDataset(IterableDataset):
    """Iterable datasets one after another; each is started when the one before has ended.

    Iterating and `len` raise AssertionError where one of them is not an `IterableDataset`.

    >>> class Letters(IterableDataset):
    ...     def __iter__(self):
    ...         return iter("ab")
    >>> list(ChainDataset([Letters(), Letters()]))
    ['a', 'b', 'a', 'b']
    """

    def __init__(self, datasets) -> None:
        self.datasets = datasets

    def _streams(self):
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise AssertionError("ChainDataset only supports IterableDataset")
            yield dataset

    def __iter__(self):
        for dataset in self._streams():
            yield from dataset

    def __len__(self) -> int:
        return sum(len(dataset) for dataset in self._streams())


class Subset(Dataset):
    """The items of `dataset` at `indices`.

    A subclass that redefines `__getitem__` must redefine `__getitems__` as well, because a loader
    asks for whole batches; otherwise NotImplementedError is raised.

    >>> part = Subset("abcdef", [5, 0])
    >>> len(part), part[0]
    (2, 'f')
    """

    def __init__(self, dataset, indices) -> None:
        self.dataset = dataset
        self.indices = indices
        own = type(self)
        if own.__getitem__ is not Subset.__getitem__ and own.__getitems__ is Subset.__getitems__:
            raise NotImplementedError(
                f"{own.__name__} overrides __getitem__ but not __getitems__. "
                "When subclassing Subset and overriding __getitem__, you must also override "
                "__getitems__ to ensure DataLoader works correctly with your custom logic. "
                "A simple implementation:\n\n"
                "def __getitems__(self, indices):\n"
                "    return [self.__getitem__(idx) for idx in indices]"
            )

    def __getitem__(self, idx):
        if isinstance(idx, list):
            return self.dataset[[self.indices[i] for i in idx]]
        return self.dataset[self.indices[idx]]

    def __getitems__(self, indices: list) -> list:
        return get_items(self.dataset, [self.indices[i] for i in indices])

    def __len__(self) -> int:
        return len(self.indices)

    def _batch(self, indices):
        if type(self).__getitems__ is not Subset.__getitems__:
            return None
        whole_batch = getattr(self.dataset, "_batch", None)
        return whole_batch and whole_batch([self.indices[i] for i in indices])


def random_split(dataset, lengths, generator=None) -> list[Subset]:
    """Split a dataset at random into subsets of the given lengths, or fractions that sum to one.

    Fractions are rounded down, and what is left over goes to the subsets in turn, one item each.
    Draws one permutation from `generator`, or from the default one.

    Raises ValueError for lengths that do not add up, and for fractions outside of [0, 1]; warns
    about a fraction that comes to nothing.

    >>> [len(part) for part in random_split(range(10), [0.75, 0.25])]
    [8, 2]
    """
    lengths = list(lengths)
    if isclose(sum(lengths), 1) and sum(lengths) <= 1:
        lengths = _lengths_of_fractions(lengths, len(dataset))
    if sum(lengths) != len(dataset):
        raise ValueError("Sum of input lengths does not equal the length of the input dataset!")
    indices = tidu.randperm(sum(lengths), generator=generator).tolist()
    ends = accumulate(lengths)
    return [
        Subset(dataset, indices[end - length : end])
        for end, length in zip(ends, lengths, strict=True)
    ]


def _lengths_of_fractions(fractions: list, size: int) -> list[int]:
    for i, fraction in enumerate(fractions):
        if fraction < 0 or fraction > 1:
            raise ValueError(f"Fraction at index {i} is not between 0 and 1")
    lengths = [floor(size * fraction) for fraction in fractions]
    for i in range(size - sum(lengths)):
        lengths[i % len(lengths)] += 1
    for i, length in enumerate(lengths):
        if length == 0:
            import warnings

            warnings.warn(
                f"Length of split at index {i} is 0. This might result in an empty dataset.",
                stacklevel=3,
            )
    return lengths


def get_items(dataset, indices: list) -> list:
    """Read several items, in one call where the dataset has `__getitems__`."""
    get = getattr(dataset, "__getitems__", None)
    return get(indices) if callable(get) else [dataset[i] for i in indices]


def row_numbers(indices, length: int) -> np.ndarray | None:
    """Return a batch's indices as an array, or None where they are not plain rows within `length`.

    None sends the loader back to reading item by item, which then says what is wrong with an
    index in PyTorch's words, or finds the meaning that the dataset gives it.
    """
    if not isinstance(indices, list) or not indices:
        return None
    if not all(kind is int or issubclass(kind, np.integer) for kind in set(map(type, indices))):
        return None
    if min(indices) < -length or max(indices) >= length:
        return None
    return np.array(indices, np.intp)


def take_rows(array: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return `array[rows]` in contiguous memory of its own, as stacking the rows would."""
    if array.flags.c_contiguous:
        return array.take(rows, axis=0)
    return np.ascontiguousarray(array[rows])
