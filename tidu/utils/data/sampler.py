"""Samplers: the orders in which a dataset is read.

Each draws from the random stream exactly what PyTorch's sampler of the same name draws, so one
seed gives one order in both.
"""

from __future__ import annotations

from itertools import islice
from types import GenericAlias

import tidu


class Sampler:
    """Base of all samplers: something to iterate over that yields indices, or lists of them.

    A subclass defines `__iter__`, and `__len__` where the number is known.

    >>> class Backwards(Sampler):
    ...     def __init__(self, data):
    ...         self.data = data
    ...     def __iter__(self):
    ...         return iter(range(len(self.data) - 1, -1, -1))
    >>> list(Backwards("abc"))
    [2, 1, 0]
    """

    __class_getitem__: classmethod = classmethod(GenericAlias)

    def __iter__(self):
        raise NotImplementedError


class SequentialSampler(Sampler):
    """The indices of `data_source` in order.

    >>> list(SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source) -> None:
        self.data_source = data_source

    def __iter__(self):
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler):
    """The indices of `data_source` shuffled, or drawn with replacement.

    `num_samples` is how many to draw, `len(data_source)` if left out. Without a `generator`, each
    pass draws one number from tidu's default generator and seeds a new generator with it, so that
    the order depends on `tidu.manual_seed` while what else the program draws does not depend on
    the dataset's size.

    Raises TypeError for a `replacement` that is not a bool, and ValueError for a `num_samples`
    that is not a positive integer (also when it comes from an empty `data_source`).

    >>> import tidu
    >>> from tidu.utils.data import RandomSampler
    >>> shuffled = RandomSampler("abcd", generator=tidu.Generator().manual_seed(0))
    >>> sorted(shuffled)
    [0, 1, 2, 3]
    """

    def __init__(self, data_source, replacement=False, num_samples=None, generator=None) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise TypeError(
                f"replacement should be a boolean value, but got replacement={replacement}"
            )
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(
                "num_samples should be a positive integer value, "
                f"but got num_samples={self.num_samples}"
            )

    @property
    def num_samples(self) -> int:
        # Asked each time, because a dataset may grow while the program runs.
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self):
        n = len(self.data_source)
        generator = self.generator
        if generator is None:
            generator = tidu.Generator()
            generator.manual_seed(draw_seed())
        if self.replacement:
            yield from self._with_replacement(n, generator)
        else:
            for _ in range(self.num_samples // n):
                yield from tidu.randperm(n, generator=generator).tolist()
            # Drawn even where nothing of it is used: a shared generator then stands where
            # PyTorch's would stand.
            yield from tidu.randperm(n, generator=generator).tolist()[: self.num_samples % n]

    def _with_replacement(self, n: int, generator):
        """Draw 32 at a time: in PyTorch's portions, which show when a loop stops half-way."""
        for _ in range(self.num_samples // 32):
            yield from tidu.randint(n, (32,), generator=generator).tolist()
        yield from tidu.randint(n, (self.num_samples % 32,), generator=generator).tolist()

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler):
    """The given `indices`, shuffled.

    >>> sorted(SubsetRandomSampler([3, 5, 8]))
    [3, 5, 8]
    """

    def __init__(self, indices, generator=None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self):
        for i in tidu.randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler):
    """`num_samples` indices into `weights`, each drawn as often as its weight says.

    The weights need not sum to one. Raises ValueError for weights that are not one-dimensional,
    a `num_samples` that is not a positive integer and a `replacement` that is not a bool.

    >>> list(WeightedRandomSampler([0.0, 1.0, 0.0], 4))
    [1, 1, 1, 1]
    """

    def __init__(self, weights, num_samples, replacement=True, generator=None) -> None:
        if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples <= 0:
            raise ValueError(
                "num_samples should be a positive integer value, "
                f"but got num_samples={num_samples}"
            )
        if not isinstance(replacement, bool):
            raise ValueError(
                f"replacement should be a boolean value, but got replacement={replacement}"
            )
        weights = tidu.as_tensor(weights, dtype=tidu.float64)
        if weights.dim() != 1:
            raise ValueError(
                "weights should be a 1d sequence but given "
                f"weights have shape {tuple(weights.shape)}"
            )
        self.weights = weights
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self):
        drawn = tidu.multinomial(
            self.weights, self.num_samples, self.replacement, generator=self.generator
        )
        yield from drawn.tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler):
    """Lists of `batch_size` indices from `sampler`, the last one shorter or left out.

    `sampler` may be anything to iterate over.

    >>> list(BatchSampler(range(5), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    >>> list(BatchSampler(range(5), batch_size=2, drop_last=True))
    [[0, 1], [2, 3]]
    """

    def __init__(self, sampler, batch_size, drop_last) -> None:
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueError(
                f"batch_size should be a positive integer value, but got batch_size={batch_size}"
            )
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self):
        indices = iter(self.sampler)
        while batch := list(islice(indices, self.batch_size)):
            if self.drop_last and len(batch) < self.batch_size:
                return
            yield batch

    def __len__(self) -> int:
        if self.drop_last:
            return len(self.sampler) // self.batch_size
        return (len(self.sampler) + self.batch_size - 1) // self.batch_size


def draw_seed(generator=None) -> int:
    """Draw a seed as PyTorch does: one 63-bit integer from `generator` or the default one."""
    return tidu.empty((), dtype=tidu.int64).random_(generator=generator).item()
